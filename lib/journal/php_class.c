/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/php_class.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct php_scanner {
    const char *at;
    const char *end;
};

static bool starts(const struct php_scanner *scanner, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(scanner->end - scanner->at) >= length && memcmp(scanner->at, text, length) == 0;
}

static void skip_past(struct php_scanner *scanner, const char *text)
{
    const char *found = memmem(scanner->at, (size_t)(scanner->end - scanner->at), text, strlen(text));
    scanner->at = found ? found + strlen(text) : scanner->end;
}

static void skip_string(struct php_scanner *scanner)
{
    char quote = *scanner->at++;
    while (scanner->at < scanner->end && *scanner->at != quote)
        scanner->at += *scanner->at == '\\' && scanner->end - scanner->at > 1 ? 2 : 1;
    if (scanner->at < scanner->end)
        scanner->at++;
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '\\' || (unsigned char)byte >= 0x80;
}

/* The next word (names with their backslashes) or single sign; false at the end. */
static bool next_token(struct php_scanner *scanner, const char **ret_token, size_t *ret_length)
{
    while (scanner->at < scanner->end) {
        if (starts(scanner, "/*")) {
            skip_past(scanner, "*/");
        } else if (starts(scanner, "//") || (*scanner->at == '#' && !starts(scanner, "#["))) {
            skip_past(scanner, "\n");
        } else if (*scanner->at == '\'' || *scanner->at == '"' || *scanner->at == '`') {
            skip_string(scanner);
        } else if (isspace((unsigned char)*scanner->at)) {
            scanner->at++;
        } else {
            *ret_token = scanner->at++;
            while (is_word(**ret_token) && scanner->at < scanner->end && is_word(*scanner->at))
                scanner->at++;
            *ret_length = (size_t)(scanner->at - *ret_token);
            return true;
        }
    }
    return false;
}

static bool is_keyword(const char *token, size_t length, const char *keyword)
{
    return length == strlen(keyword) && strncasecmp(token, keyword, length) == 0;
}

bool php_read_class(const char *text, size_t length, struct php_class *ret_class)
{
    struct php_scanner scanner = {.at = text, .end = text + length};
    const char *token = NULL;
    size_t size = 0;
    char before = '\0'; /* Foo::class is no declaration */
    *ret_class = (struct php_class){0};
    skip_past(&scanner, "<?php");
    while (next_token(&scanner, &token, &size)) {
        bool space = is_keyword(token, size, "namespace");
        bool class = is_keyword(token, size, "class") && before != ':';
        before = *token;
        if (!space && !class)
            continue;
        if (!next_token(&scanner, &token, &size))
            return false;
        if (!is_word(*token))
            continue;
        if (space) {
            ret_class->space = token;
            ret_class->space_length = size;
        } else if (!is_keyword(token, size, "extends")) { /* new class extends …: it has no name */
            ret_class->name = token;
            ret_class->name_length = size;
            return true;
        }
    }
    return false;
}
