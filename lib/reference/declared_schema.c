/* SPDX-License-Identifier: Apache-2.0
 *
 * From a declared schema to one of the model.
 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "dialect/dialects.h"
#include "reference/declared_sqlite.h"
#include "reference/declared_work.h"

static void remark_on_unknown(const struct declared_work *work, struct reference *reference)
{
    if (work->unknown == 0)
        return;
    snprintf(reference->remark, sizeof reference->remark,
             "%zu %s not compared: %s spells %s in a way that cannot be held against the server's (%s%s)",
             work->unknown, work->unknown == 1 ? "text was" : "texts were", work->declared->source,
             work->unknown == 1 ? "it" : "them", work->first_unknown, work->unknown == 1 ? "" : ", …");
    utf8_make_line(reference->remark, sizeof reference->remark);
}

int declared_to_schema(struct declared *declared, const struct reference_request *request,
                       struct reference *ret_reference, struct error *reterr)
{
    if (strcmp(declared->engine, "sqlite") == 0)
        return declared_to_sqlite(declared, request, ret_reference, reterr);
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return error_no_memory(reterr);
    struct declared_work work = {
        .declared = declared,
        .request = request,
        .builder = builder,
        .live = request->live,
        .dialect = dialect_for(declared->engine),
        .own_schema = declared_own_schema(declared, request->scope),
        .postgres = strcmp(declared->engine, "postgres") == 0,
    };
    schema_builder_dialect(builder, work.dialect);
    schema_builder_server(builder, declared->engine,
                          request->live ? schema_text(request->live, request->live->server_version) : NULL);
    if (request->live && request->live->folds_names)
        schema_builder_folds_names(builder);
    if (work.postgres && declared_clip_names(declared, reterr) < 0)
        return -1;
    if (declared_put_relations(&work, reterr) < 0 || declared_put_objects(&work, reterr) < 0 ||
        schema_builder_seal(builder, &ret_reference->schema, reterr) < 0)
        return -1;
    remark_on_unknown(&work, ret_reference);
    return 0;
}
