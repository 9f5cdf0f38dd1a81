/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/refcount.h"
#include "daemon/log.h"

struct token {
    char *file;
    enum access_scope scope;
    char sum[SHA256_HEX_SIZE];
};

struct access_tokens {
    unsigned references; /* atomic */
    size_t count;
    struct token tokens[];
};

/* What stat(2) tells of a file's content: another file behind the same name differs, too. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
};

struct access {
    pthread_mutex_t lock;
    struct access_tokens *current; /* one reference; NULL: no tokens */
    struct stamp stamps[CONFIG_TOKENS_MAXIMUM];
};

static struct access_tokens *tokens_new(size_t count)
{
    struct access_tokens *tokens = mem_calloc(1, sizeof *tokens + count * sizeof tokens->tokens[0]);
    if (tokens)
        tokens->references = 1;
    return tokens;
}

void access_tokens_unref(struct access_tokens *tokens)
{
    if (!tokens || !refcount_drop(&tokens->references))
        return;
    for (size_t i = 0; i < tokens->count; i++)
        mem_free(tokens->tokens[i].file);
    mem_free(tokens);
}

static int tokens_add(struct access_tokens *tokens, const char *file, enum access_scope scope, struct error *reterr)
{
    struct token *token = &tokens->tokens[tokens->count];
    token->file = mem_strdup(file);
    if (!token->file)
        return error_no_memory(reterr);
    token->scope = scope;
    tokens->count++;
    return 0;
}

static int read_sum(const char *file, char ret_sum[static SHA256_HEX_SIZE], struct error *reterr)
{
    char token[TOKEN_SIZE] = "";
    int result = access_token_read(file, token, reterr);
    if (result == 0)
        checksum_sha256(token, strlen(token), ret_sum);
    explicit_bzero(token, sizeof token);
    return result;
}

int access_tokens_read(const struct config *config, struct access_tokens **ret_tokens, struct error *reterr)
{
    cleanup(access_tokens) struct access_tokens *tokens = tokens_new(config->token_count);
    if (!tokens)
        return error_no_memory(reterr);
    for (size_t i = 0; i < config->token_count; i++) {
        const struct config_token *token = &config->tokens[i];
        if (tokens_add(tokens, token->file, token->scope, reterr) < 0)
            return -1;
        if (read_sum(token->file, tokens->tokens[i].sum, reterr) < 0)
            return error_prefix(reterr, "%s", token->place);
    }
    *ret_tokens = take(tokens);
    return 0;
}

static struct access_tokens *tokens_copy(const struct access_tokens *tokens)
{
    cleanup(access_tokens) struct access_tokens *copy = tokens_new(tokens->count);
    for (size_t i = 0; copy && i < tokens->count; i++) {
        if (tokens_add(copy, tokens->tokens[i].file, tokens->tokens[i].scope, NULL) < 0)
            return NULL;
        memcpy(copy->tokens[i].sum, tokens->tokens[i].sum, sizeof copy->tokens[i].sum);
    }
    return take(copy);
}

struct access *access_new(void)
{
    struct access *access = mem_calloc(1, sizeof *access);
    if (access)
        pthread_mutex_init(&access->lock, NULL);
    return access;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    access_tokens_unref(access->current);
    pthread_mutex_destroy(&access->lock);
    mem_free(access);
}

static struct access_tokens *acquire(struct access *access)
{
    pthread_mutex_lock(&access->lock);
    struct access_tokens *tokens = access->current;
    if (tokens)
        refcount_take(&tokens->references);
    pthread_mutex_unlock(&access->lock);
    return tokens;
}

static struct access_tokens *swap(struct access *access, struct access_tokens *tokens)
{
    pthread_mutex_lock(&access->lock);
    struct access_tokens *old = access->current;
    access->current = tokens;
    pthread_mutex_unlock(&access->lock);
    return old;
}

