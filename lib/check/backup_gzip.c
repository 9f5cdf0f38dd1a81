/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip: only inflating all of it shows whether its trailer is the one of what stands before. What comes out is not
 * kept but for its beginning and its end, by which a dump inside is known to be whole: `pg_dump | gzip` ends well when
 * pg_dump does not.
 */
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "check/backup_format.h"
#include "check/backup_sqlite.h"
#include "check/backup_text.h"

enum {
    PIECE_BYTES = 64 * 1024,
    /* Pieces that one step inflates at most: a little file may hold a thousand times its size. */
    STEP_PIECES = BACKUP_STEP_BYTES / PIECE_BYTES,
    GZIP_ONLY = MAX_WBITS + 16 /* inflateInit2's way to say so */
};

struct gzip_walk {
    struct backup_walk walk;
    z_stream stream;
    bool begun;  /* the stream is initialised */
    bool ended;  /* a member did, and the next has not begun */
    bool padded; /* zeros follow the last member */
    int64_t inflated;
    size_t head_length;
    size_t tail_length;
    unsigned char head[BACKUP_HEAD_BYTES];
    unsigned char tail[BACKUP_TAIL_BYTES];
    unsigned char in[PIECE_BYTES];
    unsigned char out[PIECE_BYTES];
};

static void *zlib_alloc(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    return mem_calloc(count, size);
}

static void zlib_free(void *opaque, void *block)
{
    (void)opaque;
    mem_free(block);
}

