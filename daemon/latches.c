/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/latches.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"

enum { BUCKETS = 1024 };

/* Stands in the list of its bucket and, newest note first, in that of all. */
struct kept {
    struct kept *chain;
    struct kept *newer;
    struct kept *older;
    int64_t at_ms;
    uint64_t hash;
    size_t length;
    char key[];
};

struct latches {
    pthread_mutex_t lock;
    struct kept *buckets[BUCKETS];
    struct kept *newest;
    struct kept *oldest;
    size_t count;
};

/* The three texts with their NULs, of which none holds another one. */
struct key {
    const char *parts[3];
    size_t lengths[3];
    size_t length;
    uint64_t hash;
};

static struct key key_of(const struct latch *latch)
{
    struct key key = {.parts = {latch->gate, latch->database, latch->asked}};
    for (size_t i = 0; i < ARRAY_LENGTH(key.parts); i++) {
        key.lengths[i] = strlen(key.parts[i]) + 1;
        key.length += key.lengths[i];
        key.hash = key.hash * 31 + hash64(key.parts[i], key.lengths[i]);
    }
    return key;
}

static bool is_of(const struct kept *kept, const struct key *key)
{
    const char *text = kept->key;
    if (kept->hash != key->hash || kept->length != key->length)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(key->parts); text += key->lengths[i++])
        if (memcmp(text, key->parts[i], key->lengths[i]) != 0)
            return false;
    return true;
}

struct latches *latches_new(void)
{
    struct latches *latches = mem_calloc(1, sizeof *latches);
    if (latches)
        pthread_mutex_init(&latches->lock, NULL);
    return latches;
}

void latches_free(struct latches *latches)
{
    if (!latches)
        return;
    for (struct kept *kept = latches->newest; kept;) {
        struct kept *older = kept->older;
        mem_free(kept);
        kept = older;
    }
    pthread_mutex_destroy(&latches->lock);
    mem_free(latches);
}

static struct kept *find(const struct latches *latches, const struct key *key)
{
    struct kept *kept = latches->buckets[key->hash % BUCKETS];
    while (kept && !is_of(kept, key))
        kept = kept->chain;
    return kept;
}

static void unlink_kept(struct latches *latches, struct kept *kept)
{
    *(kept->newer ? &kept->newer->older : &latches->newest) = kept->older;
    *(kept->older ? &kept->older->newer : &latches->oldest) = kept->newer;
}

static void link_newest(struct latches *latches, struct kept *kept)
{
    kept->newer = NULL;
    kept->older = latches->newest;
    *(latches->newest ? &latches->newest->newer : &latches->oldest) = kept;
    latches->newest = kept;
}

static void drop(struct latches *latches, struct kept *kept)
{
    struct kept **link = &latches->buckets[kept->hash % BUCKETS];
    while (*link != kept)
        link = &(*link)->chain;
    *link = kept->chain;
    unlink_kept(latches, kept);
    mem_free(kept);
    latches->count--;
}

static struct kept *add(struct latches *latches, const struct key *key)
{
    struct kept *kept = mem_calloc(1, sizeof *kept + key->length);
    if (!kept)
        return NULL;
    if (latches->count == LIMIT_LATCHES)
        drop(latches, latches->oldest);
    char *out = kept->key;
    for (size_t i = 0; i < ARRAY_LENGTH(key->parts); out += key->lengths[i++])
        memcpy(out, key->parts[i], key->lengths[i]);
    kept->at_ms = INT64_MIN;
    kept->hash = key->hash;
    kept->length = key->length;
    kept->chain = latches->buckets[key->hash % BUCKETS];
    latches->buckets[key->hash % BUCKETS] = kept;
    link_newest(latches, kept);
    latches->count++;
    return kept;
}

void latches_note(struct latches *latches, const struct latch *latch, int64_t at_ms)
{
    if (!latches)
        return;
    const struct key key = key_of(latch);
    pthread_mutex_lock(&latches->lock);
    struct kept *kept = find(latches, &key);
    if (kept) {
        unlink_kept(latches, kept);
        link_newest(latches, kept);
    } else {
        kept = add(latches, &key);
    }
    if (kept && at_ms > kept->at_ms)
        kept->at_ms = at_ms;
    pthread_mutex_unlock(&latches->lock);
}

bool latches_find(struct latches *latches, const struct latch *latch, int64_t *ret_at_ms)
{
    if (!latches)
        return false;
    const struct key key = key_of(latch);
    pthread_mutex_lock(&latches->lock);
    const struct kept *kept = find(latches, &key);
    if (kept)
        *ret_at_ms = kept->at_ms;
    pthread_mutex_unlock(&latches->lock);
    return kept;
}

/* The database itself, or one of its journals. */
static bool is_in(const struct kept *kept, const char *database)
{
    const char *of = kept->key + strlen(kept->key) + 1;
    size_t length = strlen(database);
    return strncmp(of, database, length) == 0 && (of[length] == '\0' || of[length] == '#');
}

void latches_forget(struct latches *latches, const char *database, int64_t before_ms)
{
    if (!latches)
        return;
    pthread_mutex_lock(&latches->lock);
    for (struct kept *kept = latches->newest; kept;) {
        struct kept *older = kept->older;
        if (kept->at_ms < before_ms && is_in(kept, database))
            drop(latches, kept);
        kept = older;
    }
    pthread_mutex_unlock(&latches->lock);
}

void latches_drop(struct latches *latches, const struct latch *latch)
{
    if (!latches)
        return;
    const struct key key = key_of(latch);
    pthread_mutex_lock(&latches->lock);
    struct kept *kept = find(latches, &key);
    if (kept)
        drop(latches, kept);
    pthread_mutex_unlock(&latches->lock);
}
