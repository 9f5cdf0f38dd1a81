/* SPDX-License-Identifier: Apache-2.0
 *
 * What a backup's format says of files, for the integration tests: a line for each, "complete", "unmarked",
 * "cut: …" or "corrupt: …". With --prefixes every beginning of each file is asked for as well, as if the file ended
 * there: "complete from 1234 of 1240" tells the shortest one that is complete, and that all longer ones are.
 *
 *   backup_probe [--prefixes] FILE…
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/backup_format.h"

static const char *const verdicts[] = {"reading", "complete", "unmarked", "cut", "corrupt"};

static int ask(int descriptor, int64_t size, enum backup_verdict *ret_verdict, char *detail, size_t detail_size)
{
    struct error error = {0};
    const struct backup_file file = {.descriptor = descriptor, .size = size};
    cleanup(backup_walk) struct backup_walk *walk = NULL;
    int status = backup_walk_new(&file, &walk, &error);
    while (status == 0 && walk->verdict == BACKUP_READING)
        status = backup_walk_on(walk, &file, deadline_in(0), &error);
    if (status < 0) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    *ret_verdict = walk->verdict;
    snprintf(detail, detail_size, "%s", walk->detail);
    return 0;
}

/* Everything from the shortest complete beginning on must be complete. */
static int ask_prefixes(int descriptor, int64_t size)
{
    int64_t first = -1;
    for (int64_t length = 0; length <= size; length++) {
        enum backup_verdict verdict = BACKUP_READING;
        char detail[256] = "";
        if (ask(descriptor, length, &verdict, detail, sizeof detail) < 0)
            return -1;
        bool complete = verdict == BACKUP_COMPLETE;
        if (complete && first < 0)
            first = length;
        if (!complete && first >= 0)
            return printf("complete from %" PRId64 ", and %s again at %" PRId64 "\n", first, verdicts[verdict], length);
    }
    return first < 0 ? printf("never complete\n") : printf("complete from %" PRId64 " of %" PRId64 "\n", first, size);
}

static int probe(const char *path, bool prefixes)
{
    struct stat status = {0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int result = -1;
    if (descriptor < 0 || fstat(descriptor, &status) < 0) {
        perror(path);
    } else if (prefixes) {
        result = ask_prefixes(descriptor, status.st_size);
    } else {
        enum backup_verdict verdict = BACKUP_READING;
        char detail[256] = "";
        result = ask(descriptor, status.st_size, &verdict, detail, sizeof detail);
        if (result == 0)
            printf("%s%s%s\n", verdicts[verdict], detail[0] ? ": " : "", detail);
    }
    if (descriptor >= 0)
        close(descriptor);
    return result < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
    bool prefixes = argc > 1 && strcmp(argv[1], "--prefixes") == 0;
    int first = prefixes ? 2 : 1;
    if (argc <= first) {
        fprintf(stderr, "usage: %s [--prefixes] FILE...\n", argv[0]);
        return 2;
    }
    for (int i = first; i < argc; i++)
        if (probe(argv[i], prefixes) < 0)
            return 1;
    return 0;
}
