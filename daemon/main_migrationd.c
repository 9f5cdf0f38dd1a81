/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationd: the daemon's entry. What its exit statuses mean stands in options.c.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/check_connect.h"
#include "daemon/daemon.h"
#include "daemon/entrance.h"
#include "daemon/options.h"

enum { PRINT_LIMIT = 64 * 1024 * 1024 };

/* A core file or a debugger of the same user would see passwords. */
static void hide_memory(void)
{
    struct rlimit none = {0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* Snapshots come and go as large blocks: they must go back to the system at once, not into a growing threshold, and a
 * pool per worker would keep a copy of the peak each. */
static void tame_allocator(void)
{
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    mallopt(M_ARENA_MAX, 2);
}

static int print(int (*render)(const struct config *config, struct strbuf *out), const struct config *config)
{
    cleanup(strbuf) struct strbuf text = STRBUF(PRINT_LIMIT);
    if (render(config, &text) < 0) {
        fprintf(stderr, "migrationd: out of memory\n");
        return EXIT_FAILURE;
    }
    fputs(strbuf_text(&text), stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int render_reference(const struct config *config, struct strbuf *out)
{
    (void)config;
    return config_print_reference(out);
}

static void print_warning(const char *text)
{
    fprintf(stderr, "warning: %s\n", text);
}

/* What the configuration names is part of it: the daemon cannot start without. */
static int check_files(const struct config *config, bool warn, struct error *reterr)
{
    cleanup(entrance_keys) struct entrance_keys keys = {0};
    if (entrance_read(config, &keys, reterr) < 0)
        return -1;
    if (warn)
        entrance_remarks(config, &keys, time(NULL), print_warning);
    return 0;
}

static int act(const struct options *options, struct config *config)
{
    switch (options->action) {
    case ACTION_CHECK:
        printf("%s: valid; databases: %zu, gates: %zu\n", options->config_path, config->database_count,
               config->gate_count);
        return EXIT_SUCCESS;
    case ACTION_CHECK_CONNECT:
        return check_connect(config, stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case ACTION_PRINT_CONFIG:
        return print(config_print, config);
    case ACTION_RUN:
        log_init(options->log_format, options->log_level);
        return daemon_run(options->config_path, config);
    case ACTION_PRINT_REFERENCE:
    case ACTION_EXIT:
        break;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int code = options_parse(argc, argv, &options);
    if (code != 0 || options.action == ACTION_EXIT)
        return code;
    if (options.action == ACTION_PRINT_REFERENCE)
        return print(render_reference, NULL);
    if (options.action == ACTION_RUN)
        daemon_hold_signals();
    hide_memory();
    tame_allocator();
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    bool checks = options.action == ACTION_CHECK || options.action == ACTION_CHECK_CONNECT;
    if (config_load(options.config_path, &config, &error) < 0 ||
        (options.action != ACTION_PRINT_CONFIG && check_files(config, checks, &error) < 0)) {
        fprintf(stderr, "%s\n", error.message);
        return EX_CONFIG;
    }
    return act(&options, config);
}