/* Zero for a file that is not there, which is a change as well. */
static struct stamp stamp_of(const char *file)
{
    struct stat status = {0};
    struct stamp stamp;
    memset(&stamp, 0, sizeof stamp);
    if (stat(file, &status) == 0) {
        stamp.device = status.st_dev;
        stamp.inode = status.st_ino;
        stamp.size = status.st_size;
        stamp.modified = status.st_mtim;
        stamp.changed = status.st_ctim;
    }
    return stamp;
}

static bool stamps_equal(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

struct access_tokens *access_exchange(struct access *access, struct access_tokens *tokens)
{
    /* Zero: the next refresh reads each file once more, which also finds what changed since it was read. */
    memset(access->stamps, 0, sizeof access->stamps);
    return swap(access, tokens);
}

/* Reads the file of one token again. `*ret_next` is the new table; NULL where nothing is new. */
static int read_again(const struct access_tokens *tokens, size_t index, struct access_tokens **ret_next)
{
    *ret_next = NULL;
    struct error error = {.code = ERROR_OK};
    char sum[SHA256_HEX_SIZE] = "";
    if (read_sum(tokens->tokens[index].file, sum, &error) < 0) {
        log_event(LOG_LEVEL_WARNING, "token_file", NULL, "%s; the token that it held before stays valid",
                  error.message);
        return 0;
    }
    if (strcmp(sum, tokens->tokens[index].sum) == 0)
        return 0;
    struct access_tokens *next = tokens_copy(tokens);
    if (!next)
        return -1;
    memcpy(next->tokens[index].sum, sum, sizeof sum);
    log_event(LOG_LEVEL_NOTICE, "token_file", NULL, "%s holds another token: the one before is no longer valid",
              tokens->tokens[index].file);
    *ret_next = next;
    return 0;
}

void access_refresh(struct access *access)
{
    cleanup(access_tokens) struct access_tokens *tokens = acquire(access);
    for (size_t i = 0; tokens && i < tokens->count; i++) {
        struct stamp stamp = stamp_of(tokens->tokens[i].file);
        struct access_tokens *next = NULL;
        if (stamps_equal(&stamp, &access->stamps[i]) || read_again(tokens, i, &next) < 0)
            continue;
        access->stamps[i] = stamp;
        if (!next)
            continue;
        refcount_take(&next->references);
        access_tokens_unref(swap(access, next));
        access_tokens_unref(tokens);
        tokens = next;
    }
}

bool access_has_tokens(struct access *access)
{
    cleanup(access_tokens) struct access_tokens *tokens = acquire(access);
    return tokens && tokens->count > 0;
}

/* What stands behind "Bearer "; "" for another scheme, which is no token of anybody. */
static const char *presented(const char *authorization)
{
    static const char scheme[] = "bearer";
    size_t length = strcspn(authorization, " ");
    if (length != sizeof scheme - 1 || strncasecmp(authorization, scheme, length) != 0)
        return "";
    return authorization + length + strspn(authorization + length, " ");
}

struct access_caller access_identify(struct access *access, const char *authorization)
{
    struct access_caller caller = {.kind = CALLER_ANONYMOUS};
    cleanup(access_tokens) struct access_tokens *tokens = access ? acquire(access) : NULL;
    caller.could_be_known = tokens && tokens->count > 0;
    if (!caller.could_be_known || !authorization)
        return caller;
    const char *token = presented(authorization);
    char sum[SHA256_HEX_SIZE] = "";
    checksum_sha256(token, strlen(token), sum);
    /* All of them, always: how long it takes tells nothing about which one nearly fits. */
    for (size_t i = 0; i < tokens->count; i++) {
        const struct access_scope_row *scope = &access_scopes[tokens->tokens[i].scope];
        unsigned mask = gnutls_memcmp(sum, tokens->tokens[i].sum, sizeof sum - 1) == 0 ? ~0u : 0u;
        caller.get |= scope->get & mask;
        caller.post |= scope->post & mask;
    }
    caller.kind = caller.get ? CALLER_KNOWN : CALLER_REFUSED;
    return caller;
}
