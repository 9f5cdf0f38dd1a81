/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/option_table.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/utf8.h"

enum {
    FIRST_VALUE = 256, /* what getopt_long returns for the first row: beyond every letter */
    DOC_COLUMN = 27,
    LAST_COLUMN = 100,
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

static bool refuse(char *problem, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool refuse(char *problem, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, size, format, arguments);
    va_end(arguments);
    return false;
}

/* "text, json or sql" */
static void list_words(const char *words, char *text, size_t size)
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
    list_words(row->values, words, sizeof words);
    return refuse(problem, size, "--%s is %s, not '%s'", row->name, words, text);
}

/* Keeps one value; false after a sentence in `problem`. */
static bool keep(const struct option_row *row, const char *text, void *options, char *problem, size_t size)
{
    if (row->argument && !*text)
        return refuse(problem, size, "--%s needs a value: %s", row->name, row->argument);
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
               refuse(problem, size, "--%s takes a duration such as 30s or 2m, not '%s'", row->name, text);
    default:
        return row->read(text, options, problem, size);
    }
}

/* What getopt_long wants, made from the rows. */
struct getopt_tables {
    struct option longs[OPTION_ROWS + 1];
    char letters[2 * OPTION_ROWS + 2];
};

static void make_tables(const struct option_program *program, struct getopt_tables *tables)
{
    char *letter = tables->letters;
    if (program->stops_at_word)
        *letter++ = '+';
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

/* The row that getopt_long's result stands for; NULL for what it complained about. */
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

static enum option_outcome take_option(const struct option_program *program, const struct option_row *row,
                                       void *options)
{
    char problem[PROBLEM_SIZE] = "";
    switch (row->kind) {
    case OPTION_VERSION:
        printf("%s %s\n", program->name, MIGRATIOND_VERSION);
        return OPTION_ENDED;
    case OPTION_HELP:
        program->help();
        return OPTION_ENDED;
    default:
        if (keep(row, optarg, options, problem, sizeof problem))
            return OPTION_READ;
        utf8_make_line(problem, sizeof problem);
        fprintf(stderr, "%s: %s (see --help)\n", program->name, problem);
        return OPTION_WRONG;
    }
}

enum option_outcome option_parse(const struct option_program *program, int argc, char **argv, void *options,
                                 uint64_t *ret_given, int *ret_first)
{
    struct getopt_tables tables = {0};
    int value = 0;
    make_tables(program, &tables);
    *ret_given = 0;
    if (!make_lists(program, argc, options)) {
        fprintf(stderr, "%s: out of memory\n", program->name);
        return OPTION_WRONG;
    }
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        const struct option_row *row = find_row(program, value);
        enum option_outcome outcome = row ? take_option(program, row, options) : OPTION_WRONG;
        if (outcome != OPTION_READ)
            return outcome;
        *ret_given |= UINT64_C(1) << (row - program->rows);
    }
    *ret_first = optind;
    return OPTION_READ;
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

/* Words one after the other, in lines that begin at DOC_COLUMN; `column` is where the first one begins. */
struct wrapping {
    FILE *out;
    size_t column;
    bool begun; /* the line holds a word */
};

static void put_words(struct wrapping *wrapping, const char *text, const char *separator)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        const char *rest = text + length + strspn(text + length, " ");
        size_t tail = *rest ? strlen(separator) : 0;
        if (wrapping->begun && wrapping->column + 1 + length + tail > LAST_COLUMN) {
            fprintf(wrapping->out, "\n%*s", DOC_COLUMN, "");
            wrapping->column = DOC_COLUMN;
            wrapping->begun = false;
        }
        fprintf(wrapping->out, "%s%.*s%s", wrapping->begun ? " " : "", (int)length, text, *rest ? separator : "");
        wrapping->column += wrapping->begun + length + tail;
        wrapping->begun = true;
        text = rest;
    }
}

static void print_row(const struct option_row *row, FILE *out)
{
    char letter[8] = "   ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c,", row->letter);
    int width =
        fprintf(out, "  %s --%s%s%s", letter, row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    size_t column = width > 0 ? (size_t)width : 0;
    if (column + 2 > DOC_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    fprintf(out, "%*s", (int)(DOC_COLUMN - column), "");
    struct wrapping wrapping = {.out = out, .column = DOC_COLUMN};
    if (row->commands) {
        put_words(&wrapping, row->commands, ",");
        fputc(':', out);
        wrapping.column++;
    }
    put_words(&wrapping, row->doc, "");
    fputc('\n', out);
}

void option_print(const struct option_program *program, FILE *out)
{
    for (size_t i = 0; i < program->count; i++)
        print_row(&program->rows[i], out);
}
