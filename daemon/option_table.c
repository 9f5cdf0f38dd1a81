/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/option_table.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "base/problem.h"
#include "base/utf8.h"

enum {
    FIRST_VALUE = 256, /* what getopt_long returns for the first row: beyond every letter */
    DOC_COLUMN = 27,
    LAST_COLUMN = 99, /* of 100: one is left for what may stand behind the last word */
    PROBLEM_SIZE = 512,
};

static void *field_of(const struct option_row *row, void *options)
{
    return (char *)options + row->offset;
}

static bool is_word_of(const char *words, const char *word)
{
    size_t length = strlen(word);
    while (*words) {
        size_t listed = strcspn(words, " ");
        if (listed == length && memcmp(words, word, length) == 0)
            return true;
        words += listed;
        words += strspn(words, " ");
    }
    return false;
}

void option_list_words(const char *words, char *text, size_t size)
{
    size_t used = 0;
    while (*words && used < size) {
        size_t length = strcspn(words, " ");
        const char *rest = words + length + strspn(words + length, " ");
        const char *before = used == 0 ? "" : *rest ? ", " : " or ";
        used += (size_t)snprintf(text + used, size - used, "%s%.*s", before, (int)length, words);
        words = rest;
    }
}

static bool check_word(const struct option_row *row, const char *text, char *problem, size_t size)
{
    char words[256] = "";
    if (!row->values || is_word_of(row->values, text))
        return true;
    option_list_words(row->values, words, sizeof words);
    return problem_set(problem, size, "--%s is %s, not '%s'", row->name, words, text);
}

/* Keeps one value; false after a sentence in `problem`. */
static bool keep(const struct option_row *row, const char *text, void *options, char *problem, size_t size)
{
    if (row->argument && !*text)
        return problem_set(problem, size, "--%s needs a value: %s", row->name, row->argument);
    if (row->argument && !check_word(row, text, problem, size))
        return false;
    void *field = field_of(row, options);
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return true;
    case OPTION_TEXT:
        *(const char **)field = text;
        return true;
    case OPTION_LIST: {
        struct option_list *list = field;
        list->items[list->count++] = text;
        return true;
    }
    case OPTION_DURATION:
        if (strcmp(text, "0") == 0) {
            *(int64_t *)field = 0;
            return true;
        }
        return duration_parse(text, field) ||
               problem_set(problem, size, "--%s takes a duration such as 30s or 2m, not '%s'", row->name, text);
    default:
        return row->read(text, options, problem, size);
    }
}

/* What getopt_long wants, made from the rows. */
struct getopt_tables {
    struct option longs[OPTION_ROWS + 1];
    char letters[2 * OPTION_ROWS + 3];
};

static void make_tables(const struct option_program *program, struct getopt_tables *tables)
{
    char *letter = tables->letters;
    if (program->stops_at_word)
        *letter++ = '+';
    *letter++ = ':'; /* what is wrong is said here, not there */
    for (size_t i = 0; i < program->count; i++) {
        const struct option_row *row = &program->rows[i];
        tables->longs[i] = (struct option){
            .name = row->name, .has_arg = row->argument ? required_argument : no_argument, .val = FIRST_VALUE + (int)i};
        if (!row->letter)
            continue;
        *letter++ = row->letter;
        if (row->argument)
            *letter++ = ':';
    }
}

/* The row that getopt_long's result stands for; NULL if it is none. */
static const struct option_row *find_row(const struct option_program *program, int value)
{
    if (value >= FIRST_VALUE)
        return &program->rows[value - FIRST_VALUE];
    for (size_t i = 0; i < program->count; i++) {
        if (program->rows[i].letter && program->rows[i].letter == value)
            return &program->rows[i];
    }
    return NULL;
}

/* No option is given more often than there are words. */
static bool make_lists(const struct option_program *program, int words, void *options)
{
    for (size_t i = 0; i < program->count; i++) {
        if (program->rows[i].kind != OPTION_LIST)
            continue;
        struct option_list *list = field_of(&program->rows[i], options);
        list->items = mem_calloc((size_t)words, sizeof *list->items);
        if (!list->items)
            return false;
    }
    return true;
}

void option_free(const struct option_program *program, void *options)
{
    for (size_t i = 0; i < program->count; i++) {
        if (program->rows[i].kind != OPTION_LIST)
            continue;
        struct option_list *list = field_of(&program->rows[i], options);
        mem_free(list->items);
        *list = (struct option_list){0};
    }
}

static enum option_outcome say(const struct option_program *program, char *problem, size_t size)
{
    utf8_make_line(problem, size);
    fprintf(stderr, "%s: %s (see --help)\n", program->name, problem);
    return OPTION_WRONG;
}

