/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/compare_list.h"

#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "journal/findings.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

#define NONE SIZE_MAX

/* One expected migration. */
struct expected_item {
    const struct migration *migration;
    const char *key;
    const struct journal_entry *entry; /* the row that it was matched with; NULL */
    size_t next;                       /* another one of the same key; NONE */
    bool applied;
    bool covered; /* by the question */
};

/* Everything that one comparison works with. */
struct list_comparison {
    const struct compare_request *request;
    const struct list_traits *traits;
    struct arena *arena;                 /* of the answer */
    struct arena *scratch;               /* of everything else */
    const struct journal_entry *entries; /* the journal's */
    struct comparison *result;

    struct expected_item *items; /* in the tool's order */
    size_t item_count;
    struct text_index index;
    const char **entry_keys; /* by index of the journal's entry */
    size_t *entry_items;     /* the item that it was matched with; NONE */

    const char *baseline;       /* greatest key that stands for all before it; NULL */
    const char *newest_applied; /* greatest key among applied versions; NULL */
    size_t newest_entry;
    const char *newest_known; /* the same among those that have a file */
    size_t newest_known_item;
    const char *newest_expected; /* greatest key among expected versions; NULL */

    const char *target_key; /* R's; NULL: none, or no place in the order */
    size_t target_item;     /* R among the files; NONE */
    size_t target_entry;    /* R among the entries, applied; NONE */
    bool target_elsewhere;  /* R is asked for, and is not among the files */
    const char *floor_key;  /* of the revision that R is said to come after; NULL */

    struct findings heads, pending, out_of_order, unknown, later, failed, dirty, mismatched, unverified;
};

static const struct journal_entry *entry_at(const struct list_comparison *self, size_t i)
{
    return &self->entries[i];
}

static size_t entry_count(const struct list_comparison *self)
{
    return self->request->journal->entry_count;
}

static int order(const struct list_comparison *self, const char *a, const char *b)
{
    return self->traits->order ? self->traits->order(a, b) : strcmp(a, b);
}

static const char *migration_key(const struct list_comparison *self, const struct migration *migration)
{
    return migration->key && !self->traits->by_revision ? migration->key : migration->revision;
}

static bool read_entry_key(const struct list_comparison *self, const struct journal_entry *entry, const char **ret_key)
{
    if (self->traits->entry_key)
        return self->traits->entry_key(entry, self->scratch, ret_key);
    *ret_key = entry->key && !self->traits->by_revision ? entry->key : entry->revision;
    return true;
}

static bool is_greater(const struct list_comparison *self, const char *key, const char *than)
{
    return key && (!than || order(self, key, than) > 0);
}

/* The file that would be a new database's baseline: the greatest, and only while nothing is applied. */
static const struct migration *pending_baseline(const struct list_comparison *self)
{
    const struct migration_set *set = self->request->expected;
    const struct migration *greatest = NULL;
    for (size_t i = 0; i < set->count && entry_count(self) == 0; i++) {
        const struct migration *migration = &set->migrations[i];
        if (migration->baseline &&
            (!greatest || is_greater(self, migration_key(self, migration), migration_key(self, greatest))))
            greatest = migration;
    }
    return greatest;
}

/* Whether the tool would ever run this file on this database. */
static bool counts(const struct list_comparison *self, const struct migration *migration,
                   const struct migration *baseline)
{
    if (migration->baseline)
        return migration == baseline;
    return !baseline || migration->repeatable ||
           is_greater(self, migration_key(self, migration), migration_key(self, baseline));
}

