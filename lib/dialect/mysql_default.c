/* SPDX-License-Identifier: Apache-2.0
 *
 * Defaults. Servers quote numbers or do not, write bytes as text, hexadecimal or binary, and put parentheses around
 * expressions or do not. A constant is compared as a value of its column's type; all else as an expression.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "dialect/mysql_lexer.h"

/* How the values of a type are compared. */
enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_BITS, VALUE_BYTES, VALUE_TIME };

static const struct {
    const char *name;
    enum value_kind kind;
} types[] = {
    {"tinyint", VALUE_NUMBER},  {"smallint", VALUE_NUMBER}, {"mediumint", VALUE_NUMBER}, {"int", VALUE_NUMBER},
    {"bigint", VALUE_NUMBER},   {"decimal", VALUE_NUMBER},  {"float", VALUE_NUMBER},     {"double", VALUE_NUMBER},
    {"year", VALUE_NUMBER},     {"integer", VALUE_NUMBER},  {"numeric", VALUE_NUMBER},   {"bool", VALUE_NUMBER},
    {"boolean", VALUE_NUMBER},  {"real", VALUE_NUMBER},     {"bit", VALUE_BITS},         {"binary", VALUE_BYTES},
    {"varbinary", VALUE_BYTES}, {"tinyblob", VALUE_BYTES},  {"blob", VALUE_BYTES},       {"mediumblob", VALUE_BYTES},
    {"longblob", VALUE_BYTES},  {"time", VALUE_TIME},       {"datetime", VALUE_TIME},    {"timestamp", VALUE_TIME},
};

/* The greatest length of binary(N): what a default is padded to. */
enum { MAX_BINARY = 255, MAX_DIGITS = 400 };

/* A default that is one constant. */
struct constant {
    struct mysql_token token;
    bool negative;
    char base; /* 'x', 'b': digits of bytes or bits stand in the token; 0: it is text or a number */
};

static enum value_kind kind_of(const char *type)
{
    size_t length = strcspn(type, " (");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncasecmp(type, types[i].name, length) == 0 && types[i].name[length] == '\0')
            return types[i].kind;
    }
    return VALUE_TEXT;
}

/* "binary(4)": 4; else 0. */
static size_t padded_length(const char *type)
{
    if (strncasecmp(type, "binary", 6) != 0)
        return 0;
    unsigned long length = type[6] == '(' ? strtoul(type + 7, NULL, 10) : 1;
    return length <= MAX_BINARY ? length : 0;
}

static bool is_introducer(const struct mysql_token *token)
{
    return token->kind == MYSQL_TOKEN_WORD && *token->text == '_' && token->length > 1;
}

static bool at_base(const struct mysql_token *token)
{
    return token->kind == MYSQL_TOKEN_WORD && token->length == 1 && strchr("xXbB", *token->text);
}

/* Parentheses around a constant say nothing. */
static bool read_constant(const char *text, size_t length, struct constant *ret_constant)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, text, length);
    struct constant constant = {0};
    size_t depth = 0;
    struct mysql_token token = mysql_lexer_next(&lexer);
    for (; mysql_token_is_symbol(&token, '('); token = mysql_lexer_next(&lexer))
        depth++;
    if (mysql_token_is_symbol(&token, '-') || mysql_token_is_symbol(&token, '+')) {
        constant.negative = *token.text == '-';
        token = mysql_lexer_next(&lexer);
        for (; mysql_token_is_symbol(&token, '('); token = mysql_lexer_next(&lexer))
            depth++;
    }
    if (is_introducer(&token))
        token = mysql_lexer_next(&lexer);
    if (at_base(&token)) {
        constant.base = (char)tolower((unsigned char)*token.text);
        token = mysql_lexer_next(&lexer);
        if (token.kind != MYSQL_TOKEN_STRING || token.spaced)
            return false;
    }
    constant.token = token;
    if (token.kind != MYSQL_TOKEN_STRING && token.kind != MYSQL_TOKEN_NUMBER && !mysql_token_is(&token, "true") &&
        !mysql_token_is(&token, "false"))
        return false;
    for (token = mysql_lexer_next(&lexer); depth > 0; depth--) {
        if (!mysql_token_is_symbol(&token, ')'))
            return false;
        token = mysql_lexer_next(&lexer);
    }
    *ret_constant = constant;
    return token.kind == MYSQL_TOKEN_END;
}

