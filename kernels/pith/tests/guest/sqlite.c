/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite, linked statically: 100,000 rows in memory and in a file, by journal and by write-ahead
 * log. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int print_row(void *unused, int columns, char **values, char **names)
{
    (void)unused, (void)names;
    for (int i = 0; i < columns; i++)
        printf("%s%s", i ? "|" : "  ", values[i] ? values[i] : "NULL");
    putchar('\n');
    return 0;
}

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;

    printf("%.60s\n", sql);
    if (sqlite3_exec(db, sql, print_row, NULL, &message) != SQLITE_OK) {
        printf("failed: %s\n", message);
        exit(1);
    }
}

static void use(const char *path, const char *journal)
{
    sqlite3 *db;
    char pragma[64];

    printf("== %s, journal %s\n", path, journal);
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        printf("cannot open: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", journal);
    run(db, pragma);
    run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, v TEXT)");
    run(db, "BEGIN");
    run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
            "INSERT INTO t SELECT i, i * 7919 % 100003, printf('row %08d', i) FROM n");
    run(db, "COMMIT");
    run(db, "CREATE INDEX by_k ON t (k)");
    run(db, "SELECT count(*), sum(k), min(v), max(v) FROM t");
    run(db, "SELECT id, v FROM t WHERE k BETWEEN 500 AND 510 ORDER BY k");
    run(db, "BEGIN");
    run(db, "UPDATE t SET v = v || '!' WHERE id % 10 = 0");
    run(db, "DELETE FROM t WHERE id % 3 = 0");
    run(db, "ROLLBACK");
    run(db, "DELETE FROM t WHERE id % 5 = 0");
    run(db, "SELECT count(*), sum(length(v)) FROM t");
    run(db, "VACUUM");
    run(db, "PRAGMA integrity_check");
    sqlite3_close(db);
}

int main(void)
{
    use(":memory:", "MEMORY");
    use("/by-journal.db", "DELETE");
    use("/by-log.db", "WAL");
    return 0;
}
