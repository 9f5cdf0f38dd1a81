/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manual/completion.h"

enum { OUTPUTS_SIZE = 64 };

/* The function's prefix; programs' names have blanks nowhere, but hyphens. */
static const char *symbol_of(const struct manual_program *program, char *place, size_t size)
{
    snprintf(place, size, "_%s", program->line->name);
    for (char *byte = place; *byte; byte++) {
        if (*byte == '-')
            *byte = '_';
    }
    return place;
}

void bash_put_valued(const struct manual_program *program, FILE *out)
{
    fputs("        ", out);
    completion_put_pattern(program, completion_is_valued, "", out);
    fputs(")\n"
          "            ((i + 1 < last)) || option=$word\n"
          "            ((i++))\n"
          "            ;;\n",
          out);
}

void bash_put_where(const struct manual_program *program, FILE *out)
{
    if (!program->commands)
        return;
    fputs("        ", out);
    completion_put_pattern(program, completion_is_where, "", out);
    fputs(") where+=(\"$word\" \"${words[i + 1]}\") ;;\n        ", out);
    completion_put_pattern(program, completion_is_where, "=*", out);
    fputs(") where+=(\"$word\") ;;\n", out);
}

static void put_offer(const char *symbol, unsigned offer, FILE *out)
{
    if (offer & OFFER_FILES)
        fprintf(out, "            %s_files -f \"$value\"\n", symbol);
    if (offer & OFFER_FOLDERS)
        fprintf(out, "            %s_files -d \"$value\"\n", symbol);
    if (offer & OFFER_DATABASES)
        fprintf(out, "            %s_databases \"$value\"\n", symbol);
}

/* What each command prints is not what the program does. */
static void put_outputs(const struct manual_program *program, const struct option_row *row, const char *symbol,
                        FILE *out)
{
    fputs("            case $command in\n", out);
    for (int i = 0; i < *program->command_count; i++) {
        char words[OUTPUTS_SIZE] = "";
        completion_list_outputs(&program->commands[i], words, sizeof words);
        fprintf(out, "            %s) %s_add -W '%s' -- \"$value\" ;;\n", program->commands[i].name, symbol, words);
    }
    fprintf(out, "            *) %s_add -W '%s' -- \"$value\" ;;\n            esac\n            ;;\n", symbol,
            row->values);
}

void bash_put_values(const struct manual_program *program, FILE *out)
{
    char symbol[64] = "";
    symbol_of(program, symbol, sizeof symbol);
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        unsigned offer = completion_offer_of(row->argument);
        if (!row->values && !offer)
            continue;
        fprintf(out, "        --%s", row->name);
        if (row->letter)
            fprintf(out, " | -%c", row->letter);
        fputs(")\n", out);
        if (completion_is_output(program, row)) {
            put_outputs(program, row, symbol, out);
            continue;
        }
        if (row->values)
            fprintf(out, "            %s_add -W '%s' -- \"$value\"\n", symbol, row->values);
        put_offer(symbol, offer, out);
        fputs("            ;;\n", out);
    }
}

/* Of one command, or of all. */
static void put_names(const struct manual_program *program, const char *command, FILE *out)
{
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        if (command ? row->commands && option_fits(row, command) : !row->commands)
            fprintf(out, " --%s", row->name);
    }
}

void bash_put_options(const struct manual_program *program, FILE *out)
{
    fputs("        options='", out);
    put_names(program, NULL, out);
    fputs("'\n", out);
    if (!program->commands)
        return;
    fputs("        case $command in\n", out);
    for (int i = 0; i < *program->command_count; i++) {
        fprintf(out, "        %s) options+='", program->commands[i].name);
        put_names(program, program->commands[i].name, out);
        fputs("' ;;\n", out);
    }
    fputs("        esac\n", out);
}

void bash_put_arguments(const struct manual_program *program, FILE *out)
{
    char symbol[64] = "";
    symbol_of(program, symbol, sizeof symbol);
    if (!program->commands)
        return;
    fprintf(out, "        '') %s_add -W '", symbol);
    for (int i = 0; i < *program->command_count; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", program->commands[i].name);
    fputs("' -- \"$value\" ;;\n", out);
    for (int i = 0; i < *program->command_count; i++) {
        unsigned offer = completion_offer_of(program->commands[i].arguments) & ~(unsigned)OFFER_PROGRAMS;
        if (!offer)
            continue;
        fprintf(out, "        %s)\n", program->commands[i].name);
        put_offer(symbol, offer, out);
        fputs("            ;;\n", out);
    }
}