/* "0x0a", "0b01": the base, with the digits in `*ret_digits`; 0 if it is neither. */
static char based_digits(const struct constant *constant, const char **ret_digits, size_t *ret_length)
{
    const struct mysql_token *token = &constant->token;
    if (constant->base) {
        *ret_digits = token->text + 1;
        *ret_length = token->length - 2;
        return constant->base;
    }
    bool prefixed = token->kind == MYSQL_TOKEN_NUMBER && token->length > 2 && token->text[0] == '0' &&
                    (token->text[1] == 'x' || token->text[1] == 'b');
    if (!prefixed)
        return 0;
    *ret_digits = token->text + 2;
    *ret_length = token->length - 2;
    return token->text[1];
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)tolower((unsigned char)digit);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The bits of digits, without leading zeros. */
static bool add_bits(const char *digits, size_t length, char base, struct strbuf *out)
{
    int width = base == 'x' ? 4 : 1;
    bool begun = false;
    for (size_t i = 0; i < length; i++) {
        int value = digit_value(digits[i]);
        if (value < 0 || value >= 1 << width)
            return false;
        for (int bit = width - 1; bit >= 0; bit--) {
            begun |= (value >> bit) & 1;
            if (begun)
                strbuf_add_char(out, (value >> bit) & 1 ? '1' : '0');
        }
    }
    if (!begun)
        strbuf_add_char(out, '0');
    return true;
}

static bool add_bit_value(const struct constant *constant, struct strbuf *out)
{
    const char *digits = NULL;
    size_t length = 0;
    char base = based_digits(constant, &digits, &length);
    strbuf_add_string(out, "0b");
    if (base)
        return add_bits(digits, length, base, out);
    if (constant->token.kind == MYSQL_TOKEN_WORD && !constant->negative)
        return add_bits(mysql_token_is(&constant->token, "true") ? "1" : "0", 1, 'b', out);
    if (constant->token.kind != MYSQL_TOKEN_NUMBER || constant->negative || constant->token.length > 18)
        return false;
    char *end = NULL;
    char text[20] = "";
    memcpy(text, constant->token.text, constant->token.length);
    unsigned long long number = strtoull(text, &end, 10);
    char hexadecimal[20] = "";
    snprintf(hexadecimal, sizeof(hexadecimal), "%llx", number);
    return *end == '\0' && add_bits(hexadecimal, strlen(hexadecimal), 'x', out);
}

static bool decode_bytes(const struct constant *constant, struct strbuf *out)
{
    const char *digits = NULL;
    size_t length = 0;
    char base = based_digits(constant, &digits, &length);
    if (base == 0 && constant->token.kind == MYSQL_TOKEN_STRING) {
        mysql_token_decode(&constant->token, out);
        return true;
    }
    if (base != 'x' || length % 2 != 0)
        return false;
    for (size_t i = 0; i + 1 < length; i += 2) {
        int high = digit_value(digits[i]);
        int low = digit_value(digits[i + 1]);
        if (high < 0 || low < 0)
            return false;
        strbuf_add_char(out, (char)(high << 4 | low));
    }
    return true;
}

static bool add_bytes(const struct constant *constant, const char *type, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf bytes = STRBUF(LIMIT_DEFINITION_BYTES);
    if (!decode_bytes(constant, &bytes))
        return false;
    for (size_t length = padded_length(type); strbuf_ok(&bytes) && bytes.length < length;)
        strbuf_add_char(&bytes, '\0');
    strbuf_add_string(out, "0x");
    for (size_t i = 0; i < bytes.length; i++)
        strbuf_printf(out, "%02x", (unsigned)(unsigned char)bytes.bytes[i]);
    out->failed |= !strbuf_ok(&bytes);
    return true;
}

