/* SPDX-License-Identifier: Apache-2.0
 *
 * The key `history`: none, or where it is kept and for how long.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/config_reader.h"

static int check_place(struct config_reader *reader, const struct yaml_node *node, const struct config_history *history)
{
    if (history->path && history->url)
        return config_fail(reader, node, "'history' takes 'path' or 'url', not both");
    if (!history->url && (history->password_file || history->password_env))
        return config_fail(reader, node, "'history' has a password, but no 'url' that it is for");
    if ((history->password_file != NULL) + (history->password_env != NULL) + (history->url_password != NULL) > 1)
        return config_fail(reader, node, "'history' has its password in more than one place");
    return 0;
}

int config_read_history(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_history *history = &((struct config *)section)->history;
    if (node->kind == YAML_SCALAR) {
        const char *text = config_read_text(reader, node);
        if (!text)
            return -1;
        history->none = strcmp(text, "none") == 0;
        return history->none ? 0 : config_fail(reader, node, "'history' is none or {path: FILE, …}, not '%s'", text);
    }
    if (config_read_section(reader, &config_history_keys, node, history) < 0)
        return -1;
    return check_place(reader, node, history);
}

int config_read_history_path(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_history *history = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!*text)
        return config_fail(reader, node, "'path' is empty");
    history->path = config_absolute_path(reader, node, text);
    return history->path ? 0 : -1;
}

void config_print_history_path(const void *section, struct strbuf *out)
{
    const char *path = ((const struct config_history *)section)->path;
    if (path)
        config_print_text(path, out);
}

int config_read_history_url(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_history *history = section;
    struct error error = {.code = ERROR_OK};
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    cleanup(engine_target) struct engine_target *parsed = NULL;
    if (engine_target_parse(text, &parsed, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reader->error)
                                             : config_fail(reader, node, "%s", error.message);
    if (strcmp(parsed->ops->name, "postgres") != 0)
        return config_fail(reader, node, "'url' takes postgresql://…; a SQLite file is named by 'path'");
    if (parsed->password) {
        history->url_password = arena_strdup(reader->config->arena, parsed->password);
        if (!history->url_password)
            return error_no_memory(reader->error);
    }
    if (engine_target_copy(parsed, NULL, &history->target, reader->error) < 0)
        return -1;
    cleanup(free) char *redacted = engine_url_redact(text);
    history->url = redacted ? arena_strdup(reader->config->arena, redacted) : NULL;
    return history->url ? 0 : error_no_memory(reader->error);
}

void config_print_history_url(const void *section, struct strbuf *out)
{
    const char *url = ((const struct config_history *)section)->url;
    if (url)
        config_print_text(url, out);
}

int config_read_admissions(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_history *history = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    history->best_effort = strcmp(text, "best-effort") == 0;
    if (!history->best_effort && strcmp(text, "required") != 0)
        return config_fail(reader, node, "'admissions' is required or best-effort, not '%s'", text);
    return 0;
}

void config_print_admissions(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, ((const struct config_history *)section)->best_effort ? "best-effort" : "required");
}

/* The mapping's keys in the order of their table. */
void config_print_history(const void *section, struct strbuf *out)
{
    const struct config_history *history = &((const struct config *)section)->history;
    if (history->none)
        strbuf_add_string(out, "none");
    else
        config_print_flow(&config_history_keys, history, out);
}

bool config_history_moved(const struct config_history *a, const struct config_history *b)
{
    const char *const pairs[][2] = {{a->path, b->path},
                                    {a->url, b->url},
                                    {a->url_password, b->url_password},
                                    {a->password_file, b->password_file},
                                    {a->password_env, b->password_env}};
    for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
        const char *const *pair = pairs[i];
        if (!pair[0] != !pair[1] || (pair[0] && strcmp(pair[0], pair[1]) != 0))
            return true;
    }
    return a->none != b->none;
}
