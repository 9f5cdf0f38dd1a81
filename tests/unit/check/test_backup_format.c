/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/backup_format.h"
#include "check/backup_time.h"
#include "check/backup_words.h"
#include "support/oom.h"

enum { FILE_BYTES = 1 << 20 };

/* A descriptor of a file in memory. */
static struct backup_file file_of(const void *bytes, size_t length)
{
    int descriptor = memfd_create("backup", MFD_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, bytes, length), length);
    return (struct backup_file){.descriptor = descriptor, .size = (int64_t)length};
}

static int walk_file(const struct backup_file *file, struct backup_walk *ret_end, struct error *reterr)
{
    cleanup(backup_walk) struct backup_walk *walk = NULL;
    if (backup_walk_new(file, &walk, reterr) < 0)
        return -1;
    while (walk->verdict == BACKUP_READING)
        if (backup_walk_on(walk, file, deadline_in(0), reterr) < 0)
            return -1;
    *ret_end = *walk;
    return 0;
}

static struct backup_walk walk_bytes(const void *bytes, size_t length)
{
    struct backup_file file = file_of(bytes, length);
    struct backup_walk end = {0};
    struct error error = {0};
    assert_int_equal(walk_file(&file, &end, &error), 0);
    close(file.descriptor);
    return end;
}

static void assert_walk(const struct strbuf *bytes, enum backup_verdict verdict, const char *detail)
{
    assert_true(strbuf_ok(bytes));
    struct backup_walk end = walk_bytes(bytes->bytes ? bytes->bytes : "", bytes->length);
    if (end.verdict != verdict || !strstr(end.detail, detail))
        fail_msg("%d: %s; expected %d: %s", (int)end.verdict, end.detail, (int)verdict, detail);
}

/* No beginning of it is complete but the whole. */
static void assert_prefixes_cut(const struct strbuf *bytes)
{
    for (size_t length = 0; length < bytes->length; length++)
        assert_int_not_equal(walk_bytes(bytes->bytes, length).verdict, BACKUP_COMPLETE);
}

static void add(struct strbuf *out, const void *bytes, size_t length)
{
    strbuf_add(out, bytes, length);
}

/* pg_dump's custom format. */

enum { UNSET = 1, SET = 2, NO_DATA = 3 };

struct archive {
    struct strbuf bytes;
    unsigned minor;
    int integer_bytes;
};

static void put_number(struct archive *archive, int64_t number)
{
    strbuf_add_char(&archive->bytes, number < 0);
    uint64_t left = (uint64_t)(number < 0 ? -number : number);
    for (int i = 0; i < archive->integer_bytes; i++, left >>= 8)
        strbuf_add_char(&archive->bytes, (char)(left & 0xFF));
}

static void put_text(struct archive *archive, const char *text)
{
    put_number(archive, text ? (int64_t)strlen(text) : -1);
    if (text)
        strbuf_add_string(&archive->bytes, text);
}

static void put_header(struct archive *archive, int64_t entries)
{
    strbuf_add_string(&archive->bytes, "PGDMP");
    const char version[] = {1, (char)archive->minor, 0, (char)archive->integer_bytes, 8, 1};
    add(&archive->bytes, version, sizeof version);
    if (archive->minor >= 15)
        strbuf_add_char(&archive->bytes, 0);
    else
        put_number(archive, -1);
    for (int i = 0; i < 7; i++)
        put_number(archive, i);
    put_text(archive, "orders");
    put_text(archive, "15.4");
    put_text(archive, NULL);
    put_number(archive, entries);
}

static void put_entry(struct archive *archive, int64_t id, int place, uint64_t at)
{
    put_number(archive, id);
    put_number(archive, place != NO_DATA);
    put_text(archive, "1259");
    put_text(archive, "16384");
    put_text(archive, "orders");
    put_text(archive, "TABLE DATA");
    put_number(archive, 3);
    for (int i = 0; i < 5; i++)
        put_text(archive, i == 2 ? "COPY" : NULL);
    if (archive->minor >= 14)
        put_text(archive, "heap");
    if (archive->minor >= 16)
        put_number(archive, 'r');
    put_text(archive, "owner");
    put_text(archive, "false");
    put_text(archive, "200");
    put_text(archive, "201");
    put_text(archive, NULL);
    strbuf_add_char(&archive->bytes, (char)place);
    for (int i = 0; i < 8; i++, at >>= 8)
        strbuf_add_char(&archive->bytes, (char)(at & 0xFF));
}