static bool collect_items(struct list_comparison *self)
{
    const struct migration_set *set = self->request->expected;
    size_t count = set ? set->count : 0;
    self->items = arena_array(self->scratch, count, sizeof *self->items);
    if (!self->items || !text_index_init(&self->index, self->scratch, count))
        return false;
    const struct migration *baseline = set ? pending_baseline(self) : NULL;
    for (size_t i = 0; i < count; i++) {
        const struct migration *migration = &set->migrations[i];
        if (!counts(self, migration, baseline))
            continue;
        size_t number = self->item_count++;
        struct expected_item *item = &self->items[number];
        *item = (struct expected_item){.migration = migration, .key = migration_key(self, migration), .next = NONE};
        if (!migration->repeatable && is_greater(self, item->key, self->newest_expected))
            self->newest_expected = item->key;
        size_t first = text_index_add(&self->index, item->key, number);
        if (first != number) {
            item->next = self->items[first].next;
            self->items[first].next = number;
        }
    }
    return true;
}

/* The item for an entry: of several with one key, the one whose checksum fits, else the first that is free. */
static size_t match_item(const struct list_comparison *self, const char *key, const struct journal_entry *entry)
{
    size_t candidate = NONE;
    size_t first = text_index_find(&self->index, key);
    for (size_t i = first; i != NONE; i = self->items[i].next) {
        const struct migration *migration = self->items[i].migration;
        if (self->items[i].entry || migration->repeatable != entry->repeatable)
            continue;
        if (entry->checksum && migration->checksum && migration_has_checksum(migration, entry->checksum))
            return i;
        if (candidate == NONE || i < candidate)
            candidate = i;
    }
    return candidate != NONE ? candidate : first;
}

static void note_applied(struct list_comparison *self, size_t i)
{
    const struct journal_entry *entry = entry_at(self, i);
    const char *key = self->entry_keys[i];
    self->result->applied_count++;
    if (entry->repeatable)
        return;
    if (!self->newest_applied || order(self, key, self->newest_applied) >= 0) {
        self->newest_applied = key;
        self->newest_entry = i;
    }
    size_t item = self->entry_items[i];
    if (item != NONE && (!self->newest_known || order(self, key, self->newest_known) >= 0)) {
        self->newest_known = key;
        self->newest_known_item = item;
    }
}

static bool match_entries(struct list_comparison *self)
{
    size_t count = entry_count(self);
    self->entry_keys = arena_array(self->scratch, count, sizeof *self->entry_keys);
    self->entry_items = arena_array(self->scratch, count, sizeof *self->entry_items);
    if (!self->entry_keys || !self->entry_items)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct journal_entry *entry = entry_at(self, i);
        if (!read_entry_key(self, entry, &self->entry_keys[i]))
            return false;
        size_t item = match_item(self, self->entry_keys[i], entry);
        self->entry_items[i] = item;
        if (item != NONE && (!self->items[item].entry || journal_entry_is_applied(entry))) {
            self->items[item].entry = entry;
            self->items[item].applied = journal_entry_is_applied(entry);
        }
    }
    return true;
}

/* Keys that sort as the files do, for tools whose keys tell no order: those of entries without a file come before all
 * files, or behind them when they were applied after every entry that has one. Wide enough for LIMIT_MIGRATIONS and
 * LIMIT_JOURNAL_ROWS. */
static bool number_keys(struct list_comparison *self)
{
    size_t last = 0; /* one more than the last entry that has a file */
    self->newest_expected = NULL;
    for (size_t i = 0; i < self->item_count; i++) {
        self->items[i].key = arena_printf(self->scratch, "1%010zu", i);
        if (!self->items[i].key)
            return false;
        if (!self->items[i].migration->repeatable)
            self->newest_expected = self->items[i].key;
    }
    for (size_t i = 0; i < entry_count(self); i++)
        if (self->entry_items[i] != NONE && journal_entry_is_applied(entry_at(self, i)))
            last = i + 1;
    for (size_t i = 0; i < entry_count(self); i++) {
        size_t item = self->entry_items[i];
        self->entry_keys[i] =
            item != NONE ? self->items[item].key : arena_printf(self->scratch, "%c%010zu", i < last ? '0' : '2', i);
        if (!self->entry_keys[i])
            return false;
    }
    return true;
}

/* Whether the entry stands for everything before it. */
static bool covers_earlier(const struct list_comparison *self, const struct journal_entry *entry)
{
    return entry->state == ENTRY_BASELINE || self->request->journal->position;
}

