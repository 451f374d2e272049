/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a JSON object to a C struct, by a table of fields, with each field's
 * presence and type checked.
 */
#ifndef TARE_FIELDS_H
#define TARE_FIELDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/base/error.h"

/* What a field must be, and the type of the member that it is read into. Text, lists and objects
 * stay the document's. */
enum field_kind {
    FIELD_TEXT,   /* const char * */
    FIELD_NAME,   /* the same, of the alphabet of bench/base/name.h */
    FIELD_NUMBER, /* double, finite */
    FIELD_COUNT,  /* size_t: a whole number from 0 on */
    FIELD_FLAG,   /* bool */
    FIELD_WORD,   /* unsigned: the index in `words` */
    FIELD_PAIR,   /* double[2] */
    FIELD_LIST,   /* const cJSON *, an array */
    FIELD_OBJECT, /* const cJSON * */
};

struct field {
    const char *name; /* NULL ends a table */
    enum field_kind kind;
    size_t offset; /* of the member */
    bool optional; /* absent or null: text and names become "", all else stays as it was */
    const char *const *words; /* of a FIELD_WORD; ends with NULL */
};

/* Lines of a table: field `name`, of kind FIELD_`kind`, is read into `member` of struct `type`. */
#define NEEDED(name, kind, type, member)                                                           \
    {                                                                                              \
        name, FIELD_##kind, offsetof(struct type, member), false, NULL                             \
    }
#define MAYBE(name, kind, type, member)                                                            \
    {                                                                                              \
        name, FIELD_##kind, offsetof(struct type, member), true, NULL                              \
    }
#define NEEDED_WORD(name, words, type, member)                                                     \
    {                                                                                              \
        name, FIELD_WORD, offsetof(struct type, member), false, words                              \
    }
#define MAYBE_WORD(name, words, type, member)                                                      \
    {                                                                                              \
        name, FIELD_WORD, offsetof(struct type, member), true, words                               \
    }
#define END_OF_FIELDS                                                                              \
    {                                                                                              \
        NULL, FIELD_TEXT, 0, false, NULL                                                           \
    }

/* Read the `fields` of `object` into the struct at `out`. `where` is what messages call the object.
 * -EINVAL with where, field and reason. */
int fields_read(const cJSON *object, const char *where, const struct field *fields, void *out,
                struct error *error);

#endif
