/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_collation.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* Character sets whose default collation is not "<name>_general_ci". */
static const struct {
    const char *charset;
    const char *collation;
} defaults[] = {
    {"big5", "big5_chinese_ci"},       {"dec8", "dec8_swedish_ci"},
    {"hp8", "hp8_english_ci"},         {"latin1", "latin1_swedish_ci"},
    {"swe7", "swe7_swedish_ci"},       {"ujis", "ujis_japanese_ci"},
    {"sjis", "sjis_japanese_ci"},      {"tis620", "tis620_thai_ci"},
    {"euckr", "euckr_korean_ci"},      {"gb2312", "gb2312_chinese_ci"},
    {"gbk", "gbk_chinese_ci"},         {"latin5", "latin5_turkish_ci"},
    {"cp932", "cp932_japanese_ci"},    {"eucjpms", "eucjpms_japanese_ci"},
    {"gb18030", "gb18030_chinese_ci"}, {"binary", "binary"},
};

/* What follows the character set's name in collations that servers choose by themselves. */
static const char *const default_endings[] = {"general_ci", "0900_ai_ci", "uca1400_ai_ci", "unicode_ci",
                                              "unicode_520_ci"};

void mysql_collation_name(const char *text, size_t length, struct strbuf *out)
{
    size_t start = out->length;
    bool old = length >= 4 && strncasecmp(text, "utf8", 4) == 0 && (length == 4 || text[4] == '_');
    if (old)
        strbuf_add_string(out, "utf8mb3");
    size_t at = old ? 4 : 0;
    strbuf_add(out, text + at, length - at);
    for (size_t i = start; i < out->length; i++)
        out->bytes[i] = (char)tolower((unsigned char)out->bytes[i]);
}

void mysql_collation_charset(const char *collation, struct strbuf *out)
{
    strbuf_add(out, collation, strcspn(collation, "_"));
}

void mysql_collation_default(const char *charset, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++) {
        if (strcmp(charset, defaults[i].charset) == 0) {
            strbuf_add_string(out, defaults[i].collation);
            return;
        }
    }
    strbuf_printf(out, "%s_general_ci", charset);
}

/* The length of the character set's name if the collation is one that servers choose by themselves, else 0. */
static size_t default_prefix(const char *collation)
{
    size_t length = strcspn(collation, "_");
    if (collation[length] != '_')
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(default_endings); i++) {
        if (strcmp(collation + length + 1, default_endings[i]) == 0)
            return length;
    }
    return 0;
}

bool mysql_collations_alike(const char *a, const char *b)
{
    size_t length = default_prefix(a);
    return strcmp(a, b) == 0 || (length > 0 && length == default_prefix(b) && strncmp(a, b, length) == 0);
}
