/* Aligned tables that fit the terminal; see table.h. */
#include "cli/table.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, SHRINK_TO = 4 };

struct cell {
	enum table_style style;
	char *text; /* owned, clean */
};

struct table {
	const struct table_column *column; /* borrowed */
	size_t column_count, cell_count, capacity;
	struct cell *cell; /* owned */
	bool is_broken;	   /* no memory: prints what there is */
};

struct table *table_create(const struct table_column *columns)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		return NULL;
	table->column = columns;
	while (table->column_count < TABLE_COLUMNS_MAX && columns[table->column_count].title)
		table->column_count++;
	return table;
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cell[i].text);
	free(table->cell);
	free(table);
}

static bool has_room(struct table *table)
{
	if (table->cell_count < table->capacity)
		return true;

	size_t capacity = table->capacity ? 2 * table->capacity : 64;
	struct cell *cell = realloc(table->cell, capacity * sizeof *cell);

	if (!cell)
		return false;
	table->cell = cell;
	table->capacity = capacity;
	return true;
}

void table_cell(struct table *table, enum table_style style, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	if (!table || table->is_broken)
		return;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);

	char *clean = length >= 0 ? text_clean(text, false) : NULL;

	if (length >= 0)
		free(text);
	if (!clean || !has_room(table)) {
		free(clean);
		table->is_broken = true;
		return;
	}
	table->cell[table->cell_count++] = (struct cell){ .style = style, .text = clean };
}

size_t table_rows(const struct table *table)
{
	return table ? table->cell_count / table->column_count : 0;
}

static void measure(const struct table *table, size_t width[TABLE_COLUMNS_MAX])
{
	for (size_t i = 0; i < table->column_count; i++)
		width[i] = text_width(table->column[i].title);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t column = i % table->column_count, own = text_width(table->cell[i].text);

		if (own > width[column])
			width[column] = own;
	}
}

static size_t sum(const struct table *table, const size_t width[TABLE_COLUMNS_MAX])
{
	size_t total = GAP * (table->column_count - 1);

	for (size_t i = 0; i < table->column_count; i++)
		total += width[i];
	return total;
}

/* The widest column that may be made narrower; column_count: none. */
static size_t find_widest(
	const struct table *table, const size_t width[TABLE_COLUMNS_MAX], bool only_shrinking)
{
	size_t widest = table->column_count;

	for (size_t i = 0; i < table->column_count; i++)
		if (width[i] > SHRINK_TO && (table->column[i].shrinks || !only_shrinking) &&
			(widest == table->column_count || width[i] > width[widest]))
			widest = i;
	return widest;
}

static void shrink(const struct table *table, size_t width[TABLE_COLUMNS_MAX], size_t columns)
{
	while (sum(table, width) > columns) {
		size_t widest = find_widest(table, width, true);

		if (widest == table->column_count)
			widest = find_widest(table, width, false);
		if (widest == table->column_count)
			return;
		width[widest]--;
	}
}

const char *table_style_on(enum table_style style)
{
	switch (style) {
	case TABLE_PLAIN:
		return "";
	case TABLE_GOOD:
		return "\033[32m";
	case TABLE_WARN:
		return "\033[33m";
	case TABLE_BAD:
		return "\033[1;31m";
	case TABLE_DIM:
		return "\033[2m";
	}
	return "";
}

static void pad(FILE *to, size_t columns)
{
	for (; columns > 0; columns--)
		fputc(' ', to);
}

static void print_cell(const struct table_column *column, const char *text, size_t width, bool last,
	const char *style, const struct table_look *look, FILE *to)
{
	const char *cut = look->utf8 ? "\xe2\x80\xa6" : "~";
	bool is_cut = text_width(text) > width;
	size_t bytes = is_cut ? text_fit(text, width - 1) : strlen(text);
	size_t used = is_cut ? width : text_width(text);

	/* A wide character that does not fit leaves a column free. */
	if (is_cut) {
		char *fitting = strndup(text, bytes);

		used = fitting ? text_width(fitting) + 1 : width;
		free(fitting);
	}
	if (column->right)
		pad(to, width - used);
	fputs(style, to);
	fwrite(text, 1, bytes, to);
	if (is_cut)
		fputs(cut, to);
	if (*style)
		fputs("\033[0m", to);
	if (!last)
		pad(to, (column->right ? 0 : width - used) + GAP);
}

/* Nothing follows in its row: no blanks either. */
static bool is_last(const struct table *table, size_t cell)
{
	while (++cell < table->cell_count && cell % table->column_count != 0)
		if (table->cell[cell].text[0] != '\0')
			return false;
	return true;
}

void table_print(const struct table *table, FILE *to, const struct table_look *look)
{
	size_t width[TABLE_COLUMNS_MAX];

	if (!table)
		return;
	measure(table, width);
	shrink(table, width, look->columns);
	for (size_t i = 0; i < table->column_count; i++)
		print_cell(&table->column[i], table->column[i].title, width[i],
			i + 1 == table->column_count, look->color ? "\033[1m" : "", look, to);
	fputc('\n', to);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t column = i % table->column_count;

		print_cell(&table->column[column], table->cell[i].text, width[column],
			is_last(table, i), look->color ? table_style_on(table->cell[i].style) : "",
			look, to);
		if (column + 1 == table->column_count)
			fputc('\n', to);
	}
}
