/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/ctl.h"
#include "daemon/wait.h"

enum {
    PRINTS_TEXT = 1 << CTL_TEXT,
    PRINTS_JSON = 1 << CTL_JSON,
    PRINTS_MARKDOWN = 1 << CTL_MARKDOWN,
    PRINTS_SQL = 1 << CTL_SQL,
};

enum { COMMAND_COLUMN = 40 };

/* To add a command: a row here, and a function in a ctl_<name>.c. */
const struct ctl_command ctl_commands[] = {
    {.name = "status",
     .arguments = "[DATABASE]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_status,
     .summary = "every database's state in one line, or one database with its evidence",
     .doc =
         "Asks the daemon. With a name: its state and code, why, what to do next, what is expected, what is pending, "
         "unknown, failed or changed, who holds the migration tool's lock, and what is odd."},
    {.name = "wait",
     .arguments = "GATE [-- COMMAND…]",
     .least = 1,
     .most = CTL_SIDES,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_wait,
     .summary = "wait until a gate is open, then become the command",
     .doc = "The command never runs unless the gate is open. Each new reason is said once, on standard error. A gate "
            "is one of the configuration's, a database, or a "
            "journal of one: DATABASE#JOURNAL. With `--timeout 0` it is one look. migration-wait(1) does the same in "
            "images that hold nothing else."},
    {.name = "admit",
     .arguments = "GATE",
     .least = 1,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_admit,
     .summary = "send an application's startup signal: admitted or refused, and recorded",
     .doc =
         "Asks once whether the instance of `--application` may start with `--revision`. The daemon answers when its "
         "history has recorded it. `wait --application` does this when the gate opens."},
    {.name = "can-run",
     .arguments = "[GATE]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_can_run,
     .summary = "before a roll-out, a rollback or a migration: may it run on what is there now?",
     .doc = "One look at the gate with the release's `--revision`, or with the revisions from the oldest to the newest "
            "that it `--supports`. Prints the evidence of each database, and what to do where one is too old or too "
            "new. With `--before-migration` it is asked whether a migration may run: the database's backup check must "
            "have passed, none may be running, and nothing may have failed, diverged or be unknown. A gate that "
            "requires checks alone needs no `--revision`. Nothing is recorded."},
    {.name = "history",
     .arguments = "[DATABASE | FILE | URL]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_history,
     .summary = "what happened to the databases, newest first, or where they stood at a moment",
     .doc = "Asks the daemon. With `--verify` it reads the history itself, a FILE (default "
            "/var/lib/migrationd/history.db) or a postgresql:// URL, and checks the hash of each record, which is made "
            "of it and of the record before."},
    {.name = "journal",
     .arguments = "[URL | DATABASE]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_journal,
     .summary = "what migration tools recorded, what is missing, what is wrong; --tools: the tools",
     .doc = "Every applied migration, and what is pending, unknown, failed, changed or out of order. A URL is read "
            "without a daemon, and with `--directory` compared with the tool's files; a DATABASE is the daemon's, "
            "compared with what its configuration expects."},
    {.name = "checks",
     .arguments = "[DATABASE | URL]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_checks,
     .summary = "what must be true of a database, and whether it is; --suggest: what could be asked",
     .doc = "The checks of the daemon's databases, as they were run last. With `--config` those of a configuration are "
            "run now, one after the other, without a daemon. With a URL, those that need no configuration: how many "
            "tables hold rows, foreign keys, indexes, and sequences that are beyond 80 % of their numbers. With "
            "`--suggest` a `checks` block for the configuration is proposed from what is there."},
    {.name = "snapshot",
     .arguments = "URL",
     .least = 1,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_snapshot,
     .summary = "print a database's schema as a baseline, without a daemon",
     .doc = "Canonical JSON with a fingerprint: the same schema gives the same bytes. It is what `diff` and a "
            "`baseline` of the configuration take."},
    {.name = "diff",
     .arguments = "REFERENCE LIVE | DATABASE",
     .least = 1,
     .most = 2,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_diff,
     .summary = "what differs between two schemas, or the drift of a database that the daemon follows",
     .doc = "What the live schema lacks, has beyond the reference, or has otherwise, each with its severity. What a "
            "role cannot see is never called missing: the result is then unknown, and the grant that helps is said."},
    {.name = "plan",
     .arguments = "REFERENCE LIVE | DATABASE",
     .least = 1,
     .most = 2,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_SQL,
     .run = ctl_plan,
     .summary = "the SQL that would end the drift, in stages; it is never run",
     .doc = "Stage 1 adds what breaks nothing, 2 mends types, defaults and constraints, 3 can lose data or break a "
            "running release. Each statement comes with its lock, hazards, a query that verifies it, and its undo."},
    {.name = "compare",
     .arguments = "SIDE SIDE… | DATABASE…",
     .least = 1,
     .most = CTL_SIDES,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_compare,
     .summary = "many schemas in groups of equals, and how each differs from the most",
     .doc = "With `--tenants` the schemas of one PostgreSQL database with each other."},
    {.name = "manifest",
     .arguments = "DIRECTORY…",
     .least = 1,
     .most = CTL_SIDES,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_manifest,
     .summary = "print a directory of migrations as one JSON file, for images and expect: {manifest: …}",
     .doc = "Every revision in the tool's order with its parents and checksum, the head, and a digest. The same files "
            "give the same bytes."},
    {.name = "bootstrap",
     .arguments = "URL",
     .least = 1,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN,
     .run = ctl_bootstrap,
     .summary = "a populated schema without a journal: which revision it fits, and how to record that",
     .doc = "Compares the live schema with what each revision in `--directory` would have left, proposes the one to "
            "record, and prints the tool's own commands. It only reads, unless both `--stamp` and `--confirm` are "
            "given: then it records that revision in a journal as the tool would have made it."},
    {.name = "probe",
     .arguments = "[PATH]",
     .least = 0,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_probe,
     .summary = "ask the daemon whether it lives (default /livez): for health checks in images",
     .doc = "One request for that path, such as /readyz, /health/NAME or /v1/gates/NAME; the exit status tells."},
    {.name = "refresh",
     .arguments = "DATABASE",
     .least = 1,
     .most = 1,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_refresh,
     .summary = "look at a database now, after a step of a deployment, and show its state",
     .doc = "The daemon reads journal and schema at once and answers when it has. It does so at most once a second; a "
            "refusal for that reason is waited out."},
    {.name = "reload",
     .arguments = "",
     .least = 0,
     .most = 0,
     .outputs = PRINTS_TEXT | PRINTS_JSON,
     .run = ctl_reload,
     .summary = "reload the daemon's configuration, wait, and tell how it went",
     .doc = "If the file has a mistake, its place is said and the old configuration keeps running."},
};
const int ctl_command_count = (int)ARRAY_LENGTH(ctl_commands);

