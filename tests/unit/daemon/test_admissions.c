/* SPDX-License-Identifier: Apache-2.0
 *
 * Admissions in memory: the newest, the sums of releases, and the bodies of startup signals.
 */
#include <stdio.h>
#include <string.h>

#include "support/oom.h"

#include "base/limits.h"
#include "daemon/admission_signal.h"
#include "daemon/admissions.h"

static struct admission make(const char *application, const char *revision, const char *instance, bool admitted,
                             int64_t at_ms)
{
    return (struct admission){.application = application,
                              .instance = instance,
                              .revision = revision,
                              .admitted = admitted,
                              .at_ms = at_ms,
                              .state = admitted ? "open" : "closed",
                              .code = admitted ? "CURRENT" : "PENDING",
                              .database = "orders"};
}

static void record(struct admissions *admissions, const struct admission *admission)
{
    assert_int_equal(admissions_record(admissions, "gate", admission, NULL), 0);
}

static struct json_document *list(struct admissions *admissions, bool releases)
{
    struct json_writer writer = {0};
    struct json_document *document = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    json_writer_init(&writer, &out, 0);
    if (releases)
        admissions_list_releases(admissions, "gate", NULL, &writer);
    else
        admissions_list(admissions, "gate", NULL, SIZE_MAX, &writer);
    assert_int_equal(json_parse(strbuf_text(&out), out.length, LIMIT_RESPONSE_BYTES, "out", &document, NULL), 0);
    return document;
}

static int64_t number(const struct json_value *object, const char *key)
{
    int64_t value = -1;
    json_get_integer(json_member(object, key), &value);
    return value;
}

static void test_the_newest_are_kept(void **state)
{
    (void)state;
    cleanup(admissions) struct admissions *admissions = admissions_new();
    char name[32] = "";
    for (int i = 0; i < (int)LIMIT_ADMISSIONS + 10; i++) {
        snprintf(name, sizeof name, "i%d", i);
        const struct admission admission = make("shop", "1", name, true, i);
        record(admissions, &admission);
    }
    cleanup(json_document) struct json_document *document = list(admissions, false);
    const struct json_value *root = json_root(document);
    assert_int_equal(json_length(root), LIMIT_ADMISSIONS);
    assert_string_equal(json_text(json_member(json_element(root, 0), "instance")), name);
    assert_string_equal(json_text(json_member(json_element(root, LIMIT_ADMISSIONS - 1), "instance")), "i10");
    cleanup(json_document) struct json_document *sums = list(admissions, true);
    assert_int_equal(json_length(json_root(sums)), 1);
    const struct json_value *release = json_element(json_root(sums), 0);
    assert_int_equal(number(release, "admitted"), LIMIT_ADMISSIONS + 10); /* sums outlive the records */
    assert_int_equal(number(release, "instances"), LIMIT_ADMISSIONS + 10);
}

static void test_releases(void **state)
{
    (void)state;
    cleanup(admissions) struct admissions *admissions = admissions_new();
    const struct admission some[] = {
        make("shop", "1", "a", true, 1000),  make("shop", "1", "a", true, 2000),  make("shop", "2", "b", false, 3000),
        make("mail", NULL, NULL, true, 500), make("shop", "1", "c", false, 2500),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(some); i++)
        record(admissions, &some[i]);
    cleanup(json_document) struct json_document *document = list(admissions, true);
    const struct json_value *root = json_root(document);
    assert_int_equal(json_length(root), 3);
    assert_string_equal(json_text(json_member(json_element(root, 0), "revision")), "2");
    assert_true(json_is_null(json_member(json_element(root, 0), "last_admitted_at")));
    const struct json_value *first = json_element(root, 1);
    assert_int_equal(number(first, "admitted"), 2);
    assert_int_equal(number(first, "refused"), 1);
    assert_int_equal(number(first, "instances"), 1);
    assert_string_equal(json_text(json_member(first, "last_refused_at")), "1970-01-01T00:00:02.500Z");
    assert_true(json_is_null(json_member(json_element(root, 2), "revision")));
}

static void test_quiet_releases_make_room(void **state)
{
    (void)state;
    cleanup(admissions) struct admissions *admissions = admissions_new();
    char revision[32] = "";
    for (int i = 0; i <= (int)LIMIT_RELEASES; i++) {
        snprintf(revision, sizeof revision, "r%d", i);
        const struct admission admission = make("shop", revision, "a", true, i == 0 ? 1000000 : i);
        record(admissions, &admission);
    }
    cleanup(json_document) struct json_document *document = list(admissions, true);
    const struct json_value *root = json_root(document);
    assert_int_equal(json_length(root), LIMIT_RELEASES);
    assert_string_equal(json_text(json_member(json_element(root, 0), "revision")), "r0");
    for (size_t i = 0; i < json_length(root); i++)
        assert_string_not_equal(json_text(json_member(json_element(root, i), "revision")), "r1");
}

