/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "model/schema_storage.h"

/* Texts over this go in by their own digest, which bounds what one object takes while it is digested. */
enum { LONG_TEXT = 1024 };

/* Objects are written as bytes without ambiguity (numbers in fixed width, texts after their length), then digested. */
struct digester {
    const struct schema_storage *storage;
    struct strbuf object;
    struct strbuf digests; /* of the objects so far */
};

static void digester_done(struct digester *digester)
{
    strbuf_done(&digester->object);
    strbuf_done(&digester->digests);
}

DEFINE_CLEANUP_VALUE(digester, struct digester, digester_done);

static void put_number(struct digester *digester, uint64_t number)
{
    char *place = strbuf_reserve(&digester->object, sizeof number);
    if (!place)
        return;
    for (unsigned i = 0; i < sizeof number; i++)
        place[i] = (char)(number >> 8 * i);
    strbuf_commit(&digester->object, sizeof number);
}

static void put_bytes(struct digester *digester, const char *text)
{
    size_t length = strlen(text);
    put_number(digester, length);
    if (length > LONG_TEXT) {
        struct digest digest = digest_of(text, length);
        strbuf_add(&digester->object, (const char *)digest.bytes, sizeof digest.bytes);
    } else {
        strbuf_add(&digester->object, text, length);
    }
}

static void put_text(struct digester *digester, uint32_t text)
{
    put_bytes(digester, digester->storage->pool + text);
}

static void put_list(struct digester *digester, struct text_list list)
{
    put_number(digester, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        put_text(digester, digester->storage->lists[list.first + i]);
}

static void put_column(struct digester *digester, const struct schema_column *column)
{
    put_text(digester, column->name);
    put_text(digester, column->type);
    put_text(digester, column->default_expression);
    put_text(digester, column->generated);
    put_number(digester, column->flags);
}

static void put_constraint(struct digester *digester, const struct schema_constraint *constraint)
{
    put_number(digester, constraint->kind);
    put_text(digester, constraint->name);
    put_list(digester, constraint->columns);
    put_text(digester, constraint->expression);
    put_text(digester, constraint->referenced_schema);
    put_text(digester, constraint->referenced_table);
    put_list(digester, constraint->referenced_columns);
    put_number(digester,
               (uint64_t)constraint->on_delete << 16 | (uint64_t)constraint->on_update << 8 | constraint->flags);
}

static void put_index(struct digester *digester, const struct schema_index *index)
{
    put_text(digester, index->name);
    put_text(digester, index->method);
    put_text(digester, index->predicate);
    put_number(digester, (uint64_t)index->part_count << 16 | index->flags);
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &digester->storage->parts[index->first_part + i];
        put_text(digester, part->text);
        put_text(digester, part->operator_class);
        put_text(digester, part->collation);
        put_number(digester, (uint64_t)part->prefix << 16 | part->flags);
    }
}

static void put_relation(struct digester *digester, const struct schema_relation *relation)
{
    const struct schema_storage *storage = digester->storage;
    put_text(digester, relation->schema);
    put_text(digester, relation->name);
    put_text(digester, relation->definition);
    put_number(digester, relation->kind);
    put_number(digester, relation->column_count);
    for (size_t i = 0; i < relation->column_count; i++)
        put_column(digester, &storage->columns[relation->first_column + i]);
    put_number(digester, relation->constraint_count);
    for (size_t i = 0; i < relation->constraint_count; i++)
        put_constraint(digester, &storage->constraints[relation->first_constraint + i]);
    put_number(digester, relation->index_count);
    for (size_t i = 0; i < relation->index_count; i++)
        put_index(digester, &storage->indexes[relation->first_index + i]);
}

static void put_enum(struct digester *digester, const struct schema_enum *type)
{
    put_text(digester, type->schema);
    put_text(digester, type->name);
    put_list(digester, type->labels);
}

static void put_sequence(struct digester *digester, const struct schema_sequence *sequence)
{
    put_text(digester, sequence->schema);
    put_text(digester, sequence->name);
    put_text(digester, sequence->type);
    put_text(digester, sequence->owner_table);
    put_text(digester, sequence->owner_column);
    put_number(digester, sequence->cycles);
    put_number(digester, (uint64_t)sequence->start);
    put_number(digester, (uint64_t)sequence->increment);
    put_number(digester, (uint64_t)sequence->minimum);
    put_number(digester, (uint64_t)sequence->maximum);
    put_number(digester, (uint64_t)sequence->cache);
}

/* Digests the object that was put and makes room for the next one. */
static struct digest end_object(struct digester *digester)
{
    struct digest digest = digest_of(strbuf_text(&digester->object), digester->object.length);
    strbuf_add(&digester->digests, (const char *)digest.bytes, sizeof digest.bytes);
    if (strbuf_ok(&digester->object))
        strbuf_clear(&digester->object);
    return digest;
}

int schema_storage_digest(struct schema_storage *storage, struct error *reterr)
{
    struct schema *schema = &storage->schema;
    cleanup(digester) struct digester digester = {
        .storage = storage, .object = STRBUF(LIMIT_STRING_POOL), .digests = STRBUF(LIMIT_STRING_POOL)};
    put_number(&digester, SCHEMA_FORM_VERSION);
    put_text(&digester, schema->engine);
    put_number(&digester, schema->truncated);
    put_number(&digester, schema->relation_count);
    put_number(&digester, schema->enum_count);
    put_number(&digester, schema->sequence_count);
    end_object(&digester);
    for (size_t i = 0; i < schema->relation_count; i++) {
        put_relation(&digester, &storage->relations[i]);
        storage->relations[i].digest = end_object(&digester);
    }
    for (size_t i = 0; i < schema->enum_count; i++) {
        put_enum(&digester, &storage->enums[i]);
        end_object(&digester);
    }
    for (size_t i = 0; i < schema->sequence_count; i++) {
        put_sequence(&digester, &storage->sequences[i]);
        end_object(&digester);
    }
    if (!strbuf_ok(&digester.object) || !strbuf_ok(&digester.digests))
        return error_no_memory(reterr);
    schema->digest = digest_of(strbuf_text(&digester.digests), digester.digests.length);
    return 0;
}
