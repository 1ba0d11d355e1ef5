/* When an order would be done, and why; see quote.h. */
#include "cli/quote.h"
#include "cli/advice.h"
#include "cli/words.h"

static void show_plates(const struct cli *cli, const json_t *plates)
{
	static const struct table_column columns[] = {
		{ "PRINTER", false, TABLE_SHRINKS },
		{ "PLATE", false, TABLE_SHRINKS },
		{ "UNITS", true, TABLE_FIXED },
		{ "START", false, TABLE_FIXED },
		{ "END", false, TABLE_FIXED },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *plate;
	char text[WORDS_MAX];
	size_t index;

	json_array_foreach (plates, index, plate) {
		table_cell(table, TABLE_PLAIN, "%s", words_text(plate, "printer"));
		table_cell(table, TABLE_PLAIN, "%s", words_text(plate, "plate"));
		table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(plate, "yield"));
		table_cell(table, TABLE_PLAIN, "%s", words_moment(text, plate, "start_at"));
		table_cell(table, TABLE_PLAIN, "%s", words_moment(text, plate, "end_at"));
	}
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	table_destroy(table);
}

void quote_show(const struct cli *cli, const json_t *quote)
{
	int64_t units = words_integer(quote, "units"), over = words_integer(quote, "over_units");
	const char *why = words_text(quote, "why");
	char text[WORDS_MAX], high[WORDS_MAX];

	if (words_integer(quote, "done_s") > 0)
		say(stdout, "would be done by %s: %lld unit%s", words_time(text, quote, "done_s"),
			(long long)units, units == 1 ? "" : "s");
	else
		say(stdout, "nobody can say when it would be done");
	if (over > 0)
		say(stdout, ", %lld more than asked", (long long)over);
	say(stdout, "\n");
	if (words_integer(quote, "done_high_s") > 0)
		words_sentence(cli, 0, 0,
			"by then in 9 of 10 cases; likely by %s, and not before %s",
			words_time(text, quote, "done_likely_s"),
			words_time(high, quote, "done_low_s"));
	if (*why)
		words_sentence(cli, 0, 0, "%s", why);
	show_plates(cli, json_object_get(quote, "plates"));
	advice_show(cli, json_object_get(quote, "advice"));
}
