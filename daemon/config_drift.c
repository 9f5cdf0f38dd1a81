/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys below `drift`, and the gate's `drift`.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/config_reader.h"

int config_read_drift(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    return config_read_section(reader, &config_drift_keys, node, database);
}

int config_read_drift_reference(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (config_read_section(reader, &config_reference_keys, node, database) < 0)
        return -1;
    if (!node->first || node->first->next)
        return config_fail(reader, node, "'reference' takes exactly one of baseline, database, drizzle, rails and sql");
    return 0;
}

int config_read_reference_file(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_drift *drift = &((struct config_database *)section)->drift;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    for (unsigned kind = 0; kind < REFERENCE_KINDS; kind++) {
        if (strcmp(reference_kind_name(kind), node->key) == 0)
            drift->kind = kind;
    }
    drift->reference_key = reference_kind_name(drift->kind);
    drift->reference_value = config_absolute_path(reader, node, text);
    return drift->reference_value ? 0 : -1;
}

void config_print_reference_file(const void *section, struct strbuf *out)
{
    (void)section; /* config_print_drift does */
    (void)out;
}

int config_read_reference_database(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_drift *drift = &((struct config_database *)section)->drift;
    drift->reference_key = "database";
    drift->reference_value = config_read_text(reader, node);
    return drift->reference_value ? 0 : -1;
}

void config_print_reference_database(const void *section, struct strbuf *out)
{
    (void)section; /* config_print_drift does */
    (void)out;
}

int config_read_scratch(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_drift *drift = &((struct config_database *)section)->drift;
    struct error error = {.code = ERROR_OK};
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (engine_target_parse(text, &drift->scratch, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reader->error)
                                             : config_fail(reader, node, "%s", error.message);
    cleanup(free) char *redacted = engine_url_redact(text);
    drift->scratch_url = redacted ? arena_strdup(reader->config->arena, redacted) : NULL;
    return drift->scratch_url ? 0 : error_no_memory(reader->error);
}

void config_print_scratch(const void *section, struct strbuf *out)
{
    const char *url = ((const struct config_database *)section)->drift.scratch_url;
    if (url)
        config_print_text(url, out);
}

int config_read_ignore_match(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct drift_ignore *entry = section;
    struct error error = {.code = ERROR_OK};
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (drift_ignore_parse(text, reader->config->arena, entry, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reader->error)
                                             : config_fail(reader, node, "%s", error.message);
    return 0;
}

void config_print_ignore_match(const void *section, struct strbuf *out)
{
    config_print_text(((const struct drift_ignore *)section)->match, out);
}

int config_read_ignore_until(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct drift_ignore *entry = section;
    struct error error = {.code = ERROR_OK};
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    return drift_until_parse(text, &entry->until_ms, &error) < 0 ? config_fail(reader, node, "%s", error.message) : 0;
}

/* The last day, from the moment at which it ends. */
void config_print_ignore_until(const void *section, struct strbuf *out)
{
    const struct drift_ignore *entry = section;
    time_t last = (time_t)(entry->until_ms / 1000) - 1;
    struct tm utc = {0};
    char text[32] = "";
    if (entry->until_ms > 0 && gmtime_r(&last, &utc) && strftime(text, sizeof text, "%Y-%m-%d", &utc) > 0)
        strbuf_add_string(out, text);
}

int config_read_ignore(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct drift_policy *policy = &((struct config_database *)section)->drift.policy;
    if (node->kind == YAML_MAPPING)
        return config_fail(reader, node, "'ignore' takes a list: [\"table:tmp_*\", {match: …, reason: …}]");
    const struct yaml_node *first = node->kind == YAML_SCALAR ? node : node->first;
    size_t count = 0;
    for (const struct yaml_node *item = first; item; item = node->kind == YAML_SCALAR ? NULL : item->next)
        count++;
    struct drift_ignore *entries = arena_array(reader->config->arena, count + 1, sizeof *entries);
    if (!entries)
        return error_no_memory(reader->error);
    const struct yaml_node *item = first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        int result = item->kind == YAML_MAPPING ? config_read_section(reader, &config_ignore_keys, item, &entries[i])
                                                : config_read_ignore_match(reader, item, &entries[i]);
        if (result < 0)
            return -1;
    }
    policy->ignores = entries;
    policy->ignore_count = count;
    return 0;
}

static void print_entry(const struct drift_ignore *entry, struct strbuf *out)
{
    strbuf_add_string(out, "{match: ");
    config_print_ignore_match(entry, out);
    if (entry->reason) {
        strbuf_add_string(out, ", reason: ");
        config_print_text(entry->reason, out);
    }
    if (entry->owner) {
        strbuf_add_string(out, ", owner: ");
        config_print_text(entry->owner, out);
    }
    if (entry->until_ms > 0) {
        strbuf_add_string(out, ", until: ");
        config_print_ignore_until(entry, out);
    }
    strbuf_add_char(out, '}');
}

void config_print_ignore(const void *section, struct strbuf *out)
{
    const struct drift_policy *policy = &((const struct config_database *)section)->drift.policy;
    if (policy->ignore_count == 0)
        return;
    for (size_t i = 0; i < policy->ignore_count; i++) {
        strbuf_add_string(out, i == 0 ? "[" : ", ");
        print_entry(&policy->ignores[i], out);
    }
    strbuf_add_char(out, ']');
}

int config_read_default_ignores(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct drift_policy *policy = &((struct config_database *)section)->drift.policy;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    policy->no_defaults = strcmp(text, "none") == 0;
    if (!policy->no_defaults && strcmp(text, "apply") != 0)
        return config_fail(reader, node, "'default_ignores' is apply or none, not '%s'", text);
    return 0;
}

void config_print_default_ignores(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, ((const struct config_database *)section)->drift.policy.no_defaults ? "none" : "apply");
}

