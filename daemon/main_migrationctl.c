/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl: the command line of people and pipelines.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "daemon/config_reader.h"
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

enum { DEFAULT_TIMEOUT_MS = 60000 };

int ctl_fail(enum ctl_exit code, const char *format, ...)
{
    char message[1024] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    utf8_make_line(message, sizeof message);
    fprintf(stderr, "migrationctl: %s\n", message);
    return (int)code;
}

static void print_help(void)
{
    puts("Usage: migrationctl [OPTIONS] COMMAND [ARGUMENTS]\n");
    for (int i = 0; i < ctl_command_count; i++)
        printf("  %-9s %-26s %s\n", ctl_commands[i].name, ctl_commands[i].arguments, ctl_commands[i].summary);
    puts("\n"
         "  -s, --server URL     the daemon: http://HOST:PORT or unix:/path (default $MIGRATIOND_SERVER,\n"
         "                       else http://127.0.0.1:8484)\n"
         "  -o, --output FORMAT  text (default) or json; journal, diff and compare also markdown, plan\n"
         "                       also sql\n"
         "      --revision R     wait: the revision that the application expects; DATABASE:R where the\n"
         "                       gate requires several databases\n"
         "      --manifest FILE  wait: the revision is the head of this manifest; DATABASE:FILE where the gate\n"
         "                       requires several databases\n"
         "      --match M        wait: exact, at-least (default with --revision) or contains\n"
         "      --timeout T      such as 30s or 2m (default 1m); wait with 0 looks once\n"
         "      --schemas GLOB   snapshot, diff, plan, compare, bootstrap: only these schemas; may be repeated\n"
         "      --ignore ENTRY   diff, plan, compare: KIND:PATTERN to leave out, such as table:tmp_*; may be\n"
         "                       repeated\n"
         "      --policy K=V     diff, plan, compare: such as json_as_jsonb=equal; may be repeated\n"
         "      --no-default-ignores\n"
         "                       compare journals and other tools' objects, too\n"
         "      --scratch URL    the server on which sql:FILE may be loaded, in a database of its own that\n"
         "                       is dropped afterwards\n"
         "      --stage N        plan: only stage 1, 2 or 3\n"
         "      --direction D    plan: revert (default: live becomes the reference) or adopt (what a migration\n"
         "                       must contain so that the reference becomes the live schema)\n"
         "      --directory DIR  diff, plan: also write the report, or the plan as scripts, into a folder there\n"
         "                       journal URL, bootstrap: the folder of the tool's migrations; bootstrap takes several\n"
         "      --tools          journal: the table of the migration tools that are known\n"
         "      --tool T         journal, manifest, bootstrap: whose migrations they are, where the folder does not\n"
         "                       tell\n"
         "      --stamp R        bootstrap: record R, and all before it, in the tool's own journal; `heads` is all of\n"
         "                       them; may be repeated\n"
         "      --confirm NAME   bootstrap --stamp: the database's name, as proof that this one is meant\n"
         "      --tenants GLOB   compare: the schemas of one PostgreSQL database with each other\n"
         "  -V, --version        print the version and exit\n"
         "  -h, --help           print this and exit\n"
         "\n"
         "URL: postgresql://…, mysql://…, mariadb://… or sqlite:///PATH. REFERENCE, LIVE, SIDE: a URL, a\n"
         "baseline file, drizzle:DIR, rails:FILE or sql:FILE. Exit codes: 0 done, 2 usage, 3 unknown or\n"
         "unreachable; `wait`, `probe`, `diff`, `plan` and `compare` as above.");
}

enum {
    OPTION_REVISION = 256,
    OPTION_MATCH,
    OPTION_TIMEOUT,
    OPTION_SCHEMAS,
    OPTION_IGNORE,
    OPTION_POLICY,
    OPTION_NO_DEFAULT_IGNORES,
    OPTION_SCRATCH,
    OPTION_STAGE,
    OPTION_DIRECTION,
    OPTION_DIRECTORY,
    OPTION_TENANTS,
    OPTION_TOOLS,
    OPTION_TOOL,
    OPTION_MANIFEST,
    OPTION_STAMP,
    OPTION_CONFIRM,
};