static enum option_outcome take_option(const struct option_program *program, const struct option_row *row,
                                       void *options)
{
    char problem[PROBLEM_SIZE] = "";
    switch (row->kind) {
    case OPTION_VERSION:
        printf("%s %s\n", program->name, MIGRATIOND_VERSION);
        return OPTION_ENDED;
    default:
        if (keep(row, optarg, options, problem, sizeof problem))
            return OPTION_READ;
        return say(program, problem, sizeof problem);
    }
}

static const char *row_name_at(const void *rows, size_t index)
{
    return ((const struct option_row *)rows)[index].name;
}

/* Of a word that begins no option's name, or those of several. */
static void describe_unknown(const struct option_program *program, const char *word, char *problem, size_t size)
{
    char name[64] = "";
    const char *first = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < program->count; i++) {
        if (strncmp(program->rows[i].name, name, strlen(name)) != 0)
            continue;
        if (first) {
            problem_set(problem, size, "--%s may be --%s or --%s", name, first, program->rows[i].name);
            return;
        }
        first = program->rows[i].name;
    }
    const char *meant = nearest_name(name, row_name_at, program->rows, program->count);
    problem_set(problem, size, "there is no option --%s%s%s%s", name, meant ? " (did you mean --" : "",
                meant ? meant : "", meant ? "?)" : "");
}

/* What getopt_long complains about by `value`, and `optopt` names: a row's, a letter, or nothing. */
static enum option_outcome refuse_option(const struct option_program *program, int value, char **argv)
{
    char problem[PROBLEM_SIZE] = "";
    const struct option_row *row = find_row(program, optopt);
    if (row && value == ':')
        problem_set(problem, sizeof problem, "--%s needs a value: %s", row->name, row->argument);
    else if (row)
        problem_set(problem, sizeof problem, "--%s takes no value", row->name);
    else if (optopt)
        problem_set(problem, sizeof problem, "there is no option -%c", optopt);
    else
        describe_unknown(program, argv[optind - 1] + strlen("--"), problem, sizeof problem);
    return say(program, problem, sizeof problem);
}

enum option_outcome option_parse(const struct option_program *program, int argc, char **argv, void *options,
                                 uint64_t *ret_given, int *ret_first)
{
    struct getopt_tables tables = {0};
    int value = 0;
    bool help = false;
    make_tables(program, &tables);
    opterr = 0;
    *ret_given = 0;
    if (!make_lists(program, argc, options)) {
        fprintf(stderr, "%s: out of memory\n", program->name);
        return OPTION_WRONG;
    }
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        const struct option_row *row = find_row(program, value);
        help |= row && row->kind == OPTION_HELP;
        if (help)
            continue; /* the word that it is about may stand behind */
        enum option_outcome outcome = row ? take_option(program, row, options) : refuse_option(program, value, argv);
        if (outcome != OPTION_READ)
            return outcome;
        *ret_given |= UINT64_C(1) << (row - program->rows);
    }
    *ret_first = optind;
    if (!help)
        return OPTION_READ;
    program->help(optind < argc ? argv[optind] : NULL);
    return OPTION_ENDED;
}

bool option_is_given(const struct option_program *program, uint64_t given, const char *name)
{
    for (size_t i = 0; i < program->count; i++) {
        if (strcmp(program->rows[i].name, name) == 0)
            return given >> i & 1;
    }
    return false;
}

bool option_fits(const struct option_row *row, const char *command)
{
    return !row->commands || is_word_of(row->commands, command);
}

const struct option_row *option_misplaced(const struct option_program *program, uint64_t given, const char *command)
{
    for (size_t i = 0; i < program->count; i++) {
        if ((given >> i & 1) && !option_fits(&program->rows[i], command))
            return &program->rows[i];
    }
    return NULL;
}

/* Words one after the other, in lines that begin at column `indent`; `column` is where the next one begins. */
struct wrapping {
    FILE *out;
    size_t indent;
    size_t column;
    bool begun; /* the line holds a word */
};

/* Characters, of which each takes one column: these texts are ours. */
static size_t width_of(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

/* Begins a line where what comes is wider than what is left of this one. */
static void make_room(struct wrapping *wrapping, size_t width)
{
    if (!wrapping->begun || wrapping->column + 1 + width <= LAST_COLUMN)
        return;
    fprintf(wrapping->out, "\n%*s", (int)wrapping->indent, "");
    wrapping->column = wrapping->indent;
    wrapping->begun = false;
}

static void put_words(struct wrapping *wrapping, const char *text, const char *separator)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        const char *rest = text + length + strspn(text + length, " ");
        size_t width = width_of(text, length) + (*rest ? strlen(separator) : 0);
        make_room(wrapping, width);
        fprintf(wrapping->out, "%s%.*s%s", wrapping->begun ? " " : "", (int)length, text, *rest ? separator : "");
        wrapping->column += wrapping->begun + width;
        wrapping->begun = true;
        text = rest;
    }
}

