/* When an order would be done, and why; see quote.h. */
#include "cli/quote.h"
#include "cli/words.h"

/* "2026-11-27T18:05:00+01:00" -> "2026-11-27 18:05", in the zone that the farm has written. */
static void cell_moment(struct table *table, const char *moment)
{
	table_cell(table, TABLE_PLAIN, "%.10s %.5s", moment,
		*moment && moment[10] == 'T' ? moment + 11 : "");
}

static void show_plates(const struct cli *cli, const json_t *plates)
{
	static const struct table_column columns[] = {
		{ "PRINTER", false, true },
		{ "PLATE", false, true },
		{ "UNITS", true, false },
		{ "START", false, false },
		{ "END", false, false },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *plate;
	size_t index;

	json_array_foreach (plates, index, plate) {
		table_cell(table, TABLE_PLAIN, "%s", words_text(plate, "printer"));
		table_cell(table, TABLE_PLAIN, "%s", words_text(plate, "plate"));
		table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(plate, "yield"));
		cell_moment(table, words_text(plate, "start_at"));
		cell_moment(table, words_text(plate, "end_at"));
	}
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	table_destroy(table);
}

void quote_show(const struct cli *cli, const json_t *quote)
{
	const char *why = words_text(quote, "why");
	char text[WORDS_MAX];

	if (words_integer(quote, "done_s") > 0)
		say(stdout, "would be done by %s (%lld units, %lld more than asked)\n",
			words_time(text, quote, "done_s"), (long long)words_integer(quote, "units"),
			(long long)words_integer(quote, "over_units"));
	else
		say(stdout, "nobody can say when it would be done\n");
	if (*why)
		say(stdout, "%s\n", why);
	show_plates(cli, json_object_get(quote, "plates"));
}
