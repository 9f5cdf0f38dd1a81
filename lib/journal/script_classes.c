/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/script_classes.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

enum { TEMPLATE_DEPTH = 32 }; /* templates within templates: nobody writes three */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_TEXT, TOKEN_MARK };

struct token {
    enum token_kind kind;
    struct script_text text; /* of a text without its quotes */
};

void script_scanner_init(struct script_scanner *scanner, const char *text, size_t length)
{
    *scanner = (struct script_scanner){.at = text, .end = text + length};
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

static char peek(const struct script_scanner *scanner, size_t offset)
{
    return (size_t)(scanner->end - scanner->at) > offset ? scanner->at[offset] : '\0';
}

static void skip_line(struct script_scanner *scanner)
{
    const char *newline = memchr(scanner->at, '\n', (size_t)(scanner->end - scanner->at));
    scanner->at = newline ? newline : scanner->end;
}

static void skip_comment(struct script_scanner *scanner)
{
    const char *close = memmem(scanner->at + 2, (size_t)(scanner->end - scanner->at - 2), "*/", 2);
    scanner->at = close ? close + 2 : scanner->end;
}

static void skip_blank(struct script_scanner *scanner)
{
    while (scanner->at < scanner->end) {
        if (isspace((unsigned char)*scanner->at))
            scanner->at++;
        else if (*scanner->at == '/' && peek(scanner, 1) == '/')
            skip_line(scanner);
        else if (*scanner->at == '/' && peek(scanner, 1) == '*')
            skip_comment(scanner);
        else
            return;
    }
}

/* From behind the quote to behind the one that closes it, or to the end of the line. */
static struct script_text read_quoted(struct script_scanner *scanner, char quote)
{
    const char *start = scanner->at;
    while (scanner->at < scanner->end && *scanner->at != quote && *scanner->at != '\n')
        scanner->at += *scanner->at == '\\' && scanner->at + 1 < scanner->end ? 2 : 1;
    const struct script_text text = {start, (size_t)(scanner->at - start)};
    if (scanner->at < scanner->end)
        scanner->at++;
    return text;
}

/* A template with all that stands in its ${…}: of interest is only where it ends. */
static void skip_template(struct script_scanner *scanner)
{
    unsigned braces[TEMPLATE_DEPTH] = {0}; /* open in the expression of each template; 0: in its text */
    unsigned depth = 1;
    while (scanner->at < scanner->end && depth > 0) {
        char byte = *scanner->at++;
        unsigned *open = &braces[depth - 1];
        if (byte == '\\')
            scanner->at += scanner->at < scanner->end;
        else if (*open == 0 && byte == '`')
            depth--;
        else if (*open == 0 && byte == '$' && peek(scanner, 0) == '{') {
            *open = 1;
            scanner->at++;
        } else if (*open > 0 && byte == '{')
            ++*open;
        else if (*open > 0 && byte == '}')
            --*open;
        else if (*open > 0 && (byte == '\'' || byte == '"'))
            read_quoted(scanner, byte);
        else if (*open > 0 && byte == '`' && depth < TEMPLATE_DEPTH)
            braces[depth++] = 0;
    }
}

static void skip_expression(struct script_scanner *scanner)
{
    bool set = false; /* in […], where a slash is a slash */
    while (scanner->at < scanner->end && *scanner->at != '\n') {
        char byte = *scanner->at++;
        if (byte == '\\')
            scanner->at += scanner->at < scanner->end;
        else if (byte == '[' || byte == ']')
            set = byte == '[';
        else if (byte == '/' && !set)
            return;
    }
}

static bool is_text(struct script_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.start, expected, text.length) == 0;
}

static struct token read_word(struct script_scanner *scanner)
{
    static const char *const before_operands[] = {"return", "typeof", "case", "in", "of", "delete", "void", "throw"};
    struct token token = {.kind = TOKEN_WORD, .text = {scanner->at, 0}};
    while (scanner->at < scanner->end && is_word(*scanner->at))
        scanner->at++;
    token.text.length = (size_t)(scanner->at - token.text.start);
    scanner->operand_ended = true;
    for (size_t i = 0; i < ARRAY_LENGTH(before_operands); i++)
        if (is_text(token.text, before_operands[i]))
            scanner->operand_ended = false;
    return token;
}

