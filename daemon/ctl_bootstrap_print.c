/* SPDX-License-Identifier: Apache-2.0
 *
 * The proposal with its evidence and the tool's own commands; or what was recorded.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "daemon/ctl_bootstrap.h"
#include "json/json_writer.h"

/* Differences that people read; JSON has all of them. */
enum { SHOWN_ITEMS = 10 };

static const struct migration *migration_of(const struct bootstrap *bootstrap, const struct bootstrap_fit *fit)
{
    return &bootstrap->set->migrations[fit->last];
}

/* How many revisions fit as well as the best. */
static size_t count_tied(const struct bootstrap *bootstrap)
{
    size_t tied = 0;
    while (tied < bootstrap->fit_count && bootstrap->fits[tied].items == bootstrap->fits[0].items)
        tied++;
    return tied;
}

/* A word of a shell's command line. */
static void add_word(struct strbuf *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/:@=,";
    if (*text && strspn(text, plain) == strlen(text)) {
        strbuf_add_string(out, text);
        return;
    }
    strbuf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            strbuf_add_string(out, "'\\''");
        else
            strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '\'');
}

static void add_command(struct strbuf *out, const char *form, const struct bootstrap *bootstrap,
                        const struct migration *migration)
{
    size_t part = migration && migration->part ? strlen(migration->part) + 1 : 0;
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        {"{revision}", migration ? migration->revision : "REVISION"},
        {"{part}", migration && migration->part ? migration->part : "APP"},
        {"{short}", migration ? migration->revision + part : "NAME"},
        {"{directory}", bootstrap->options->directories.items[0]},
    };
    while (*form) {
        size_t i = 0;
        while (i < ARRAY_LENGTH(fields) && strncmp(form, fields[i].name, strlen(fields[i].name)) != 0)
            i++;
        if (i == ARRAY_LENGTH(fields)) {
            strbuf_add_char(out, *form++);
            continue;
        }
        add_word(out, fields[i].value);
        form += strlen(fields[i].name);
    }
}

/* Which revision the commands speak of: the proposal, the only head, or none in particular. */
static const struct migration *spoken_of(const struct bootstrap *bootstrap)
{
    const struct bootstrap_fit *proposal = bootstrap_proposal(bootstrap);
    return proposal ? migration_of(bootstrap, proposal) : NULL;
}

struct commands {
    struct strbuf record; /* "": the tool has none */
    struct strbuf apply;
    struct strbuf stamp; /* "": we have none */
};

static void make_commands(const struct bootstrap *bootstrap, struct commands *commands)
{
    const struct stamp_advice *advice = stamp_advice_find(bootstrap->set->tool);
    const struct migration *migration = spoken_of(bootstrap);
    cleanup(free) char *url = engine_url_redact(bootstrap->options->arguments[0]);
    if (advice && advice->record)
        add_command(&commands->record, advice->record, bootstrap, migration);
    if (advice && advice->apply)
        add_command(&commands->apply, advice->apply, bootstrap, migration);
    if (!stamp_form_find(bootstrap->set, bootstrap->server.engine))
        return;
    strbuf_add_string(&commands->stamp, "migrationctl bootstrap ");
    add_word(&commands->stamp, url ? url : "URL");
    for (size_t i = 0; i < bootstrap->options->directories.count; i++) {
        strbuf_add_string(&commands->stamp, " --directory ");
        add_word(&commands->stamp, bootstrap->options->directories.items[i]);
    }
    if (bootstrap->options->tool)
        strbuf_printf(&commands->stamp, " --tool %s", bootstrap->set->tool);
    if (bootstrap_schema(bootstrap)) {
        strbuf_add_string(&commands->stamp, " --schemas ");
        add_word(&commands->stamp, bootstrap_schema(bootstrap));
    }
    strbuf_add_string(&commands->stamp, " --stamp ");
    add_word(&commands->stamp, migration ? migration->revision : "REVISION");
    strbuf_add_string(&commands->stamp, " --confirm ");
    add_word(&commands->stamp, bootstrap_name(bootstrap));
}

static void commands_done(struct commands *commands)
{
    strbuf_done(&commands->record);
    strbuf_done(&commands->apply);
    strbuf_done(&commands->stamp);
}

DEFINE_CLEANUP_VALUE(commands, struct commands, commands_done);

/* "exact", "nearest", "none" or "unknown": nothing could be compared. */
static const char *verdict_name(const struct bootstrap *bootstrap)
{
    const struct bootstrap_fit *proposal = bootstrap_proposal(bootstrap);
    if (bootstrap->fit_count == 0)
        return "unknown";
    return !proposal ? "none" : proposal->items == 0 ? "exact" : "nearest";
}

