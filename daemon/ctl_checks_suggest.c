/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl checks --suggest: a `checks` block for the configuration, with comments that say why each line is there
 * and what fails today.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "check/check_kinds.h"
#include "check/check_suggest.h"
#include "daemon/config_reader.h"
#include "daemon/ctl_checks.h"

enum {
    WIDTH = 100,
    COMMENT_BYTES = 2048,
    ITEMS_SHOWN = 20,
    NEAR_PERMILLE = 500, /* sequences beyond that are named */
};

/* Foreign text as comments; whole words to a line. */
static void add_comment(struct strbuf *out, unsigned indent, const char *text)
{
    char line[COMMENT_BYTES * 8] = "";
    snprintf(line, sizeof line, "%s", text);
    utf8_make_line(line, sizeof line);
    const char *rest = line;
    while (*rest) {
        size_t room = WIDTH - indent - 2;
        size_t length = strlen(rest);
        if (length > room) {
            const char *blank = memrchr(rest, ' ', room);
            length = blank && blank > rest ? (size_t)(blank - rest) : strcspn(rest, " ");
        }
        strbuf_printf(out, "%*s# %.*s\n", (int)indent, "", (int)length, rest);
        rest += length;
        rest += strspn(rest, " ");
    }
}

/* What YAML would read as something else than this text; see YAML 1.1 and 1.2. */
static bool is_reserved(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", NULL};
    for (const char *const *word = words; *word; word++) {
        if (strcasecmp(text, *word) == 0)
            return true;
    }
    return false;
}

static bool is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
    return *text && strchr(letters, *text) && text[strspn(text, others)] == '\0' && !is_reserved(text);
}

static void add_scalar(struct strbuf *out, const char *text)
{
    if (is_plain(text))
        strbuf_add_string(out, text);
    else
        config_print_text(text, out);
}

/* Ends a line behind what the note is about. */
static void add_note(struct strbuf *out, const char *note)
{
    char line[COMMENT_BYTES] = "";
    snprintf(line, sizeof line, "%s", note);
    utf8_make_line(line, sizeof line);
    strbuf_printf(out, "%s%s\n", *line ? "  # " : "", line);
}

static void add_result(struct strbuf *out, const struct judged_check *check)
{
    static const char *const words[CHECK_STATES] = {
        [CHECK_UNKNOWN] = "Cannot be told today", [CHECK_PASSED] = "Passes today", [CHECK_FAILED] = "Fails today"};
    char line[COMMENT_BYTES] = "";
    const struct check_result *result = check->result;
    snprintf(line, sizeof line, "%s: %s.", words[result->state], result->reason);
    add_comment(out, 2, line);
    bool listed = result->item_total > 1; /* a single one stands in the reason */
    for (size_t i = 0; listed && i < result->item_count && i < ITEMS_SHOWN; i++) {
        snprintf(line, sizeof line, "  - %s", result->items[i]);
        add_comment(out, 2, line);
    }
    if (result->item_total > ITEMS_SHOWN)
        strbuf_printf(out, "  #   and %zu more\n", result->item_total - ITEMS_SHOWN);
    if (result->state != CHECK_PASSED && *result->next) {
        snprintf(line, sizeof line, "Next: %s", result->next);
        add_comment(out, 2, line);
    }
}

/* Those that would fail are named behind '#', to be taken in by whoever knows better. */
static void add_tables(struct strbuf *out, const struct suggestion *suggestion)
{
    strbuf_printf(out, "  not_empty:%s\n", suggestion->check.table_count > 0 ? "" : " []");
    for (size_t i = 0; i < suggestion->name_count; i++) {
        const struct suggested_name *name = &suggestion->names[i];
        strbuf_add_string(out, name->proposed ? "    - " : "    #- ");
        add_scalar(out, name->name);
        add_note(out, name->note);
    }
}

/* A mapping that holds the kind's own name would be taken for the full form, so then it is written in that. */
static unsigned begin_mapping(struct strbuf *out, const char *kind, bool clashes)
{
    strbuf_printf(out, "  %s:\n", kind);
    if (clashes)
        strbuf_printf(out, "    %s:\n", kind);
    return clashes ? 6 : 4;
}

