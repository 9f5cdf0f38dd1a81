/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl checks without a daemon: those of a configuration's databases, and those that need no argument.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/nearest.h"
#include "check/check_kinds.h"
#include "daemon/connect.h"
#include "daemon/ctl_checks.h"

static int connect_configured(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                              struct server_facts *ret_server, struct error *reterr)
{
    return database_connect(payload, PURPOSE_CHECK, deadline, ret_connection, ret_server, reterr);
}

/* As `connect_timeout` of a configuration is preset. */
enum { CONNECT_MS = 5000 };

int ctl_checks_connect_url(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                           struct server_facts *ret_server, struct error *reterr)
{
    struct deadline connected = deadline_earlier(deadline, deadline_in(CONNECT_MS));
    return ctl_open_url(payload, PURPOSE_CHECK, connected, ret_connection, ret_server, reterr);
}

static int run_and_print(const struct ctl_options *options, const struct ctl_subject *subject,
                         const struct ctl_patience *patience, bool further)
{
    cleanup(ctl_inquiry) struct ctl_inquiry inquiry = {0};
    struct error error = {.code = ERROR_OK};
    struct ctl_progress *progress = ctl_progress_new();
    int status = ctl_inquire(subject, patience, progress, &inquiry, &error);
    ctl_progress_free(progress); /* before anything else is written */
    if (status < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    char server[sizeof inquiry.server.engine + sizeof inquiry.server.version + 1] = "";
    snprintf(server, sizeof server, "%s %s", inquiry.server.engine, inquiry.server.version);
    const struct ctl_checked checked = {
        .database = subject->database->name,
        .server = *inquiry.server.engine ? server : NULL,
        .checks = inquiry.report.checks,
        .count = inquiry.report.check_count,
        .further = further,
    };
    return ctl_checks_print(options, &checked);
}

static int check_database(const struct ctl_options *options, const struct config *config,
                          const struct config_database *database, const struct ctl_patience *patience, bool further)
{
    struct check_peer peers[CONFIG_REPLICAS_MAXIMUM] = {{0}};
    const struct ctl_subject subject = {
        .database = database,
        .peers = peers,
        .peer_count = database_peers(config, database, peers),
        .connect = connect_configured,
        .payload = database,
    };
    return run_and_print(options, &subject, patience, further);
}

static const char *database_name_at(const void *databases, size_t index)
{
    return ((const struct config_database *)databases)[index].name;
}

/* Nothing that was to be asked and is not there counts as passed. */
static int check_named(const struct ctl_options *options, const struct config *config, const char *name)
{
    const struct config_database *database = config_find_database(config, name);
    const struct ctl_patience patience = ctl_checks_patience(options);
    if (!database) {
        const char *meant = nearest_name(name, database_name_at, config->databases, config->database_count);
        return ctl_fail(CTL_TROUBLE, "there is no database '%s' in %s%s%s%s", name, config->path,
                        meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
    }
    if (database->replica_of)
        return ctl_fail(CTL_TROUBLE, "a replica has no checks: ask for those of '%s'", database->replica_of->name);
    if (database->check_count == 0)
        return ctl_fail(CTL_TROUBLE, "'%s' has no checks in %s", name, config->path);
    return check_database(options, config, database, &patience, false);
}

int ctl_checks_of_config(const struct ctl_options *options)
{
    cleanup(config) struct config *config = NULL;
    struct error error = {.code = ERROR_OK};
    if (config_load(options->config, &config, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    if (options->argument_count > 0)
        return check_named(options, config, options->arguments[0]);
    const struct ctl_patience patience = ctl_checks_patience(options);
    int code = CTL_OK;
    bool further = false;
    for (size_t i = 0; i < config->database_count; i++) {
        if (config->databases[i].check_count == 0)
            continue;
        code = ctl_checks_worse(code, check_database(options, config, &config->databases[i], &patience, further));
        further = true;
    }
    return further ? code : ctl_fail(CTL_TROUBLE, "no database in %s has checks", config->path);
}

/* What can be asked of every database. */
enum { PRESET_CHECKS = 4, FULL_PERMILLE = 800 /* as --suggest proposes */, ADDRESS_SIZE = 192 };

/* A database that no configuration names, and its checks. */
struct preset {
    struct config_database database;
    struct check checks[PRESET_CHECKS];
    char addresses[PRESET_CHECKS][ADDRESS_SIZE];
    const char *address_list[PRESET_CHECKS];
};

static struct check preset_check(const struct ctl_options *options, const struct check_kind *kind)
{
    return (struct check){
        .name = kind->name,
        .kind = kind,
        .every_ms = kind->every_ms,
        .timeout_ms = options->timeout_given ? options->timeout_ms : kind->timeout_ms,
        .severity = CHECK_FAILS,
        .below_permille = FULL_PERMILLE,
    };
}

static void make_preset(const struct ctl_options *options, const char *name, struct preset *preset)
{
    static const struct check_kind *const kinds[PRESET_CHECKS] = {&check_kind_not_empty, &check_kind_foreign_keys,
                                                                  &check_kind_indexes, &check_kind_sequences};
    for (size_t i = 0; i < PRESET_CHECKS; i++) {
        preset->checks[i] = preset_check(options, kinds[i]);
        snprintf(preset->addresses[i], ADDRESS_SIZE, "%s:check:%s", name, kinds[i]->name);
        preset->address_list[i] = preset->addresses[i];
    }
    preset->database.name = name;
    preset->database.schemas = options->schemas.items;
    preset->database.schema_count = options->schemas.count;
    preset->database.checks = preset->checks;
    preset->database.check_addresses = preset->address_list;
    preset->database.check_count = PRESET_CHECKS;
}

int ctl_checks_of_url(const struct ctl_options *options)
{
    struct preset preset = {.database = {0}};
    struct server_facts server = {0};
    struct error error = {.code = ERROR_OK};
    struct engine_connection *connection = NULL;
    const char *url = options->arguments[0];
    const struct ctl_patience patience = ctl_checks_patience(options);
    if (ctl_checks_connect_url(url, deadline_in(options->timeout_ms), &connection, &server, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    make_preset(options, server.database, &preset);
    const struct ctl_subject subject = {
        .database = &preset.database,
        .connect = ctl_checks_connect_url,
        .payload = url,
        .connection = connection,
        .server = &server,
    };
    return run_and_print(options, &subject, &patience, false);
}
