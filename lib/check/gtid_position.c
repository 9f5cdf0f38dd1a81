/* SPDX-License-Identifier: Apache-2.0 */
#include "check/gtid_position.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

struct gtid {
    uint64_t domain;
    uint64_t number;
};

static bool read_number(const char **text, uint64_t *ret_number)
{
    char *end = NULL;
    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *ret_number = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

static bool skip_sign(const char **text, char sign)
{
    bool is = **text == sign;
    *text += is;
    return is;
}

/* Takes one away, with the comma and blanks behind it. */
static bool read_one(const char **text, struct gtid *ret_gtid)
{
    uint64_t server = 0;
    if (!read_number(text, &ret_gtid->domain) || !skip_sign(text, '-') || !read_number(text, &server) ||
        !skip_sign(text, '-') || !read_number(text, &ret_gtid->number))
        return false;
    if (skip_sign(text, ','))
        while (isspace((unsigned char)**text))
            (*text)++;
    return true;
}

/* How far a position has come in a domain: of several servers there, the newest. */
static bool number_in(const char *position, uint64_t domain, uint64_t *ret_number)
{
    *ret_number = 0;
    while (*position != '\0') {
        struct gtid one = {0};
        if (!read_one(&position, &one))
            return false;
        if (one.domain == domain && one.number > *ret_number)
            *ret_number = one.number;
    }
    return true;
}

bool gtid_position_covers(const char *position, const char *wanted, bool *ret_covers)
{
    bool covers = true;
    uint64_t number = 0;
    if (!number_in(position, 0, &number))
        return false;
    while (*wanted != '\0') {
        struct gtid one = {0};
        if (!read_one(&wanted, &one) || !number_in(position, one.domain, &number))
            return false;
        covers = covers && number >= one.number;
    }
    *ret_covers = covers;
    return true;
}
