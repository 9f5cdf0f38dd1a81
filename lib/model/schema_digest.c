/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "model/schema_canonical.h"
#include "model/schema_storage.h"

/* Texts over this go in by their own digest, which bounds what one object takes while it is digested. */
enum { LONG_TEXT = 1024 };

/* Objects are written as bytes without ambiguity (numbers in fixed width, texts after their length), then digested. The
 * columns, constraints and indexes of a relation go in by their own digests, sorted: neither the order of columns nor
 * names that the engine chose for constraints are part of what a table is. */
struct digester {
    const struct schema_storage *storage;
    struct schema_canonical canonical;
    struct strbuf object;
    struct strbuf member;  /* one column, constraint or index */
    struct strbuf members; /* digests of those so far */
    struct strbuf digests; /* of the objects so far */
    bool no_memory;
};

static void digester_done(struct digester *digester)
{
    schema_canonical_done(&digester->canonical);
    strbuf_done(&digester->object);
    strbuf_done(&digester->member);
    strbuf_done(&digester->members);
    strbuf_done(&digester->digests);
}

DEFINE_CLEANUP_VALUE(digester, struct digester, digester_done);

static void put_number(struct strbuf *out, uint64_t number)
{
    char *place = strbuf_reserve(out, sizeof number);
    if (!place)
        return;
    for (unsigned i = 0; i < sizeof number; i++)
        place[i] = (char)(number >> 8 * i);
    strbuf_commit(out, sizeof number);
}

static void put_digest(struct strbuf *out, struct digest digest)
{
    strbuf_add(out, (const char *)digest.bytes, sizeof digest.bytes);
}

static void put_bytes(struct strbuf *out, const char *text)
{
    size_t length = strlen(text);
    put_number(out, length);
    if (length > LONG_TEXT)
        put_digest(out, digest_of(text, length));
    else
        strbuf_add(out, text, length);
}

static void put_text(struct digester *digester, struct strbuf *out, uint32_t text)
{
    put_bytes(out, digester->storage->pool + text);
}

