/* SPDX-License-Identifier: Apache-2.0
 *
 * What is proposed for a schema: which tables look like reference data, how they are named, what is left out and why.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "check/check_suggest.h"
#include "dialect/dialects.h"
#include "model/schema_builder.h"

/* A server that counts rows: a table holds as many as its name says, "t_249", or fails as `fails` says. */
struct counting {
    struct engine_connection connection;
    enum error_code fails;
    unsigned asked;
};

static int count(struct engine_connection *connection, const struct query_request *request, struct deadline deadline,
                 const struct query_sink *sink, bool *ret_more, struct error *reterr)
{
    struct counting *counting = (struct counting *)connection;
    char digits[16] = "0";
    const char *const cells[] = {digits};
    (void)deadline;
    counting->asked++;
    if (counting->fails != ERROR_OK)
        return error_set(reterr, counting->fails, "the server says no");
    assert_non_null(strstr(request->sql, " LIMIT 1001) AS counted"));
    const char *name = strrchr(strstr(request->sql, "FROM (SELECT 1 FROM "), '_');
    if (name)
        snprintf(digits, sizeof digits, "%.*s", (int)strspn(name + 1, "0123456789"), name + 1);
    const size_t lengths[] = {strlen(digits)};
    *ret_more = false;
    return sink->row(sink->payload, cells, lengths, 1, reterr);
}

static const struct engine_ops counting_engine = {.name = "postgres", .query = count};

enum { COLUMNS = 10 };

/* A table with columns "name type", which `referrer` refers to unless it is NULL. */
struct sample_table {
    const char *schema;
    const char *name;
    const char *columns[COLUMNS];
};

static uint32_t text(struct schema_builder *builder, const char *value)
{
    return schema_builder_text(builder, value);
}

static void add_column(struct schema_builder *builder, uint32_t table, const char *column, uint16_t position)
{
    char name[64] = "";
    const char *type = strchr(column, ' ');
    snprintf(name, sizeof name, "%.*s", (int)(type - column), column);
    schema_builder_column(builder, &(struct schema_column){.relation = table,
                                                           .name = text(builder, name),
                                                           .type = text(builder, type + 1),
                                                           .position = position});
}

static uint32_t add_table(struct schema_builder *builder, const struct sample_table *table)
{
    uint32_t handle = schema_builder_relation(builder, &(struct schema_relation){.schema = text(builder, table->schema),
                                                                                 .name = text(builder, table->name),
                                                                                 .kind = RELATION_TABLE});
    for (uint16_t i = 0; table->columns[i]; i++)
        add_column(builder, handle, table->columns[i], (uint16_t)(i + 1));
    return handle;
}

static void add_key(struct schema_builder *builder, uint32_t from, const char *name, const char *schema,
                    const char *table)
{
    uint32_t column = text(builder, "id");
    schema_builder_constraint(
        builder, &(struct schema_constraint){.relation = from,
                                             .kind = CONSTRAINT_FOREIGN_KEY,
                                             .name = text(builder, name),
                                             .columns = schema_builder_list(builder, &column, 1),
                                             .referenced_schema = text(builder, schema),
                                             .referenced_table = text(builder, table),
                                             .referenced_columns = schema_builder_list(builder, &column, 1)});
}

static struct schema *seal(struct schema_builder *builder, const char *engine)
{
    struct schema *schema = NULL;
    struct error error = {0};
    schema_builder_server(builder, engine, "15.18");
    schema_builder_dialect(builder, dialect_for(engine));
    if (schema_builder_seal(builder, &schema, &error) < 0)
        assert_int_equal(error.code, ERROR_NO_MEMORY);
    return schema;
}

/* One table to which another one of many rows and columns refers. */
static struct schema *schema_of(const struct sample_table *table, unsigned outgoing)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    uint32_t looked_at = add_table(builder, table);
    uint32_t orders = add_table(builder, &(struct sample_table){"public", "orders", {"id bigint", NULL}});
    add_key(builder, orders, "orders_fk", table->schema, table->name);
    for (unsigned i = 0; i < outgoing; i++) {
        char name[32] = "";
        snprintf(name, sizeof name, "other_%c", 'a' + (int)i);
        add_table(builder, &(struct sample_table){"public", name, {"id bigint", NULL}});
        add_key(builder, looked_at, name, "public", name);
    }
    return seal(builder, "postgres");
}

