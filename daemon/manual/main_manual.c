/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes one manual page, or one shell's completion, of one program. Built and run with everything else, not installed.
 *   migrationd-manual PROGRAM DATE TEMPLATE OUTPUT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manual/template.h"

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file)
        fprintf(stderr, "manual: %s: %s\n", path, strerror(errno));
    return file;
}

static int write_file(const struct template *template, FILE *in, const char *path)
{
    FILE *out = open_file(path, "w");
    if (!out)
        return -1;
    int filled = template_fill(template, in, out);
    if (fclose(out) == 0 && filled == 0)
        return 0;
    fprintf(stderr, "manual: %s could not be written\n", path);
    remove(path);
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: migrationd-manual PROGRAM DATE TEMPLATE OUTPUT\n");
        return EXIT_FAILURE;
    }
    const struct template template = {.program = manual_find_program(argv[1]), .date = argv[2]};
    if (!template.program) {
        fprintf(stderr, "manual: there is no program %s\n", argv[1]);
        return EXIT_FAILURE;
    }
    FILE *in = open_file(argv[3], "r");
    if (!in)
        return EXIT_FAILURE;
    int written = write_file(&template, in, argv[4]);
    fclose(in);
    return written == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
