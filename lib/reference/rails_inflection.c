/* SPDX-License-Identifier: Apache-2.0
 *
 * ActiveSupport's English: the rules by which a table's name becomes that of a foreign key's column. An application may
 * have rules of its own: whoever asks checks that the column is there.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "reference/rails_reader.h"

/* The last rule that fits counts; a word that ends in `plural` gets `singular` instead. `before`: letters of which one
 * must stand before it. */
static const struct {
    const char *plural;
    const char *singular;
    const char *before; /* NULL: anything */
} endings[] = {
    {"s", "", NULL},
    {"ss", "ss", NULL},
    {"news", "news", NULL},
    {"ta", "tum", NULL},
    {"ia", "ium", NULL},
    {"analyses", "analysis", NULL},
    {"bases", "basis", NULL},
    {"diagnoses", "diagnosis", NULL},
    {"parentheses", "parenthesis", NULL},
    {"prognoses", "prognosis", NULL},
    {"synopses", "synopsis", NULL},
    {"theses", "thesis", NULL},
    {"ves", "fe", "abcdeghijkmnopqstuwxyz"},
    {"hives", "hive", NULL},
    {"tives", "tive", NULL},
    {"lves", "lf", NULL},
    {"rves", "rf", NULL},
    {"ies", "y", "bcdfghjklmnpqrstvwxz"},
    {"quies", "quy", NULL},
    {"series", "series", NULL},
    {"movies", "movie", NULL},
    {"xes", "x", NULL},
    {"ches", "ch", NULL},
    {"sses", "ss", NULL},
    {"shes", "sh", NULL},
    {"mice", "mouse", NULL},
    {"lice", "louse", NULL},
    {"buses", "bus", NULL},
    {"oes", "o", NULL},
    {"shoes", "shoe", NULL},
    {"crises", "crisis", NULL},
    {"testes", "testis", NULL},
    {"axes", "axis", NULL},
    {"octopuses", "octopus", NULL},
    {"octopi", "octopus", NULL},
    {"viri", "virus", NULL},
    {"aliases", "alias", NULL},
    {"statuses", "status", NULL},
    {"status", "status", NULL},
    {"alias", "alias", NULL},
    {"oxen", "ox", NULL},
    {"vertices", "vertex", NULL},
    {"indices", "index", NULL},
    {"matrices", "matrix", NULL},
    {"quizzes", "quiz", NULL},
    {"databases", "database", NULL},
    {"people", "person", NULL},
    {"men", "man", NULL},
    {"children", "child", NULL},
    {"sexes", "sex", NULL},
    {"moves", "move", NULL},
    {"zombies", "zombie", NULL},
    {"equipment", "equipment", NULL},
    {"information", "information", NULL},
    {"rice", "rice", NULL},
    {"money", "money", NULL},
    {"species", "species", NULL},
    {"fish", "fish", NULL},
    {"sheep", "sheep", NULL},
    {"jeans", "jeans", NULL},
    {"police", "police", NULL},
};

const char *rails_singularize(struct arena *arena, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = sizeof endings / sizeof *endings; i > 0; i--) {
        size_t tail = strlen(endings[i - 1].plural);
        if (length < tail || strcasecmp(word + length - tail, endings[i - 1].plural) != 0)
            continue;
        char before = length > tail ? (char)tolower((unsigned char)word[length - tail - 1]) : '\0';
        if (endings[i - 1].before && (before == '\0' || !strchr(endings[i - 1].before, before)))
            continue;
        return arena_printf(arena, "%.*s%s", (int)(length - tail), word, endings[i - 1].singular);
    }
    return arena_strdup(arena, word);
}