static void note_entries(struct list_comparison *self)
{
    for (size_t i = 0; i < entry_count(self); i++) {
        const struct journal_entry *entry = entry_at(self, i);
        if (!entry->repeatable && covers_earlier(self, entry) && is_greater(self, self->entry_keys[i], self->baseline))
            self->baseline = self->entry_keys[i];
        if (journal_entry_is_applied(entry))
            note_applied(self, i);
    }
}

static bool below_baseline(const struct list_comparison *self, const char *key)
{
    return key && self->baseline && order(self, key, self->baseline) <= 0;
}

static void apply_baseline(struct list_comparison *self)
{
    for (size_t i = 0; i < self->item_count; i++)
        if (!self->items[i].migration->repeatable && !self->items[i].entry && below_baseline(self, self->items[i].key))
            self->items[i].applied = true;
}

/* Where a revision stands: among the files by its name, then by its key; else among the applied entries. */
struct standing {
    const char *key; /* NULL: no place in the order */
    size_t item;
    size_t entry;
};

static bool find_revision(const struct list_comparison *self, const char *revision, struct standing *ret_standing)
{
    struct standing found = {.key = self->traits->order ? revision : NULL, .item = NONE, .entry = NONE};
    for (size_t i = 0; i < self->item_count && found.item == NONE; i++)
        if (strcmp(self->items[i].migration->revision, revision) == 0)
            found.item = i;
    if (self->traits->question_key && !self->traits->question_key(revision, self->scratch, &found.key))
        return false;
    if (found.item == NONE && (found.key || !self->traits->order))
        found.item = text_index_find(&self->index, found.key ? found.key : revision);
    for (size_t i = 0; i < entry_count(self) && found.item == NONE && found.entry == NONE; i++) {
        bool same = strcmp(entry_at(self, i)->revision, revision) == 0 ||
                    (found.key && strcmp(self->entry_keys[i], found.key) == 0);
        if (same && journal_entry_is_applied(entry_at(self, i)))
            found.entry = i;
    }
    if (found.item != NONE)
        found.key = self->items[found.item].key;
    else if (found.entry != NONE)
        found.key = self->entry_keys[found.entry];
    *ret_standing = found;
    return true;
}

static bool find_target(struct list_comparison *self)
{
    struct standing target = {.item = NONE, .entry = NONE};
    struct standing floor = {0};
    const char *revision = self->request->revision;
    if (revision && (!find_revision(self, revision, &target) ||
                     (self->request->floor && !find_revision(self, self->request->floor, &floor))))
        return false;
    self->target_key = target.key;
    self->target_item = target.item;
    self->target_entry = target.entry;
    self->target_elsewhere = revision && target.item == NONE;
    self->floor_key = floor.key;
    return true;
}

static bool is_covered(const struct list_comparison *self, size_t i)
{
    if (!self->request->revision)
        return true;
    if (self->request->match == MATCH_CONTAINS)
        return i == self->target_item;
    if (!self->target_elsewhere)
        return i <= self->target_item;
    return self->target_key && !self->items[i].migration->repeatable &&
           order(self, self->items[i].key, self->target_key) < 0;
}

static void cover(struct list_comparison *self)
{
    struct comparison *result = self->result;
    const struct expected_item *head = NULL;
    for (size_t i = 0; i < self->item_count; i++) {
        struct expected_item *item = &self->items[i];
        item->covered = is_covered(self, i);
        result->expected_count += item->covered;
        if (!head || !item->migration->repeatable)
            head = item;
    }
    if (self->request->revision) {
        result->expected_count += self->target_elsewhere;
        result->expected_revision =
            self->target_elsewhere ? self->request->revision : self->items[self->target_item].migration->revision;
        result->target_applied = self->target_elsewhere
                                     ? self->target_entry != NONE || below_baseline(self, self->target_key)
                                     : self->items[self->target_item].applied;
    } else if (self->request->expected) {
        result->expected_revision = head ? head->migration->revision : NULL;
        result->target_applied = !head || head->migration->repeatable || head->applied;
    }
}