static void put_block(struct archive *archive, int64_t length)
{
    put_number(archive, length);
    for (int64_t i = 0; i < length; i++)
        strbuf_add_char(&archive->bytes, 'x');
}

static void put_table_data(struct archive *archive, int64_t id)
{
    strbuf_add_char(&archive->bytes, 1);
    put_number(archive, id);
    put_block(archive, 40);
    put_block(archive, 1);
    put_block(archive, 0);
}

static void put_large_objects(struct archive *archive, int64_t id)
{
    strbuf_add_char(&archive->bytes, 3);
    put_number(archive, id);
    put_number(archive, 16400);
    put_block(archive, 7);
    put_block(archive, 0);
    put_number(archive, INT32_MIN); /* an object's number of 2^31 */
    put_block(archive, 0);
    put_number(archive, 0);
}

/* Three entries, two of them with data. */
static struct archive new_archive(unsigned minor, int integer_bytes)
{
    struct archive archive = {.bytes = STRBUF(FILE_BYTES), .minor = minor, .integer_bytes = integer_bytes};
    put_header(&archive, 3);
    put_entry(&archive, 5, NO_DATA, 0);
    put_entry(&archive, 6, UNSET, 0);
    put_entry(&archive, 7, UNSET, 0);
    put_table_data(&archive, 6);
    put_large_objects(&archive, 7);
    return archive;
}

static void walks_archives_of_all_versions(void **state)
{
    (void)state;
    for (unsigned minor = 12; minor <= 16; minor++) {
        struct archive archive = new_archive(minor, 4);
        assert_walk(&archive.bytes, BACKUP_COMPLETE, "");
        assert_prefixes_cut(&archive.bytes);
        strbuf_add_char(&archive.bytes, 1);
        assert_int_not_equal(walk_bytes(archive.bytes.bytes, archive.bytes.length).verdict, BACKUP_COMPLETE);
        strbuf_done(&archive.bytes);
    }
    struct archive wide = new_archive(14, 8);
    assert_walk(&wide.bytes, BACKUP_COMPLETE, "");
    strbuf_done(&wide.bytes);
}

static void takes_a_second_table(void **state)
{
    (void)state;
    struct archive archive = new_archive(16, 4);
    size_t whole = archive.bytes.length;
    put_number(&archive, 3);
    put_entry(&archive, 5, NO_DATA, 0);
    put_entry(&archive, 6, SET, 100);
    put_entry(&archive, 7, SET, 200);
    assert_walk(&archive.bytes, BACKUP_COMPLETE, "");
    for (size_t length = whole + 1; length < archive.bytes.length; length++)
        assert_int_not_equal(walk_bytes(archive.bytes.bytes, length).verdict, BACKUP_COMPLETE);
    strbuf_add_char(&archive.bytes, 0);
    assert_walk(&archive.bytes, BACKUP_CORRUPT, "something else follows its end");
    strbuf_done(&archive.bytes);
}

static void knows_no_other_archives(void **state)
{
    (void)state;
    static const unsigned minors[] = {11, 17};
    for (size_t i = 0; i < ARRAY_LENGTH(minors); i++) {
        struct archive archive = new_archive(minors[i], 4);
        assert_walk(&archive.bytes, BACKUP_UNMARKED, "");
        strbuf_done(&archive.bytes);
    }
    struct archive archive = new_archive(16, 4);
    archive.bytes.bytes[10] = 5; /* the table of a folder */
    assert_walk(&archive.bytes, BACKUP_UNMARKED, "");
    archive.bytes.bytes[10] = 1;
    archive.bytes.bytes[8] = 9;
    assert_walk(&archive.bytes, BACKUP_CORRUPT, "numbers of an impossible size");
    strbuf_done(&archive.bytes);
}

/* One entry with data, which stands behind the table; the caller changes what follows. */
static struct archive begin_archive(int place, int64_t off)
{
    struct archive archive = {.bytes = STRBUF(FILE_BYTES), .minor = 14, .integer_bytes = 4};
    put_header(&archive, 1);
    put_entry(&archive, 6, place, 0);
    size_t at = archive.bytes.length;
    strbuf_clear(&archive.bytes);
    put_header(&archive, 1);
    put_entry(&archive, 6, place, (uint64_t)((int64_t)at + off));
    return archive;
}

