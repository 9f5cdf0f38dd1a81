/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/sqitch_files.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "journal/file_list.h"
#include "journal/sqitch_plan.h"

/* Where a project keeps its things, relative to its root. */
struct layout {
    const char *top;
    const char *plan;   /* NULL: sqitch.plan in the top folder */
    const char *deploy; /* NULL: deploy in the top folder */
    const char *extension;
};

/* A line "key = value" of sqitch.conf's section [core]; other keys are of no interest. */
static bool take_setting(struct layout *layout, const char *line, size_t length, struct arena *arena)
{
    const struct {
        const char *key;
        const char **slot;
    } settings[] = {
        {"top_dir", &layout->top},
        {"plan_file", &layout->plan},
        {"deploy_dir", &layout->deploy},
        {"extension", &layout->extension},
    };
    const char *equals = memchr(line, '=', length);
    if (!equals)
        return true;
    size_t key = (size_t)(equals - line);
    while (key > 0 && strchr(" \t", line[key - 1]))
        key--;
    const char *value = equals + 1;
    const char *end = line + length;
    while (value < end && strchr(" \t\"", *value))
        value++;
    while (end > value && strchr(" \t\r\"", end[-1]))
        end--;
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (strlen(settings[i].key) == key && strncasecmp(settings[i].key, line, key) == 0) {
            *settings[i].slot = arena_strndup(arena, value, (size_t)(end - value));
            return *settings[i].slot != NULL;
        }
    return true;
}

static bool parse_settings(struct layout *layout, const char *text, struct arena *arena)
{
    bool core = false;
    while (*text) {
        text += strspn(text, " \t\r\n");
        size_t length = strcspn(text, "\n");
        if (*text == '[')
            core = strncasecmp(text, "[core]", strlen("[core]")) == 0;
        else if (core && !strchr("#;", *text) && !take_setting(layout, text, length, arena))
            return false;
        text += length;
    }
    return true;
}

static int read_layout(const char *directory, struct layout *layout, struct arena *arena, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    *layout = (struct layout){.top = ".", .extension = "sql"};
    if (file_exists(directory, "sqitch.conf")) {
        if (file_read(directory, "sqitch.conf", &text, reterr) < 0)
            return -1;
        if (!parse_settings(layout, strbuf_text(&text), arena))
            return error_no_memory(reterr);
    }
    const char *slash = strcmp(layout->top, ".") == 0 ? "" : "/";
    const char *top = *slash ? layout->top : "";
    if (!layout->plan)
        layout->plan = arena_printf(arena, "%s%ssqitch.plan", top, slash);
    if (!layout->deploy)
        layout->deploy = arena_printf(arena, "%s%sdeploy", top, slash);
    return layout->plan && layout->deploy ? 0 : error_no_memory(reterr);
}

/* One project while it is read. */
struct reading {
    const char *directory;
    struct layout layout;
    struct sqitch_plan plan;
    struct migration_set *set;
    struct migration_list list;
    struct strbuf text;
};

static void reading_done(struct reading *reading)
{
    sqitch_plan_done(&reading->plan);
    migration_list_done(&reading->list);
    strbuf_done(&reading->text);
}

DEFINE_CLEANUP_VALUE(reading, struct reading, reading_done);

/* The first tag between a change and the one that reworks it whose script exists, else just the first. */
static const struct sqitch_tag *find_rework_tag(const struct reading *reading, size_t number)
{
    const struct sqitch_plan *plan = &reading->plan;
    const struct sqitch_change *change = &plan->changes[number];
    const struct sqitch_tag *first = NULL;
    for (size_t i = 0; i < plan->tag_count; i++) {
        const struct sqitch_tag *tag = &plan->tags[i];
        if (tag->change_count <= number || tag->change_count > change->replaced_by)
            continue;
        first = first ? first : tag;
        char path[LIMIT_JOURNAL_CELL] = "";
        int length = snprintf(path, sizeof path, "%s/%s@%s.%s", reading->layout.deploy, change->name, tag->name,
                              reading->layout.extension);
        if (length > 0 && (size_t)length < sizeof path && file_exists(reading->directory, path))
            return tag;
    }
    return first;
}

/* A change without its script can be deployed no more; Sqitch says so when it comes to it. */
static int set_checksum(struct reading *reading, struct migration *migration, struct error *reterr)
{
    char hex[SHA1_HEX_SIZE] = "";
    if (!file_exists(reading->directory, migration->file))
        return 0;
    strbuf_clear(&reading->text);
    if (file_read(reading->directory, migration->file, &reading->text, reterr) < 0)
        return -1;
    checksum_sha1(strbuf_text(&reading->text), reading->text.length, hex);
    migration->checksum = arena_strdup(reading->set->arena, hex);
    return migration->checksum ? 0 : error_no_memory(reterr);
}

static int add_change(struct reading *reading, size_t number, struct error *reterr)
{
    const struct sqitch_change *change = &reading->plan.changes[number];
    const struct sqitch_tag *tag = change->replaced_by == SIZE_MAX ? NULL : find_rework_tag(reading, number);
    struct migration *migration = migration_list_add(&reading->list, reterr);
    if (!migration)
        return -1;
    migration->key = change->id;
    migration->part = reading->plan.project;
    migration->revision =
        arena_printf(reading->set->arena, "%s%s%s", change->name, tag ? "@" : "", tag ? tag->name : "");
    if (!migration->revision)
        return error_no_memory(reterr);
    migration->file = arena_printf(reading->set->arena, "%s/%s.%s", reading->layout.deploy, migration->revision,
                                   reading->layout.extension);
    return migration->file ? set_checksum(reading, migration, reterr) : error_no_memory(reterr);
}

int sqitch_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    cleanup(reading) struct reading reading = {.directory = directory, .set = set, .text = STRBUF(FILE_TEXT_BYTES)};
    if (read_layout(directory, &reading.layout, set->arena, reterr) < 0)
        return -1;
    if (!file_exists(directory, reading.layout.plan))
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no sqitch.plan", directory);
    set->certain = true;
    if (file_read(directory, reading.layout.plan, &reading.text, reterr) < 0 ||
        sqitch_plan_parse(&reading.plan, strbuf_text(&reading.text), reading.text.length, reading.layout.plan,
                          set->arena, reterr) < 0)
        return -1;
    for (size_t i = 0; i < reading.plan.count; i++)
        if (add_change(&reading, i, reterr) < 0)
            return -1;
    return migration_list_finish(&reading.list, set, reterr);
}