const struct ctl_command *ctl_find_command(const char *name)
{
    for (int i = 0; i < ctl_command_count; i++) {
        if (strcmp(ctl_commands[i].name, name) == 0)
            return &ctl_commands[i];
    }
    return NULL;
}

static bool read_output(const char *text, void *options, char *problem, size_t size)
{
    struct ctl_options *own = options;
    (void)problem, (void)size; /* `values` has refused what is no output */
    for (unsigned output = 0; output < CTL_OUTPUTS; output++) {
        if (strcmp(text, ctl_output_name(output)) == 0)
            own->output = output;
    }
    return true;
}

static bool read_stage(const char *text, void *options, char *problem, size_t size)
{
    struct ctl_options *own = options;
    (void)problem, (void)size;
    own->stage = (unsigned)(*text - '0');
    return true;
}

static bool read_direction(const char *text, void *options, char *problem, size_t size)
{
    struct ctl_options *own = options;
    (void)problem, (void)size;
    own->adopt = strcmp(text, "adopt") == 0;
    return true;
}

#define KEPT(field) .offset = offsetof(struct ctl_options, field)

/* To add an option: a row here, and a field in struct ctl_options. */
static const struct option_row option_rows[] = {
    {.name = "server",
     .letter = 's',
     .argument = "URL",
     .kind = OPTION_TEXT,
     KEPT(server),
     .doc = "the daemon: http://HOST:PORT, https://HOST:PORT or unix:/path (default $MIGRATIOND_SERVER, else "
            "http://127.0.0.1:8484)"},
    {.name = "token-file",
     .argument = "FILE",
     .kind = OPTION_TEXT,
     KEPT(token_file),
     .doc = "the bearer token for the daemon (default $MIGRATIOND_TOKEN_FILE)"},
    {.name = "ca",
     .argument = "FILE",
     .kind = OPTION_TEXT,
     KEPT(ca),
     .doc = "https: the authorities that may vouch for the daemon, in PEM (default $MIGRATIOND_CA, else the system's)"},
    {.name = "cert",
     .argument = "FILE",
     .kind = OPTION_TEXT,
     KEPT(cert),
     .doc = "https: the certificate to show to a daemon that asks for one, in PEM"},
    {.name = "key",
     .argument = "FILE",
     .kind = OPTION_TEXT,
     KEPT(key),
     .doc = "https: the key of that certificate (default: it stands in the same file)"},
    {.name = "output",
     .letter = 'o',
     .argument = "FORMAT",
     .kind = OPTION_CUSTOM,
     .read = read_output,
     .values = "text json markdown sql",
     .doc = "text (default), json, markdown or sql, where each makes sense"},
    {.name = "timeout",
     .argument = "T",
     .kind = OPTION_DURATION,
     KEPT(timeout_ms),
     .doc = "such as 30s or 2m (default 1m); wait with 0 looks once"},
    {.name = "watch",
     .letter = 'w',
     .commands = "status",
     .kind = OPTION_FLAG,
     KEPT(watch),
     .doc = "go on with a line for each change, until interrupted; with -o json, an event in each line"},
    {.name = "revision",
     .argument = "R",
     .commands = "wait admit can-run",
     .kind = OPTION_LIST,
     KEPT(revisions),
     .doc = "the revision that the application expects; DATABASE:R, repeated, where the gate requires several "
            "databases"},
    {.name = "manifest",
     .argument = "FILE",
     .commands = "wait admit can-run",
     .kind = OPTION_LIST,
     KEPT(manifests),
     .doc = "the revision is the head of this manifest; DATABASE:FILE, repeated, where the gate requires several "
            "databases"},
    {.name = "match",
     .argument = "M",
     .commands = "wait admit can-run",
     .kind = OPTION_TEXT,
     KEPT(match),
     .values = "exact at-least contains",
     .doc = "exact, at-least (default with --revision) or contains"},
    {.name = "supports",
     .argument = "A..B",
     .commands = "wait admit can-run",
     .kind = OPTION_LIST,
     KEPT(supports),
     .doc = "the application runs on every revision from A to B; A may be left out, then it is R, and so may B; "
            "DATABASE:A..B, repeated, where the gate requires several databases"},
    {.name = "before-migration",
     .argument = "DATABASE",
     .commands = "can-run",
     .kind = OPTION_TEXT,
     KEPT(before_migration),
     .doc = "whether a migration may run on DATABASE now: the age and size of its backup, and that nothing else runs "
            "or has failed there"},
    {.name = "application",
     .argument = "NAME",
     .commands = "wait admit",
     .kind = OPTION_TEXT,
     KEPT(application),
     .doc = "send the startup signal of this application, and start when it is admitted"},
    {.name = "instance",
     .argument = "NAME",
     .commands = "wait admit",
     .kind = OPTION_TEXT,
     KEPT(instance),
     .doc = "which instance of it this is (default: the host's name)"},
    {.name = "at",
     .argument = "TIME",
     .commands = "history",
     .kind = OPTION_TEXT,
     KEPT(at),
     .doc = "the state at that moment, such as 2026-11-20T10:00:00Z"},
    {.name = "kind",
     .argument = "K",
     .commands = "history",
     .kind = OPTION_TEXT,
     KEPT(kind),
     .values = "state drift check admission fail_open all",
     .doc = "state (default), drift, check, admission, fail_open or all"},
    {.name = "limit",
     .argument = "N",
     .commands = "history",
     .kind = OPTION_TEXT,
     KEPT(limit),
     .doc = "at most N records of each database (default 100, at most 1000)"},
    {.name = "verify",
     .commands = "history",
     .kind = OPTION_FLAG,
     KEPT(verify),
     .doc = "walk over a history's FILE or URL, and tell whether a record was changed or is missing"},
    {.name = "quiet",
     .commands = "wait",
     .kind = OPTION_FLAG,
     KEPT(quiet),
     .doc = "say how it ended if the gate is not open, and nothing before"},
    {.name = "config",
     .letter = 'c',
     .argument = "FILE",
     .commands = "checks",
     .kind = OPTION_TEXT,
     KEPT(config),
     .doc = "run the checks of this configuration now, from here, without a daemon"},
    {.name = "suggest",
     .commands = "checks",
     .kind = OPTION_FLAG,
     KEPT(suggest),
     .doc = "propose checks for the database at the URL, as YAML for the configuration"},
    {.name = "schemas",
     .argument = "GLOB",
     .commands = "snapshot diff plan compare bootstrap journal checks",
     .kind = OPTION_LIST,
     KEPT(schemas),
     .doc = "only these schemas; may be repeated"},
    {.name = "ignore",
     .argument = "ENTRY",
     .commands = "diff plan compare",
     .kind = OPTION_LIST,
     KEPT(ignores),
     .doc = "KIND:PATTERN to leave out, such as table:tmp_*; may be repeated"},
    {.name = "policy",
     .argument = "K=V",
     .commands = "diff plan compare",
     .kind = OPTION_LIST,
     KEPT(policies),
     .doc = "what counts as equal, such as json_as_jsonb=equal; may be repeated"},
    {.name = "no-default-ignores",
     .commands = "diff plan compare",
     .kind = OPTION_FLAG,
     KEPT(no_default_ignores),
     .doc = "compare journals and other tools' objects, too"},
    {.name = "scratch",
     .argument = "URL",
     .commands = "diff plan compare bootstrap",
     .kind = OPTION_TEXT,
     KEPT(scratch),
     .doc = "the server on which sql:FILE may be loaded, in a database of its own that is dropped afterwards"},
    {.name = "stage",
     .argument = "N",
     .commands = "plan",
     .kind = OPTION_CUSTOM,
     .read = read_stage,
     .values = "1 2 3",
     .doc = "only stage 1, 2 or 3"},
    {.name = "direction",
     .argument = "D",
     .commands = "plan",
     .kind = OPTION_CUSTOM,
     .read = read_direction,
     .values = "revert adopt",
     .doc = "revert (default: live becomes the reference) or adopt (what a migration must contain so that the "
            "reference becomes the live schema)"},
    {.name = "directory",
     .argument = "DIR",
     .commands = "diff plan journal bootstrap",
     .kind = OPTION_LIST,
     KEPT(directories),
     .doc =
         "where the report, or the plan as scripts, is written, too, in a folder of its own (diff, plan); the folder "
         "of the tool's migrations (journal URL, and bootstrap, which takes several)"},
    {.name = "tools",
     .commands = "journal",
     .kind = OPTION_FLAG,
     KEPT(list_tools),
     .doc = "the table of the migration tools that are known"},
    {.name = "tool",
     .argument = "T",
     .commands = "journal manifest bootstrap",
     .kind = OPTION_TEXT,
     KEPT(tool),
     .doc = "whose migrations they are, where the folder does not tell"},
    {.name = "stamp",
     .argument = "R",
     .commands = "bootstrap",
     .kind = OPTION_LIST,
     KEPT(stamps),
     .doc = "record R, and all before it, in the tool's own journal; `heads` is all of them; may be repeated"},
    {.name = "confirm",
     .argument = "NAME",
     .commands = "bootstrap",
     .kind = OPTION_TEXT,
     KEPT(confirm),
     .doc = "the database's name, as proof that this one is meant by --stamp"},
    {.name = "tenants",
     .argument = "GLOB",
     .commands = "compare",
     .kind = OPTION_TEXT,
     KEPT(tenants),
     .doc = "the schemas of one PostgreSQL database with each other"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .doc = "print the version and exit"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .doc = "print this and exit"},
};

