/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/log.h"

enum { SIZE = 65536 };

/* Standard error goes to a file while one test runs. */
struct capture {
    int saved;
    int file;
    char text[SIZE];
};

static void capture_begin(struct capture *capture)
{
    char path[] = "/tmp/migrationd-log-XXXXXX";
    capture->file = mkstemp(path);
    assert_true(capture->file >= 0);
    unlink(path);
    fflush(stderr);
    capture->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(capture->file, STDERR_FILENO);
}

static const char *capture_end(struct capture *capture)
{
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    ssize_t length = pread(capture->file, capture->text, sizeof capture->text - 1, 0);
    close(capture->file);
    assert_true(length >= 0);
    capture->text[length] = '\0';
    return capture->text;
}

static size_t line_count(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static const char *message_of(const char *line)
{
    assert_ptr_equal(strstr(line, "time="), line);
    const char *message = strstr(line, " level=");
    assert_non_null(message);
    return message + 1;
}

static void test_logfmt(void **state)
{
    (void)state;
    struct capture capture = {0};
    capture_begin(&capture);
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_WARNING, "look_failed", "orders", "no \"route\" \\ to host\nFAKE level=error \x1b[31m");
    log_event(LOG_LEVEL_DEBUG, "hidden", NULL, "not at this level");
    const char *text = capture_end(&capture);
    assert_int_equal(line_count(text), 1);
    assert_string_equal(message_of(text),
                        "level=warning event=look_failed database=\"orders\" message=\"no \\\"route\\\" \\\\ to host "
                        "FAKE level=error  [31m\"\n");
}

static void test_long_message_is_cut(void **state)
{
    (void)state;
    struct capture capture = {0};
    char message[5000] = "";
    memset(message, '"', sizeof message - 1);
    capture_begin(&capture);
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_ERROR, "long", NULL, "%s", message);
    const char *text = capture_end(&capture);
    assert_int_equal(line_count(text), 1);
    assert_in_range(strlen(text), 2000, 2200);
}

static void test_json(void **state)
{
    (void)state;
    struct capture capture = {0};
    capture_begin(&capture);
    log_init(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_NOTICE, "ready", NULL, "caf\xc3\xa9 \xff \"quoted\"");
    const char *text = capture_end(&capture);
    assert_int_equal(line_count(text), 1);
    assert_non_null(strstr(text, "\"level\":\"notice\",\"event\":\"ready\",\"message\":\"caf\xc3\xa9 "));
    assert_non_null(strstr(text, "\\\"quoted\\\"\"}"));
}

static void raise_text(struct complaint *complaint, const char *text)
{
    complaint_raise(complaint, LOG_LEVEL_WARNING, "look_failed", "orders", text);
}

static void test_complaints_are_said_once(void **state)
{
    (void)state;
    struct complaint complaint = {0};
    struct capture capture = {0};
    capture_begin(&capture);
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    complaint_release(&complaint, "look_recovered", "orders", "never complained");
    for (int i = 0; i < 1000; i++)
        raise_text(&complaint, "refused");
    raise_text(&complaint, "timed out");
    raise_text(&complaint, "timed out");
    complaint_release(&complaint, "look_recovered", "orders", "answers again");
    complaint_release(&complaint, "look_recovered", "orders", "answers again");
    raise_text(&complaint, "timed out");
    const char *text = capture_end(&capture);
    assert_int_equal(line_count(text), 4);
    assert_non_null(strstr(text, "refused"));
    assert_non_null(strstr(text, "event=look_recovered"));
}

static void test_repeats_are_counted(void **state)
{
    (void)state;
    struct complaint complaint = {0};
    struct capture capture = {0};
    capture_begin(&capture);
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    raise_text(&complaint, "refused");
    raise_text(&complaint, "refused");
    raise_text(&complaint, "refused");
    int64_t distance = complaint.distance_ms;
    complaint.next_ms = 0; /* its time has come */
    raise_text(&complaint, "refused");
    assert_int_equal(complaint.distance_ms, 2 * distance);
    for (int i = 0; i < 20; i++) {
        complaint.next_ms = 0;
        raise_text(&complaint, "refused");
    }
    const char *text = capture_end(&capture);
    assert_int_equal(complaint.distance_ms, 60 * 60 * 1000);
    assert_non_null(strstr(text, "refused (2 times more since it was last said)"));
}

/* Fails by never ending: the pipe is full, and nobody reads it. */
static void test_reader_that_stopped(void **state)
{
    (void)state;
    enum { LINES = 10, PIPE_SIZE = 4096 };
    int ends[2] = {-1, -1};
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE) >= 0);
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(ends[1], STDERR_FILENO);
    log_init(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    for (int i = 0; i < LINES; i++)
        log_event(LOG_LEVEL_NOTICE, "said", NULL, "%0*d", PIPE_SIZE / 4, i);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    char text[2 * PIPE_SIZE] = "";
    ssize_t length = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    assert_true(length > 0);
    assert_int_equal(text[length - 1], '\n');
    assert_in_range(line_count(text), 1, LINES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logfmt),
        cmocka_unit_test(test_long_message_is_cut),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_complaints_are_said_once),
        cmocka_unit_test(test_repeats_are_counted),
        cmocka_unit_test(test_reader_that_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