/* "-007.50" is "-7.5", "5.00" is "5". What has an exponent or is not a number is not touched. */
static bool add_decimal(const char *text, size_t length, bool negative, struct strbuf *out)
{
    size_t at = 0;
    if (at < length && (text[at] == '-' || text[at] == '+'))
        negative ^= text[at++] == '-';
    size_t point = at;
    while (point < length && text[point] != '.')
        point++;
    size_t last = length;
    for (size_t i = at; i < length; i++) {
        if (i != point && !isdigit((unsigned char)text[i]))
            return false;
    }
    if (at == length || length - at > MAX_DIGITS || (length - at == 1 && point == at))
        return false;
    while (at + 1 < point && text[at] == '0')
        at++;
    while (last > point && (text[last - 1] == '0' || text[last - 1] == '.'))
        last--;
    bool zero = last <= point && (at == point || (at + 1 == point && text[at] == '0'));
    if (negative && !zero)
        strbuf_add_char(out, '-');
    if (at == point)
        strbuf_add_char(out, '0');
    strbuf_add(out, text + at, (last > point ? last : point) - at);
    return true;
}

static bool add_number(const struct constant *constant, struct strbuf *out)
{
    const struct mysql_token *token = &constant->token;
    if (constant->base)
        return false;
    if (token->kind == MYSQL_TOKEN_WORD)
        return add_decimal(mysql_token_is(token, "true") ? "1" : "0", 1, constant->negative, out);
    size_t quote = token->kind == MYSQL_TOKEN_STRING ? 1 : 0;
    return add_decimal(token->text + quote, token->length - 2 * quote, constant->negative, out);
}

/* Fractions of a second without the zeros at their end. */
static bool add_time(const struct constant *constant, struct strbuf *out)
{
    const struct mysql_token *token = &constant->token;
    if (token->kind != MYSQL_TOKEN_STRING || constant->base || constant->negative)
        return false;
    cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_DEFINITION_BYTES);
    mysql_token_decode(token, &value);
    size_t length = value.length;
    const char *point = memrchr(strbuf_text(&value), '.', length);
    if (point && strspn(point + 1, "0123456789") == strlen(point + 1) && memchr(value.bytes, '.', length) == point) {
        while (value.bytes[length - 1] == '0')
            length--;
        length -= value.bytes[length - 1] == '.';
    }
    mysql_quote_string(out, strbuf_text(&value), length);
    out->failed |= !strbuf_ok(&value);
    return true;
}

/* Text that was written as bytes; other text is an expression like any other. */
static bool add_text(const struct constant *constant, struct strbuf *out)
{
    const char *digits = NULL;
    size_t length = 0;
    cleanup(strbuf) struct strbuf bytes = STRBUF(LIMIT_DEFINITION_BYTES);
    if (based_digits(constant, &digits, &length) != 'x' || !decode_bytes(constant, &bytes))
        return false;
    mysql_quote_string(out, strbuf_text(&bytes), bytes.length);
    out->failed |= !strbuf_ok(&bytes);
    return true;
}

static bool add_value(const struct constant *constant, const char *type, struct strbuf *out)
{
    switch (kind_of(type)) {
    case VALUE_NUMBER:
        return add_number(constant, out);
    case VALUE_BITS:
        return add_bit_value(constant, out);
    case VALUE_BYTES:
        return add_bytes(constant, type, out);
    case VALUE_TIME:
        return add_time(constant, out);
    case VALUE_TEXT:
    default:
        return add_text(constant, out);
    }
}

void mysql_canonical_default(const char *text, size_t length, const char *type, struct strbuf *out)
{
    struct constant constant = {0};
    size_t start = out->length;
    if (read_constant(text, length, &constant) && add_value(&constant, type, out))
        return;
    if (out->length > start) {
        out->length = start;
        out->bytes[start] = '\0';
    }
    mysql_canonical_expression(text, length, out);
    if (out->length - start == 4 && memcmp(out->bytes + start, "null", 4) == 0) {
        out->length = start;
        out->bytes[start] = '\0';
    }
}
