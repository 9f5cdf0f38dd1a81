/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/manual/completion.h"

void zsh_put_valued(const struct manual_program *program, FILE *out)
{
    fputs("            (", out);
    completion_put_pattern(program, completion_is_valued, "", out);
    fputs(") ((i++)) ;;\n", out);
}

void zsh_put_where(const struct manual_program *program, FILE *out)
{
    if (!program->commands)
        return;
    fputs("            (", out);
    completion_put_pattern(program, completion_is_where, "", out);
    fputs(") where+=($word $words[i+1]) ;;\n            (", out);
    completion_put_pattern(program, completion_is_where, "=*", out);
    fputs(") where+=($word) ;;\n", out);
}

/* Text in single quotes, where `special` has a meaning of its own. */
static void put_quoted(const char *text, size_t length, const char *special, FILE *out)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'')
            fputs("'\\''", out);
        else if (strchr(special, text[i]))
            fprintf(out, "\\%c", text[i]);
        else
            fputc(text[i], out);
    }
}

void zsh_put_commands(const struct manual_program *program, FILE *out)
{
    for (int i = 0; program->commands && i < *program->command_count; i++) {
        const char *summary = program->commands[i].summary;
        fprintf(out, "        '%s:", program->commands[i].name);
        put_quoted(summary, (size_t)completion_short_length(summary), ":\\", out);
        fputs("'\n", out);
    }
}

static void put_action(const struct manual_program *program, const struct option_row *row, FILE *out)
{
    unsigned offer = completion_offer_of(row->argument);
    if (completion_is_output(program, row))
        fputs("{compadd -a outputs}", out);
    else if (row->values)
        fprintf(out, "(%s)", row->values);
    else if (offer & OFFER_FILES)
        fputs("_files", out);
    else if (offer & OFFER_FOLDERS)
        fputs("_files -/", out);
    else
        fputc(' ', out);
}

/* What may not stand with it: itself, or after it everything. */
static void put_exclusion(const struct option_row *row, FILE *out)
{
    if (row->kind == OPTION_VERSION || row->kind == OPTION_HELP)
        fputs("'(- *)'", out);
    else if (row->kind == OPTION_LIST)
        fputs("'*'", out);
    else if (row->letter)
        fprintf(out, "'(-%c --%s)'", row->letter, row->name);
}

/* '(-s --server)'{-s+,--server=}'[the daemon]:URL: ' */
static void put_option(const struct manual_program *program, const struct option_row *row, FILE *out)
{
    put_exclusion(row, out);
    if (row->letter)
        fprintf(out, "{-%c%s,--%s%s}", row->letter, row->argument ? "+" : "", row->name, row->argument ? "=" : "");
    else
        fprintf(out, "--%s%s", row->name, row->argument ? "=" : "");
    fputs("'[", out);
    put_quoted(row->doc, (size_t)completion_short_length(row->doc), "[]\\", out);
    fputc(']', out);
    if (row->argument) {
        fprintf(out, ":%s:", row->argument);
        put_action(program, row, out);
    }
    fputc('\'', out);
}

void zsh_put_options(const struct manual_program *program, FILE *out)
{
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        if (row->commands)
            continue;
        fputs("        ", out);
        put_option(program, row, out);
        fputc('\n', out);
    }
}

void zsh_put_own_options(const struct manual_program *program, FILE *out)
{
    for (int i = 0; program->commands && i < *program->command_count; i++) {
        const struct ctl_command *command = &program->commands[i];
        char words[64] = "";
        completion_list_outputs(command, words, sizeof words);
        fprintf(out, "        (%s)\n            outputs=(%s)\n            options+=(\n", command->name, words);
        for (size_t j = 0; j < program->line->count; j++) {
            const struct option_row *row = &program->line->rows[j];
            if (!row->commands || !option_fits(row, command->name))
                continue;
            fputs("                ", out);
            put_option(program, row, out);
            fputc('\n', out);
        }
        fputs("            )\n            ;;\n", out);
    }
}

void zsh_put_arguments(const struct manual_program *program, FILE *out)
{
    for (int i = 0; program->commands && i < *program->command_count; i++) {
        const struct ctl_command *command = &program->commands[i];
        unsigned offer = completion_offer_of(command->arguments);
        const char *name = program->line->name;
        if (!(offer & (OFFER_FILES | OFFER_FOLDERS | OFFER_DATABASES)))
            continue;
        fprintf(out, "        (%s) _alternative", command->name);
        if (offer & OFFER_FILES)
            fprintf(out, " 'files:file:_%s_files'", name);
        if (offer & OFFER_FOLDERS)
            fputs(" 'folders:folder:_files -/'", out);
        if (offer & OFFER_DATABASES)
            fprintf(out, " 'databases:database:_%s_databases'", name);
        fputs(" ;;\n", out);
    }
}

void zsh_put_operands(const struct manual_program *program, FILE *out)
{
    const char *name = program->line->name;
    fputs("    _arguments -s -S $options", out);
    if (program->commands)
        fprintf(out, " '1: :_%s_commands' '*: :_%s_arguments'", name, name);
    fputc('\n', out);
}
