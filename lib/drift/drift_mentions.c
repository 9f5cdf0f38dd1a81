/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "drift/drift_work.h"

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

/* Whether what stands between the quotes at `at` is the name; moves behind them. */
static bool take_quoted(const char **at, const char *name, bool ignore_case)
{
    char quote = *(*at)++;
    bool same = true;
    while (**at) {
        if (**at == quote && (*at)[1] == quote)
            (*at)++;
        else if (**at == quote)
            break;
        char byte = *(*at)++;
        same = same && *name &&
               (ignore_case ? tolower((unsigned char)byte) == tolower((unsigned char)*name) : byte == *name);
        name += *name ? 1 : 0;
    }
    if (**at)
        (*at)++;
    return same && *name == '\0' && quote != '\'';
}

bool drift_mentions(const char *sql, const char *name, bool ignore_case)
{
    size_t length = strlen(name);
    for (const char *at = sql; *at;) {
        if (*at == '\'' || *at == '"' || *at == '`') {
            if (take_quoted(&at, name, ignore_case))
                return true;
        } else if (is_word(*at)) {
            const char *begin = at;
            while (is_word(*at))
                at++;
            if ((size_t)(at - begin) == length &&
                (ignore_case ? strncasecmp(begin, name, length) : strncmp(begin, name, length)) == 0)
                return true;
        } else {
            at++;
        }
    }
    return false;
}
