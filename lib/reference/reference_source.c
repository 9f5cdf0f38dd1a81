/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/reference_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"

enum { CHUNK_BYTES = 64 * 1024 };

static int io_error(struct error *reterr, const char *path)
{
    int native = errno;
    enum error_code code = native == ENOENT || native == ENOTDIR ? ERROR_NOT_FOUND
                           : native == ENOMEM                    ? ERROR_NO_MEMORY
                                                                 : ERROR_IO;
    error_set(reterr, code, "%s: %s", path, strerror(native));
    if (reterr)
        reterr->native = native;
    return -1;
}

static void cleanup_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

int reference_read_file(const char *path, size_t limit, struct strbuf *out, struct error *reterr)
{
    /* Without O_NONBLOCK, opening a named pipe would wait for a writer. */
    cleanup(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status = {0};
    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        return io_error(reterr, path);
    if (!S_ISREG(status.st_mode))
        return error_set(reterr, ERROR_INVALID, "%s is not a regular file", path);
    for (;;) {
        char *place = strbuf_reserve(out, CHUNK_BYTES);
        if (!place)
            return error_no_memory(reterr);
        ssize_t got = read(descriptor, place, CHUNK_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(reterr, path);
        if (got == 0)
            return 0;
        strbuf_commit(out, (size_t)got);
        if (out->length > limit)
            return error_set(reterr, ERROR_TRUNCATED, "%s is larger than %zu bytes", path, limit);
    }
}

const char *reference_engine(const struct reference_request *request)
{
    if (request->live)
        return schema_text(request->live, request->live->engine);
    return request->scratch ? request->scratch->ops->name : "sqlite";
}

bool reference_is_applied_head(const struct reference_request *request, const char *revision)
{
    return request->applied_count == 1 && strcmp(request->applied[0], revision) == 0;
}

static void list_heads(const struct reference_request *request, char *ret_text, size_t size)
{
    size_t used = 0;
    snprintf(ret_text, size, "no revision");
    for (size_t i = 0; i < request->applied_count && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i > 0 ? ", " : "", request->applied[i]);
}

void reference_set_ahead(struct reference *reference, const struct reference_request *request, const char *what,
                         const char *revision)
{
    char heads[128] = "";
    list_heads(request, heads, sizeof heads);
    reference->ahead = true;
    snprintf(reference->reason, sizeof reference->reason, "%s stands at %.80s, the database at %s", what, revision,
             heads);
    utf8_make_line(reference->reason, sizeof reference->reason);
}

static bool is_revision(const struct migration *migration, const char *revision)
{
    return strcmp(migration->revision, revision) == 0 || (migration->key && strcmp(migration->key, revision) == 0);
}

bool reference_count_applied(const struct reference_request *request, const struct migration_set *set,
                             size_t *ret_count, struct reference *ret_reference)
{
    *ret_count = set->count;
    if (!request->applied)
        return true;
    size_t count = 0;
    for (size_t k = 0; k < request->applied_count; k++) {
        size_t place = 0;
        while (place < set->count && !is_revision(&set->migrations[place], request->applied[k]))
            place++;
        if (place == set->count) {
            size_t last = set->count;
            while (last > 0 && set->migrations[last - 1].repeatable)
                last--;
            reference_set_ahead(ret_reference, request, "the directory",
                                last > 0 ? set->migrations[last - 1].revision : "no revision");
            return false;
        }
        count = place + 1 > count ? place + 1 : count;
    }
    *ret_count = count;
    return true;
}
