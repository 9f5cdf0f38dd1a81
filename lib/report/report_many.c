/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_drift_parts.h"

enum { REASON_LENGTH = 300, NAME_LENGTH = 200, NAMES_SHOWN = 10 };

static void put_group(struct json_writer *writer, const struct comparison_member *members,
                      const struct comparison_group *group, bool majority)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(group->fingerprint, fingerprint);
    json_open_object(writer);
    json_key_string(writer, "fingerprint", fingerprint);
    json_key_boolean(writer, "majority", majority);
    json_key_array(writer, "databases");
    for (size_t i = 0; i < group->member_count; i++)
        json_add_string(writer, members[group->members[i]].name);
    json_close_array(writer);
    json_key(writer, "drift");
    if (group->report) {
        json_open_object(writer);
        report_put_counts(writer, &group->report->counts);
        report_put_items(writer, group->report, false);
        json_close_object(writer);
    } else {
        json_add_null(writer);
    }
    json_close_object(writer);
}

static const char *reason_of(const struct comparison_member *member)
{
    const char *reason = member->schema ? compare_many_doubt(member->schema) : member->problem;
    return reason ? reason : "unknown";
}

static void put_left_out(struct json_writer *writer, const char *key, const struct comparison_member *members,
                         const size_t *left_out, size_t count)
{
    json_key_array(writer, key);
    for (size_t i = 0; i < count; i++) {
        json_open_object(writer);
        json_key_string(writer, "database", members[left_out[i]].name);
        json_key_string(writer, "reason", reason_of(&members[left_out[i]]));
        json_close_object(writer);
    }
    json_close_array(writer);
}

void report_many_json(struct json_writer *writer, const struct comparison_member *members,
                      const struct comparison_of_many *comparison)
{
    size_t count = comparison->unread_count;
    for (size_t i = 0; i < comparison->group_count; i++)
        count += comparison->groups[i].member_count;
    json_open_object(writer);
    json_key_integer(writer, "members", (int64_t)count);
    json_key_array(writer, "groups");
    for (size_t i = 0; i < comparison->group_count; i++)
        put_group(writer, members, &comparison->groups[i], i == 0);
    json_close_array(writer);
    put_left_out(writer, "unread", members, comparison->unread, comparison->unread_count);
    put_left_out(writer, "partial", members, comparison->partial, comparison->partial_count);
    json_close_object(writer);
}

static void add_names(struct strbuf *out, enum report_style style, const struct comparison_member *members,
                      const struct comparison_group *group)
{
    for (size_t i = 0; i < group->member_count && i < NAMES_SHOWN; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        report_add_line(out, style, members[group->members[i]].name, NAME_LENGTH);
    }
    if (group->member_count > NAMES_SHOWN)
        strbuf_printf(out, " and %zu more", group->member_count - NAMES_SHOWN);
}

static void add_group(struct strbuf *out, enum report_style style, const struct comparison_member *members,
                      const struct comparison_group *group, size_t number)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(group->fingerprint, fingerprint);
    if (style == STYLE_MARKDOWN)
        strbuf_printf(out, "\n## Group %zu: %zu of one schema\n\n- fingerprint: %s\n- databases: ", number,
                      group->member_count, fingerprint);
    else
        strbuf_printf(out, "\ngroup %zu  %s  %zu: ", number, fingerprint, group->member_count);
    add_names(out, style, members, group);
    strbuf_add_char(out, '\n');
    if (!group->report)
        return;
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "- to the majority: " : "  to the majority: ");
    report_add_summary(out, style, &group->report->counts);
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "\n\n" : "\n");
    report_add_items(out, style, group->report);
}

static void add_left_out(struct strbuf *out, enum report_style style, const char *title,
                         const struct comparison_member *members, const size_t *left_out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            strbuf_printf(out, "\n%s\n", title);
        strbuf_add_string(out, style == STYLE_MARKDOWN ? "- " : "  ");
        report_add_line(out, style, members[left_out[i]].name, NAME_LENGTH);
        strbuf_add_string(out, ": ");
        report_add_line(out, style, reason_of(&members[left_out[i]]), REASON_LENGTH);
        strbuf_add_char(out, '\n');
    }
}

static void add_whole(struct strbuf *out, enum report_style style, const struct comparison_member *members,
                      const struct comparison_of_many *comparison)
{
    size_t equal = comparison->group_count == 1 ? comparison->groups[0].member_count : 0;
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "# " : "");
    if (equal > 0)
        strbuf_printf(out, "%zu schema%s%s\n", equal, equal == 1 ? "" : "s, all equal",
                      comparison->partial_count > 0 ? " as far as seen" : "");
    else
        strbuf_printf(out, "%zu different schemas\n", comparison->group_count);
    for (size_t i = 0; i < comparison->group_count; i++)
        add_group(out, style, members, &comparison->groups[i], i + 1);
    add_left_out(out, style, "not read", members, comparison->unread, comparison->unread_count);
    add_left_out(out, style, "not seen whole", members, comparison->partial, comparison->partial_count);
}

void report_many_text(struct strbuf *out, const struct comparison_member *members,
                      const struct comparison_of_many *comparison, bool colour)
{
    add_whole(out, colour ? STYLE_COLOUR : STYLE_PLAIN, members, comparison);
}

void report_many_markdown(struct strbuf *out, const struct comparison_member *members,
                          const struct comparison_of_many *comparison)
{
    add_whole(out, STYLE_MARKDOWN, members, comparison);
}
