/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manual/template.h"

#include <string.h>

#include "base/cleanup.h"
#include "daemon/manual/completion.h"
#include "daemon/manual/page.h"

static const struct {
    const char *line;
    void (*put)(const struct manual_program *program, FILE *out);
} tables[] = {
    {"@summary@\n", page_put_summary},     {"@usage@\n", page_put_usage},
    {"@commands@\n", page_put_commands},   {"@options@\n", page_put_options},
    {"@exits@\n", page_put_exits},         {"@routes@\n", page_put_routes},
    {"@keys@\n", page_put_keys},           {"@bashvalued@\n", bash_put_valued},
    {"@bashwhere@\n", bash_put_where},     {"@bashvalues@\n", bash_put_values},
    {"@bashoptions@\n", bash_put_options}, {"@basharguments@\n", bash_put_arguments},
    {"@zshvalued@\n", zsh_put_valued},     {"@zshwhere@\n", zsh_put_where},
    {"@zshcommands@\n", zsh_put_commands}, {"@zshoptions@\n", zsh_put_options},
    {"@zshown@\n", zsh_put_own_options},   {"@zsharguments@\n", zsh_put_arguments},
    {"@zshoperands@\n", zsh_put_operands}, {"@fishcommands@\n", fish_put_commands},
    {"@fishoptions@\n", fish_put_options}, {"@fisharguments@\n", fish_put_arguments},
};

static bool put_table(const struct template *template, const char *line, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
        if (strcmp(line, tables[i].line) == 0) {
            tables[i].put(template->program, out);
            return true;
        }
    }
    return false;
}

/* A name as shells' functions have it. */
static void put_symbol(const char *name, FILE *out)
{
    for (; *name; name++)
        fputc(*name == '-' ? '_' : *name, out);
}

static bool put_word(const struct template *template, const char *word, size_t length, FILE *out)
{
    const char *name = template->program->line->name;
    const struct {
        const char *word;
        const char *text;
    } words[] = {{"@date@", template->date}, {"@version@", MIGRATIOND_VERSION}, {"@program@", name}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strlen(words[i].word) == length && memcmp(words[i].word, word, length) == 0) {
            fputs(words[i].text, out);
            return true;
        }
    }
    if (length != strlen("@symbol@") || memcmp(word, "@symbol@", length) != 0)
        return false;
    put_symbol(name, out);
    return true;
}

/* Length of "@word@" at `text`, 0 if none begins there. */
static size_t word_length(const char *text)
{
    size_t letters = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
    return letters > 0 && text[1 + letters] == '@' ? letters + 2 : 0;
}

static int put_line(const struct template *template, const char *line, FILE *out)
{
    while (*line) {
        size_t length = *line == '@' ? word_length(line) : 0;
        if (length > 0 && !put_word(template, line, length, out))
            return -1;
        if (length == 0)
            fputc(*line, out);
        line += length > 0 ? length : 1;
    }
    return 0;
}

int template_fill(const struct template *template, FILE *in, FILE *out)
{
    char line[1024] = "";
    while (fgets(line, sizeof line, in)) {
        if (put_table(template, line, out))
            continue;
        if (put_line(template, line, out) < 0) {
            fprintf(stderr, "manual: nothing fills %s", line);
            return -1;
        }
    }
    return ferror(in) || ferror(out) ? -1 : 0;
}
