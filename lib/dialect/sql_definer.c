/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sql_definer.h"

#include <string.h>

#include "dialect/sql_scan.h"

static bool is_sign(const struct scan_token *token, char sign)
{
    return token->kind == SCAN_SIGN && *token->text == sign;
}

/* Past an account: user, 'user'@'host', CURRENT_USER(). Returns its end. */
static const char *pass_account(struct scan *scan)
{
    struct scan_token token = scan_next(scan);
    const char *end = scan->next;
    for (;;) {
        struct scan before = *scan;
        token = scan_next(scan);
        bool more = is_sign(&token, '@') || is_sign(&token, '(');
        bool close = is_sign(&token, '(');
        if (!more) {
            *scan = before;
            return end;
        }
        scan_next(scan); /* the host, or the closing bracket */
        end = scan->next;
        if (close)
            return end;
    }
}

void sql_blank_definer(char *sql)
{
    struct scan scan = {.next = sql, .end = sql + strlen(sql), .line = 1, .mysql = true};
    struct scan_token token = scan_next(&scan);
    if (!scan_token_is(&token, "CREATE") && !scan_token_is(&token, "ALTER"))
        return;
    do {
        token = scan_next(&scan);
        if (!scan_token_is(&token, "DEFINER"))
            continue;
        struct scan_token sign = scan_next(&scan);
        if (!is_sign(&sign, '='))
            return;
        char *begin = sql + (token.text - sql);
        memset(begin, ' ', (size_t)(pass_account(&scan) - begin));
        return;
    } while (token.kind != SCAN_END && token.kind != SCAN_OPEN && !is_sign(&token, '(') &&
             !scan_token_is(&token, "AS"));
}
