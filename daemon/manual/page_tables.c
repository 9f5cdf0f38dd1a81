/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/manual/completion.h"
#include "daemon/manual/page.h"
#include "daemon/manual/roff.h"

void page_put_summary(const struct manual_program *program, FILE *out)
{
    roff_put(out, program->line->name);
    fputs(" \\- ", out);
    roff_put(out, program->line->summary);
    fputc('\n', out);
}

void page_put_usage(const struct manual_program *program, FILE *out)
{
    const char *form = program->line->usage;
    while (*form) {
        char text[256] = "";
        size_t length = strcspn(form, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, form);
        roff_put_bold(out, program->line->name);
        fputc(' ', out);
        roff_put_synopsis(out, text);
        form += length + (form[length] == '\n');
        fputs(*form ? "\n.br\n" : "\n", out);
    }
}

/* "diff, plan" of "diff plan" */
static void put_listed(const char *words, FILE *out)
{
    for (const char *before = ""; *words; before = ", ") {
        char word[64] = "";
        size_t length = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        fputs(before, out);
        roff_put_bold(out, word);
        words += length;
        words += strspn(words, " ");
    }
}

static void put_option_names(const struct option_row *row, FILE *out)
{
    char name[80] = "";
    if (row->letter) {
        snprintf(name, sizeof name, "-%c", row->letter);
        roff_put_bold(out, name);
        fputs(", ", out);
    }
    snprintf(name, sizeof name, "--%s", row->name);
    roff_put_bold(out, name);
    if (row->argument) {
        fputc(' ', out);
        roff_put_synopsis(out, row->argument);
    }
}

void page_put_options(const struct manual_program *program, FILE *out)
{
    for (size_t i = 0; i < program->line->count; i++) {
        const struct option_row *row = &program->line->rows[i];
        fputs(".TP\n", out);
        put_option_names(row, out);
        fputc('\n', out);
        if (row->commands) {
            put_listed(row->commands, out);
            fputs(":\n", out);
        }
        roff_put_sentences(out, row->doc);
    }
}

/* The options that are the command's own: "--ignore, --policy". */
static void put_own_options(const struct option_program *line, const struct ctl_command *command, FILE *out)
{
    const char *before = "Options:\n";
    for (size_t i = 0; i < line->count; i++) {
        char name[80] = "";
        if (!line->rows[i].commands || !option_fits(&line->rows[i], command->name))
            continue;
        snprintf(name, sizeof name, "--%s", line->rows[i].name);
        fputs(before, out);
        roff_put_bold(out, name);
        before = ",\n";
    }
    if (*before == ',')
        fputs(".\n", out);
}

static void put_outputs(const struct ctl_command *command, FILE *out)
{
    char words[64] = "";
    char text[80] = "";
    completion_list_outputs(command, words, sizeof words);
    option_list_words(words, text, sizeof text);
    fprintf(out, "Output: %s.\n", text);
}

/* A phrase as a sentence. */
static void put_summary(const char *summary, FILE *out)
{
    char text[256] = "";
    snprintf(text, sizeof text, "%s.", summary);
    if (*text >= 'a' && *text <= 'z')
        *text = (char)(*text - 'a' + 'A');
    roff_put_sentences(out, text);
}

void page_put_commands(const struct manual_program *program, FILE *out)
{
    for (int i = 0; program->commands && i < *program->command_count; i++) {
        const struct ctl_command *command = &program->commands[i];
        fputs(".TP\n", out);
        roff_put_bold(out, command->name);
        fputs(*command->arguments ? " " : "", out);
        roff_put_synopsis(out, command->arguments);
        fputc('\n', out);
        put_summary(command->summary, out);
        roff_put_sentences(out, command->doc);
        put_own_options(program->line, command, out);
        put_outputs(command, out);
    }
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void put_exits_of(const struct option_program *line, const char *commands, FILE *out)
{
    for (size_t i = 0; i < line->exit_count; i++) {
        if (!is_same(line->exits[i].commands, commands))
            continue;
        fprintf(out, ".TP\n\\fB%d\\fR\n", line->exits[i].status);
        roff_put_sentences(out, line->exits[i].doc);
    }
}

/* Rows of the same commands stand together. */
void page_put_exits(const struct manual_program *program, FILE *out)
{
    const struct option_program *line = program->line;
    for (size_t i = 0; i < line->exit_count; i++) {
        const char *commands = line->exits[i].commands;
        if (i > 0 && is_same(commands, line->exits[i - 1].commands))
            continue;
        if (program->commands && commands) {
            fputs(".SS ", out);
            put_listed(commands, out);
            fputc('\n', out);
        } else if (program->commands) {
            fputs(".SS All other commands\n", out);
        }
        put_exits_of(line, commands, out);
    }
}
