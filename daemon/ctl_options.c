/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/ctl.h"

enum {
    PRINTS_TEXT = 1 << CTL_TEXT,
    PRINTS_JSON = 1 << CTL_JSON,
    PRINTS_MARKDOWN = 1 << CTL_MARKDOWN,
    PRINTS_SQL = 1 << CTL_SQL,
};

const struct ctl_command ctl_commands[] = {
    {"status", "[DATABASE]", "every database's state in one line, or one database with its evidence", 0, 1,
     PRINTS_TEXT | PRINTS_JSON, ctl_status},
    {"wait", "GATE", "wait until a gate is open: 0 open, 1 closed, 3 unknown, 4 blocked, 124 timed out", 1, 1,
     PRINTS_TEXT | PRINTS_JSON, ctl_wait},
    {"journal", "[URL | DATABASE]", "what migration tools recorded, what is missing, what is wrong; --tools: the tools",
     0, 1, PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN, ctl_journal},
    {"snapshot", "URL", "print a database's schema as a baseline, without a daemon", 1, 1, PRINTS_TEXT | PRINTS_JSON,
     ctl_snapshot},
    {"diff", "REFERENCE LIVE | DATABASE", "what differs: 0 nothing, 1 drift, 2 trouble or unknown", 1, 2,
     PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN, ctl_diff},
    {"plan", "REFERENCE LIVE | DATABASE", "the SQL that would end the drift, in stages; it is never run", 1, 2,
     PRINTS_TEXT | PRINTS_JSON | PRINTS_SQL, ctl_plan},
    {"compare", "SIDE SIDE… | DATABASE…", "many schemas in groups of equals, and how each differs from the most", 1,
     CTL_SIDES, PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN, ctl_compare},
    {"manifest", "DIRECTORY…", "print a directory of migrations as one JSON file, for images and expect: {manifest: …}",
     1, CTL_SIDES, PRINTS_TEXT | PRINTS_JSON, ctl_manifest},
    {"bootstrap", "URL", "a populated schema without a journal: which revision it fits, and how to record that", 1, 1,
     PRINTS_TEXT | PRINTS_JSON | PRINTS_MARKDOWN, ctl_bootstrap},
    {"probe", "[PATH]", "ask the daemon whether it lives (default /livez): for health checks in images", 0, 1,
     PRINTS_TEXT | PRINTS_JSON, ctl_probe},
    {"reload", "", "reload the daemon's configuration, wait, and tell how it went", 0, 0, PRINTS_TEXT | PRINTS_JSON,
     ctl_reload},
};
const int ctl_command_count = (int)ARRAY_LENGTH(ctl_commands);

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
     .commands = "wait",
     .kind = OPTION_TEXT,
     KEPT(revision),
     .doc = "the revision that the application expects; DATABASE:R where the gate requires several databases"},
    {.name = "manifest",
     .argument = "FILE",
     .commands = "wait",
     .kind = OPTION_TEXT,
     KEPT(manifest),
     .doc = "the revision is the head of this manifest; DATABASE:FILE where the gate requires several databases"},
    {.name = "match",
     .argument = "M",
     .commands = "wait",
     .kind = OPTION_TEXT,
     KEPT(match),
     .values = "exact at-least contains",
     .doc = "exact, at-least (default with --revision) or contains"},
    {.name = "schemas",
     .argument = "GLOB",
     .commands = "snapshot diff plan compare bootstrap journal",
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
     .doc = "diff, plan: also write the report, or the plan as scripts, into a folder there; journal URL, bootstrap: "
            "the folder of the tool's migrations, of which bootstrap takes several"},
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
     .doc = "with --stamp: the database's name, as proof that this one is meant"},
    {.name = "tenants",
     .argument = "GLOB",
     .commands = "compare",
     .kind = OPTION_TEXT,
     KEPT(tenants),
     .doc = "the schemas of one PostgreSQL database with each other"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .doc = "print the version and exit"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .doc = "print this and exit"},
};

static void print_help(void);

const struct option_program ctl_program = {
    .name = "migrationctl", .rows = option_rows, .count = ARRAY_LENGTH(option_rows), .help = print_help};

static void print_help(void)
{
    puts("Usage: migrationctl [OPTIONS] COMMAND [ARGUMENTS]\n");
    for (int i = 0; i < ctl_command_count; i++)
        printf("  %-9s %-26s %s\n", ctl_commands[i].name, ctl_commands[i].arguments, ctl_commands[i].summary);
    putchar('\n');
    option_print(&ctl_program, stdout);
    puts("\n"
         "URL: postgresql://…, mysql://…, mariadb://… or sqlite:///PATH. REFERENCE, LIVE, SIDE: a URL, a\n"
         "baseline file, drizzle:DIR, rails:FILE or sql:FILE. Exit codes: 0 done, 2 usage, 3 unknown or\n"
         "unreachable; `wait`, `probe`, `diff`, `plan` and `compare` as above.");
}