static void add_enums(struct strbuf *out, const struct suggestion *suggestion)
{
    const struct check *check = &suggestion->check;
    bool clashes = false;
    for (size_t i = 0; i < check->enum_count; i++)
        clashes |= strcmp(check->enums[i].type, check->name) == 0;
    unsigned indent = begin_mapping(out, check->name, clashes);
    for (size_t i = 0; i < check->enum_count; i++) {
        const struct check_enum *one = &check->enums[i];
        strbuf_printf(out, "%*s", (int)indent, "");
        add_scalar(out, one->type);
        strbuf_add_string(out, ": [");
        for (size_t j = 0; j < one->label_count; j++) {
            strbuf_add_string(out, j > 0 ? ", " : "");
            add_scalar(out, one->labels[j]);
        }
        strbuf_add_char(out, ']');
        add_note(out, suggestion->names[i].note);
    }
}

static void add_extensions(struct strbuf *out, const struct suggestion *suggestion)
{
    const struct check *check = &suggestion->check;
    bool clashes = false;
    for (size_t i = 0; i < check->extension_count; i++)
        clashes |= strcmp(check->extensions[i].name, check->name) == 0;
    unsigned indent = begin_mapping(out, check->name, clashes);
    for (size_t i = 0; i < check->extension_count; i++) {
        strbuf_printf(out, "%*s", (int)indent, "");
        add_scalar(out, check->extensions[i].name);
        strbuf_add_string(out, ": ");
        config_print_text(check->extensions[i].wanted, out);
        strbuf_add_char(out, '\n');
    }
}

static void add_foreign_keys(struct strbuf *out, const struct suggestion *suggestion)
{
    (void)suggestion;
    strbuf_add_string(out, "  foreign_keys: validated\n");
}

static void add_indexes(struct strbuf *out, const struct suggestion *suggestion)
{
    (void)suggestion;
    strbuf_add_string(out, "  indexes: valid\n");
}

static void add_sequences(struct strbuf *out, const struct suggestion *suggestion)
{
    strbuf_printf(out, "  sequences: {below: %u%%}\n", suggestion->check.below_permille / 10);
}

/* How a kind's argument is written. */
static const struct {
    const struct check_kind *kind;
    void (*add)(struct strbuf *out, const struct suggestion *suggestion);
} forms[] = {
    {&check_kind_not_empty, add_tables},    {&check_kind_foreign_keys, add_foreign_keys},
    {&check_kind_enum_values, add_enums},   {&check_kind_indexes, add_indexes},
    {&check_kind_sequences, add_sequences}, {&check_kind_extensions, add_extensions},
};

/* Sequences that are full enough to be thought of, and not yet so full that the check would fail. */
static void add_near(struct strbuf *out, const struct check_result *today, const struct check_result *near)
{
    cleanup(strbuf) struct strbuf line = STRBUF(COMMENT_BYTES * 8);
    if (near->item_total <= today->item_total)
        return;
    strbuf_printf(&line, "Beyond %d %% of their numbers:", NEAR_PERMILLE / 10);
    for (size_t i = 0; i < near->item_count && i < ITEMS_SHOWN; i++)
        strbuf_printf(&line, "%s %s", i > 0 ? "," : "", near->items[i]);
    if (near->item_total > ITEMS_SHOWN)
        strbuf_printf(&line, " and %zu more", near->item_total - ITEMS_SHOWN);
    strbuf_add_char(&line, '.');
    out->failed |= !strbuf_ok(&line);
    add_comment(out, 2, strbuf_text(&line));
}

static void add_suggestion(struct strbuf *out, const struct suggestion *suggestion, const struct judged_check *today,
                           const struct judged_check *near)
{
    strbuf_add_char(out, '\n');
    for (size_t i = 0; i < suggestion->why_count; i++)
        add_comment(out, 2, suggestion->whys[i]);
    add_result(out, today);
    if (near)
        add_near(out, today->result, near->result);
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
        if (forms[i].kind == suggestion->check.kind)
            forms[i].add(out, suggestion);
    }
}

/* What is proposed, as a database whose checks are run; behind them perhaps one that asks for sequences beyond a half.
 */
struct trial {
    struct config_database database;
    struct check checks[SUGGESTIONS_MAXIMUM + 1];
    const char *addresses[SUGGESTIONS_MAXIMUM + 1];
};

static void add_trial(struct trial *trial, const struct check *check)
{
    size_t index = trial->database.check_count++;
    trial->checks[index] = *check;
    trial->addresses[index] = check->name;
}

static void make_trial(const struct ctl_options *options, const struct suggestions *suggestions, const char *name,
                       struct trial *trial)
{
    trial->database = (struct config_database){
        .name = name,
        .schemas = options->schemas.items,
        .schema_count = options->schemas.count,
        .checks = trial->checks,
        .check_addresses = trial->addresses,
    };
    for (size_t i = 0; i < suggestions->count; i++)
        add_trial(trial, &suggestions->items[i].check);
    for (size_t i = 0; i < suggestions->count; i++) {
        struct check near = suggestions->items[i].check;
        near.below_permille = NEAR_PERMILLE;
        if (near.kind == &check_kind_sequences)
            add_trial(trial, &near);
    }
}

