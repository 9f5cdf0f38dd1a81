/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sql_script.h"

#include <string.h>
#include <strings.h>

#include "dialect/sql_scan.h"
#include "dialect/sql_words.h"

enum { FIELD_SHOWN = 40 };

/* A statement while its end is sought. */
struct search {
    struct scan scan;
    struct sql_words words;
    struct scan_token last[2]; /* the two newest tokens, the newer first */
    unsigned parentheses;
    unsigned blocks; /* BEGIN … END of a routine in standard SQL */
    bool owner_to;   /* ALTER … OWNER TO: the words were seen */
    bool global;     /* a setting beyond the session */
    bool names_stop; /* MySQL: what follows are no longer names of tables */
    bool references; /* MySQL: the last word was REFERENCES */
    bool outfile;
};

void sql_script_init(struct sql_script *script, bool mysql, const char *text, size_t length, const char *name)
{
    *script = (struct sql_script){
        .next = text, .end = text + length, .name = name, .line = 1, .mysql = mysql, .delimiter = ";"};
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0)
        script->next += 3;
}

static int fail(const struct sql_script *script, unsigned line, struct error *reterr, const char *what)
{
    return error_set(reterr, ERROR_INVALID, "%s:%u: %s", script->name, line, what);
}

static bool starts(const struct scan *scan, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(scan->end - scan->next) >= length && memcmp(scan->next, text, length) == 0;
}

static size_t line_length(const struct scan *scan)
{
    const char *newline = memchr(scan->next, '\n', (size_t)(scan->end - scan->next));
    return (size_t)((newline ? newline : scan->end) - scan->next);
}

/* Past the lines of data up to "\." alone. */
static int skip_data(struct sql_script *script, struct scan *scan, unsigned line, struct error *reterr)
{
    scan_advance(scan, line_length(scan) + 1);
    while (scan->next < scan->end) {
        size_t length = line_length(scan);
        bool ends = length >= 2 && memcmp(scan->next, "\\.", 2) == 0 && (length == 2 || scan->next[2] == '\r');
        scan_advance(scan, length + 1);
        if (ends)
            return 0;
    }
    return fail(script, line, reterr, "the data that begins here does not end with \\.");
}

static bool is_ignored_command(const char *name, size_t length)
{
    static const char *const ignored[] = {"restrict", "unrestrict", "set",    "unset",     "echo", "qecho",
                                          "warn",     "encoding",   "timing", "pset",      "x",    "a",
                                          "t",        "o",          "prompt", "errverbose"};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (strlen(ignored[i]) == length && memcmp(ignored[i], name, length) == 0)
            return true;
    return false;
}

static bool mentions_stdin(const char *text, size_t length)
{
    for (size_t i = 0; i + 5 <= length; i++)
        if (strncasecmp(text + i, "stdin", 5) == 0)
            return true;
    return false;
}

/* psql's own commands, which begin with a backslash. */
static int pass_command(struct sql_script *script, struct scan *scan, struct error *reterr)
{
    const char *name = scan->next + 1;
    unsigned line = scan->line;
    size_t whole = line_length(scan);
    size_t length = 0;
    while (length + 1 < whole && !strchr(" \t\r\\;", name[length]))
        length++;
    bool connects = (length == 1 && *name == 'c') || (length == 7 && memcmp(name, "connect", 7) == 0);
    if (connects)
        return fail(script, line, reterr, "\\connect would leave the scratch database: take it out");
    if (length == 4 && memcmp(name, "copy", 4) == 0) {
        if (mentions_stdin(name, whole - 1))
            return skip_data(script, scan, line, reterr);
    } else if (!is_ignored_command(name, length)) {
        return error_set(reterr, ERROR_INVALID, "%s:%u: psql's \\%.*s is not carried out here", script->name, line,
                         (int)(length < FIELD_SHOWN ? length : FIELD_SHOWN), name);
    }
    scan_advance(scan, whole);
    return 0;
}

/* "DELIMITER ;;" on a line of its own, as the mysql client reads it. 1: it was one. */
static int take_delimiter(struct sql_script *script, struct scan *scan, struct error *reterr)
{
    static const char word[] = "DELIMITER";
    size_t whole = line_length(scan);
    if (whole < sizeof word || strncasecmp(scan->next, word, sizeof word - 1) != 0 ||
        (scan->next[sizeof word - 1] != ' ' && scan->next[sizeof word - 1] != '\t'))
        return 0;
    const char *text = scan->next + sizeof word - 1;
    const char *end = scan->next + whole;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    size_t length = 0;
    while (text + length < end && (unsigned char)text[length] > ' ')
        length++;
    if (length == 0 || length >= SCRIPT_DELIMITER)
        return fail(script, scan->line, reterr, "DELIMITER takes one to 15 characters");
    memcpy(script->delimiter, text, length);
    script->delimiter[length] = '\0';
    scan_advance(scan, whole);
    return 1;
}