static void test_written_and_read(void **state)
{
    (void)state;
    static const struct admission_evidence seen[] = {
        {.check = "orders:backup", .state = "passed", .value = "/backups/orders.sql.gz", .checked_at_ms = 1000},
        {.check = "orders:check:x", .state = "unknown", .checked_at_ms = TIME_UNKNOWN},
    };
    struct admission admission = make("shop", "a \"b\"", "pod", true, 1500);
    admission.evidence = seen;
    admission.evidence_count = ARRAY_LENGTH(seen);
    admission.evidence_total = ARRAY_LENGTH(seen) + 1;
    struct admission_evidence evidence[LIMIT_ADMISSION_EVIDENCE];
    struct admission back = {0};
    struct json_writer writer = {0};
    cleanup(json_document) struct json_document *document = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(10000);
    json_writer_init(&writer, &out, 0);
    json_open_object(&writer);
    admission_write(&admission, &writer);
    json_close_object(&writer);
    assert_int_equal(json_parse(strbuf_text(&out), out.length, 10000, "out", &document, NULL), 0);
    assert_true(admission_read(json_root(document), evidence, &back));
    assert_string_equal(back.revision, admission.revision);
    assert_string_equal(back.instance, "pod");
    assert_null(back.supports);
    assert_int_equal(back.at_ms, 1500);
    assert_true(back.admitted);
    assert_int_equal(back.evidence_count, 2);
    assert_int_equal(back.evidence_total, 3);
    assert_string_equal(back.evidence[0].check, "orders:backup");
    assert_string_equal(back.evidence[0].state, "passed");
    assert_string_equal(back.evidence[0].value, "/backups/orders.sql.gz");
    assert_int_equal(back.evidence[0].checked_at_ms, 1000);
    assert_null(back.evidence[1].value);
    assert_int_equal(back.evidence[1].checked_at_ms, TIME_UNKNOWN);
    cleanup(admissions) struct admissions *admissions = admissions_new();
    const char *const bodies[] = {"", "{}", "[]", "{\"application\":\"x\"}", strbuf_text(&out)};
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        const struct history_record kept = {.subject = "gate", .body = bodies[i]};
        admissions_remember(admissions, &kept);
    }
    cleanup(json_document) struct json_document *listed = list(admissions, false);
    assert_int_equal(json_length(json_root(listed)), 1);
    const struct json_value *kept = json_member(json_element(json_root(listed), 0), "evidence");
    assert_int_equal(json_length(kept), 2);
    assert_string_equal(json_text(json_member(json_element(kept, 0), "value")), "/backups/orders.sql.gz");
}

/* Whoever was let in by a gate without checks left no evidence, and says nothing of any. */
static void test_no_evidence(void **state)
{
    (void)state;
    const struct admission admission = make("shop", "a", "pod", true, 1500);
    struct json_writer writer = {0};
    cleanup(strbuf) struct strbuf out = STRBUF(10000);
    json_writer_init(&writer, &out, 0);
    json_open_object(&writer);
    admission_write(&admission, &writer);
    json_close_object(&writer);
    assert_null(strstr(strbuf_text(&out), "evidence"));
}

static void test_recording_without_memory(void **state)
{
    (void)state;
    static const struct admission_evidence seen = {.check = "orders:backup", .state = "passed", .value = "/b.gz"};
    struct admission admission = make("shop", "1", "a", true, 1);
    admission.evidence = &seen;
    admission.evidence_count = admission.evidence_total = 1;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(admissions) struct admissions *admissions = admissions_new();
        bool recorded = admissions && admissions_record(admissions, "gate", &admission, NULL) == 0;
        loop.checked = true;
        if (!oom_disarm(&loop))
            assert_true(recorded); /* a name that cannot be counted is no reason to refuse */
    }
}

static void test_bodies_of_signals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *part; /* of the refusal; NULL: good */
        const char *revision;
    } rows[] = {
        {"{\"application\":\"a\",\"instance\":\"i\"}", NULL, ""},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":\"1\",\"match\":\"exact\"}", NULL, "1"},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":[\"x:1\",\"y:2\"]}", NULL, "x:1 y:2"},
        {"{\"instance\":\"i\"}", "\"application\"", NULL},
        {"{\"application\":\"\",\"instance\":\"i\"}", "\"application\"", NULL},
        {"{\"application\":1,\"instance\":\"i\"}", "\"application\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":[]}", "\"revision\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":[1]}", "\"revision\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"supports\":[]}", "\"supports\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"supports\":{}}", "\"supports\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":\"1\",\"match\":\"exact\",\"supports\":\"1..2\"}",
         "\"match\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"match\":\"exact\"}", "\"match\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"revision\":\"1\",\"match\":1}", "\"match\"", NULL},
        {"{\"application\":\"a\",\"instance\":\"i\",\"other\":1}", "\"other\"", NULL},
        {"[]", "object", NULL},
        {"", "body", NULL},
        {"{\"application\":\"a\",\"application\":\"b\",\"instance\":\"i\"}", "body", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        cleanup(admission_signal) struct admission_signal signal = {0};
        cleanup(http_response) struct http_response response = {0};
        http_response_init(&response);
        bool good = admission_signal_parse(rows[i].body, strlen(rows[i].body), &signal, &response);
        assert_int_equal(good, !rows[i].part);
        assert_int_equal(response.status, good ? 0 : 400);
        const char *joined = signal_texts_joined(&signal.revisions);
        if (good)
            assert_string_equal(joined ? joined : "", rows[i].revision);
        else if (!strstr(strbuf_text(&response.body), rows[i].part))
            fail_msg("%s: %s", rows[i].body, strbuf_text(&response.body));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_are_kept),
        cmocka_unit_test(test_releases),
        cmocka_unit_test(test_quiet_releases_make_room),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_no_evidence),
        cmocka_unit_test(test_recording_without_memory),
        cmocka_unit_test(test_bodies_of_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