static void add_unseen(struct strbuf *out, const struct schema *schema)
{
    char line[COMMENT_BYTES] = "";
    for (unsigned kind = 0; kind < SCHEMA_KINDS; kind++) {
        const struct schema_coverage *coverage = &schema->coverage[kind];
        if (coverage->coverage != COVERAGE_PARTIAL && coverage->coverage != COVERAGE_NONE)
            continue;
        snprintf(line, sizeof line, "Not all %s are seen: %s.", schema_kind_name((enum schema_kind)kind),
                 schema_text(schema, coverage->reason));
        add_comment(out, 0, line);
    }
}

static void add_all(struct strbuf *out, const struct server_facts *server, const struct schema *schema,
                    const struct suggestions *suggestions, const struct ctl_inquiry *inquiry)
{
    char line[COMMENT_BYTES] = "";
    snprintf(line, sizeof line,
             "Proposed by migrationctl %s from the database %s (%s %s): put it below the database in the "
             "configuration, and keep what your applications cannot work without.",
             MIGRATIOND_VERSION, server->database, server->engine, server->version);
    add_comment(out, 0, line);
    add_unseen(out, schema);
    strbuf_add_string(out, suggestions->count > 0 ? "checks:\n" : "checks: {}\n");
    for (size_t i = 0; i < suggestions->count; i++) {
        const struct judged_check *checks = inquiry->report.checks;
        bool counts = suggestions->items[i].check.kind == &check_kind_sequences;
        add_suggestion(out, &suggestions->items[i], &checks[i], counts ? &checks[suggestions->count] : NULL);
    }
}

/* Reads the schema and asks its tables. */
static int propose(const struct ctl_options *options, const struct engine_scope *scope, struct deadline deadline,
                   struct schema **ret_schema, struct server_facts *server, struct suggestions *suggestions,
                   struct error *reterr)
{
    const char *url = options->arguments[0];
    bool lost = false;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (ctl_read_schema(url, scope, deadline, ret_schema, server, reterr) < 0)
        return -1;
    if ((*ret_schema)->truncated)
        return error_set(reterr, ERROR_TRUNCATED, "the schema exceeds a limit and is not whole");
    if (ctl_checks_connect_url(url, deadline, &connection, server, reterr) < 0)
        return -1;
    const struct check_world world = {
        .connection = connection, .server = server, .scope = scope, .deadline = deadline, .now_ms = ctl_now_ms()};
    return check_suggest(*ret_schema, &world, suggestions, &lost, reterr);
}

static int suggest(const struct ctl_options *options, struct ctl_progress *progress, struct strbuf *out,
                   struct error *reterr)
{
    struct server_facts server = {0};
    struct trial trial = {.addresses = {NULL}};
    const struct engine_scope scope = ctl_scope(options);
    const struct ctl_patience patience = ctl_checks_patience(options);
    cleanup(schema) struct schema *schema = NULL;
    cleanup(suggestions) struct suggestions suggestions = {.arena = NULL};
    cleanup(ctl_inquiry) struct ctl_inquiry inquiry = {.count = 0};
    ctl_progress_say(progress, "reading the schema");
    if (propose(options, &scope, deadline_in(options->timeout_ms), &schema, &server, &suggestions, reterr) < 0)
        return -1;
    make_trial(options, &suggestions, server.database, &trial);
    const struct ctl_subject subject = {
        .database = &trial.database, .connect = ctl_checks_connect_url, .payload = options->arguments[0]};
    if (ctl_inquire(&subject, &patience, progress, &inquiry, reterr) < 0)
        return -1;
    add_all(out, &server, schema, &suggestions, &inquiry);
    return 0;
}

int ctl_checks_suggest(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    struct error error = {.code = ERROR_OK};
    if (options->output != CTL_TEXT)
        return ctl_fail(CTL_TROUBLE, "--suggest prints YAML: there is no other output of it");
    struct ctl_progress *progress = ctl_progress_new();
    int status = suggest(options, progress, &out, &error);
    ctl_progress_free(progress); /* before anything else is written */
    return status < 0 ? ctl_fail(CTL_TROUBLE, "%s", error.message) : ctl_write(&out, CTL_OK);
}