static const char *method_name(enum steps_source source)
{
    static const char *const names[] = {
        [STEPS_NONE] = "none", [STEPS_SNAPSHOTS] = "snapshots", [STEPS_SCRATCH] = "scratch"};
    return names[source];
}

static void add_fits(struct json_writer *writer, const struct bootstrap *bootstrap)
{
    json_key_array(writer, "fits");
    for (size_t i = 0; i < bootstrap->fit_count; i++) {
        const struct bootstrap_fit *fit = &bootstrap->fits[i];
        const struct migration *migration = migration_of(bootstrap, fit);
        json_open_object(writer);
        json_key_string(writer, "revision", migration->revision);
        json_key_string(writer, "file", migration->file);
        json_key_integer(writer, "items", (int64_t)fit->items);
        for (size_t k = 0; k < DRIFT_CHANGES; k++)
            json_key_integer(writer, drift_change_name((enum drift_change)k), (int64_t)fit->by_change[k]);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void add_proposal(struct json_writer *writer, const struct bootstrap *bootstrap)
{
    const struct bootstrap_fit *proposal = bootstrap_proposal(bootstrap);
    json_key(writer, "proposal");
    if (!proposal) {
        json_add_null(writer);
        return;
    }
    json_open_object(writer);
    json_key_string(writer, "revision", migration_of(bootstrap, proposal)->revision);
    json_key_array(writer, "tied");
    for (size_t i = 1; i < count_tied(bootstrap); i++)
        json_add_string(writer, migration_of(bootstrap, &bootstrap->fits[i])->revision);
    json_close_array(writer);
    json_key_array(writer, "differences");
    for (size_t i = 0; i < proposal->items; i++) {
        const struct drift_item *item = &bootstrap->best->items[i];
        json_open_object(writer);
        json_key_string(writer, "kind", drift_kind_name(item->kind));
        json_key_string(writer, "object", item->object);
        json_key_string(writer, "change", drift_change_name(item->change));
        json_key_string(writer, "attribute", item->attribute);
        json_close_object(writer);
    }
    json_close_array(writer);
    json_close_object(writer);
}

static void add_text_or_null(struct json_writer *writer, const char *key, const char *text)
{
    json_key_string(writer, key, *text ? text : NULL);
}

static void add_journals(struct json_writer *writer, const struct bootstrap *bootstrap)
{
    const struct snapshot *snapshot = bootstrap->snapshot;
    json_key_array(writer, "journals");
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        json_open_object(writer);
        json_key_string(writer, "tool", reading->address.tool);
        json_key_string(writer, "schema", *reading->address.schema ? reading->address.schema : NULL);
        json_key_string(writer, "table", reading->address.table);
        json_key_string(writer, "part", reading->address.part);
        json_key_integer(writer, "entries", reading->journal ? (int64_t)reading->journal->entry_count : 0);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void render_json(const struct bootstrap *bootstrap, struct strbuf *out)
{
    cleanup(commands) struct commands commands = {STRBUF(LIMIT_ADVICE_BYTES), STRBUF(LIMIT_ADVICE_BYTES),
                                                  STRBUF(2 * LIMIT_ADVICE_BYTES)};
    struct json_writer writer = {0};
    make_commands(bootstrap, &commands);
    json_writer_init(&writer, out, 0);
    json_open_object(&writer);
    json_key_string(&writer, "database", bootstrap_name(bootstrap));
    json_key_string(&writer, "engine", bootstrap->server.engine);
    json_key_string(&writer, "tool", bootstrap->set->tool);
    json_key_integer(&writer, "migrations", (int64_t)bootstrap->set->count);
    json_key_string(&writer, "method", method_name(bootstrap->source));
    json_key_string(&writer, "verdict", verdict_name(bootstrap));
    add_text_or_null(&writer, "stopped", bootstrap->stopped);
    add_text_or_null(&writer, "remark", bootstrap->remark);
    add_proposal(&writer, bootstrap);
    add_fits(&writer, bootstrap);
    json_key_object(&writer, "commands");
    add_text_or_null(&writer, "record", strbuf_text(&commands.record));
    add_text_or_null(&writer, "apply", strbuf_text(&commands.apply));
    add_text_or_null(&writer, "stamp", strbuf_text(&commands.stamp));
    json_close_object(&writer);
    json_key_integer(&writer, "rows_written", (int64_t)bootstrap->rows);
    add_journals(&writer, bootstrap);
    json_close_object(&writer);
    strbuf_add_char(out, '\n');
    out->failed |= !json_writer_ok(&writer);
}

/* Foreign text on one line; in Markdown, what would end a cell or begin a tag is taken out of its meaning. */
static void add_foreign(struct strbuf *out, const char *text, bool markdown)
{
    cleanup(free) char *line = mem_strdup(text ? text : "-");
    if (!line) {
        out->failed = true;
        return;
    }
    utf8_make_line(line, strlen(line) + 1);
    for (const char *at = line; *at; at++) {
        if (markdown && strchr("|\\`*_<>[]#", *at))
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *at);
    }
}

/* Code points, which foreign text keeps on its way to one line: near enough to columns for names. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* Of the column of revisions. */
static size_t revision_width(const struct bootstrap *bootstrap)
{
    size_t widest = strlen("REVISION");
    for (size_t i = 0; i < bootstrap->fit_count; i++) {
        size_t width = width_of(migration_of(bootstrap, &bootstrap->fits[i])->revision);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void render_fits(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    if (bootstrap->fit_count == 0)
        return;
    size_t widest = revision_width(bootstrap);
    if (markdown)
        strbuf_add_string(out, "\n| differences | missing | unexpected | changed | revision | file |\n"
                               "|---:|---:|---:|---:|---|---|\n");
    else
        strbuf_printf(out, "\nDIFFERENCES  MISSING  UNEXPECTED  CHANGED  %-*s  FILE\n", (int)widest, "REVISION");
    for (size_t i = 0; i < bootstrap->fit_count; i++) {
        const struct bootstrap_fit *fit = &bootstrap->fits[i];
        const size_t *by = fit->by_change;
        strbuf_printf(out, markdown ? "| %zu | %zu | %zu | %zu | " : "%-11zu  %-7zu  %-10zu  %-7zu  ", fit->items,
                      by[DRIFT_MISSING], by[DRIFT_UNEXPECTED], by[DRIFT_CHANGED]);
        const struct migration *migration = migration_of(bootstrap, fit);
        add_foreign(out, migration->revision, markdown);
        if (markdown)
            strbuf_add_string(out, " | ");
        else
            strbuf_printf(out, "%*s", (int)(widest - width_of(migration->revision) + 2), "");
        add_foreign(out, migration->file, markdown);
        strbuf_add_string(out, markdown ? " |\n" : "\n");
    }
}

/* Where nothing can be compared, the operator chooses among these. */
static void render_revisions(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    strbuf_add_string(out, "\nThe revisions, in the tool's order:\n\n");
    for (size_t i = 0; i < bootstrap->set->count; i++) {
        const struct migration *migration = &bootstrap->set->migrations[i];
        strbuf_add_string(out, markdown ? "- " : "  ");
        add_foreign(out, migration->revision, markdown);
        strbuf_add_string(out, "  ");
        add_foreign(out, migration->file, markdown);
        strbuf_add_char(out, '\n');
    }
}

static void render_differences(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    size_t count = bootstrap->fits[0].items;
    for (size_t i = 0; i < count && i < SHOWN_ITEMS; i++) {
        const struct drift_item *item = &bootstrap->best->items[i];
        strbuf_printf(out, "%s%s %s ", markdown ? "- " : "  ", drift_change_name(item->change),
                      drift_kind_name(item->kind));
        add_foreign(out, item->object, markdown);
        strbuf_printf(out, "%s%s\n", item->attribute ? ": " : "", item->attribute ? item->attribute : "");
    }
    if (count > SHOWN_ITEMS)
        strbuf_printf(out, "%s… and %zu more\n", markdown ? "- " : "  ", count - SHOWN_ITEMS);
}

static void render_tied(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    size_t tied = count_tied(bootstrap);
    if (tied < 2)
        return;
    strbuf_add_string(out, "\nThe schema does not tell it from");
    for (size_t i = 1; i < tied && i <= SHOWN_ITEMS; i++) {
        strbuf_add_string(out, i == 1 ? " " : ", ");
        add_foreign(out, migration_of(bootstrap, &bootstrap->fits[i])->revision, markdown);
    }
    strbuf_printf(out, "%s: look whether the data shows what the later ones do.\n",
                  tied > SHOWN_ITEMS + 1 ? ", …" : "");
}

static void render_verdict(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    const struct bootstrap_fit *proposal = bootstrap_proposal(bootstrap);
    strbuf_add_char(out, '\n');
    if (bootstrap->fit_count == 0) {
        strbuf_add_string(out, "Which revision it fits cannot be computed: ");
        add_foreign(out, bootstrap->stopped, markdown);
        strbuf_add_string(out, ".\n");
        render_revisions(bootstrap, markdown, out);
        return;
    }
    if (*bootstrap->stopped) {
        strbuf_add_string(out, "Later revisions could not be compared: ");
        add_foreign(out, bootstrap->stopped, markdown);
        strbuf_add_string(out, ".\n");
    }
    if (!proposal) {
        strbuf_add_string(out, "None of these explains the schema: it is as far from all of them as from nothing.\n");
        return;
    }
    strbuf_add_string(out, "Proposal: ");
    add_foreign(out, migration_of(bootstrap, proposal)->revision, markdown);
    if (proposal->items == 0)
        strbuf_add_string(out, ", which fits exactly.\n");
    else
        strbuf_printf(out, ", which fits best. %zu difference%s would be left:\n\n", proposal->items,
                      proposal->items == 1 ? "" : "s");
    render_differences(bootstrap, markdown, out);
    render_tied(bootstrap, markdown, out);
}

static void render_command(struct strbuf *out, bool markdown, const char *label, const struct strbuf *command)
{
    if (!strbuf_ok(command))
        out->failed = true;
    if (command->length == 0)
        return;
    strbuf_printf(out, "%s%s", label, markdown ? "\n\n    " : "\n  ");
    add_foreign(out, strbuf_text(command), false);
    strbuf_add_string(out, markdown ? "\n\n" : "\n");
}

static void render_commands(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    cleanup(commands) struct commands commands = {STRBUF(LIMIT_ADVICE_BYTES), STRBUF(LIMIT_ADVICE_BYTES),
                                                  STRBUF(2 * LIMIT_ADVICE_BYTES)};
    make_commands(bootstrap, &commands);
    strbuf_add_char(out, '\n');
    if (commands.record.length == 0)
        strbuf_printf(out, "%s has no command that records a revision without running it.\n",
                      tool_find(bootstrap->set->tool)->title);
    render_command(out, markdown, "The tool's own command records it:", &commands.record);
    render_command(out, markdown, "Or this, in the tool's own table:", &commands.stamp);
    render_command(out, markdown, "Then the tool applies the rest:", &commands.apply);
}

static void render_recorded(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    const struct snapshot *snapshot = bootstrap->snapshot;
    strbuf_printf(out, "\nRecorded: %zu rows. The journal reads back as:\n\n", bootstrap->rows);
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        strbuf_printf(out, "%s%s in ", markdown ? "- " : "  ", reading->address.tool);
        add_foreign(out, reading->address.schema, markdown);
        strbuf_add_string(out, *reading->address.schema ? "." : "");
        add_foreign(out, reading->address.table, markdown);
        if (reading->address.part) {
            strbuf_add_char(out, '/');
            add_foreign(out, reading->address.part, markdown);
        }
        strbuf_printf(out, ": %zu entries\n", reading->journal ? reading->journal->entry_count : 0);
    }
}

static void render_text(const struct bootstrap *bootstrap, bool markdown, struct strbuf *out)
{
    strbuf_add_string(out, markdown ? "# Bootstrap of " : "");
    add_foreign(out, bootstrap_name(bootstrap), markdown);
    strbuf_printf(out, "%s: %s, %zu tables and views%s; %s has %zu migrations\n", markdown ? "\n\n" : "",
                  bootstrap->server.engine, bootstrap->schema->relation_count,
                  bootstrap->rows > 0 ? "" : ", no journal", tool_find(bootstrap->set->tool)->title,
                  bootstrap->set->count);
    if (bootstrap->rows > 0) {
        render_recorded(bootstrap, markdown, out);
        return;
    }
    render_fits(bootstrap, markdown, out);
    render_verdict(bootstrap, markdown, out);
    if (*bootstrap->remark) {
        strbuf_add_string(out, "\nRemark: ");
        add_foreign(out, bootstrap->remark, markdown);
        strbuf_add_string(out, ".\n");
    }
    render_commands(bootstrap, markdown, out);
}

int bootstrap_print(const struct bootstrap *bootstrap)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    if (bootstrap->options->output == CTL_JSON)
        render_json(bootstrap, &out);
    else
        render_text(bootstrap, bootstrap->options->output == CTL_MARKDOWN, &out);
    return ctl_write(&out, CTL_OK);
}