/* Puts `head`, and stands at `column` afterwards: on the next line where it is too long. */
static struct wrapping begin_entry(const char *head, size_t column, FILE *out)
{
    size_t width = width_of(head, strlen(head));
    fputs(head, out);
    if (width + 2 > column) {
        fputc('\n', out);
        width = 0;
    }
    fprintf(out, "%*s", (int)(column - width), "");
    return (struct wrapping){.out = out, .indent = column, .column = column};
}

/* "diff, plan: " */
static void put_commands(struct wrapping *wrapping, const char *commands)
{
    put_words(wrapping, commands, ",");
    fputc(':', wrapping->out);
    wrapping->column++;
}

void option_print_entry(const char *head, size_t column, const char *doc, FILE *out)
{
    struct wrapping wrapping = begin_entry(head, column, out);
    put_words(&wrapping, doc, "");
    fputc('\n', out);
}

void option_print_text(const char *text, FILE *out)
{
    struct wrapping wrapping = {.out = out};
    put_words(&wrapping, text, "");
    fputc('\n', out);
}

/* With the commands that take it, unless it is known of which one this is. */
static void print_row(const struct option_row *row, const char *command, FILE *out)
{
    char head[128] = "";
    char letter[8] = "   ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c,", row->letter);
    snprintf(head, sizeof head, "  %s --%s%s%s", letter, row->name, row->argument ? " " : "",
             row->argument ? row->argument : "");
    struct wrapping wrapping = begin_entry(head, DOC_COLUMN, out);
    if (row->commands && !command)
        put_commands(&wrapping, row->commands);
    put_words(&wrapping, row->doc, "");
    fputc('\n', out);
}

void option_print(const struct option_program *program, FILE *out)
{
    for (size_t i = 0; i < program->count; i++)
        print_row(&program->rows[i], NULL, out);
}

void option_print_of(const struct option_program *program, const char *command, FILE *out)
{
    for (size_t i = 0; i < program->count; i++) {
        if (option_fits(&program->rows[i], command))
            print_row(&program->rows[i], command, out);
    }
}

void option_print_usage(const struct option_program *program, FILE *out)
{
    const char *form = program->usage;
    for (const char *before = "Usage: "; *form; before = "       ") {
        size_t length = strcspn(form, "\n");
        fprintf(out, "%s%s %.*s\n", before, program->name, (int)length, form);
        form += length + (form[length] == '\n');
    }
    fputc(toupper((unsigned char)*program->summary), out);
    struct wrapping wrapping = {.out = out, .column = 1};
    put_words(&wrapping, program->summary + 1, "");
    fputs(".\n\n", out);
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether a row before that one is about the same commands. */
static bool is_further(const struct option_program *program, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_same(program->exits[i].commands, program->exits[index].commands))
            return true;
    }
    return false;
}

/* From the row at `first` on, those of the same commands; these are told unless it is known which one is meant. */
static void print_exits(const struct option_program *program, size_t first, bool tells, FILE *out)
{
    const char *commands = program->exits[first].commands;
    struct wrapping wrapping = begin_entry("", 2, out);
    if (commands && tells)
        put_commands(&wrapping, commands);
    for (size_t i = first; i < program->exit_count; i++) {
        char status[16] = "";
        if (!is_same(program->exits[i].commands, commands))
            continue;
        if (i > first) {
            fputc(';', out);
            wrapping.column++;
        }
        const char *doc = program->exits[i].doc;
        snprintf(status, sizeof status, "%d", program->exits[i].status);
        make_room(&wrapping, strlen(status) + 1 + strcspn(doc, " ")); /* the number is not left alone */
        put_words(&wrapping, status, "");
        put_words(&wrapping, doc, "");
    }
    fputc('\n', out);
}

void option_print_exits(const struct option_program *program, FILE *out)
{
    fputs("\nExit status:\n", out);
    for (size_t i = 0; i < program->exit_count; i++) {
        if (!is_further(program, i))
            print_exits(program, i, true, out);
    }
}

void option_print_exits_of(const struct option_program *program, const char *command, FILE *out)
{
    const struct option_exit *exits = program->exits;
    size_t own = 0;
    while (own < program->exit_count && !(exits[own].commands && is_word_of(exits[own].commands, command)))
        own++;
    size_t first = own < program->exit_count ? own : 0;
    while (first < own && exits[first].commands)
        first++;
    if (first == program->exit_count)
        return;
    fputs("\nExit status:\n", out);
    print_exits(program, first, false, out);
}