/* What was recorded against what the file has now, or what was recorded elsewhere. */
static bool judge_checksum(struct list_comparison *self, const struct expected_item *item)
{
    bool elsewhere = self->request->expected->recorded;
    const struct migration *migration = item->migration;
    const struct journal_entry *entry = item->entry;
    if (!entry || covers_earlier(self, entry) || (!entry->checksum && !migration->checksum))
        return true;
    if (!entry->checksum || !migration->checksum) {
        findings_add(&self->unverified, entry, migration,
                     !entry->checksum ? "no checksum was recorded"
                     : elsewhere      ? "no checksum was recorded there"
                                      : "the file's checksum cannot be computed");
        return true;
    }
    if (migration_has_checksum(migration, entry->checksum))
        return true;
    if (migration->checksum_uncertain) {
        const char *uncertain = self->traits->uncertain;
        findings_add(&self->unverified, entry, migration,
                     uncertain ? uncertain : "the file holds placeholders or is in another encoding");
        return true;
    }
    if (migration->repeatable) {
        findings_add(&self->pending, entry, migration, "changed since it was applied");
        return true;
    }
    int first = (int)strcspn(migration->checksum, " ");
    const char *detail = arena_printf(self->arena, "recorded %s, %s %.*s", entry->checksum,
                                      elsewhere ? "there" : "the file has", first, migration->checksum);
    findings_add(&self->mismatched, entry, migration, detail);
    return detail != NULL;
}

/* Late is what comes before an applied one of the same files. Before one that no file knows, it is a different matter:
 * another release was here. */
static bool judge_missing(struct list_comparison *self, const struct expected_item *item)
{
    const char *const *refused = self->traits->refused;
    const char *reason = refused ? refused[item->migration - self->request->expected->migrations] : NULL;
    bool late = !item->migration->repeatable && self->newest_known && order(self, item->key, self->newest_known) <= 0;
    if (reason) {
        findings_add(&self->out_of_order, NULL, item->migration, reason);
        return true;
    }
    bool runs =
        self->traits->late == LATE_APPLIES || (self->traits->runs_late && self->traits->runs_late(item->migration));
    if (!late || refused || runs) {
        const char *condition = item->migration->condition;
        const char *why = late ? "older than what is applied already" : NULL;
        if (condition)
            why = arena_printf(self->arena, "unless it is left out by its %s", condition);
        findings_add(&self->pending, NULL, item->migration, why);
        return !condition || why;
    }
    const char *than = self->items[self->newest_known_item].migration->revision;
    const char *detail = arena_printf(self->arena, "not after %s, which is applied", than);
    findings_add(&self->out_of_order, NULL, item->migration, detail);
    return detail != NULL;
}

static bool judge_items(struct list_comparison *self)
{
    for (size_t i = 0; i < self->item_count; i++) {
        const struct expected_item *item = &self->items[i];
        if (!item->covered)
            continue;
        bool interrupted = item->entry && !journal_entry_is_applied(item->entry);
        if (item->applied ? !judge_checksum(self, item) : !interrupted && !judge_missing(self, item))
            return false;
    }
    if (self->target_elsewhere && !self->result->target_applied)
        findings_add_revision(&self->pending, self->request->revision);
    return true;
}

/* The ceiling R was never seen: its key tells what is beyond it, where keys have an order. What does not come after the
 * floor is below R in any case. */
static void place_below_ceiling(struct list_comparison *self, size_t i)
{
    const char *key = self->entry_keys[i];
    if (self->target_key) {
        if (is_greater(self, key, self->target_key))
            findings_add(&self->later, entry_at(self, i), NULL, NULL);
    } else if (!self->floor_key || is_greater(self, key, self->floor_key)) {
        findings_add(&self->unknown, entry_at(self, i), NULL, NULL);
        self->result->order_unknown = true;
    }
}

