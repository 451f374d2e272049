/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file's pages by their number, which may be any: a table of pages, in a large file a table of
 * such tables, and so on, each there only where it is needed. A hole costs nothing.
 */
#ifndef PITH_PAGE_TREE_H
#define PITH_PAGE_TREE_H

#include "lib/lib.h"

struct page_tree {
    void **table;    /* of pages, or, above the lowest level, of tables */
    unsigned length; /* of `table`: it begins small; below, and in a tree of levels, TABLE_LENGTH */
    unsigned levels; /* above the lowest */
};

/* Where page `index` is noted: a pointer to NULL when it is not there. NULL when there is no table
 * for it either; where `create` such are made, and NULL means that memory is out. */
char **page_tree_at(struct page_tree *tree, uint64_t index, bool create);

/* The page, or NULL. */
char *page_tree_get(const struct page_tree *tree, uint64_t index);

/* Drop the pages from `from` on: `drop` says what becomes of each, NULL when it is gone. Tables
 * that hold none are given back. */
void page_tree_cut(struct page_tree *tree, uint64_t from, char *(*drop)(char *page));

#endif