/* Rows of the same commands stand together. */
static const struct option_exit exit_rows[] = {
    {.commands = "status", .status = CTL_OK, .doc = "done"},
    {.commands = "status", .status = CTL_USAGE, .doc = "usage, or no such database"},
    {.commands = "status", .status = CTL_UNKNOWN, .doc = "unreachable"},
    {.commands = "status", .status = CTL_INTERRUPTED, .doc = "--watch was interrupted"},
    {.commands = "wait", .status = CTL_OK, .doc = "open, and there is no command"},
    {.commands = "wait", .status = CTL_CLOSED, .doc = "closed (--timeout 0)"},
    {.commands = "wait", .status = CTL_USAGE, .doc = "usage, or no such gate"},
    {.commands = "wait", .status = CTL_UNKNOWN, .doc = "unknown or unreachable (--timeout 0)"},
    {.commands = "wait", .status = CTL_BLOCKED, .doc = "blocked: somebody must act"},
    {.commands = "wait", .status = CTL_TIMED_OUT, .doc = "timed out"},
    {.commands = "wait", .status = WAIT_NOT_RUN, .doc = "the command could not be run"},
    {.commands = "wait", .status = WAIT_NOT_FOUND, .doc = "it was not found"},
    {.commands = "admit", .status = CTL_OK, .doc = "admitted"},
    {.commands = "admit", .status = CTL_CLOSED, .doc = "refused as closed: waiting can help"},
    {.commands = "admit", .status = CTL_USAGE, .doc = "usage, or no such gate"},
    {.commands = "admit", .status = CTL_UNKNOWN, .doc = "refused as unknown, unreachable, or it cannot be recorded"},
    {.commands = "admit", .status = CTL_BLOCKED, .doc = "refused as blocked: somebody must act"},
    {.commands = "can-run", .status = CTL_OK, .doc = "it may"},
    {.commands = "can-run", .status = CTL_CLOSED, .doc = "not now, waiting can help"},
    {.commands = "can-run", .status = CTL_USAGE, .doc = "usage, or no such gate or database"},
    {.commands = "can-run", .status = CTL_UNKNOWN, .doc = "unknown or unreachable, or no backup is configured"},
    {.commands = "can-run", .status = CTL_BLOCKED, .doc = "it may not"},
    {.commands = "history", .status = CTL_OK, .doc = "done, or with --verify all records hold"},
    {.commands = "history", .status = CTL_CLOSED, .doc = "a record was changed or is missing (--verify)"},
    {.commands = "history", .status = CTL_USAGE, .doc = "usage, no such database, or it cannot be read (--verify)"},
    {.commands = "history", .status = CTL_UNKNOWN, .doc = "unreachable, or there is no history"},
    {.commands = "diff plan compare", .status = CTL_OK, .doc = "nothing differs"},
    {.commands = "diff plan compare", .status = CTL_CLOSED, .doc = "drift"},
    {.commands = "diff plan compare", .status = CTL_TROUBLE, .doc = "usage, trouble or unknown"},
    {.commands = "checks", .status = CTL_OK, .doc = "all passed, or what failed only warns"},
    {.commands = "checks", .status = CTL_CLOSED, .doc = "a check failed"},
    {.commands = "checks", .status = CTL_TROUBLE, .doc = "usage or trouble, or a check is unknown"},
    {.commands = "bootstrap", .status = CTL_OK, .doc = "proposed or recorded"},
    {.commands = "bootstrap", .status = CTL_CLOSED, .doc = "there is a journal already, or nothing at all"},
    {.commands = "bootstrap", .status = CTL_USAGE, .doc = "usage, a wrong --confirm, or no such revision"},
    {.commands = "bootstrap", .status = CTL_UNKNOWN, .doc = "it cannot be told, or could not be recorded"},
    {.commands = "probe", .status = CTL_OK, .doc = "alive, healthy or open"},
    {.commands = "probe", .status = CTL_CLOSED, .doc = "closed, or not healthy"},
    {.commands = "probe", .status = CTL_USAGE, .doc = "usage, or no such path"},
    {.commands = "probe", .status = CTL_UNKNOWN, .doc = "unknown or unreachable"},
    {.commands = "probe", .status = CTL_BLOCKED, .doc = "blocked: somebody must act"},
    {.commands = "refresh", .status = CTL_OK, .doc = "the database was looked at, whatever its state"},
    {.commands = "refresh", .status = CTL_USAGE, .doc = "usage, or no such database"},
    {.commands = "refresh", .status = CTL_UNKNOWN, .doc = "unreachable, refused, or the look did not end in time"},
    {.commands = "reload", .status = CTL_OK, .doc = "reloaded"},
    {.commands = "reload", .status = CTL_CLOSED, .doc = "refused: the old configuration keeps running"},
    {.commands = "reload", .status = CTL_USAGE, .doc = "usage"},
    {.commands = "reload", .status = CTL_UNKNOWN, .doc = "unreachable"},
    {.commands = "journal snapshot manifest", .status = CTL_OK, .doc = "done"},
    {.commands = "journal snapshot manifest", .status = CTL_USAGE, .doc = "usage"},
    {.commands = "journal snapshot manifest",
     .status = CTL_UNKNOWN,
     .doc = "unknown or unreachable, or not all could be seen"},
};

