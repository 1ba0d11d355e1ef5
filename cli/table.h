/* Aligned tables that fit the terminal.  A column that may shrink is cut when there is no room. */
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

struct table_column {
	const char *title; /* NULL ends the rows */
	bool right;	   /* numbers */
	bool shrinks;	   /* words; at least one column must */
};

struct table;

/* Columns are borrowed.  NULL without memory. */
struct table *table_create(const struct table_column *columns);
void table_destroy(struct table *table);

/* The next cell, row by row.  What is printed is made harmless. */
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