static int propose(const struct schema *schema, struct counting *counting, struct suggestions *suggestions, bool *lost)
{
    struct error error = {0};
    const struct server_facts server = {.engine = "postgres"};
    const struct engine_scope scope = {0};
    counting->connection.ops = &counting_engine;
    const struct check_world world = {
        .connection = &counting->connection, .server = &server, .scope = &scope, .deadline = deadline_in(1000)};
    int status = check_suggest(schema, &world, suggestions, lost, &error);
    if (status < 0)
        assert_int_equal(error.code, ERROR_NO_MEMORY);
    return status;
}

static const struct suggestion *find(const struct suggestions *suggestions, const char *kind)
{
    for (size_t i = 0; i < suggestions->count; i++) {
        if (strcmp(suggestions->items[i].check.kind->name, kind) == 0)
            return &suggestions->items[i];
    }
    return NULL;
}

/* What becomes of one table: its note, "" where it is not named at all. `proposed` is what is expected. */
static void expect_table(const struct sample_table *table, unsigned outgoing, bool proposed, const char *note)
{
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema) struct schema *schema = schema_of(table, outgoing);
    bool lost = true;
    assert_non_null(schema);
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    assert_false(lost);
    const struct suggestion *found = find(&suggestions, "not_empty");
    assert_non_null(found);
    assert_int_equal(found->check.table_count, proposed);
    const struct suggested_name *name = NULL;
    for (size_t i = 0; i < found->name_count; i++) {
        if (strcmp(found->names[i].name, table->name) == 0)
            name = &found->names[i];
    }
    if (!*note) {
        assert_null(name);
        return;
    }
    assert_non_null(name);
    assert_int_equal(name->proposed, proposed);
    assert_string_equal(name->note, note);
}

#define TABLE(name, ...) (&(const struct sample_table){"public", name, {__VA_ARGS__, NULL}})

static void test_reference_data(void **state)
{
    (void)state;
    expect_table(TABLE("t_249", "code text", "name text"), 0, true, "249 rows; 1 foreign key refers to it");
    expect_table(TABLE("t_1", "code text"), 1, true, "1 row; 1 foreign key refers to it");
    expect_table(TABLE("t_1000", "code text"), 0, true, "1000 rows; 1 foreign key refers to it");
    expect_table(TABLE("t_1001", "code text"), 0, false, "");
    expect_table(TABLE("t_0", "code text"), 0, false, "it looks like reference data, and holds no row today");
    expect_table(TABLE("t_5", "code text"), 2, false, "");
    expect_table(TABLE("t_5", "a t", "b t", "c t", "d t", "e t", "f t", "g t", "h t"), 0, true,
                 "5 rows; 1 foreign key refers to it");
    expect_table(TABLE("t_5", "a t", "b t", "c t", "d t", "e t", "f t", "g t", "h t", "i t"), 0, false, "");
}

static void test_events_and_people(void **state)
{
    (void)state;
    const char *note = "5 rows; 1 foreign key refers to it";
    expect_table(TABLE("t_5", "id int", "created_at timestamp with time zone", "validUntil date"), 0, true, note);
    expect_table(TABLE("t_5", "id int", "last_update timestamp without time zone"), 0, true, note);
    expect_table(TABLE("t_5", "id int", "runtime integer"), 0, true, note);
    expect_table(TABLE("t_5", "id int", "paid_at bigint"), 0, false, "");
    expect_table(TABLE("t_5", "id int", "day date"), 0, false, "");
    expect_table(TABLE("t_5", "id int", "logged datetime"), 0, false, "");
    expect_table(TABLE("t_5", "id int", "Email text"), 0, false, "");
    expect_table(TABLE("t_5", "id int", "password_hash text"), 0, false, "");
}

/* Nobody refers to it but itself. */
static void test_what_nobody_refers_to(void **state)
{
    (void)state;
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    uint32_t tree = add_table(builder, TABLE("t_5", "id int"));
    add_key(builder, tree, "tree_fk", "public", "t_5");
    cleanup(schema) struct schema *schema = seal(builder, "postgres");
    bool lost = false;
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    assert_int_equal(counting.asked, 0);
    const struct suggestion *found = find(&suggestions, "not_empty");
    assert_int_equal(found->name_count + found->check.table_count, 0);
    assert_non_null(strstr(found->whys[0], "No table looks like reference data"));
    assert_non_null(find(&suggestions, "foreign_keys"));
    assert_non_null(find(&suggestions, "indexes"));
    assert_null(find(&suggestions, "sequences"));
    assert_null(find(&suggestions, "enum_values"));
    assert_null(find(&suggestions, "extensions"));
}

