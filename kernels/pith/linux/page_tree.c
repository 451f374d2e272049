/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/page_tree.h"
#include "memory/heap.h"

#define TABLE_BITS 9
#define TABLE_LENGTH (1u << TABLE_BITS)
#define FIRST_LENGTH 16u

/* The number of pages below one entry of a table so many levels above the lowest. */
static unsigned shift_of(unsigned level)
{
    return level * TABLE_BITS;
}

static bool reaches(const struct page_tree *tree, uint64_t index)
{
    return index >> shift_of(tree->levels) < tree->length;
}

static bool lengthen(struct page_tree *tree, uint64_t index)
{
    unsigned length = tree->length ? tree->length : FIRST_LENGTH;
    void **table;

    while (length <= index && length < TABLE_LENGTH)
        length *= 2;
    table = heap_take(length * sizeof *table);
    if (!table)
        return false;
    if (tree->table)
        memcpy(table, tree->table, tree->length * sizeof *table);
    heap_give(tree->table, tree->length * sizeof *table);
    tree->table = table;
    tree->length = length;
    return true;
}

/* One level more, of which the tree so far is the first entry. */
static bool raise(struct page_tree *tree)
{
    void **table = heap_take(TABLE_LENGTH * sizeof *table);

    if (!table)
        return false;
    table[0] = tree->table;
    tree->table = table;
    tree->levels++;
    return true;
}

static bool extend(struct page_tree *tree, uint64_t index)
{
    while (!reaches(tree, index))
        if (!(tree->length < TABLE_LENGTH ? lengthen(tree, index) : raise(tree)))
            return false;
    return true;
}

char **page_tree_at(struct page_tree *tree, uint64_t index, bool create)
{
    void **table;

    if (!reaches(tree, index) && !(create && extend(tree, index)))
        return NULL;
    table = tree->table;
    for (unsigned level = tree->levels; level; level--) {
        void **entry = &table[index >> shift_of(level) & (TABLE_LENGTH - 1)];

        if (!*entry && create)
            *entry = heap_take(TABLE_LENGTH * sizeof *table);
        if (!*entry)
            return NULL;
        table = *entry;
    }
    return (char **)&table[index & (TABLE_LENGTH - 1)];
}

char *page_tree_get(const struct page_tree *tree, uint64_t index)
{
    char **place;

    if (!tree->levels) /* as most are */
        return index < tree->length ? tree->table[index] : NULL;
    place = page_tree_at((struct page_tree *)tree, index, false);
    return place ? *place : NULL;
}

/* The same within a table whose first page is number `first`. Whether nothing is left in it. */
static bool cut(void **table, unsigned length, unsigned level, uint64_t first, uint64_t from,
                char *(*drop)(char *page))
{
    bool empty = true;

    for (unsigned i = 0; i < length; i++) {
        uint64_t start = first + ((uint64_t)i << shift_of(level));

        if (!table[i])
            continue;
        if (level == 0 && start >= from)
            table[i] = drop(table[i]);
        if (level && start + (1ull << shift_of(level)) - 1 >= from &&
            cut(table[i], TABLE_LENGTH, level - 1, start, from, drop)) {
            heap_give(table[i], TABLE_LENGTH * sizeof *table);
            table[i] = NULL;
        }
        empty &= !table[i];
    }
    return empty;
}

void page_tree_cut(struct page_tree *tree, uint64_t from, char *(*drop)(char *page))
{
    if (!cut(tree->table, tree->length, tree->levels, 0, from, drop))
        return;
    heap_give(tree->table, tree->length * sizeof *tree->table);
    *tree = (struct page_tree){0};
}
