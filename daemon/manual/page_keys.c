/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/strbuf.h"
#include "daemon/config_keys.h"
#include "daemon/manual/page.h"
#include "daemon/manual/roff.h"

enum { SECTIONS = 48, PATH_SIZE = 96 };

/* The sections of the configuration in the order in which the page has them. */
struct walk {
    struct place {
        const struct config_section *keys;
        char path[PATH_SIZE]; /* "databases.NAME.journal"; "" for the outermost */
    } places[SECTIONS];
    size_t count;
};

static const struct place *find_place(const struct walk *walk, const struct config_section *keys)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->places[i].keys == keys)
            return &walk->places[i];
    }
    return NULL;
}

static bool is_list(const struct config_key *key)
{
    return key->example && key->example[0] == '[';
}

/* Remembers what stands below the key, once; a section may stand below several. */
static void add_place(struct walk *walk, const struct place *above, const struct config_key *key)
{
    if (!key->nested || find_place(walk, key->nested) || walk->count == SECTIONS)
        return;
    struct place *place = &walk->places[walk->count++];
    place->keys = key->nested;
    snprintf(place->path, PATH_SIZE, "%s%s%s%s", above->path, *above->path ? "." : "", key->name,
             key->named     ? ".NAME"
             : is_list(key) ? "[]"
                            : "");
}

static const char *type_of(const struct config_key *key)
{
    switch (key->type) {
    case KEY_TEXT:
        return "text";
    case KEY_TEXTS:
        return "text, or list of texts";
    case KEY_SECRET:
        return "file";
    case KEY_DURATION:
        return "duration";
    case KEY_COUNT:
        return "number";
    case KEY_SIZE:
        return "size";
    case KEY_CUSTOM:
        break;
    }
    return key->takes ? key->takes : is_list(key) ? "list of mappings" : "mapping";
}

static void put_bounds(const struct config_key *key, FILE *out)
{
    cleanup(strbuf) struct strbuf least = STRBUF(64);
    cleanup(strbuf) struct strbuf most = STRBUF(64);
    if (key->least == 0 && key->most == 0)
        return;
    if (key->type == KEY_COUNT) {
        fprintf(out, "; %" PRId64 " to %" PRId64, key->least, key->most);
        return;
    }
    (key->type == KEY_SIZE ? byte_size_print : duration_print)(key->least, &least);
    (key->type == KEY_SIZE ? byte_size_print : duration_print)(key->most, &most);
    fprintf(out, "; %s to %s", strbuf_text(&least), strbuf_text(&most));
}

/* "duration; default 30s; 1s to 1d; reload" */
static void put_facts(const struct config_key *key, FILE *out)
{
    roff_put(out, type_of(key));
    if (key->required)
        fputs("; required", out);
    if (key->preset) {
        fputs("; default ", out);
        roff_put_bold(out, key->preset);
    }
    put_bounds(key, out);
    fputs(key->reload == RELOAD_RESTART ? "; restart)\n" : "; reload)\n", out);
}

static void put_key(const struct walk *walk, const struct config_key *key, FILE *out)
{
    fputs(".TP\n", out);
    roff_put_bold(out, key->name);
    fputs(" (", out);
    put_facts(key, out);
    roff_put_sentences(out, key->doc);
    const struct place *below = key->nested ? find_place(walk, key->nested) : NULL;
    if (below) {
        fputs("Keys: see ", out);
        roff_put_bold(out, below->path);
        fputs(".\n", out);
    }
    if (!key->preset && key->example) {
        char text[256] = "";
        snprintf(text, sizeof text, "Example: `%s`", key->example);
        fputs(".br\n", out);
        roff_put_sentences(out, text);
    }
}

static void put_place(const struct walk *walk, const struct place *place, FILE *out)
{
    const struct config_section *keys = place->keys;
    fputs(".SS ", out);
    roff_put(out, *place->path ? place->path : "Outermost keys");
    fputc('\n', out);
    for (const struct config_section *also = keys->also; also; also = also->also) {
        const struct place *other = find_place(walk, also);
        if (!other)
            continue;
        fputs("Also the keys of ", out);
        roff_put_bold(out, other->path);
        fputs(".\n", out);
    }
    for (; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count && (keys == place->keys || !find_place(walk, keys)); i++)
            put_key(walk, &keys->keys[i], out);
    }
}

void page_put_keys(const struct manual_program *program, FILE *out)
{
    (void)program;
    struct walk walk = {.places = {{.keys = &config_top_keys}}, .count = 1};
    for (size_t i = 0; i < walk.count; i++) {
        const struct place *place = &walk.places[i];
        for (size_t j = 0; j < place->keys->key_count; j++)
            add_place(&walk, place, &place->keys->keys[j]);
    }
    for (size_t i = 0; i < walk.count; i++)
        put_place(&walk, &walk.places[i], out);
}
