/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Circular doubly linked lists, their links inside the elements. An element alone points to itself,
 * so that removing it twice is harmless. */
#ifndef PITH_LIST_H
#define PITH_LIST_H

#include "lib/lib.h"

struct list {
    struct list *next, *before;
};

#define LIST(name)                                                                                 \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }
#define LIST_OF(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))
#define LIST_EACH(link, head)                                                                      \
    for (struct list *link = (head)->next, *link##_next = link->next; link != (head);              \
         link = link##_next, link##_next = link->next)

static inline void list_init(struct list *list)
{
    list->next = list->before = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/* Put `link` before `place`: with the head as place, at the end. */
static inline void list_insert(struct list *place, struct list *link)
{
    link->next = place;
    link->before = place->before;
    link->before->next = link;
    place->before = link;
}

static inline void list_remove(struct list *link)
{
    link->before->next = link->next;
    link->next->before = link->before;
    list_init(link);
}

#endif