static void print_help(const char *word);

const struct option_program ctl_program = {
    .name = "migrationctl",
    .summary = "asks migrationd or databases about migrations and drift",
    .usage = "[OPTIONS] COMMAND [ARGUMENTS]",
    .rows = option_rows,
    .count = ARRAY_LENGTH(option_rows),
    .exits = exit_rows,
    .exit_count = ARRAY_LENGTH(exit_rows),
    .help = print_help,
};

static const char sides[] =
    "\n"
    "URL: postgresql://…, mysql://…, mariadb://… or sqlite:///PATH. REFERENCE, LIVE, SIDE: a URL, a\n"
    "baseline file, drizzle:DIR, rails:FILE or sql:FILE. DATABASE, GATE: a name in the daemon's\n"
    "configuration.";

/* Whether `sides` says something about these arguments. */
static bool names_a_side(const char *arguments)
{
    static const char *const words[] = {"URL", "SIDE", "LIVE", "DATABASE", "GATE"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strstr(arguments, words[i]))
            return true;
    }
    return false;
}

static void print_whole_help(void)
{
    option_print_usage(&ctl_program, stdout);
    for (int i = 0; i < ctl_command_count; i++) {
        char head[128] = "";
        snprintf(head, sizeof head, "  %-9s %s", ctl_commands[i].name, ctl_commands[i].arguments);
        option_print_entry(head, COMMAND_COLUMN, ctl_commands[i].summary, stdout);
    }
    putchar('\n');
    option_print(&ctl_program, stdout);
    puts(sides);
    option_print_exits(&ctl_program, stdout);
}

static void print_command_help(const struct ctl_command *command)
{
    char usage[128] = "";
    snprintf(usage, sizeof usage, "%s [OPTIONS]%s%s", command->name, *command->arguments ? " " : "",
             command->arguments);
    const struct option_program own = {.name = ctl_program.name, .summary = command->summary, .usage = usage};
    option_print_usage(&own, stdout);
    option_print_text(command->doc, stdout);
    putchar('\n');
    option_print_of(&ctl_program, command->name, stdout);
    if (names_a_side(command->arguments))
        puts(sides);
    option_print_exits_of(&ctl_program, command->name, stdout);
}

static void print_help(const char *word)
{
    const struct ctl_command *command = word ? ctl_find_command(word) : NULL;
    if (command)
        print_command_help(command);
    else
        print_whole_help();
}