static bool is_at_end(const struct sql_script *script, const struct scan *scan)
{
    return scan->next == scan->end || starts(scan, script->delimiter) || starts(scan, SCRIPT_BREAKPOINT);
}

/* Passes over one thing that stands between statements and is none. 1: there was one; 0: a statement begins, or
 * nothing is left. */
static int pass_one(struct sql_script *script, struct scan *scan, struct error *reterr)
{
    if (scan->next == scan->end)
        return 0;
    if (starts(scan, SCRIPT_BREAKPOINT)) {
        scan_advance(scan, sizeof SCRIPT_BREAKPOINT - 1);
        return 1;
    }
    if (starts(scan, script->delimiter)) {
        scan_advance(scan, strlen(script->delimiter));
        return 1;
    }
    if (!script->mysql)
        return *scan->next == '\\' ? (pass_command(script, scan, reterr) < 0 ? -1 : 1) : 0;
    if (*scan->next == '\\')
        return fail(script, scan->line, reterr, "commands of the mysql client are not carried out here");
    return take_delimiter(script, scan, reterr);
}

/* `*ret_text` is where the statement's text begins, with the comments before it: an executable one belongs to it. 1: a
 * statement begins; 0: none is left. */
static int find_begin(struct sql_script *script, struct scan *scan, const char **ret_text, struct error *reterr)
{
    for (;;) {
        unsigned line = scan->line;
        *ret_text = scan->next;
        scan->conditional = false;
        if (!scan_blanks(scan))
            return fail(script, line, reterr, "a comment does not end");
        if (scan->conditional)
            return 1;
        int passed = pass_one(script, scan, reterr);
        if (passed < 0)
            return -1;
        if (passed == 0)
            return scan->next < scan->end;
    }
}

static bool is_word_of(const struct search *search, size_t index, const char *word)
{
    return index < search->words.count && strcmp(search->words.words[index], word) == 0;
}

/* A routine's body in standard SQL has semicolons of its own. */
static void count_blocks(struct search *search, const struct scan_token *token)
{
    size_t routine = is_word_of(search, 1, "OR") ? 3 : 1;
    if (!is_word_of(search, 0, "CREATE") ||
        (!is_word_of(search, routine, "FUNCTION") && !is_word_of(search, routine, "PROCEDURE")))
        return;
    if (scan_token_is(token, "ATOMIC") && scan_token_is(&search->last[0], "BEGIN"))
        search->blocks++;
    else if (search->blocks > 0 && scan_token_is(token, "CASE"))
        search->blocks++;
    else if (search->blocks > 0 && scan_token_is(token, "END"))
        search->blocks--;
}

static bool is_name(const struct scan_token *token)
{
    return token->kind == SCAN_WORD || token->kind == SCAN_QUOTED;
}

static bool is_sign(const struct scan_token *token, char sign)
{
    return token->kind == SCAN_SIGN && *token->text == sign;
}

static bool is_own_database(const struct sql_script *script, const struct scan_token *token)
{
    size_t quotes = token->kind == SCAN_QUOTED;
    return script->database && token->length == strlen(script->database) + 2 * quotes &&
           memcmp(token->text + quotes, script->database, token->length - 2 * quotes) == 0;
}

/* Whether a MySQL statement that changes a schema names a table of another database: "a.b" where tables are named. */
static bool names_other_database(const struct sql_script *script, struct search *search, const struct scan_token *token)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP", "RENAME"};
    static const char *const stops[] = {"AS", "SELECT", "FOR", "DO", "BEGIN", "RETURNS", "COMMENT"};
    bool changes = false;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        changes = changes || is_word_of(search, 0, verbs[i]);
    if (!changes)
        return false;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        search->names_stop = search->names_stop || scan_token_is(token, stops[i]);
    bool qualified = is_name(token) && is_sign(&search->last[0], '.') && is_name(&search->last[1]);
    bool counts = search->references || (!search->names_stop && search->parentheses == 0);
    bool other = qualified && counts && !is_own_database(script, &search->last[1]);
    if (scan_token_is(token, "REFERENCES"))
        search->references = true;
    else if (is_sign(token, '('))
        search->references = false;
    return other;
}