static const struct option long_options[] = {
    {"server", required_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'},
    {"revision", required_argument, NULL, OPTION_REVISION},
    {"match", required_argument, NULL, OPTION_MATCH},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"schemas", required_argument, NULL, OPTION_SCHEMAS},
    {"ignore", required_argument, NULL, OPTION_IGNORE},
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"no-default-ignores", no_argument, NULL, OPTION_NO_DEFAULT_IGNORES},
    {"scratch", required_argument, NULL, OPTION_SCRATCH},
    {"stage", required_argument, NULL, OPTION_STAGE},
    {"direction", required_argument, NULL, OPTION_DIRECTION},
    {"directory", required_argument, NULL, OPTION_DIRECTORY},
    {"tenants", required_argument, NULL, OPTION_TENANTS},
    {"tools", no_argument, NULL, OPTION_TOOLS},
    {"tool", required_argument, NULL, OPTION_TOOL},
    {"manifest", required_argument, NULL, OPTION_MANIFEST},
    {"stamp", required_argument, NULL, OPTION_STAMP},
    {"confirm", required_argument, NULL, OPTION_CONFIRM},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* "2m", or a bare 0. */
static bool parse_timeout(const char *text, struct ctl_options *options)
{
    options->timeout_given = true;
    if (strcmp(text, "0") == 0) {
        options->timeout_ms = 0;
        return true;
    }
    return duration_parse(text, &options->timeout_ms);
}

static bool parse_output(const char *text, struct ctl_options *options)
{
    for (unsigned output = 0; output < CTL_OUTPUTS; output++) {
        if (strcmp(text, ctl_output_name(output)) == 0) {
            options->output = output;
            return true;
        }
    }
    ctl_fail(CTL_USAGE, "--output is text, json, markdown or sql, not '%s'", text);
    return false;
}

static bool parse_stage(const char *text, struct ctl_options *options)
{
    if (strlen(text) == 1 && *text >= '1' && *text <= '3') {
        options->stage = (unsigned)(*text - '0');
        return true;
    }
    ctl_fail(CTL_USAGE, "--stage is 1, 2 or 3, not '%s'", text);
    return false;
}

static bool parse_direction(const char *text, struct ctl_options *options)
{
    options->adopt = strcmp(text, "adopt") == 0;
    if (options->adopt || strcmp(text, "revert") == 0)
        return true;
    ctl_fail(CTL_USAGE, "--direction is revert or adopt, not '%s'", text);
    return false;
}

/* Where an option's text is only kept; NULL for every other option. */
static const char **kept_text(int option, struct ctl_options *options)
{
    switch (option) {
    case 's':
        return &options->server;
    case OPTION_REVISION:
        return &options->revision;
    case OPTION_MATCH:
        return &options->match;
    case OPTION_SCRATCH:
        return &options->scratch;
    case OPTION_DIRECTORY:
        return &options->directory;
    case OPTION_TENANTS:
        return &options->tenants;
    case OPTION_TOOL:
        return &options->tool;
    case OPTION_MANIFEST:
        return &options->manifest;
    case OPTION_CONFIRM:
        return &options->confirm;
    default:
        return NULL;
    }
}

static struct ctl_list *kept_list(int option, struct ctl_options *options)
{
    switch (option) {
    case OPTION_SCHEMAS:
        return &options->schemas;
    case OPTION_IGNORE:
        return &options->ignores;
    case OPTION_POLICY:
        return &options->policies;
    case OPTION_STAMP:
        return &options->stamps;
    case OPTION_DIRECTORY:
        return &options->directories;
    default:
        return NULL;
    }
}