/* An applied entry that the question does not cover: is it after, or before and in no file? */
static void place_entry(struct list_comparison *self, size_t i)
{
    const struct journal_entry *entry = entry_at(self, i);
    const struct expected_item *item = self->entry_items[i] == NONE ? NULL : &self->items[self->entry_items[i]];
    const char *key = self->entry_keys[i];
    bool whole = !self->request->revision;
    if (item && item->covered)
        return;
    if (entry->repeatable) {
        if (!item && whole && self->request->expected)
            findings_add(&self->unknown, entry, NULL, NULL);
        return;
    }
    if (self->target_elsewhere && !self->result->target_applied) {
        if (self->request->ceiling)
            place_below_ceiling(self, i);
        return;
    }
    bool versioned = !whole && (self->target_elsewhere || !self->items[self->target_item].migration->repeatable);
    const char *last = versioned ? self->target_key : self->newest_expected;
    bool after = item && versioned && !self->target_elsewhere ? self->entry_items[i] > self->target_item
                                                              : i != self->target_entry && is_greater(self, key, last);
    if (after)
        findings_add(&self->later, entry, item ? item->migration : NULL, NULL);
    else if (!item && entry->state != ENTRY_BASELINE && self->newest_expected &&
             !is_greater(self, key, self->newest_expected))
        findings_add(&self->unknown, entry, NULL, NULL);
}

static void place_entries(struct list_comparison *self)
{
    bool asked = self->request->revision || self->request->expected;
    for (size_t i = 0; i < entry_count(self); i++) {
        const struct journal_entry *entry = entry_at(self, i);
        size_t item = self->entry_items[i];
        const struct migration *migration = item == NONE ? NULL : self->items[item].migration;
        if (entry->state == ENTRY_FAILED)
            findings_add(&self->failed, entry, migration, entry->label);
        else if (entry->state == ENTRY_DIRTY)
            findings_add(&self->dirty, entry, migration, entry->label);
        else if (asked)
            place_entry(self, i);
    }
    if (self->newest_applied) {
        size_t item = self->entry_items[self->newest_entry];
        findings_add(&self->heads, entry_at(self, self->newest_entry),
                     item == NONE ? NULL : self->items[item].migration, NULL);
    }
}

/* The expected revision before that one, "0" before the first. */
static const char *previous_revision(const struct list_comparison *self, const char *revision)
{
    const char *previous = "0";
    for (size_t i = 0; i < self->item_count && strcmp(self->items[i].migration->revision, revision) != 0; i++)
        if (!self->items[i].migration->repeatable)
            previous = self->items[i].migration->revision;
    return previous;
}

/* A sentence with its placeholders filled from the first finding. NULL: memory is out, or there is no sentence. */
static const char *fill(const struct list_comparison *self, const char *sentence, struct finding_list list)
{
    if (!sentence || list.count == 0)
        return sentence;
    const struct finding *first = list.items;
    const struct {
        const char *name;
        const char *value;
    } names[] = {
        {"{revision}", first->revision},
        {"{file}", first->file ? first->file : first->revision},
        {"{previous}", previous_revision(self, first->revision)},
    };
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_ADVICE_BYTES);
    while (*sentence) {
        size_t taken = 0;
        for (size_t i = 0; i < ARRAY_LENGTH(names) && !taken; i++) {
            size_t length = strlen(names[i].name);
            if (strncmp(sentence, names[i].name, length) == 0) {
                strbuf_add_string(&text, names[i].value);
                taken = length;
            }
        }
        if (!taken)
            strbuf_add_char(&text, *sentence);
        sentence += taken ? taken : 1;
    }
    return strbuf_ok(&text) ? arena_strdup(self->arena, strbuf_text(&text)) : NULL;
}