static struct schema *two_schemas(void)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return NULL;
    uint32_t orders = add_table(builder, &(struct sample_table){"shop", "orders", {"id bigint", NULL}});
    add_table(builder, TABLE("units_3", "id int"));
    add_table(builder, TABLE("both_4", "id int"));
    add_table(builder, &(struct sample_table){"shop", "both_4", {"id int", NULL}});
    add_key(builder, orders, "a", "public", "units_3");
    add_key(builder, orders, "b", "public", "both_4");
    add_key(builder, orders, "c", "shop", "both_4");
    return seal(builder, "postgres");
}

static void test_names(void **state)
{
    (void)state;
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema) struct schema *schema = two_schemas();
    bool lost = false;
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    const struct check *check = &find(&suggestions, "not_empty")->check;
    assert_int_equal(check->table_count, 3);
    assert_string_equal(check->tables[0], "public.both_4");
    assert_string_equal(check->tables[1], "units_3");
    assert_string_equal(check->tables[2], "shop.both_4");
    assert_string_equal(check->name, "not_empty");
    assert_int_equal(check->timeout_ms, check->kind->timeout_ms);
}

/* What cannot be counted is not proposed and says why; once the connection is lost, nothing more is asked. */
static void test_what_cannot_be_counted(void **state)
{
    (void)state;
    static const struct {
        enum error_code code;
        unsigned asked;
        bool lost;
    } cases[] = {
        {ERROR_FORBIDDEN, 3, false}, {ERROR_LOCKED, 3, false}, {ERROR_TIMEOUT, 1, true}, {ERROR_UNREACHABLE, 1, true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct counting counting = {.fails = cases[i].code};
        cleanup(suggestions) struct suggestions suggestions = {0};
        cleanup(schema) struct schema *schema = two_schemas();
        bool lost = false;
        assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
        const struct suggestion *found = find(&suggestions, "not_empty");
        assert_int_equal(counting.asked, cases[i].asked);
        assert_int_equal(lost, cases[i].lost);
        assert_int_equal(found->check.table_count, 0);
        assert_int_equal(found->name_count, 3);
        assert_string_equal(found->names[0].note, "its rows cannot be counted: the server says no");
        assert_string_equal(found->names[2].note,
                            cases[i].lost ? "its rows were not counted, since the connection was lost before"
                                          : "its rows cannot be counted: the server says no");
    }
}

static void add_object(struct schema_builder *builder, enum object_kind kind, const char *schema, const char *name,
                       const struct schema_attribute *attributes, size_t attribute_count)
{
    uint32_t run = schema_builder_attributes(builder, attributes, attribute_count);
    schema_builder_object(
        builder, &(struct schema_object){
                     .kind = kind, .schema = text(builder, schema), .name = text(builder, name), .attributes = run});
}

static void add_type(struct schema_builder *builder, const char *schema, const char *name, const char *made_by)
{
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_VALUES, .text = text(builder, "new")},
        {.key = ATTRIBUTE_VALUES, .text = text(builder, "it's paid")},
        {.key = ATTRIBUTE_TOOL_OBJECT, .text = text(builder, made_by)},
    };
    add_object(builder, OBJECT_ENUM, schema, name, attributes, made_by ? 3 : 2);
}

static struct schema *schema_of_types(void)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return NULL;
    const struct schema_attribute version = {.key = ATTRIBUTE_VERSION, .text = text(builder, "1.6")};
    add_table(builder, TABLE("orders", "id int", "state order_status", "before order_status[]", "kind shop.kind"));
    add_type(builder, "public", "order_status", NULL);
    add_type(builder, "shop", "kind", NULL);
    add_type(builder, "shop", "unused", NULL);
    add_type(builder, "public", "theirs", "extension");
    add_object(builder, OBJECT_EXTENSION, NULL, "pg_trgm", &version, 1);
    add_object(builder, OBJECT_EXTENSION, NULL, "plpgsql", &version, 1);
    add_object(builder, OBJECT_EXTENSION, NULL, "unversioned", NULL, 0);
    add_object(builder, OBJECT_SEQUENCE, "public", "numbers", NULL, 0);
    return seal(builder, "postgres");
}