static void refuses_damaged_archives(void **state)
{
    (void)state;
    struct archive good = begin_archive(SET, 0);
    put_table_data(&good, 6);
    assert_walk(&good.bytes, BACKUP_COMPLETE, "");
    strbuf_done(&good.bytes);
    struct archive elsewhere = begin_archive(SET, 1);
    put_table_data(&elsewhere, 6);
    assert_walk(&elsewhere.bytes, BACKUP_CORRUPT, "not where the table of contents says");
    strbuf_done(&elsewhere.bytes);
    struct archive other = begin_archive(UNSET, 0);
    put_table_data(&other, 8);
    assert_walk(&other.bytes, BACKUP_CORRUPT, "not that of the entry");
    strbuf_done(&other.bytes);
    struct archive kind = begin_archive(UNSET, 0);
    strbuf_add_char(&kind.bytes, 2);
    put_number(&kind, 6);
    assert_walk(&kind.bytes, BACKUP_CORRUPT, "of an unknown kind (2)");
    strbuf_done(&kind.bytes);
    struct archive negative = begin_archive(UNSET, 0);
    strbuf_add_char(&negative.bytes, 1);
    put_number(&negative, 6);
    put_number(&negative, -5);
    assert_walk(&negative.bytes, BACKUP_CORRUPT, "a block has an impossible size (-5)");
    strbuf_done(&negative.bytes);
    struct archive place = begin_archive(4, 0);
    assert_walk(&place.bytes, BACKUP_CORRUPT, "the place of data is of an unknown kind (4)");
    strbuf_done(&place.bytes);
    struct archive entries = {.bytes = STRBUF(FILE_BYTES), .minor = 14, .integer_bytes = 4};
    put_header(&entries, -1);
    assert_walk(&entries.bytes, BACKUP_CORRUPT, "an impossible number of entries (-1)");
    strbuf_done(&entries.bytes);
}

/* SQL. */