/* One option; false after a message. `*ret_done` is set when nothing more is to do. */
static bool apply(int option, struct ctl_options *options, bool *ret_done)
{
    const char **text = kept_text(option, options);
    struct ctl_list *list = kept_list(option, options);
    if (list)
        list->items[list->count++] = optarg;
    if (text)
        *text = optarg;
    if (text || list) {
        if (*optarg)
            return true;
        ctl_fail(CTL_USAGE, "an option's value is empty");
        return false;
    }
    switch (option) {
    case 'o':
        return parse_output(optarg, options);
    case OPTION_STAGE:
        return parse_stage(optarg, options);
    case OPTION_DIRECTION:
        return parse_direction(optarg, options);
    case OPTION_TOOLS:
        options->list_tools = true;
        return true;
    case OPTION_NO_DEFAULT_IGNORES:
        options->no_default_ignores = true;
        return true;
    case OPTION_TIMEOUT:
        if (parse_timeout(optarg, options))
            return true;
        ctl_fail(CTL_USAGE, "--timeout takes a duration such as 30s or 2m, not '%s'", optarg);
        return false;
    case 'V':
        puts("migrationctl " MIGRATIOND_VERSION);
        *ret_done = true;
        return true;
    case 'h':
        print_help();
        *ret_done = true;
        return true;
    default:
        return false;
    }
}

static const struct ctl_command *find_command(const char *name)
{
    for (int i = 0; i < ctl_command_count; i++) {
        if (strcmp(ctl_commands[i].name, name) == 0)
            return &ctl_commands[i];
    }
    return NULL;
}

static const char *command_name_at(const void *names, size_t index)
{
    return ((const struct ctl_command *)names)[index].name;
}

static int run_command(int count, char **words, struct ctl_options *options)
{
    if (count == 0) {
        print_help();
        return CTL_USAGE;
    }
    const struct ctl_command *command = find_command(words[0]);
    if (!command) {
        const char *meant = config_suggest(words[0], command_name_at, ctl_commands, (size_t)ctl_command_count);
        return ctl_fail(CTL_USAGE, "there is no command '%s'%s%s%s", words[0], meant ? " (did you mean '" : "",
                        meant ? meant : "", meant ? "'?)" : "");
    }
    options->argument_count = count - 1;
    if (options->argument_count < command->least || options->argument_count > command->most)
        return ctl_fail(CTL_USAGE, "usage: migrationctl %s %s", command->name, command->arguments);
    if (!(command->outputs & 1u << options->output))
        return ctl_fail(CTL_USAGE, "%s has no output in the form '%s'", command->name,
                        ctl_output_name(options->output));
    options->arguments = words + 1;
    return command->run(options);
}

static int parse_and_run(int argc, char **argv, struct ctl_options *options)
{
    int option = 0;
    bool done = false;
    while ((option = getopt_long(argc, argv, "s:o:Vh", long_options, NULL)) != -1) {
        if (!apply(option, options, &done))
            return CTL_USAGE;
        if (done)
            return CTL_OK;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ctl_fail(CTL_UNKNOWN, "libcurl cannot start");
    int code = run_command(argc - optind, argv + optind, options);
    curl_global_cleanup();
    return code;
}

/* No option is given more often than there are words. */
static bool make_list(struct ctl_list *list, int words)
{
    list->items = mem_calloc((size_t)words, sizeof *list->items);
    return list->items != NULL;
}

int main(int argc, char **argv)
{
    const char *server = getenv("MIGRATIOND_SERVER");
    struct ctl_options options = {
        .server = server && *server ? server : "http://127.0.0.1:8484",
        .timeout_ms = DEFAULT_TIMEOUT_MS,
    };
    int code = CTL_UNKNOWN;
    if (make_list(&options.schemas, argc) && make_list(&options.ignores, argc) && make_list(&options.policies, argc) &&
        make_list(&options.stamps, argc) && make_list(&options.directories, argc))
        code = parse_and_run(argc, argv, &options);
    else
        ctl_fail(CTL_UNKNOWN, "out of memory");
    mem_free(options.schemas.items);
    mem_free(options.ignores.items);
    mem_free(options.policies.items);
    mem_free(options.stamps.items);
    mem_free(options.directories.items);
    return code;
}
