/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "drift/drift_work.h"

/* What a server took and did not keep before that release: differences in it say nothing about the schema. */
static const struct {
    const char *engine;
    unsigned long descending; /* major * 10000 + minor * 100 + patch */
    unsigned long checks;
} silent_features[] = {
    {"mysql", 80000, 80016},
    {"mariadb", 100800, 100201},
};

static unsigned long version_number(const char *text)
{
    unsigned long parts[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        char *end = NULL;
        parts[i] = strtoul(text, &end, 10);
        if (*end != '.')
            break;
        text = end + 1;
    }
    return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* PostgreSQL and MySQL count majors differently; SQLite prints nothing of its own. */
static bool is_same_release(const struct drift_work *work)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    const struct schema *live = work->sides[LIVE].schema;
    unsigned long versions[ENDS] = {version_number(schema_text(reference, reference->server_version)),
                                    version_number(schema_text(live, live->server_version))};
    unsigned long fineness = work->features.postgres ? 10000 : 100;
    bool same_engine = strcmp(schema_text(reference, reference->engine), schema_text(live, live->engine)) == 0;
    return work->features.sqlite || (same_engine && versions[REFERENCE] / fineness == versions[LIVE] / fineness);
}

void drift_find_features(struct drift_work *work)
{
    struct drift_features *features = &work->features;
    const struct schema *reference = work->sides[REFERENCE].schema;
    const char *engine = schema_text(reference, reference->engine);
    features->postgres = strcmp(engine, "postgres") == 0;
    features->sqlite = strcmp(engine, "sqlite") == 0;
    features->mysql = !features->postgres && !features->sqlite;
    features->fold_columns = !features->postgres;
    features->fold_relations = features->sqlite;
    features->descending = true;
    features->checks = true;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        const struct schema *schema = work->sides[end].schema;
        unsigned long version = version_number(schema_text(schema, schema->server_version));
        features->fold_relations |= schema->folds_names;
        for (size_t i = 0; i < ARRAY_LENGTH(silent_features) && version > 0; i++) {
            if (strcmp(silent_features[i].engine, schema_text(schema, schema->engine)) != 0)
                continue;
            features->descending &= version >= silent_features[i].descending;
            features->checks &= version >= silent_features[i].checks;
        }
    }
    features->same_release = is_same_release(work);
}

bool drift_policy_deviates(const struct drift_work *work, enum drift_policy_key key)
{
    return !work->strict && work->policy->values[key] != 0;
}