static void finds_the_line_that_dumps_end_with(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum backup_verdict verdict;
    } cases[] = {
        {"--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n--\n-- PostgreSQL database dump complete\n--\n\n",
         BACKUP_COMPLETE},
        {"--\r\n-- PostgreSQL database dump\r\n--\r\n-- PostgreSQL database dump complete\r\n--\r\n", BACKUP_COMPLETE},
        {"--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n", BACKUP_CUT},
        {"--\n-- PostgreSQL database dump\n--\n", BACKUP_CUT},
        {"--\n-- PostgreSQL database dump\n--\n-- PostgreSQL database dump complete\n--\nmore\n", BACKUP_CUT},
        {"--\n-- PostgreSQL database dump\n--\n\n\\restrict ab\n\n-- PostgreSQL database dump complete\n--\n\n"
         "\\unrestrict ab\n\n",
         BACKUP_COMPLETE},
        {"--\n-- PostgreSQL database dump\n--\n\n\\restrict ab\n\n-- PostgreSQL database dump complete\n--\n\n"
         "\\unrestrict a",
         BACKUP_CUT},
        {"--\n-- PostgreSQL database dump\n--\n\n\\restrict ab\n\n-- PostgreSQL database dump complete\n--\n\n",
         BACKUP_CUT},
        {"--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict ab\n\\unrestrict ab\n\n--\n"
         "-- PostgreSQL database cluster dump complete\n--\n",
         BACKUP_COMPLETE},
        {"--\n-- PostgreSQL database cluster dump\n--\n-- PostgreSQL database dump complete\n--\n", BACKUP_CUT},
        {"-- MySQL dump 10.13  Distrib 8.0.36\n--\nSELECT 1;\n-- Dump completed on 2026-11-20 23:00:00\n",
         BACKUP_COMPLETE},
        {"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\nSELECT 1;\n-- Dump completed\n",
         BACKUP_COMPLETE},
        {"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\nSELECT 1;\n", BACKUP_CUT},
        {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCOMMIT;\n", BACKUP_COMPLETE},
        {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nROLLBACK; -- due to errors\n", BACKUP_CUT},
        {"CREATE TABLE orders (id int);\n", BACKUP_UNMARKED},
        {"-- a dump of somebody's\n", BACKUP_UNMARKED},
        {"--\n\n--\n", BACKUP_UNMARKED},
        {"", BACKUP_UNMARKED},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct backup_walk end = walk_bytes(cases[i].text, strlen(cases[i].text));
        if (end.verdict != cases[i].verdict)
            fail_msg("case %zu: %d, not %d", i, (int)end.verdict, (int)cases[i].verdict);
    }
}

/* SQLite. */

static void put_big_endian(unsigned char *place, uint32_t number)
{
    for (int i = 3; i >= 0; i--, number >>= 8)
        place[i] = (unsigned char)(number & 0xFF);
}

static void counts_sqlite_pages(void **state)
{
    (void)state;
    unsigned char bytes[4096] = "SQLite format 3";
    bytes[16] = 1024 >> 8;
    put_big_endian(bytes + 24, 7);
    put_big_endian(bytes + 28, 4);
    put_big_endian(bytes + 92, 7);
    assert_int_equal(walk_bytes(bytes, 4096).verdict, BACKUP_COMPLETE);
    for (size_t length = 16; length < 4096; length++)
        assert_int_equal(walk_bytes(bytes, length).verdict, BACKUP_CUT);
    put_big_endian(bytes + 92, 6); /* the count was not kept up */
    assert_int_equal(walk_bytes(bytes, 4096).verdict, BACKUP_UNMARKED);
    assert_int_equal(walk_bytes(bytes, 4095).verdict, BACKUP_CUT);
    bytes[16] = 3;
    assert_int_equal(walk_bytes(bytes, 4096).verdict, BACKUP_CORRUPT);
}

/* tar. */

enum { TAR_BLOCK = 512 };

static void put_member(struct strbuf *out, char kind, const char *size, const char *data, size_t blocks)
{
    unsigned char header[TAR_BLOCK] = "name";
    unsigned sum = 0;
    memcpy(header + 124, size, strlen(size));
    memset(header + 148, ' ', 8);
    header[156] = (unsigned char)kind;
    memcpy(header + 257, "ustar", 6);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    add(out, header, TAR_BLOCK);
    for (size_t i = 0; i < blocks * TAR_BLOCK; i++)
        strbuf_add_char(out, i < strlen(data) ? data[i] : '\0');
}

static void put_tar_end(struct strbuf *out)
{
    static const char zeros[2 * TAR_BLOCK] = "";
    add(out, zeros, sizeof zeros);
}

static void walks_tar(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
    put_member(&bytes, '0', "00000000005", "12345", 1);
    put_member(&bytes, '2', "00000000700", "", 0); /* a link has no bytes, whatever its size */
    put_member(&bytes, 'x', "00000000013", "11 size=3\n", 1);
    put_member(&bytes, '0', "00000002000", "abc", 1);
    put_member(&bytes, '0', "\x80", "", 0);
    put_tar_end(&bytes);
    assert_walk(&bytes, BACKUP_COMPLETE, "");
    assert_prefixes_cut(&bytes);
    add(&bytes, "what follows is nobody's business", 33);
    assert_walk(&bytes, BACKUP_COMPLETE, "");
}

static void follows_no_strange_tar(void **state)
{
    (void)state;
    static const struct {
        char kind;
        const char *size;
        enum backup_verdict verdict;
    } cases[] = {
        {'S', "00000000000", BACKUP_UNMARKED}, {'M', "00000000000", BACKUP_UNMARKED},
        {'1', "00000000005", BACKUP_UNMARKED}, {'x', "00000400000", BACKUP_UNMARKED},
        {'0', "00000000009", BACKUP_CORRUPT},  {'0', "\xff\xff", BACKUP_CORRUPT},
        {'0', "77777777777", BACKUP_CUT},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
        put_member(&bytes, cases[i].kind, cases[i].size, "", 0);
        put_tar_end(&bytes);
        assert_walk(&bytes, cases[i].verdict, "");
    }
    cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
    put_member(&bytes, '0', "00000000000", "", 0);
    put_member(&bytes, '0', "00000000000", "", 0);
    put_tar_end(&bytes);
    bytes.bytes[TAR_BLOCK] ^= 1;
    assert_walk(&bytes, BACKUP_CORRUPT, "a header is damaged");
}

/* Packed files: what `xz`, `zstd`, `lz4` and `bzip2` make of "orders\n". */

static const unsigned char packed_xz[] = {0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02,
                                          0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00,
                                          0x06, 0x6f, 0x72, 0x64, 0x65, 0x72, 0x73, 0x0a, 0x00, 0x00, 0xec, 0x5f, 0x4b,
                                          0xae, 0x3e, 0x07, 0x0b, 0x92, 0x00, 0x01, 0x1f, 0x07, 0x16, 0x2e, 0xb8, 0x73,
                                          0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a};
static const unsigned char packed_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x39, 0x00, 0x00, 0x6f,
                                            0x72, 0x64, 0x65, 0x72, 0x73, 0x0a, 0x13, 0x1d, 0x07, 0x2a};