static void put_list(struct digester *digester, struct strbuf *out, struct text_list list)
{
    put_number(out, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        put_text(digester, out, digester->storage->lists[list.first + i]);
}

/* False, putting nothing, if the canonical form is empty. `type` only for TEXT_DEFAULT. */
static bool put_present(struct digester *digester, struct strbuf *out, enum text_form form, uint32_t text,
                        uint32_t type)
{
    struct digest digest = {0};
    bool absent = false;
    if (text == 0 || !schema_canonical_applies(&digester->canonical, form)) {
        put_text(digester, out, text);
        return true;
    }
    if (!schema_canonical_digest(&digester->canonical, form, text, form == TEXT_DEFAULT ? type : 0, &digest, &absent))
        digester->no_memory = true;
    if (absent)
        return false;
    put_number(out, UINT64_MAX);
    put_digest(out, digest);
    return true;
}

static void put_canonical(struct digester *digester, struct strbuf *out, enum text_form form, uint32_t text,
                          uint32_t type)
{
    if (!put_present(digester, out, form, text, type))
        put_text(digester, out, 0);
}

static uint32_t type_among(const struct schema_attribute *run)
{
    while (run->key != ATTRIBUTE_END && run->key != ATTRIBUTE_TYPE)
        run++;
    return run->text;
}

/* Ends with an empty key, so that runs cannot run into what follows. */
static void put_attributes(struct digester *digester, struct strbuf *out, uint32_t attributes)
{
    const struct schema_attribute *run = &digester->storage->attributes[attributes];
    uint32_t type = type_among(run);
    for (; run->key != ATTRIBUTE_END; run++) {
        enum text_form form = attribute_form(run->key);
        if (form == TEXT_INFO)
            continue;
        size_t before = out->length;
        put_bytes(out, attribute_key_name(run->key));
        if (!put_present(digester, out, form, run->text, type) && strbuf_ok(out))
            out->length = before;
    }
    put_bytes(out, "");
}

static void begin_member(struct digester *digester)
{
    if (strbuf_ok(&digester->member))
        strbuf_clear(&digester->member);
}

static void end_member(struct digester *digester)
{
    put_digest(&digester->members, digest_of(strbuf_text(&digester->member), digester->member.length));
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

/* Puts the members' digests into the object. */
static void put_members(struct digester *digester)
{
    struct strbuf *members = &digester->members;
    size_t count = members->length / sizeof(struct digest);
    if (!strbuf_ok(members))
        return;
    if (count > 1)
        qsort(members->bytes, count, sizeof(struct digest), compare_digests);
    put_number(&digester->object, count);
    strbuf_add(&digester->object, strbuf_text(members), members->length);
    strbuf_clear(members);
}

static void put_column(struct digester *digester, const struct schema_column *column)
{
    struct strbuf *out = &digester->member;
    begin_member(digester);
    put_text(digester, out, column->name);
    put_canonical(digester, out, TEXT_TYPE, column->type, 0);
    put_canonical(digester, out, TEXT_DEFAULT, column->default_expression, column->type);
    put_canonical(digester, out, TEXT_EXPRESSION, column->generated, 0);
    put_number(out, column->flags);
    put_attributes(digester, out, column->attributes);
    end_member(digester);
}

static void put_constraint(struct digester *digester, const struct schema_constraint *constraint)
{
    struct strbuf *out = &digester->member;
    begin_member(digester);
    put_number(out, constraint->kind);
    put_text(digester, out, constraint->flags & CONSTRAINT_AUTOMATIC_NAME ? 0 : constraint->name);
    put_list(digester, out, constraint->columns);
    put_canonical(digester, out, TEXT_EXPRESSION, constraint->expression, 0);
    put_text(digester, out, constraint->referenced_schema);
    put_text(digester, out, constraint->referenced_table);
    put_list(digester, out, constraint->referenced_columns);
    put_number(out, (uint64_t)constraint->on_delete << 16 | (uint64_t)constraint->on_update << 8 |
                        (constraint->flags & ~(unsigned)CONSTRAINT_AUTOMATIC_NAME));
    put_attributes(digester, out, constraint->attributes);
    end_member(digester);
}

static void put_index(struct digester *digester, const struct schema_index *index)
{
    struct strbuf *out = &digester->member;
    begin_member(digester);
    put_text(digester, out, index->name);
    put_text(digester, out, index->method);
    put_canonical(digester, out, TEXT_EXPRESSION, index->predicate, 0);
    put_number(out, (uint64_t)index->part_count << 16 | index->flags);
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &digester->storage->parts[index->first_part + i];
        put_canonical(digester, out, part->flags & PART_EXPRESSION ? TEXT_EXPRESSION : TEXT_PLAIN, part->text, 0);
        put_text(digester, out, part->operator_class);
        put_text(digester, out, part->collation);
        put_number(out, (uint64_t)part->prefix << 16 | part->flags);
    }
    put_attributes(digester, out, index->attributes);
    end_member(digester);
}

static void put_relation(struct digester *digester, const struct schema_relation *relation)
{
    const struct schema_storage *storage = digester->storage;
    struct strbuf *out = &digester->object;
    put_text(digester, out, relation->schema);
    put_text(digester, out, relation->name);
    put_canonical(digester, out, relation_is_table(relation) ? TEXT_PLAIN : TEXT_QUERY, relation->definition, 0);
    put_number(out, relation->kind);
    put_attributes(digester, out, relation->attributes);
    for (size_t i = 0; i < relation->column_count; i++)
        put_column(digester, &storage->columns[relation->first_column + i]);
    put_members(digester);
    for (size_t i = 0; i < relation->constraint_count; i++)
        put_constraint(digester, &storage->constraints[relation->first_constraint + i]);
    put_members(digester);
    for (size_t i = 0; i < relation->index_count; i++)
        put_index(digester, &storage->indexes[relation->first_index + i]);
    put_members(digester);
}

static void put_object(struct digester *digester, const struct schema_object *object)
{
    struct strbuf *out = &digester->object;
    put_number(out, object->kind);
    put_text(digester, out, object->schema);
    put_text(digester, out, object->relation_name);
    put_text(digester, out, object->name);
    put_text(digester, out, object->arguments);
    put_attributes(digester, out, object->attributes);
}

/* Digests the object that was put and makes room for the next one. */
static struct digest end_object(struct digester *digester)
{
    struct digest digest = digest_of(strbuf_text(&digester->object), digester->object.length);
    put_digest(&digester->digests, digest);
    if (strbuf_ok(&digester->object))
        strbuf_clear(&digester->object);
    return digest;
}

static void put_head(struct digester *digester)
{
    const struct schema *schema = &digester->storage->schema;
    put_number(&digester->object, SCHEMA_CANONICAL_VERSION);
    put_text(digester, &digester->object, schema->engine);
    put_number(&digester->object, schema->truncated);
    put_number(&digester->object, schema->relation_count);
    put_number(&digester->object, schema->object_count);
    end_object(digester);
}

static bool digester_ok(const struct digester *digester)
{
    return !digester->no_memory && strbuf_ok(&digester->object) && strbuf_ok(&digester->member) &&
           strbuf_ok(&digester->members) && strbuf_ok(&digester->digests);
}

int schema_storage_digest(struct schema_storage *storage, struct error *reterr)
{
    struct schema *schema = &storage->schema;
    cleanup(digester) struct digester digester = {.storage = storage,
                                                  .object = STRBUF(LIMIT_STRING_POOL),
                                                  .member = STRBUF(LIMIT_STRING_POOL),
                                                  .members = STRBUF(LIMIT_STRING_POOL),
                                                  .digests = STRBUF(LIMIT_STRING_POOL)};
    schema_canonical_init(&digester.canonical, schema->dialect, storage->pool);
    put_head(&digester);
    for (size_t i = 0; i < schema->relation_count && !digester.no_memory; i++) {
        put_relation(&digester, &storage->relations[i]);
        storage->relations[i].digest = end_object(&digester);
    }
    for (size_t i = 0; i < schema->object_count && !digester.no_memory; i++) {
        put_object(&digester, &storage->objects[i]);
        storage->objects[i].digest = end_object(&digester);
    }
    if (!digester_ok(&digester))
        return error_no_memory(reterr);
    schema->digest = digest_of(strbuf_text(&digester.digests), digester.digests.length);
    return 0;
}
