/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl checks: what must be true of a database, as the daemon sees it, run from here, or proposed.
 */
#include "daemon/ctl_checks.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

int ctl_checks_worse(int a, int b)
{
    if (a == CTL_CLOSED || b == CTL_CLOSED)
        return CTL_CLOSED;
    return a > b ? a : b;
}

/* What is unknown is trouble whatever its severity: nobody knows what it would have said. */
static int exit_code(const struct ctl_checked *checked)
{
    int code = CTL_OK;
    for (size_t i = 0; i < checked->count; i++) {
        const struct judged_check *check = &checked->checks[i];
        if (check->verdict.state == CHECK_UNKNOWN)
            code = ctl_checks_worse(code, CTL_TROUBLE);
        else if (check->verdict.state == CHECK_FAILED && check->severity == CHECK_FAILS)
            code = CTL_CLOSED;
    }
    return code;
}

int ctl_checks_print(const struct ctl_options *options, const struct ctl_checked *checked)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    const struct report_subject subject = {
        .database = checked->database,
        .server = checked->server,
        .checks = checked->checks,
        .check_count = checked->count,
        .now_ms = ctl_now_ms(),
    };
    if (checked->further && options->output != CTL_JSON) /* one document in each line */
        strbuf_add_char(&out, '\n');
    ctl_render(REPORT_OF_CHECKS, options->output, &subject, &out);
    return ctl_write(&out, exit_code(checked));
}

int ctl_checks(const struct ctl_options *options)
{
    const char *name = options->argument_count > 0 ? options->arguments[0] : NULL;
    bool is_url = name && ctl_is_url(name);
    if (options->config && is_url)
        return ctl_fail(CTL_TROUBLE, "--config takes the name of a database in the file, not a URL");
    if (options->schemas.count > 0 && !is_url)
        return ctl_fail(CTL_TROUBLE, "--schemas goes with a URL: of what is configured, that is configured, too");
    if (options->suggest && !is_url)
        return ctl_fail(CTL_TROUBLE, "--suggest reads a database itself: checks --suggest URL");
    if (options->suggest)
        return ctl_checks_suggest(options);
    if (options->config)
        return ctl_checks_of_config(options);
    return is_url ? ctl_checks_of_url(options) : ctl_checks_of_daemon(options);
}