static void test_types(void **state)
{
    (void)state;
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema) struct schema *schema = schema_of_types();
    bool lost = false;
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    const struct suggestion *enums = find(&suggestions, "enum_values");
    assert_int_equal(enums->check.enum_count, 3);
    assert_string_equal(enums->check.enums[0].type, "order_status");
    assert_int_equal(enums->check.enums[0].label_count, 2);
    assert_string_equal(enums->check.enums[0].labels[1], "it's paid");
    assert_string_equal(enums->names[0].note, "the type of orders.state and 1 more");
    assert_string_equal(enums->check.enums[1].type, "shop.kind");
    assert_string_equal(enums->names[1].note, "the type of orders.kind");
    assert_string_equal(enums->names[2].note, "no column is of this type");
    const struct check *extensions = &find(&suggestions, "extensions")->check;
    assert_int_equal(extensions->extension_count, 2);
    assert_string_equal(extensions->extensions[0].name, "pg_trgm");
    assert_string_equal(extensions->extensions[0].wanted, ">=1.6");
    assert_string_equal(extensions->extensions[1].wanted, "*");
    assert_int_equal(find(&suggestions, "sequences")->check.below_permille, SUGGEST_FULL_PERMILLE);
}

static struct schema *schema_of_columns(const char *engine)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return NULL;
    const struct schema_attribute source = {
        .key = ATTRIBUTE_SOURCE,
        .text = text(builder, "CREATE TABLE checked (id integer, state text CHECK (state IN ('a', 'b')))")};
    add_table(builder, &(struct sample_table){
                           NULL, "orders", {"id int", "state enum('new','it''s')", "flags set('r','w')", NULL}});
    uint32_t checked = schema_builder_relation(
        builder, &(struct schema_relation){.name = text(builder, "checked"),
                                           .kind = RELATION_TABLE,
                                           .attributes = schema_builder_attributes(builder, &source, 1)});
    add_column(builder, checked, "id integer", 1);
    add_column(builder, checked, "state text", 2);
    return seal(builder, engine);
}

static void test_columns(void **state)
{
    (void)state;
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema) struct schema *schema = schema_of_columns("mysql");
    bool lost = false;
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    const struct check *enums = &find(&suggestions, "enum_values")->check;
    assert_int_equal(enums->enum_count, 3);
    assert_string_equal(enums->enums[0].type, "checked.state");
    assert_string_equal(enums->enums[0].labels[1], "b");
    assert_string_equal(enums->enums[1].type, "orders.state");
    assert_string_equal(enums->enums[1].labels[1], "it's");
    assert_string_equal(enums->enums[2].type, "orders.flags");
    assert_non_null(find(&suggestions, "indexes"));
}

/* More enumerations than a list has room for, and one that is too long. */
static void test_too_many(void **state)
{
    (void)state;
    struct counting counting = {.fails = ERROR_OK};
    cleanup(suggestions) struct suggestions suggestions = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    for (unsigned i = 0; i < SUGGEST_ENUMS + 3; i++) {
        char name[32] = "";
        snprintf(name, sizeof name, "type_%u", i);
        add_type(builder, "public", name, NULL);
    }
    cleanup(schema) struct schema *schema = seal(builder, "postgres");
    bool lost = false;
    assert_int_equal(propose(schema, &counting, &suggestions, &lost), 0);
    const struct suggestion *enums = find(&suggestions, "enum_values");
    assert_int_equal(enums->check.enum_count, SUGGEST_ENUMS);
    assert_int_equal(enums->why_count, 2);
    assert_string_equal(enums->whys[1], "There are 3 more, which are left out: too many, or too long.");
    assert_null(find(&suggestions, "not_empty"));
}

static void expect_no_leaks(struct schema *schema)
{
    assert_non_null(schema);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct counting counting = {.fails = ERROR_OK};
        cleanup(suggestions) struct suggestions suggestions = {0};
        bool lost = false;
        OOM_CHECK(loop, propose(schema, &counting, &suggestions, &lost) == 0);
    }
    schema_unref(schema);
}

static void test_want_of_memory(void **state)
{
    (void)state;
    expect_no_leaks(two_schemas());
    expect_no_leaks(schema_of_types());
    expect_no_leaks(schema_of_columns("sqlite"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_data),
        cmocka_unit_test(test_events_and_people),
        cmocka_unit_test(test_what_nobody_refers_to),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_cannot_be_counted),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
