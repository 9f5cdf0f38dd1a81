/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/reference.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "journal/tool.h"
#include "reference/reference_source.h"

static const struct {
    const char *name;
    int (*load)(const struct reference_request *request, struct reference *ret_reference, struct error *reterr);
    bool follows_live;
} kinds[REFERENCE_KINDS] = {
    [REFERENCE_BASELINE] = {"baseline", reference_load_baseline, false},
    [REFERENCE_DRIZZLE] = {"drizzle", reference_load_drizzle, true},
    [REFERENCE_RAILS] = {"rails", reference_load_rails, true},
    [REFERENCE_SQL] = {"sql", reference_load_sql, false},
};

const char *reference_kind_name(enum reference_kind kind)
{
    return kinds[kind].name;
}

bool reference_follows_live(enum reference_kind kind)
{
    return kinds[kind].follows_live;
}

bool reference_parse(const char *text, enum reference_kind *ret_kind, const char **ret_path)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        size_t length = strlen(kinds[i].name);
        if (strncmp(text, kinds[i].name, length) == 0 && text[length] == ':' && text[length + 1] != '\0') {
            *ret_kind = (enum reference_kind)i;
            *ret_path = text + length + 1;
            return true;
        }
    }
    if (*text == '\0' || access(text, F_OK) != 0)
        return false;
    *ret_kind = REFERENCE_BASELINE;
    *ret_path = text;
    return true;
}

int reference_load(const struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    *ret_reference = (struct reference){0};
    if (kinds[request->kind].load(request, ret_reference, reterr) == 0)
        return 0;
    reference_done(ret_reference);
    return -1;
}

void reference_done(struct reference *reference)
{
    schema_unref(reference->schema);
    *reference = (struct reference){0};
}

static int stamp_file(const struct stat *status, uint64_t *ret_stamp)
{
    const uint64_t parts[] = {(uint64_t)status->st_size, (uint64_t)status->st_ino, (uint64_t)status->st_mtim.tv_sec,
                              (uint64_t)status->st_mtim.tv_nsec};
    *ret_stamp = hash64(parts, sizeof parts);
    return 0;
}

int reference_stamp(enum reference_kind kind, const char *path, uint64_t *ret_stamp, struct error *reterr)
{
    struct stat status = {0};
    struct digest token = {0};
    if (stat(path, &status) < 0)
        return error_set(reterr, ERROR_NOT_FOUND, "%s: %s", path, "there is no such file or folder");
    if (!S_ISDIR(status.st_mode))
        return stamp_file(&status, ret_stamp);
    if (kind == REFERENCE_BASELINE)
        return error_set(reterr, ERROR_INVALID, "%s: a baseline is a file, not a folder", path);
    if (migration_files_token(path, &token, reterr) < 0)
        return -1;
    *ret_stamp = hash64(token.bytes, sizeof token.bytes);
    return 0;
}
