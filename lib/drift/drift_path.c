/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_print.h"

/* Of an unnamed check, whose expression stands for its name. */
enum { PATH_EXPRESSION_MAXIMUM = 200 };

struct path {
    const struct drift_side *side;
    struct drift_work *work;
    struct strbuf *out;
    uint32_t last; /* where the part added last begins */
};

static void add_part(struct path *path, uint32_t name)
{
    const struct schema *schema = path->side->schema;
    if (name == 0)
        return;
    if (path->out->length > 0)
        strbuf_add_char(path->out, '.');
    path->last = (uint32_t)path->out->length;
    schema->dialect->path_part(schema_text(schema, name), path->out);
}

static void add_relation(struct path *path, uint32_t relation)
{
    const struct schema_relation *found = &path->side->schema->relations[relation];
    add_part(path, found->schema);
    add_part(path, found->name);
}

static void add_column_list(struct path *path, const char *word, struct text_list columns)
{
    const struct schema *schema = path->side->schema;
    strbuf_add_string(path->out, word);
    strbuf_add_char(path->out, '(');
    for (uint32_t i = 0; i < columns.count; i++) {
        if (i > 0)
            strbuf_add_char(path->out, ',');
        schema->dialect->path_part(schema_text(schema, schema->lists[columns.first + i]), path->out);
    }
    strbuf_add_char(path->out, ')');
}

static void add_expression(struct path *path, const char *word, uint32_t expression)
{
    size_t begin = path->out->length;
    struct drift_printer printer = {.work = path->work, .side = path->side, .out = path->out, .canonical = true};
    strbuf_add_string(path->out, word);
    strbuf_add_char(path->out, '(');
    drift_print_text(&printer, TEXT_EXPRESSION, expression, 0);
    if (strbuf_ok(path->out) && path->out->length - begin > PATH_EXPRESSION_MAXIMUM) {
        char hex[DIGEST_HEX_SIZE] = "";
        digest_to_hex(digest_of(path->out->bytes + begin, path->out->length - begin), hex);
        path->out->length = begin;
        strbuf_printf(path->out, "%s(%.16s", word, hex);
    }
    strbuf_add_char(path->out, ')');
}

static void add_constraint(struct path *path, uint32_t at)
{
    const struct schema_constraint *constraint = &path->side->schema->constraints[at];
    add_relation(path, constraint->relation);
    if (constraint->name != 0) {
        add_part(path, constraint->name);
        return;
    }
    strbuf_add_char(path->out, '.');
    path->last = (uint32_t)path->out->length;
    switch ((enum constraint_kind)constraint->kind) {
    case CONSTRAINT_PRIMARY_KEY:
        strbuf_add_string(path->out, path->work->features.mysql ? "PRIMARY" : "primary key");
        break;
    case CONSTRAINT_UNIQUE:
        add_column_list(path, "unique", constraint->columns);
        break;
    case CONSTRAINT_FOREIGN_KEY:
        add_column_list(path, "fk", constraint->columns);
        break;
    case CONSTRAINT_CHECK:
        add_expression(path, "check", constraint->expression);
        break;
    case CONSTRAINT_EXCLUSION:
        add_expression(path, "exclusion", constraint->expression);
        break;
    case CONSTRAINT_KINDS:
        break;
    }
}

static void add_object(struct path *path, uint32_t at)
{
    const struct schema_object *object = &path->side->schema->objects[at];
    add_part(path, object->schema);
    add_part(path, object->relation_name);
    add_part(path, object->name);
    if (object->kind == OBJECT_ROUTINE && path->work->features.postgres)
        strbuf_printf(path->out, "(%s)", schema_text(path->side->schema, object->arguments));
}

void drift_path(struct drift_work *work, enum drift_end end, enum drift_kind kind, uint32_t at, bool is_constraint,
                struct strbuf *out, uint32_t *ret_last)
{
    struct path path = {.side = &work->sides[end], .work = work, .out = out};
    const struct schema *schema = path.side->schema;
    switch (kind) {
    case DRIFT_TABLE:
    case DRIFT_PARTITION:
    case DRIFT_VIEW:
    case DRIFT_MATERIALIZED_VIEW:
        add_relation(&path, at);
        break;
    case DRIFT_COLUMN:
        add_relation(&path, schema->columns[at].relation);
        add_part(&path, schema->columns[at].name);
        break;
    case DRIFT_INDEX:
        if (is_constraint) {
            add_constraint(&path, at);
            break;
        }
        add_relation(&path, schema->indexes[at].relation);
        add_part(&path, schema->indexes[at].name);
        break;
    case DRIFT_PRIMARY_KEY:
    case DRIFT_UNIQUE:
    case DRIFT_FOREIGN_KEY:
    case DRIFT_CHECK:
    case DRIFT_EXCLUSION:
        add_constraint(&path, at);
        break;
    default:
        add_object(&path, at);
        break;
    }
    if (ret_last)
        *ret_last = path.last;
}
