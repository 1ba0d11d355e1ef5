/* Aligned tables that fit the terminal; see table.h. */
#include "cli/table.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, SHRINK_TO = 4, WRAP_TO = 24 };

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

/* A width of 0: the column is left out. */
static size_t sum(const struct table *table, const size_t width[TABLE_COLUMNS_MAX])
{
	size_t total = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (width[i] > 0)
			total += width[i] + (total > 0 ? GAP : 0);
	return total;
}

static bool says_nothing(const struct table *table, size_t column)
{
	for (size_t i = column; i < table->cell_count; i += table->column_count)
		if (table->cell[i].text[0] != '\0' && strcmp(table->cell[i].text, "-") != 0)
			return false;
	return true;
}

static void leave_out(const struct table *table, size_t width[TABLE_COLUMNS_MAX], size_t columns)
{
	for (size_t i = table->column_count; i-- > 1 && sum(table, width) > columns;)
		if (says_nothing(table, i))
			width[i] = 0;
}

/* The widest column of the first kind that can be made narrower; column_count: none. */
static size_t find_widest(const struct table *table, const size_t width[TABLE_COLUMNS_MAX])
{
	static const struct {
		enum table_fit fit;
		size_t least;
	} kinds[] = {
		{ TABLE_WRAPS, SHRINK_TO },
		{ TABLE_SHRINKS, SHRINK_TO },
		{ TABLE_FIXED, SHRINK_TO },
	};
	size_t widest = table->column_count;

	for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		for (size_t i = 0; i < table->column_count; i++)
			if (table->column[i].fit == kinds[kind].fit &&
				width[i] > kinds[kind].least &&
				(widest == table->column_count || width[i] > width[widest]))
				widest = i;
		if (widest < table->column_count)
			break;
	}
	return widest;
}

static void shrink(const struct table *table, size_t width[TABLE_COLUMNS_MAX], size_t columns)
{
	leave_out(table, width, columns);
	while (sum(table, width) > columns) {
		size_t widest = find_widest(table, width);

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

static size_t width_before(const size_t width[TABLE_COLUMNS_MAX], size_t column)
{
	size_t total = 0;

	for (size_t i = 0; i < column; i++)
		total += width[i] > 0 ? width[i] + GAP : 0;
	return total;
}

/* In as many lines as it takes. */
static void print_lines(const char *text, size_t width, size_t indent, const char *style, FILE *to)
{
	for (;;) {
		size_t next, bytes = text_fit_words(text, width, &next);

		fprintf(to, "%s%.*s%s", style, (int)bytes, text, *style ? "\033[0m" : "");
		text += next;
		if (!*text)
			return;
		fputc('\n', to);
		pad(to, indent);
	}
}

/* A sentence that does not fit stands below its row where its column is narrow. */
static bool stands_below(const struct table *table, const size_t width[TABLE_COLUMNS_MAX],
	size_t column, const char *text)
{
	return table->column[column].fit == TABLE_WRAPS && width[column] < WRAP_TO &&
	       text_width(text) > width[column];
}

static void print_wrapped(const struct table *table, const size_t width[TABLE_COLUMNS_MAX],
	size_t column, const char *text, const char *style, const struct table_look *look, FILE *to)
{
	size_t indent = width_before(width, column), room = width[column];

	if (!*text)
		return;
	if (stands_below(table, width, column, text)) {
		indent = width[0] + GAP + WRAP_TO <= look->columns ? width[0] + GAP : 0;
		room = look->columns - indent;
		fputc('\n', to);
		pad(to, indent);
	}
	print_lines(text, room, indent, style, to);
}

/* Nothing follows in its row: no blanks either. */
static bool is_last(const struct table *table, const size_t width[TABLE_COLUMNS_MAX],
	const char *const *text, size_t column)
{
	for (size_t i = column + 1; i < table->column_count; i++)
		if (width[i] > 0 && text[i][0] != '\0' && !stands_below(table, width, i, text[i]))
			return false;
	return true;
}

static void print_row(const struct table *table, const size_t width[TABLE_COLUMNS_MAX],
	const char *const *text, const char *const *style, const struct table_look *look, FILE *to)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (width[i] == 0)
			continue;
		if (table->column[i].fit == TABLE_WRAPS)
			print_wrapped(table, width, i, text[i], style[i], look, to);
		else
			print_cell(&table->column[i], text[i], width[i],
				is_last(table, width, text, i), style[i], look, to);
	}
	fputc('\n', to);
}

void table_print(const struct table *table, FILE *to, const struct table_look *look)
{
	size_t width[TABLE_COLUMNS_MAX];
	const char *text[TABLE_COLUMNS_MAX], *style[TABLE_COLUMNS_MAX];

	if (!table)
		return;
	measure(table, width);
	shrink(table, width, look->columns);
	for (size_t i = 0; i < table->column_count; i++) {
		text[i] = table->column[i].title;
		style[i] = look->color ? "\033[1m" : "";
	}
	print_row(table, width, text, style, look, to);
	for (size_t at = 0; at + table->column_count <= table->cell_count;
		at += table->column_count) {
		for (size_t i = 0; i < table->column_count; i++) {
			const struct cell *cell = &table->cell[at + i];

			text[i] = cell->text;
			style[i] = look->color && *cell->text ? table_style_on(cell->style) : "";
		}
		print_row(table, width, text, style, look, to);
	}
}