int config_read_policies(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return config_read_section(reader, &config_policy_keys, node, section);
}

int config_read_policy(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct drift_policy *policy = &((struct config_database *)section)->drift.policy;
    struct error error = {.code = ERROR_OK};
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    return drift_policy_set(policy, node->key, text, &error) < 0 ? config_fail(reader, node, "%s", error.message) : 0;
}

void config_print_policy(const void *section, struct strbuf *out)
{
    (void)section; /* config_print_policies does */
    (void)out;
}

void config_print_policies(const void *section, struct strbuf *out)
{
    const struct drift_policy *policy = &((const struct config_database *)section)->drift.policy;
    for (unsigned key = 0; key < DRIFT_POLICIES; key++) {
        const struct drift_policy_row *row = drift_policy_row(key);
        strbuf_printf(out, "%s%s: %s", key == 0 ? "{" : ", ", row->key, row->values[policy->values[key]]);
    }
    strbuf_add_char(out, '}');
}

/* A severity that a person may name as a threshold; SEVERITIES for `none`. False if `text` is neither. */
static bool parse_threshold(const char *text, const char *none, enum drift_severity *ret_severity)
{
    *ret_severity = strcmp(text, none) == 0 ? SEVERITIES : drift_severity_from_name(text);
    return strcmp(text, none) == 0 || (*ret_severity != SEVERITIES && *ret_severity != SEVERITY_INFO);
}

int config_read_fail_on(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!parse_threshold(text, "none", &((struct config_database *)section)->drift.fail_on))
        return config_fail(reader, node, "'fail_on' is none, minor, major or critical, not '%s'", text);
    return 0;
}

void config_print_fail_on(const void *section, struct strbuf *out)
{
    enum drift_severity severity = ((const struct config_database *)section)->drift.fail_on;
    strbuf_add_string(out, severity == SEVERITIES ? "none" : drift_severity_name(severity));
}

int config_read_gate_drift(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct gate_policy *policy = &((struct config_gate *)section)->policy;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!parse_threshold(text, "ignore", &policy->drift_from))
        return config_fail(reader, node, "'drift' is ignore, minor, major or critical, not '%s'", text);
    policy->heeds_drift = policy->drift_from != SEVERITIES;
    return 0;
}

void config_print_gate_drift(const void *section, struct strbuf *out)
{
    const struct gate_policy *policy = &((const struct config_gate *)section)->policy;
    strbuf_add_string(out, policy->heeds_drift ? drift_severity_name(policy->drift_from) : "ignore");
}

void config_print_drift_reference(const void *section, struct strbuf *out)
{
    const struct config_drift *drift = &((const struct config_database *)section)->drift;
    if (!drift->reference_key)
        return;
    strbuf_printf(out, "{%s: ", drift->reference_key);
    config_print_text(drift->reference_value, out);
    strbuf_add_char(out, '}');
}

/* In the order of the key table; only where a person configured something, so that a file without drift prints none. */
void config_print_drift(const void *section, struct strbuf *out)
{
    const struct config_drift *drift = &((const struct config_database *)section)->drift;
    if (!drift->reference_key && drift->policy.ignore_count == 0)
        return;
    config_print_flow(&config_drift_keys, section, out);
}
