/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl: what its commands share. A command is one function in a ctl_<name>.c and one row in ctl_commands. It
 * returns the process's exit code. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_H
#define MIGRATIOND_DAEMON_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "daemon/option_table.h"
#include "json/json_reader.h"

/* `diff`-like and gate-like commands share these; 124 is what timeout(1) says. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_CLOSED = 1,
    CTL_USAGE = 2,
    CTL_TROUBLE = 2, /* diff, plan, compare and checks: as diff(1) */
    CTL_UNKNOWN = 3, /* unknown, or the daemon cannot be reached */
    CTL_BLOCKED = 4,
    CTL_TIMED_OUT = 124,
    CTL_INTERRUPTED = 130, /* as a shell says it of SIGINT */
};

enum ctl_output { CTL_TEXT, CTL_JSON, CTL_MARKDOWN, CTL_SQL, CTL_OUTPUTS };

/* "text", "json", "markdown", "sql". */
const char *ctl_output_name(enum ctl_output output);

/* Sides that `compare` takes: more than a shell's line holds. */
enum { CTL_SIDES = 100000 };

struct ctl_options {
    const char *server;     /* http://HOST:PORT, https://…, or unix:/path */
    const char *token_file; /* NULL; read anew for each request */
    const char *ca;         /* files in PEM for https: authorities, NULL for the system's */
    const char *cert;       /* NULL: none is shown */
    const char *key;        /* NULL: it stands in `cert`, too */
    enum ctl_output output;
    struct option_list revisions; /* wait: "R" or "DATABASE:R" */
    struct option_list manifests; /* wait: "[DATABASE:]FILE" */
    const char *match;
    struct option_list supports;  /* "A..B" or "DATABASE:A..B" */
    const char *before_migration; /* can-run: a database's name */
    const char *application;      /* wait: whose startup signal is sent */
    const char *instance;
    bool quiet;
    bool timeout_given;
    int64_t timeout_ms;         /* wait, probe, reload, journal, snapshot */
    struct option_list ignores; /* diff, plan, compare */
    struct option_list policies;
    struct option_list schemas; /* and snapshot */
    bool no_default_ignores;
    bool watch;     /* status --watch */
    bool verify;    /* history --verify */
    const char *at; /* history: a time */
    const char *kind;
    const char *limit;
    bool list_tools;                /* journal --tools */
    const char *tenants;            /* compare */
    const char *directory;          /* diff, plan */
    struct option_list directories; /* bootstrap: all that were given */
    const char *scratch;            /* URL of the server on which sql: is loaded */
    unsigned stage;                 /* plan; 0: all */
    bool adopt;                     /* plan --direction adopt */
    const char *tool;               /* manifest, bootstrap: the tool's name; NULL: recognised */
    struct option_list stamps;      /* bootstrap: revisions to record */
    const char *confirm;            /* bootstrap: the database's name */
    const char *config;             /* checks: a configuration whose checks are run from here */
    bool suggest;                   /* checks --suggest */
    bool words_follow_dashes;       /* "--" stood on the command line: what follows is somebody else's */
    char *const *arguments;
    int argument_count;
};

struct ctl_command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;   /* a phrase for --help */
    const char *doc;       /* full sentences for the manual page; `--option` and the like between backquotes */
    int least;             /* number of arguments */
    int most;
    unsigned outputs; /* bit per enum ctl_output that it can print */
    int (*run)(const struct ctl_options *options);
};

extern const struct ctl_command ctl_commands[];
extern const int ctl_command_count;

/* NULL: there is none of that name. */
const struct ctl_command *ctl_find_command(const char *name);

extern const struct option_program ctl_program;

int ctl_status(const struct ctl_options *options);
int ctl_watch(const struct ctl_options *options);
int ctl_wait(const struct ctl_options *options);
int ctl_admit(const struct ctl_options *options);
int ctl_can_run(const struct ctl_options *options);
int ctl_history(const struct ctl_options *options);
int ctl_checks(const struct ctl_options *options);
int ctl_journal(const struct ctl_options *options);
int ctl_print_tools(const struct ctl_options *options);
int ctl_snapshot(const struct ctl_options *options);
int ctl_diff(const struct ctl_options *options);
int ctl_plan(const struct ctl_options *options);
int ctl_compare(const struct ctl_options *options);
int ctl_probe(const struct ctl_options *options);
int ctl_refresh(const struct ctl_options *options);
int ctl_reload(const struct ctl_options *options);
int ctl_manifest(const struct ctl_options *options);
int ctl_bootstrap(const struct ctl_options *options);

/* "migrationctl: …" on standard error; returns `code`. */
int ctl_fail(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What `--tool` names; NULL if it was not given. CTL_OK, or the exit code after a message. */
struct tool;
int ctl_find_tool(const struct ctl_options *options, const struct tool **ret_tool);

/* What the files themselves show to be wrong, on standard error. */
struct migration_set;
void ctl_say_remarks(const struct migration_set *set);

/* One HTTP request to the daemon. */
struct ctl_answer {
    long status;            /* 0: no answer, then `error` tells why */
    int64_t retry_after_ms; /* from Retry-After; 0: none */
    struct strbuf body;
    char error[256];
};
void ctl_answer_done(struct ctl_answer *answer);

/* `path` begins with '/'. `timeout_ms` bounds the whole exchange. */
void ctl_request(const struct ctl_options *options, const char *method, const char *path, int64_t timeout_ms,
                 struct ctl_answer *ret_answer);

/* A POST with a JSON body. */
void ctl_post(const struct ctl_options *options, const char *path, const char *body, int64_t timeout_ms,
              struct ctl_answer *ret_answer);

/* Percent-encodes one segment or value onto `out`. */
void ctl_encode(struct strbuf *out, const char *text);

/* The exit code that a gate's answer stands for when nothing is waited for. */
enum ctl_exit ctl_judge_gate(const struct ctl_answer *answer, const struct json_value *root);

/* The answer as JSON, or NULL with a message on standard error. */
struct json_document *ctl_parse(const struct ctl_answer *answer);

/* The problem's detail, or what came instead. */
void ctl_print_problem(const struct ctl_answer *answer);

/* Foreign text on one line, without what a terminal would obey; NULL prints `absent`. */
void ctl_put_text(FILE *out, const char *text, const char *absent);

/* A table whose columns line up; cells are made printable. The last column is not padded. */
enum { CTL_COLUMNS = 8 };
struct ctl_table {
    const char *titles[CTL_COLUMNS];
    int columns;
    char **cells;
    size_t rows;
    size_t capacity;
    bool failed;
};
void ctl_table_row(struct ctl_table *table, const char *const *cells);

/* False when memory was too short for the whole of it. */
bool ctl_table_print(const struct ctl_table *table);
void ctl_table_done(struct ctl_table *table);

DEFINE_CLEANUP_VALUE(ctl_answer, struct ctl_answer, ctl_answer_done);
DEFINE_CLEANUP_VALUE(ctl_table, struct ctl_table, ctl_table_done);

#endif
