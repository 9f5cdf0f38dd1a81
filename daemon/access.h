/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may ask what: bearer tokens and their scopes. Of a token only its SHA-256 is kept. The table of tokens is
 * immutable and shared by reference count; `struct access` holds the current one, which any thread may ask and the main
 * thread alone replaces. Messages name files, never what they hold.
 */
#ifndef MIGRATIOND_DAEMON_ACCESS_H
#define MIGRATIOND_DAEMON_ACCESS_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"
#include "daemon/config.h"

enum { TOKEN_LEAST = 16, TOKEN_MOST = 512, TOKEN_SIZE = TOKEN_MOST + 3 };

/* ACCESS_ bits of the routes that a scope covers. */
struct access_scope_row {
    const char *name;
    unsigned get; /* HEAD as well */
    unsigned post;
};
extern const struct access_scope_row access_scopes[ACCESS_SCOPES];

/* ACCESS_SCOPES if there is none of that name. */
enum access_scope access_scope_from_name(const char *name);

/* Who asks, as far as the Authorization field tells. */
enum __attribute__((packed)) access_kind {
    CALLER_ANONYMOUS, /* no field, or nobody could be told from anybody: there are no tokens */
    CALLER_KNOWN,
    CALLER_REFUSED /* a field that no token of ours stands in */
};

struct access_caller {
    enum access_kind kind;
    bool could_be_known; /* there are tokens */
    unsigned get;        /* ACCESS_ bits; 0 unless known */
    unsigned post;
};

/* The tokens of a configuration, each with its file. */
struct access_tokens;
void access_tokens_unref(struct access_tokens *tokens);

/* Reads every token file. Fails with ERROR_INVALID, and the file's name, if one cannot be read or holds no token. */
int access_tokens_read(const struct config *config, struct access_tokens **ret_tokens, struct error *reterr);

struct access;

/* Without any token. NULL when memory is out. */
struct access *access_new(void) __attribute__((warn_unused_result));
void access_free(struct access *access);

/* Takes over `tokens`, and hands out what was there before: NULL, or the caller's. */
struct access_tokens *access_exchange(struct access *access, struct access_tokens *tokens)
    __attribute__((warn_unused_result));

/* Reads those token files again that have changed; what holds no token now is logged, and the token that it held before
 * stays valid. For the main thread, about once a second. */
void access_refresh(struct access *access);

/* Whether there is any token. */
bool access_has_tokens(struct access *access);

/* `authorization`: the field's value; NULL if there is none. `access` NULL has no tokens. Takes the same time whichever
 * token is presented. */
struct access_caller access_identify(struct access *access, const char *authorization);

/* The one token that a file holds; to be wiped by the caller, on failure too. */
int access_token_read(const char *path, char ret_token[static TOKEN_SIZE], struct error *reterr);

DEFINE_CLEANUP(access_tokens, struct access_tokens *, access_tokens_unref);
DEFINE_CLEANUP(access, struct access *, access_free);

#endif
