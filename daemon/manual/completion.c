/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manual/completion.h"

#include <string.h>

#include "base/cleanup.h"

unsigned completion_offer_of(const char *arguments)
{
    static const struct {
        const char *word;
        unsigned offer;
    } words[] = {
        {"FILE", OFFER_FILES},         {"DIR", OFFER_FOLDERS},    {"REFERENCE", OFFER_FILES},  {"SIDE", OFFER_FILES},
        {"DATABASE", OFFER_DATABASES}, {"GATE", OFFER_DATABASES}, {"COMMAND", OFFER_PROGRAMS},
    };
    unsigned offer = 0;
    for (size_t i = 0; arguments && i < ARRAY_LENGTH(words); i++) {
        if (strstr(arguments, words[i].word))
            offer |= words[i].offer;
    }
    return offer;
}

int completion_short_length(const char *doc)
{
    const char *more = strstr(doc, "; ");
    size_t length = more ? (size_t)(more - doc) : strlen(doc);
    if (length == 0 || doc[length - 1] != ')')
        return (int)length;
    for (size_t i = length; i > 1; i--) {
        if (doc[i - 1] == '(' && doc[i - 2] == ' ')
            return (int)(i - 2);
    }
    return (int)length;
}

bool completion_is_valued(const struct option_row *row)
{
    return row->argument != NULL;
}

bool completion_is_where(const struct option_row *row)
{
    return row->kind == OPTION_TEXT && row->argument && !row->commands;
}

bool completion_is_output(const struct manual_program *program, const struct option_row *row)
{
    return program->commands && strcmp(row->name, "output") == 0;
}

bool completion_has_programs(const struct manual_program *program)
{
    if (!program->commands)
        return program->line->stops_at_word;
    for (int i = 0; i < *program->command_count; i++) {
        if (completion_offer_of(program->commands[i].arguments) & OFFER_PROGRAMS)
            return true;
    }
    return false;
}

void completion_list_outputs(const struct ctl_command *command, char *words, size_t size)
{
    *words = '\0';
    for (unsigned i = 0; i < CTL_OUTPUTS; i++) {
        size_t used = strlen(words);
        if (command->outputs & 1u << i)
            snprintf(words + used, size - used, "%s%s", used > 0 ? " " : "", ctl_output_name(i));
    }
}

void completion_put_pattern(const struct manual_program *program, bool (*fits)(const struct option_row *row),
                            const char *end, FILE *out)
{
    const char *before = "";
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        if (!fits(row))
            continue;
        fprintf(out, "%s--%s%s", before, row->name, end);
        if (row->letter && !*end)
            fprintf(out, " | -%c", row->letter);
        before = " | ";
    }
}