/* The sentence for what matters most, in the order in which the state's rules ask. False when memory is out. */
static bool explain(const struct list_comparison *self)
{
    struct comparison *result = self->result;
    const struct list_traits *traits = self->traits;
    const char *repair = NULL;
    struct finding_list concerned = {0};
    result->next_apply = traits->apply;
    result->next_release = traits->release;
    if (!findings_advise_revert(result, traits->revert, self->arena, &result->next_revert))
        return false;
    if (result->failed.count > 0 || result->dirty.count > 0) {
        repair = traits->repair_failed;
        concerned = result->failed.count > 0 ? result->failed : result->dirty;
    } else if (result->mismatched.count > 0) {
        repair = traits->repair_mismatched;
        concerned = result->mismatched;
    } else if (result->out_of_order.count > 0) {
        result->remark = traits->remark_late;
        repair = traits->repair_late;
        concerned = result->out_of_order;
    } else if (result->unknown_refused) {
        result->remark = traits->remark_unknown;
        repair = traits->repair_unknown;
        concerned = result->unknown;
    } else if (result->order_unknown) {
        result->remark = arena_printf(self->arena, "nothing that was seen tells where '%s' stands to '%s'",
                                      result->unknown.items[0].revision, self->request->revision);
        if (!result->remark)
            return false;
    } else if (findings_lack_files(result->later)) {
        result->remark = traits->remark_later;
    } else if (self->target_elsewhere && !result->target_applied && !self->target_key && traits->order) {
        result->remark = "the revision asked for stands neither in the journal nor in a file";
    }
    result->next_repair = fill(self, repair, concerned);
    return !repair || result->next_repair;
}

static bool answer(struct list_comparison *self)
{
    struct comparison *result = self->result;
    result->heads = findings_list(&self->heads);
    result->pending = findings_list(&self->pending);
    result->out_of_order = findings_list(&self->out_of_order);
    result->unknown = findings_list(&self->unknown);
    result->later = findings_list(&self->later);
    result->failed = findings_list(&self->failed);
    result->dirty = findings_list(&self->dirty);
    result->mismatched = findings_list(&self->mismatched);
    result->unverified = findings_list(&self->unverified);
    result->unknown_refused = self->traits->unknown_refused && result->unknown.count > 0 &&
                              !(self->request->revision && self->request->match == MATCH_CONTAINS);
    return explain(self) && !(self->heads.failed || self->pending.failed || self->out_of_order.failed ||
                              self->unknown.failed || self->later.failed || self->failed.failed || self->dirty.failed ||
                              self->mismatched.failed || self->unverified.failed);
}

int compare_list(const struct compare_request *request, const struct list_traits *traits, struct arena *arena,
                 struct comparison *ret_comparison, struct error *reterr)
{
    *ret_comparison =
        (struct comparison){.tool = request->journal->address.tool, .match = request->match, .source = request->source};
    cleanup(arena) struct arena *scratch = arena_new(LIMIT_JOURNAL_BYTES);
    const struct findings none = {.arena = arena, .copies = request->journal->pack != NULL};
    struct list_comparison self = {
        .request = request,
        .traits = traits,
        .arena = arena,
        .scratch = scratch,
        .result = ret_comparison,
        .heads = none,
        .pending = none,
        .out_of_order = none,
        .unknown = none,
        .later = none,
        .failed = none,
        .dirty = none,
        .mismatched = none,
        .unverified = none,
    };
    if (!scratch || !journal_entries(request->journal, scratch, &self.entries) || !collect_items(&self) ||
        !match_entries(&self) || (!traits->order && !number_keys(&self)))
        return error_no_memory(reterr);
    note_entries(&self);
    if (!find_target(&self))
        return error_no_memory(reterr);
    apply_baseline(&self);
    cover(&self);
    if (!judge_items(&self))
        return error_no_memory(reterr);
    place_entries(&self);
    return answer(&self) ? 0 : error_no_memory(reterr);
}

int order_bytes(const char *a, const char *b)
{
    return strcmp(a, b);
}

int order_numbers(const char *a, const char *b)
{
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t digits_a = strspn(a, "0123456789");
    size_t digits_b = strspn(b, "0123456789");
    if (digits_a != digits_b)
        return digits_a < digits_b ? -1 : 1;
    return strcmp(a, b);
}
