/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's extensions: installed in this database, and in a version that will do. What a package on the server
 * would bring is asked only where something is wrong, since the server reads files for it.
 */
#include <string.h>

#include "base/limits.h"
#include "check/check_catalogue.h"
#include "check/check_kinds.h"
#include "check/version_test.h"

/* One wanted extension as it was found. */
struct sighting {
    struct check_run *run;
    const char *version; /* NULL: not installed */
};

static void describe(const struct check *check, struct strbuf *out)
{
    for (size_t i = 0; i < check->extension_count; i++) {
        const struct check_extension *extension = &check->extensions[i];
        strbuf_printf(out, "%s%s", i > 0 ? ", " : "", extension->name);
        if (strcmp(extension->wanted, "*") != 0)
            strbuf_printf(out, " %s", extension->wanted);
    }
}

static int take_version(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                        struct error *reterr)
{
    struct sighting *sighting = payload;
    (void)lengths;
    (void)count;
    return check_keep(sighting->run, cells[0], &sighting->version, reterr);
}

/* The version that a question about one extension answers; NULL: it answers none. */
static int ask_version(struct check_run *run, const char *question, const char *name, const char **ret_version,
                       struct error *reterr)
{
    cleanup(strbuf) struct strbuf sql = STRBUF(16384);
    strbuf_add_string(&sql, question);
    run->dialect->quote_text(name, &sql);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    struct sighting sighting = {.run = run};
    if (check_read(run, strbuf_text(&sql), take_version, &sighting, reterr) < 0)
        return -1;
    *ret_version = sighting.version;
    return 0;
}

/* What helps: the package on the server may be too old, too, or missing. */
static int advise(struct check_run *run, const struct check_extension *extension, bool installed, struct strbuf *out,
                  struct error *reterr)
{
    const char *available = NULL;
    static const char question[] = "SELECT default_version FROM pg_available_extensions WHERE name = ";
    if (ask_version(run, question, extension->name, &available, reterr) < 0)
        return -1;
    bool enough = false;
    struct error ignored = {0};
    if (!available || version_test(extension->wanted, available, &enough, &ignored) < 0)
        enough = false;
    if (!enough)
        strbuf_printf(out, "install a package with %s %s on the server, which has %s, then ", extension->name,
                      extension->wanted, available ? available : "none");
    strbuf_add_string(out, installed ? "ALTER EXTENSION " : "CREATE EXTENSION ");
    run->dialect->quote_name(extension->name, out);
    strbuf_add_string(out, installed ? " UPDATE" : "");
    return strbuf_ok(out) ? 0 : error_no_memory(reterr);
}

/* What was found of all of them. */
struct survey {
    struct check_items items;
    struct strbuf found; /* "pg_trgm 1.6, citext 1.5" */
    struct strbuf next;
};

static int look_at(struct check_run *run, const struct check_extension *extension, struct survey *survey,
                   struct error *reterr)
{
    const char *version = NULL;
    bool holds = false;
    if (ask_version(run, "SELECT extversion FROM pg_extension WHERE extname = ", extension->name, &version, reterr) < 0)
        return -1;
    if (version && version_test(extension->wanted, version, &holds, reterr) < 0)
        return error_prefix(reterr, "%s", extension->name);
    strbuf_printf(&survey->found, "%s%s %s", survey->found.length > 0 ? ", " : "", extension->name,
                  version ? version : "(none)");
    if (holds)
        return 0;
    if (survey->items.total == 0 && advise(run, extension, version != NULL, &survey->next, reterr) < 0)
        return -1;
    if (!version)
        return check_add_item(run, &survey->items, reterr, "%s is not installed", extension->name);
    return check_add_item(run, &survey->items, reterr, "%s %s (expected: %s)", extension->name, version,
                          extension->wanted);
}

static int judge(struct check_run *run, struct survey *survey, struct error *reterr)
{
    for (size_t i = 0; i < run->check->extension_count; i++)
        if (look_at(run, &run->check->extensions[i], survey, reterr) < 0)
            return -1;
    const char *names = NULL;
    if (!strbuf_ok(&survey->found))
        return error_no_memory(reterr);
    if (check_name_items(run, &survey->items, &names, reterr) < 0 || check_set_items(run, &survey->items, reterr) < 0 ||
        check_set_value(run, reterr, "%s", strbuf_text(&survey->found)) < 0)
        return -1;
    if (survey->items.total > 0)
        return check_refuse(run, strbuf_text(&survey->next), reterr, "%s", names);
    return check_pass(run, reterr, "installed: %s", strbuf_text(&survey->found));
}

static int run_extensions(struct check_run *run, struct error *reterr)
{
    if (check_engine_of(run) != CHECK_POSTGRES)
        return check_cannot_tell(run, ERROR_UNSUPPORTED, "", reterr, "extensions are PostgreSQL's; this is %s",
                                 run->world->server->engine);
    struct survey survey = {.found = STRBUF(LIMIT_CONFIG_BYTES), .next = STRBUF(16384)};
    int status = judge(run, &survey, reterr);
    strbuf_done(&survey.found);
    strbuf_done(&survey.next);
    return status;
}

const struct check_kind check_kind_extensions = {
    .name = "extensions",
    .doc = "PostgreSQL's extensions are installed, in versions that will do.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_extensions,
};
