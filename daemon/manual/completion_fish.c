/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/manual/completion.h"

/* Text in single quotes. */
static void put_quoted(const char *text, int length, FILE *out)
{
    fputc('\'', out);
    for (int i = 0; i < length; i++) {
        if (strchr("'\\", text[i]))
            fputc('\\', out);
        fputc(text[i], out);
    }
    fputc('\'', out);
}

static void put_description(const char *doc, FILE *out)
{
    fputs(" -d ", out);
    put_quoted(doc, completion_short_length(doc), out);
    fputc('\n', out);
}

/* Tells whether the line has a command, and which databases the daemon knows that the line names. */
static void put_functions(const struct manual_program *program, FILE *out)
{
    const char *name = program->line->name;
    fprintf(out, "\nfunction __%s_needs_command\n    not __fish_seen_subcommand_from", name);
    for (int i = 0; i < *program->command_count; i++)
        fprintf(out, " %s", program->commands[i].name);
    fprintf(out,
            "\nend\n\n"
            "function __%s_databases\n"
            "    set -l where\n"
            "    set -l words (commandline -opc)\n"
            "    command -q %s\n"
            "    and not contains -- -- $words\n"
            "    or return\n"
            "    while set -q words[2]\n"
            "        set -e words[1]\n"
            "        switch $words[1]\n",
            name, name);
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        if (!completion_is_where(row))
            continue;
        fprintf(out, "            case --%s", row->name);
        if (row->letter)
            fprintf(out, " -%c", row->letter);
        fprintf(out,
                "\n                set -a where $words[1..2]\n"
                "            case '--%s=*'\n                set -a where $words[1]\n",
                row->name);
    }
    fprintf(out,
            "        end\n"
            "    end\n"
            "    %s $where status --timeout 1s 2>/dev/null </dev/null | string match -rv '^DATABASE ' |\n"
            "        string replace -r ' .*' ''\n"
            "end\n\n",
            name);
}

void fish_put_commands(const struct manual_program *program, FILE *out)
{
    if (!program->commands)
        return;
    put_functions(program, out);
    for (int i = 0; i < *program->command_count; i++) {
        fprintf(out, "complete -c %s -n __%s_needs_command -a %s", program->line->name, program->line->name,
                program->commands[i].name);
        put_description(program->commands[i].summary, out);
    }
}

static void put_begin(const struct manual_program *program, const struct option_row *row, const char *commands,
                      FILE *out)
{
    fprintf(out, "complete -c %s", program->line->name);
    if (commands)
        fprintf(out, " -n '__fish_seen_subcommand_from %s'", commands);
    if (row->letter)
        fprintf(out, " -s %c", row->letter);
    fprintf(out, " -l %s", row->name);
}

/* Each command prints other things. */
static void put_outputs(const struct manual_program *program, const struct option_row *row, FILE *out)
{
    for (int i = 0; i < *program->command_count; i++) {
        char words[64] = "";
        completion_list_outputs(&program->commands[i], words, sizeof words);
        put_begin(program, row, program->commands[i].name, out);
        fprintf(out, " -x -a '%s'", words);
        put_description(row->doc, out);
    }
}

void fish_put_options(const struct manual_program *program, FILE *out)
{
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        unsigned offer = completion_offer_of(row->argument);
        if (completion_is_output(program, row)) {
            put_outputs(program, row, out);
            continue;
        }
        put_begin(program, row, row->commands, out);
        if (row->values)
            fprintf(out, " -x -a '%s'", row->values);
        else if (offer & OFFER_FILES)
            fputs(" -r -F", out);
        else if (offer & OFFER_FOLDERS)
            fputs(" -x -a '(__fish_complete_directories)'", out);
        else if (row->argument)
            fputs(" -x", out);
        put_description(row->doc, out);
    }
}

/* The command behind "--" completes itself. */
static void put_behind(const struct manual_program *program, FILE *out)
{
    char symbol[64] = "";
    snprintf(symbol, sizeof symbol, "__%s_behind", program->line->name);
    fprintf(out,
            "\nfunction %s\n"
            "    set -l words (commandline -opc)\n"
            "    set -l dashes (contains -i -- -- $words)\n"
            "    or return\n"
            "    set -e words[1..$dashes]\n"
            "    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))\n"
            "end\n"
            "complete -c %s -n 'contains -- -- (commandline -opc)' -x -a '(%s)'\n",
            symbol, program->line->name, symbol);
}

void fish_put_arguments(const struct manual_program *program, FILE *out)
{
    for (int i = 0; program->commands && i < *program->command_count; i++) {
        const struct ctl_command *command = &program->commands[i];
        unsigned offer = completion_offer_of(command->arguments);
        const char *name = program->line->name;
        if (offer & OFFER_FILES)
            fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -F\n", name, command->name);
        if (offer & OFFER_FOLDERS)
            fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -a '(__fish_complete_directories)'\n",
                    name, command->name);
        if (offer & OFFER_DATABASES)
            fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -a '(__%s_databases)'\n", name,
                    command->name, name);
    }
    if (completion_has_programs(program))
        put_behind(program, out);
}
