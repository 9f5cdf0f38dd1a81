/* SPDX-License-Identifier: Apache-2.0
 *
 * Defaults as values. A column converts what it is given by the affinity of its type, so '5' and 5 are one default of
 * an INTEGER column and two of a BLOB column. Only constants whose conversion is beyond doubt are converted: integers
 * that fit, short decimals.
 */
#include <string.h>
#include <strings.h>

#include "dialect/dialect_quote.h"
#include "dialect/sqlite_canonical.h"
#include "dialect/sqlite_keyword.h"
#include "dialect/sqlite_token.h"

/* What a column makes of a constant: https://sqlite.org/datatype3.html, "determination of column affinity". */
enum conversion { CONVERT_NOT, CONVERT_TO_TEXT, CONVERT_TO_NUMBER };

static const struct {
    const char *part;
    enum conversion conversion;
} affinities[] = {
    {"INT", CONVERT_TO_NUMBER}, {"CHAR", CONVERT_TO_TEXT},   {"CLOB", CONVERT_TO_TEXT},   {"TEXT", CONVERT_TO_TEXT},
    {"BLOB", CONVERT_NOT},      {"REAL", CONVERT_TO_NUMBER}, {"FLOA", CONVERT_TO_NUMBER}, {"DOUB", CONVERT_TO_NUMBER},
};

static enum conversion conversion_of(const char *type)
{
    /* ANY keeps what it is given in STRICT tables, and converts in others: which one this is, is not known here. */
    if (!type[0] || strcasecmp(type, "ANY") == 0)
        return CONVERT_NOT;
    for (size_t i = 0; i < ARRAY_LENGTH(affinities); i++) {
        if (strcasestr(type, affinities[i].part))
            return affinities[i].conversion;
    }
    return CONVERT_TO_NUMBER;
}

/* A decimal number without exponent, in parts of the source. */
struct decimal {
    bool negative;
    bool fraction; /* a point was there: a real, not an integer */
    const char *digits;
    size_t digit_count; /* before the point, without leading zeros */
    const char *fraction_digits;
    size_t fraction_count; /* without trailing zeros */
};

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* [+-]digits[.digits], at most 15 digits in all: as many as a double keeps. */
static bool read_decimal(const char *text, struct decimal *ret_decimal)
{
    enum { EXACT_DIGITS = 15 };
    struct decimal decimal = {.negative = *text == '-'};
    text += *text == '-' || *text == '+' ? 1 : 0;
    decimal.digits = text;
    decimal.digit_count = count_digits(text);
    text += decimal.digit_count;
    size_t digits = decimal.digit_count;
    if (*text == '.') {
        decimal.fraction = true;
        decimal.fraction_digits = text + 1;
        decimal.fraction_count = count_digits(text + 1);
        text += 1 + decimal.fraction_count;
        digits += decimal.fraction_count;
    }
    if (*text || digits == 0 || digits > EXACT_DIGITS)
        return false;
    while (decimal.digit_count > 0 && decimal.digits[0] == '0') {
        decimal.digits++;
        decimal.digit_count--;
    }
    while (decimal.fraction_count > 0 && decimal.fraction_digits[decimal.fraction_count - 1] == '0')
        decimal.fraction_count--;
    if (decimal.digit_count + decimal.fraction_count == 0)
        decimal.negative = false;
    *ret_decimal = decimal;
    return true;
}

static void append_decimal(const struct decimal *decimal, struct strbuf *out)
{
    if (decimal->negative)
        strbuf_add_char(out, '-');
    if (decimal->digit_count > 0)
        strbuf_add(out, decimal->digits, decimal->digit_count);
    else
        strbuf_add_char(out, '0');
    if (decimal->fraction_count == 0)
        return;
    strbuf_add_char(out, '.');
    strbuf_add(out, decimal->fraction_digits, decimal->fraction_count);
}

static void append_number(const char *text, enum conversion conversion, struct strbuf *out)
{
    struct decimal decimal = {0};
    bool known = read_decimal(text, &decimal);
    if (known && (conversion == CONVERT_TO_NUMBER || (conversion == CONVERT_NOT && !decimal.fraction))) {
        append_decimal(&decimal, out);
    } else if (known && conversion == CONVERT_TO_TEXT && !decimal.fraction) {
        strbuf_add_char(out, '\'');
        append_decimal(&decimal, out);
        strbuf_add_char(out, '\'');
    } else {
        strbuf_add_string(out, text);
    }
}

static void append_text(const char *text, enum conversion conversion, struct strbuf *out)
{
    struct decimal decimal = {0};
    if (conversion == CONVERT_TO_NUMBER && read_decimal(text, &decimal))
        append_decimal(&decimal, out);
    else
        dialect_quote(out, '\'', text);
}

static bool is_word_of(const struct sqlite_token *token, const char *word)
{
    return token->kind == TOKEN_WORD && sqlite_token_is(token, word);
}

/* One token: a string in any quotes, TRUE, FALSE, a bare word (a string, too), CURRENT_TIME and its like, a number. */
static void append_single(const struct sqlite_token *token, enum conversion conversion, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf text = STRBUF(token->length + 1);
    if (is_word_of(token, "TRUE") || is_word_of(token, "FALSE")) {
        append_number(is_word_of(token, "TRUE") ? "1" : "0", conversion, out);
        return;
    }
    const char *keyword = token->kind == TOKEN_WORD ? sqlite_keyword(token->text, token->length) : NULL;
    if (keyword && strncmp(keyword, "CURRENT_", 8) == 0) {
        strbuf_add_string(out, keyword);
        return;
    }
    sqlite_token_append_name(token, &text);
    if (!strbuf_ok(&text))
        out->failed = true;
    else if (token->kind != TOKEN_LITERAL)
        append_text(strbuf_text(&text), conversion, out);
    else
        append_number(strbuf_text(&text), conversion, out);
}

/* Sign and number. */
static void append_signed(const struct sqlite_token *sign, const struct sqlite_token *number,
                          enum conversion conversion, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf text = STRBUF(number->length + 2);
    if (sign->text[0] == '-')
        strbuf_add_char(&text, '-');
    strbuf_add(&text, number->text, number->length);
    if (strbuf_ok(&text))
        append_number(strbuf_text(&text), conversion, out);
    else
        out->failed = true;
}

void sqlite_canonical_default(const char *text, const char *type, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf constant = STRBUF(out->maximum);
    sqlite_canonical_constant(text, &constant);
    struct sqlite_lexer lexer = {.next = strbuf_text(&constant), .end = strbuf_text(&constant) + constant.length};
    struct sqlite_token first = sqlite_lexer_next(&lexer);
    struct sqlite_token second = sqlite_lexer_next(&lexer);
    struct sqlite_token third = sqlite_lexer_next(&lexer);
    enum conversion conversion = conversion_of(type);
    bool sign = sqlite_token_is(&first, "-") || sqlite_token_is(&first, "+");
    if (!strbuf_ok(&constant))
        out->failed = true;
    else if (dialect_is_null(strbuf_text(&constant)))
        return;
    else if (second.kind == TOKEN_END && (sqlite_token_is_name(&first) || first.kind == TOKEN_LITERAL))
        append_single(&first, conversion, out);
    else if (third.kind == TOKEN_END && sign && second.kind == TOKEN_LITERAL)
        append_signed(&first, &second, conversion, out);
    else
        strbuf_add(out, strbuf_text(&constant), constant.length);
}
