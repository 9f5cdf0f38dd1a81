/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/wait.h"

/* The kernel spares process 1 what has no handler, and its own default action: then the exit code says what a shell
 * would. SA_RESETHAND has restored that action, and SA_NODEFER lets the signal through. */
static void end(int number)
{
    raise(number);
    _exit(128 + number);
}

void wait_end_on_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        struct sigaction before = {0};
        struct sigaction action = {.sa_handler = end, .sa_flags = SA_RESETHAND | SA_NODEFER};
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int wait_become(const char *program, char *const *command)
{
    execvp(command[0], command);
    int code = errno;
    return wait_fail(program, code == ENOENT ? WAIT_NOT_FOUND : WAIT_NOT_RUN, "cannot run %s: %s", command[0],
                     strerror(code));
}