static const unsigned char packed_lz4[] = {0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x07, 0x00,
                                           0x00, 0x80, 0x6f, 0x72, 0x64, 0x65, 0x72, 0x73, 0x0a,
                                           0x00, 0x00, 0x00, 0x00, 0xe1, 0xfb, 0xaf, 0xab};
static const unsigned char packed_bzip2[] = {0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x40, 0x34,
                                             0xe0, 0xb3, 0x00, 0x00, 0x01, 0xc1, 0x80, 0x00, 0x10, 0x06, 0x00, 0x98,
                                             0x00, 0x20, 0x00, 0x30, 0xc0, 0x08, 0x61, 0xa0, 0x48, 0x17, 0x0b, 0xb9,
                                             0x22, 0x9c, 0x28, 0x48, 0x20, 0x1a, 0x70, 0x59, 0x80};

static const struct {
    const char *name;
    const unsigned char *bytes;
    size_t length;
} packed[] = {
    {"xz", packed_xz, sizeof packed_xz},
    {"zstd", packed_zstd, sizeof packed_zstd},
    {"lz4", packed_lz4, sizeof packed_lz4},
    {"bzip2", packed_bzip2, sizeof packed_bzip2},
};

static void walks_packed_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(packed); i++) {
        cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
        add(&bytes, packed[i].bytes, packed[i].length);
        assert_walk(&bytes, BACKUP_COMPLETE, "");
        assert_prefixes_cut(&bytes);
        add(&bytes, packed[i].bytes, packed[i].length);
        assert_walk(&bytes, BACKUP_COMPLETE, "");
        for (size_t length = packed[i].length + 1; length < bytes.length; length++)
            assert_int_not_equal(walk_bytes(bytes.bytes, length).verdict, BACKUP_COMPLETE);
        add(&bytes, "something else", 14);
        assert_int_not_equal(walk_bytes(bytes.bytes, bytes.length).verdict, BACKUP_COMPLETE);
    }
}

/* Of xz all bytes but those of the blocks are known: none may be another one. */
static void notices_any_damage_to_an_index(void **state)
{
    (void)state;
    enum { BLOCK_BEGIN = 12, BLOCK_END = 44 };
    for (size_t i = 0; i < sizeof packed_xz; i++) {
        unsigned char bytes[sizeof packed_xz] = {0};
        memcpy(bytes, packed_xz, sizeof bytes);
        bytes[i] ^= 0x10;
        bool inside = i >= BLOCK_BEGIN && i < BLOCK_END;
        assert_int_equal(walk_bytes(bytes, sizeof bytes).verdict == BACKUP_COMPLETE, inside);
    }
}

static void skips_what_zstd_and_lz4_skip(void **state)
{
    (void)state;
    static const unsigned char skipped[] = {0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    for (size_t i = 1; i <= 2; i++) {
        cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
        add(&bytes, packed[i].bytes, packed[i].length);
        add(&bytes, skipped, sizeof skipped);
        assert_walk(&bytes, BACKUP_COMPLETE, "");
        add(&bytes, skipped, sizeof skipped - 1);
        assert_walk(&bytes, BACKUP_CUT, "in the middle of a frame");
    }
}

static void takes_zeros_behind_xz(void **state)
{
    (void)state;
    static const char zeros[8] = "";
    cleanup(strbuf) struct strbuf bytes = STRBUF(FILE_BYTES);
    add(&bytes, packed_xz, sizeof packed_xz);
    add(&bytes, zeros, 8);
    add(&bytes, packed_xz, sizeof packed_xz);
    add(&bytes, zeros, 4);
    assert_walk(&bytes, BACKUP_COMPLETE, "");
    add(&bytes, zeros, 2);
    assert_walk(&bytes, BACKUP_CUT, "it ends before its footer");
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    static const unsigned char gzip[] = {0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 0, 3, 0x4b,
                                         4,    0,    0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0};
    struct backup_file file = file_of(gzip, sizeof gzip);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct backup_walk end = {0};
        struct error error = {0};
        int status = walk_file(&file, &end, &error);
        OOM_CHECK(loop, status == 0);
        assert_int_equal(status == 0 ? ERROR_OK : ERROR_NO_MEMORY, error.code);
        assert_int_equal(end.verdict, status == 0 ? BACKUP_COMPLETE : BACKUP_READING);
    }
    close(file.descriptor);
}

