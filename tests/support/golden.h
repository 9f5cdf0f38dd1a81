/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden cases: tests/golden/<suite>/<case>/ is a folder of inputs and expected outputs. A test walks the cases of a
 * suite, makes text of the inputs and compares it with an expected file; a difference is shown line by line and fails
 * the test after all cases ran. With MIGRATIOND_ACCEPT=1 in the environment the expected files are rewritten instead,
 * to be reviewed as a diff.
 *
 *     static void test_folding(void **state)
 *     {
 *         golden_run("journal/alembic", fold_case, NULL);
 *     }
 *
 * Everything returned belongs to the case and lives until its function returns. Functions fail the running cmocka test
 * on any trouble; a suite without cases fails, too. For the test's main thread.
 */
#ifndef MIGRATIOND_TESTS_SUPPORT_GOLDEN_H
#define MIGRATIOND_TESTS_SUPPORT_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>

struct golden_case;

/* Runs `function` for every case folder of tests/golden/<suite>, in the order of their names. */
void golden_run(const char *suite, void (*function)(struct golden_case *golden, void *userdata), void *userdata);

/* The folder's name, and the path of a file or folder in it. */
const char *golden_name(const struct golden_case *golden);
const char *golden_path(struct golden_case *golden, const char *file);

bool golden_has(struct golden_case *golden, const char *file);

/* The file's text; `ret_length` may be NULL. */
const char *golden_read(struct golden_case *golden, const char *file, size_t *ret_length);

/* Compares `output` with the file `expected`; a missing final newline of `output` does not matter. Where the output
 * names the case's folder, the expectation says CASE. */
void golden_expect(struct golden_case *golden, const char *expected, const char *output);

#endif