static bool begins_gzip(const unsigned char *head, size_t length)
{
    return length >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

/* Keeps the last bytes of all that was ever kept. */
static void keep_tail(struct gzip_walk *gzip, const unsigned char *bytes, size_t count)
{
    if (count >= BACKUP_TAIL_BYTES) {
        memcpy(gzip->tail, bytes + count - BACKUP_TAIL_BYTES, BACKUP_TAIL_BYTES);
        gzip->tail_length = BACKUP_TAIL_BYTES;
        return;
    }
    size_t kept = gzip->tail_length;
    if (kept + count > BACKUP_TAIL_BYTES) {
        size_t dropped = kept + count - BACKUP_TAIL_BYTES;
        kept -= dropped;
        memmove(gzip->tail, gzip->tail + dropped, kept);
    }
    memcpy(gzip->tail + kept, bytes, count);
    gzip->tail_length = kept + count;
}

static void keep(struct gzip_walk *gzip, size_t count)
{
    size_t room = BACKUP_HEAD_BYTES - gzip->head_length;
    size_t more = count < room ? count : room;
    memcpy(gzip->head + gzip->head_length, gzip->out, more);
    gzip->head_length += more;
    keep_tail(gzip, gzip->out, count);
    gzip->inflated += (int64_t)count;
}

static int refill(struct gzip_walk *gzip, const struct backup_file *file, struct error *reterr)
{
    int64_t left = file->size - gzip->walk.at;
    size_t count = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
    if (backup_file_read(file, gzip->walk.at, gzip->in, count, reterr) < 0)
        return -1;
    gzip->walk.at += (int64_t)count;
    gzip->stream.next_in = gzip->in;
    gzip->stream.avail_in = (unsigned)count;
    return 0;
}

/* The two blocks of zeros that tar ends with, however it was interrupted before. */
static bool ends_as_tar(const struct gzip_walk *gzip)
{
    return gzip->tail_length == BACKUP_TAIL_BYTES && gzip->tail[0] == 0 &&
           memcmp(gzip->tail, gzip->tail + 1, BACKUP_TAIL_BYTES - 1) == 0;
}

/* All was read, and a member ended with it. Of pg_dump's own format inside it only the end of the packing is known. */
static int end_gzip(struct gzip_walk *gzip)
{
    if (backup_pgdump.begins(gzip->head, gzip->head_length))
        return backup_walk_settle(&gzip->walk, BACKUP_UNMARKED);
    if (backup_text_begins(gzip->head, gzip->head_length))
        backup_text_end(&gzip->walk, gzip->head, gzip->head_length, gzip->tail, gzip->tail_length);
    else if (backup_sqlite_begins(gzip->head, gzip->head_length))
        backup_sqlite_end(&gzip->walk, gzip->head, gzip->head_length, gzip->inflated);
    else if (backup_tar.begins(gzip->head, gzip->head_length) && !ends_as_tar(gzip))
        return backup_walk_end(&gzip->walk, BACKUP_CUT, "the tar in it ends before its end mark");
    else
        return backup_walk_end_packed(&gzip->walk, gzip->inflated > 0);
    if (gzip->walk.verdict == BACKUP_UNMARKED)
        gzip->walk.verdict = BACKUP_COMPLETE;
    return 0;
}

/* Behind a member: another one, zeros that fill a tape's block, or what does not belong there. */
static void look_behind(struct gzip_walk *gzip)
{
    z_stream *stream = &gzip->stream;
    while (stream->avail_in > 0 && *stream->next_in == 0) {
        gzip->padded = true;
        stream->next_in++;
        stream->avail_in--;
    }
    if (stream->avail_in == 0)
        return;
    if (gzip->padded || *stream->next_in != 0x1f)
        backup_walk_end(&gzip->walk, BACKUP_CORRUPT, "something else follows its end");
    else if (inflateReset(stream) == Z_OK)
        gzip->ended = false;
    else
        backup_walk_end(&gzip->walk, BACKUP_CORRUPT, "its next part cannot be inflated");
}

static int inflate_piece(struct gzip_walk *gzip, struct error *reterr)
{
    z_stream *stream = &gzip->stream;
    stream->next_out = gzip->out;
    stream->avail_out = PIECE_BYTES;
    int status = inflate(stream, Z_NO_FLUSH);
    keep(gzip, PIECE_BYTES - stream->avail_out);
    if (status == Z_MEM_ERROR)
        return error_no_memory(reterr);
    if (status == Z_STREAM_END)
        gzip->ended = true;
    else if (status != Z_OK && status != Z_BUF_ERROR)
        backup_walk_end(&gzip->walk, BACKUP_CORRUPT, "it cannot be inflated (%s)",
                        stream->msg ? stream->msg : "damaged");
    return 0;
}

static int step_gzip(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct gzip_walk *gzip = (struct gzip_walk *)walk;
    if (!gzip->begun) {
        gzip->stream.zalloc = zlib_alloc;
        gzip->stream.zfree = zlib_free;
        if (inflateInit2(&gzip->stream, GZIP_ONLY) != Z_OK)
            return error_no_memory(reterr);
        gzip->begun = true;
    }
    for (unsigned i = 0; i < STEP_PIECES && walk->verdict == BACKUP_READING; i++) {
        /* A full piece may have left more behind it, for which no input is needed. */
        bool drained = gzip->ended || gzip->stream.avail_out > 0 || !gzip->stream.next_out;
        if (gzip->stream.avail_in == 0 && drained && walk->at == file->size)
            return gzip->ended ? end_gzip(gzip) : backup_walk_end(walk, BACKUP_CUT, "it ends before its trailer");
        if (gzip->stream.avail_in == 0 && drained && refill(gzip, file, reterr) < 0)
            return -1;
        if (gzip->ended)
            look_behind(gzip);
        if (!gzip->ended && walk->verdict == BACKUP_READING && inflate_piece(gzip, reterr) < 0)
            return -1;
    }
    return 0;
}

static void done_gzip(struct backup_walk *walk)
{
    struct gzip_walk *gzip = (struct gzip_walk *)walk;
    if (gzip->begun)
        inflateEnd(&gzip->stream);
}

const struct backup_format backup_gzip = {
    .name = "gzip",
    .state_size = sizeof(struct gzip_walk),
    .begins = begins_gzip,
    .step = step_gzip,
    .done = done_gzip,
};