static int look_at(const struct sql_script *script, struct search *search, const struct scan_token *token,
                   struct error *reterr)
{
    if (search->words.count > 0 || is_name(token))
        scan_add_word(&search->words, token);
    if (script->mysql && names_other_database(script, search, token))
        return error_set(reterr, ERROR_INVALID,
                         "%s:%u: %.*s is in another database: a script for a scratch database "
                         "must not name one",
                         script->name, token->line, (int)(token->length < FIELD_SHOWN ? token->length : FIELD_SHOWN),
                         token->text);
    if (is_sign(token, '('))
        search->parentheses++;
    else if (is_sign(token, ')') && search->parentheses > 0)
        search->parentheses--;
    else if (token->kind == SCAN_WORD && !script->mysql)
        count_blocks(search, token);
    struct sql_words one = {0};
    scan_add_word(&one, token);
    search->global = search->global || sql_word_is_global(one.words[0]);
    search->outfile = search->outfile || scan_token_is(token, "OUTFILE") || scan_token_is(token, "DUMPFILE");
    search->owner_to = search->owner_to || (scan_token_is(token, "TO") && scan_token_is(&search->last[0], "OWNER"));
    search->last[1] = search->last[0];
    search->last[0] = *token;
    return 0;
}

/* Moves to the statement's end, which is not part of it. */
static int find_end(const struct sql_script *script, struct search *search, struct error *reterr)
{
    struct scan *scan = &search->scan;
    for (;;) {
        unsigned line = scan->line;
        if (!scan_blanks(scan))
            return fail(script, line, reterr, "a comment does not end");
        bool inside = !script->mysql && (search->parentheses > 0 || search->blocks > 0);
        if (scan->next == scan->end || starts(scan, SCRIPT_BREAKPOINT) || (!inside && is_at_end(script, scan)))
            return 0;
        if (!script->mysql && *scan->next == '\\')
            return fail(script, line, reterr, "psql's commands inside of a statement are not carried out here");
        struct scan_token token = scan_next(scan);
        if (token.kind == SCAN_OPEN)
            return fail(script, token.line, reterr, "the quoted text that begins here does not end");
        if (look_at(script, search, &token, reterr) < 0)
            return -1;
    }
}

static int judge(struct sql_script *script, struct search *search, struct sql_statement *statement,
                 struct error *reterr)
{
    enum sql_verdict verdict = sql_words_judge(&search->words, script->mysql);
    bool alters = is_word_of(search, 0, "ALTER");
    if (script->mysql && verdict == VERDICT_SETTING && search->global)
        verdict = VERDICT_SKIP;
    if (!script->mysql && alters && search->owner_to)
        verdict = VERDICT_SKIP;
    if (verdict == VERDICT_REFUSE || (script->mysql && search->outfile && is_word_of(search, 0, "SELECT")))
        return error_set(
            reterr, ERROR_INVALID,
            "%s:%u: %s%s%s reaches beyond the scratch database that the script is loaded into: take it out",
            script->name, statement->line, search->words.words[0], *search->words.words[1] ? " " : "",
            search->words.words[1]);
    statement->action = verdict == VERDICT_RUN       ? STATEMENT_RUN
                        : verdict == VERDICT_SETTING ? STATEMENT_SETTING
                                                     : STATEMENT_SKIP;
    if (verdict != VERDICT_DATA || !mentions_stdin(statement->text, statement->length))
        return 0;
    if (starts(&search->scan, script->delimiter))
        scan_advance(&search->scan, strlen(script->delimiter));
    return skip_data(script, &search->scan, statement->line, reterr);
}

int sql_script_next(struct sql_script *script, struct sql_statement *ret_statement, struct error *reterr)
{
    struct search search = {
        .scan = {.next = script->next, .end = script->end, .line = script->line, .mysql = script->mysql}};
    *ret_statement = (struct sql_statement){0};
    int found = find_begin(script, &search.scan, &ret_statement->text, reterr);
    if (found <= 0)
        return found;
    ret_statement->line = search.scan.line;
    if (find_end(script, &search, reterr) < 0)
        return -1;
    ret_statement->length = (size_t)(search.scan.next - ret_statement->text);
    if (judge(script, &search, ret_statement, reterr) < 0)
        return -1;
    script->next = search.scan.next;
    script->line = search.scan.line;
    return 1;
}
