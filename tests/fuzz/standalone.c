/* SPDX-License-Identifier: Apache-2.0
 *
 * main() of a fuzz target in a build without libFuzzer: every file in the corpus folders named as arguments, and in
 * their folders, goes through the target once, and so does the empty input. A corpus without files is an error: such a
 * test could not fail.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

enum { MOST_FOLDERS_DEEP = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The exact size on the heap, so that AddressSanitizer sees a read one byte behind the input. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    struct stat status = {0};
    int result = -1;
    if (fstat(fileno(file), &status) == 0) {
        size_t size = (size_t)status.st_size;
        cleanup(free) uint8_t *bytes = mem_alloc(size > 0 ? size : 1);
        if (bytes && fread(bytes, 1, size, file) == size) {
            LLVMFuzzerTestOneInput(bytes, size);
            result = 0;
        }
    }
    if (result)
        fprintf(stderr, "%s: cannot be read\n", path);
    fclose(file);
    return result;
}

static bool is_folder(const char *path)
{
    struct stat status = {0};
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Number of inputs that ran, -1 on failure. */
static int run_folder(const char *folder, unsigned depth)
{
    DIR *directory = depth < MOST_FOLDERS_DEEP ? opendir(folder) : NULL;
    if (!directory) {
        perror(folder);
        return -1;
    }
    int count = 0;
    for (struct dirent *entry = readdir(directory); entry && count >= 0; entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup(free) char *path = mem_printf("%s/%s", folder, entry->d_name);
        int more = !path ? -1 : is_folder(path) ? run_folder(path, depth + 1) : run_file(path) ? -1 : 1;
        count = more < 0 ? -1 : count + more;
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1] = {0};
    LLVMFuzzerTestOneInput(nothing, 0);
    for (int i = 1; i < argc; i++) {
        int count = run_folder(argv[i], 0);
        if (count <= 0) {
            fprintf(stderr, "%s: no usable corpus\n", argv[i]);
            return 1;
        }
        printf("%s: %d inputs\n", argv[i], count);
    }
    return 0;
}
