/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

/* What stands before a literal and only tells who created the object. Both the pattern and the loop below take the
 * first of them that fits. */
static const char *const introducers[] = {"_utf8mb4", "_utf8mb3", "_utf8", "_latin1", "_binary", "_ascii"};

static bool is_dropped(char byte)
{
    return byte && strchr("`\"'();\\ \t\r\n", byte);
}

/* The alternation of the pattern in mysql_squeezed_sql, in its order. */
static size_t squeezed_length(const char *text)
{
    if (is_dropped(*text))
        return 1;
    for (size_t i = 0; i < ARRAY_LENGTH(introducers); i++)
        if (strncasecmp(text, introducers[i], strlen(introducers[i])) == 0)
            return strlen(introducers[i]);
    return 0;
}

const char *mysql_squeezed(struct plan_maker *maker, const char *text)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_SQL_PART);
    while (*text) {
        size_t skip = squeezed_length(text);
        if (skip == 0)
            strbuf_add_char(&out, *text++);
        text += skip;
    }
    return plan_keep(maker, &out);
}

const char *mysql_squeezed_sql(struct plan_maker *maker, const char *expression)
{
    return plan_printf(
        maker,
        "REGEXP_REPLACE(CONVERT(%s USING utf8mb4), '[`\"''();\\\\\\\\ \\t\\r\\n]|_utf8mb4|_utf8mb3|_utf8|"
        "_latin1|_binary|_ascii', '')",
        expression);
}

bool mysql_is_plainly_shown(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
        if (*text == '\\' && (isalnum((unsigned char)text[1]) || text[1] == '\\'))
            return false;
    }
    return true;
}
