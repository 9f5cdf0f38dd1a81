/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dialect/mysql_lexer.h"
#include "support/oom.h"

enum { TEXT_LIMIT = 1 << 20 };

static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mysql_token_kind kind;
        const char *decoded;
    } tokens[] = {
        {"`a``b`", MYSQL_TOKEN_NAME, "a`b"},        {"`a\\`", MYSQL_TOKEN_NAME, "a\\"},
        {"'a''b'", MYSQL_TOKEN_STRING, "a'b"},      {"'a\\'b\\n'", MYSQL_TOKEN_STRING, "a'b\n"},
        {"\"x\"\"y\"", MYSQL_TOKEN_STRING, "x\"y"}, {"1.5e-3", MYSQL_TOKEN_NUMBER, "1.5e-3"},
        {"0x1F", MYSQL_TOKEN_NUMBER, "0x1F"},       {"word_$1", MYSQL_TOKEN_WORD, "word_$1"},
        {"'open", MYSQL_TOKEN_BROKEN, "'open"},     {"`", MYSQL_TOKEN_BROKEN, "`"},
        {"'\\", MYSQL_TOKEN_BROKEN, "'\\"},         {";", MYSQL_TOKEN_SYMBOL, ";"},
        {"/* only */", MYSQL_TOKEN_END, ""},        {"/* open", MYSQL_TOKEN_END, ""},
        {"/*!80016 in */", MYSQL_TOKEN_WORD, "in"}, {"/*M!100301 in*/", MYSQL_TOKEN_WORD, "in"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(tokens); i++) {
        struct mysql_lexer lexer = {0};
        mysql_lexer_init(&lexer, tokens[i].text, strlen(tokens[i].text));
        struct mysql_token token = mysql_lexer_next(&lexer);
        assert_int_equal(token.kind, tokens[i].kind);
        cleanup(strbuf) struct strbuf out = STRBUF(TEXT_LIMIT);
        mysql_token_decode(&token, &out);
        assert_string_equal(strbuf_text(&out), tokens[i].decoded);
        assert_int_equal(mysql_lexer_next(&lexer).kind, MYSQL_TOKEN_END);
    }
}

static void test_quoting_reads_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "`", "a`b", "'\\", "\xff\xfe", "a\nb", "\"; DROP TABLE x; --"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        for (int name = 0; name < 2; name++) {
            cleanup(strbuf) struct strbuf quoted = STRBUF(TEXT_LIMIT);
            cleanup(strbuf) struct strbuf back = STRBUF(TEXT_LIMIT);
            if (name)
                mysql_quote_name(&quoted, texts[i]);
            else
                mysql_quote_string(&quoted, texts[i], strlen(texts[i]));
            struct mysql_lexer lexer = {0};
            mysql_lexer_init(&lexer, strbuf_text(&quoted), quoted.length);
            struct mysql_token token = mysql_lexer_next(&lexer);
            assert_int_equal(token.length, quoted.length);
            mysql_token_decode(&token, &back);
            assert_string_equal(strbuf_text(&back), texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_quoting_reads_back),
    };
    return cmocka_run_group_tests_name("mysql_lexer", tests, NULL, NULL);
}
