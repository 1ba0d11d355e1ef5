/* Aligned tables that fit the terminal.  When there is no room, columns that say nothing in any row
 * are left out, then columns that may shrink are cut; sentences of the last column stand below
 * their row. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_style {
	TABLE_PLAIN,
	TABLE_GOOD,
	TABLE_WARN,
	TABLE_BAD,
	TABLE_DIM,
};

enum { TABLE_COLUMNS_MAX = 16 };

enum table_fit {
	TABLE_FIXED,
	TABLE_SHRINKS, /* words that may be cut */
	TABLE_WRAPS,   /* sentences, never cut; only the last column */
};

struct table_column {
	const char *title; /* NULL ends the rows */
	bool right;	   /* numbers */
	enum table_fit fit;
};

struct table;

/* Columns are borrowed.  NULL without memory. */
struct table *table_create(const struct table_column *columns);
void table_destroy(struct table *table);

/* The next cell, row by row.  "" and "-" say nothing.  What is printed is made harmless. */
void table_cell(struct table *table, enum table_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

size_t table_rows(const struct table *table);

struct table_look {
	size_t columns; /* of the terminal */
	bool color, utf8;
};

void table_print(const struct table *table, FILE *to, const struct table_look *look);

/* The bytes that switch a style on; "" for TABLE_PLAIN. */
const char *table_style_on(enum table_style style);

#endif