static void says_when_a_file_became_shorter(void **state)
{
    (void)state;
    struct archive archive = new_archive(14, 4);
    struct backup_file file = file_of(archive.bytes.bytes, archive.bytes.length);
    file.size += 5000;
    struct backup_walk end = {0};
    struct error error = {0};
    assert_int_equal(walk_file(&file, &end, &error), -1);
    assert_int_equal(error.code, ERROR_CHANGED);
    close(file.descriptor);
    strbuf_done(&archive.bytes);
}

/* Times and words. */

static void reads_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: cannot be read */
    } cases[] = {
        {"1795215601", 1795215601000},
        {"1795215601.5", 1795215601500},
        {"1795215601.123456", 1795215601123},
        {"0", 0},
        {"2026-11-20 23:00:01.5+00", 1795215601500},
        {"2026-11-20T23:00:01Z", 1795215601000},
        {"2026-11-20 23:00:01", 1795215601000},
        {"2026-11-21 04:30:01+05:30", 1795215601000},
        {"2026-11-21 04:30:01+0530", 1795215601000},
        {"2026-11-20 18:00:01.000-05", 1795215601000},
        {"2026-11-20 23:00:01 +00:00", 1795215601000},
        {"2026-11-20 23:00:01.123456", 1795215601123},
        {"2026-11-20", 1795132800000},
        {"", -1},
        {"never", -1},
        {"infinity", -1},
        {"-5", -1},
        {"1795215601.", -1},
        {"1795215601s", -1},
        {"17952156010000", -1},
        {"2026-13-20 23:00:01", -1},
        {"0000-00-00 00:00:00", -1},
        {"2026-11-20 23:00", -1},
        {"2026-11-20 23:00:01+05:30:10", -1},
        {"2026-11-20 23:00:01+5", -1},
        {"2026-11-20 23:00:01 BC", -1},
        {"2026-11-20 23:00:01.00000000000000000000000000000000000000000000001", -1},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t ms = -1;
        bool parsed = backup_time_parse(cases[i].text, &ms);
        if (parsed != (cases[i].ms >= 0) || (parsed && ms != cases[i].ms))
            fail_msg("%s: %s %lld", cases[i].text, parsed ? "read as" : "not read", (long long)ms);
    }
}

static void puts_ages_and_sizes_into_words(void **state)
{
    (void)state;
    assert_string_equal(backup_age_words(-5).text, "0 s");
    assert_string_equal(backup_age_words(999).text, "0 s");
    assert_string_equal(backup_age_words(119999).text, "119 s");
    assert_string_equal(backup_age_words(120000).text, "2 min");
    assert_string_equal(backup_age_words((int64_t)26 * 3600000).text, "26 h");
    assert_string_equal(backup_age_words((int64_t)49 * 3600000).text, "2 d");
    assert_string_equal(backup_size_words(0).text, "0 bytes");
    assert_string_equal(backup_size_words(1).text, "1 byte");
    assert_string_equal(backup_size_words(1023).text, "1023 bytes");
    assert_string_equal(backup_size_words(1024).text, "1 KiB");
    assert_string_equal(backup_size_words(1600).text, "1.5 KiB");
    assert_string_equal(backup_size_words((int64_t)12 << 20).text, "12 MiB");
    assert_string_equal(backup_size_words(INT64_MAX).text, "8388607 TiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_archives_of_all_versions),
        cmocka_unit_test(takes_a_second_table),
        cmocka_unit_test(knows_no_other_archives),
        cmocka_unit_test(refuses_damaged_archives),
        cmocka_unit_test(finds_the_line_that_dumps_end_with),
        cmocka_unit_test(counts_sqlite_pages),
        cmocka_unit_test(walks_tar),
        cmocka_unit_test(follows_no_strange_tar),
        cmocka_unit_test(walks_packed_files),
        cmocka_unit_test(notices_any_damage_to_an_index),
        cmocka_unit_test(skips_what_zstd_and_lz4_skip),
        cmocka_unit_test(takes_zeros_behind_xz),
        cmocka_unit_test(survives_want_of_memory),
        cmocka_unit_test(says_when_a_file_became_shorter),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(puts_ages_and_sizes_into_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