static struct token next_token(struct script_scanner *scanner)
{
    skip_blank(scanner);
    if (scanner->at >= scanner->end)
        return (struct token){.kind = TOKEN_END};
    char byte = *scanner->at;
    if (is_word(byte))
        return read_word(scanner);
    struct token token = {.kind = TOKEN_MARK, .text = {scanner->at++, 1}};
    bool divides = scanner->operand_ended;
    scanner->operand_ended = byte == ')' || byte == ']' || byte == '}';
    if (byte == '\'' || byte == '"') {
        token = (struct token){.kind = TOKEN_TEXT, .text = read_quoted(scanner, byte)};
        scanner->operand_ended = true;
    } else if (byte == '`') {
        skip_template(scanner);
        scanner->operand_ended = true;
    } else if (byte == '/' && !divides) {
        skip_expression(scanner);
        scanner->operand_ended = true;
    } else if (byte == '{') {
        scanner->braces++;
    } else if (byte == '}' && scanner->braces > 0) {
        scanner->braces--;
    }
    return token;
}

static bool is_mark(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && *token->text.start == mark;
}

static bool is_named(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && is_text(token->text, word);
}

/* `name = '…'` or `name: string = '…'`, the word "name" being read already: true if that was it. */
static bool read_property(struct script_scanner *scanner, struct script_text *ret_property)
{
    const struct script_scanner before = *scanner;
    struct token token = next_token(scanner);
    if (is_mark(&token, ':')) {
        next_token(scanner);
        token = next_token(scanner);
    }
    if (is_mark(&token, '='))
        token = next_token(scanner);
    if (token.kind == TOKEN_TEXT) {
        *ret_property = token.text;
        return true;
    }
    *scanner = before;
    return false;
}

/* The class's body, from behind its "{" to behind its "}". Properties stand in it, or, compiled, as `this.name = '…'`
 * in its constructor. */
static void read_body(struct script_scanner *scanner, struct script_class *class)
{
    unsigned outside = scanner->braces - 1;
    struct token before = {.kind = TOKEN_MARK, .text = {"{", 1}};
    struct token earlier = before;
    while (scanner->braces > outside) {
        struct token token = next_token(scanner);
        if (token.kind == TOKEN_END)
            return;
        bool own = scanner->braces == outside + 1 && !is_named(&before, "static") && !is_mark(&before, '.');
        bool assigned = is_mark(&before, '.') && is_named(&earlier, "this");
        if (is_named(&token, "name") && (own || assigned))
            read_property(scanner, &class->property);
        earlier = before;
        before = token;
    }
}

/* Behind the word "class": its name, if it has one, and its body. */
static bool read_class(struct script_scanner *scanner, struct script_class *class)
{
    struct token token = next_token(scanner);
    if (token.kind == TOKEN_WORD && !is_text(token.text, "extends") && !is_text(token.text, "implements"))
        class->name = token.text;
    else if (!is_mark(&token, '{') && token.kind != TOKEN_WORD)
        return false;
    while (token.kind != TOKEN_END && !is_mark(&token, '{'))
        token = next_token(scanner);
    if (token.kind == TOKEN_END)
        return false;
    read_body(scanner, class);
    return true;
}

bool script_next_class(struct script_scanner *scanner, struct script_class *ret_class)
{
    *ret_class = (struct script_class){0};
    struct token before = {.kind = TOKEN_MARK, .text = {";", 1}};
    struct token earlier = before;
    for (;;) {
        struct token token = next_token(scanner);
        if (token.kind == TOKEN_END)
            return false;
        if (is_named(&token, "class") && !is_mark(&before, '.') && read_class(scanner, ret_class))
            return true;
        if (token.kind == TOKEN_WORD && is_mark(&before, '.') && is_named(&earlier, "exports")) {
            const struct script_scanner here = *scanner;
            struct token next = next_token(scanner);
            bool assigned = is_mark(&next, '=') && peek(scanner, 0) != '=';
            *scanner = here;
            if (assigned) {
                *ret_class = (struct script_class){.name = token.text, .assigned = true};
                return true;
            }
        }
        earlier = before;
        before = token;
    }
}
