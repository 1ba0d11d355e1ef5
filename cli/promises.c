/* Promises for people; see promises.h. */
#include "cli/promises.h"
#include "cli/words.h"

static const char *fate(const json_t *promise)
{
	const json_t *kept = json_object_get(promise, "kept");

	return json_is_true(kept) ? "kept: " : json_is_false(kept) ? "broken: " : "";
}

void promises_show_history(const struct cli *cli, const json_t *order)
{
	static const struct table_column columns[] = {
		{ "SAID", false, TABLE_FIXED },
		{ "DONE BY", false, TABLE_FIXED },
		{ "BECAUSE", false, TABLE_WRAPS },
		{ 0 },
	};
	struct table *table = table_create(columns);
	char made[WORDS_MAX], promised[WORDS_MAX];
	const json_t *promise;
	size_t index;

	json_array_foreach (json_object_get(order, "promises"), index, promise) {
		table_cell(table, TABLE_PLAIN, "%s", words_time(made, promise, "made_s"));
		table_cell(table, TABLE_PLAIN, "%s", words_time(promised, promise, "promised_s"));
		table_cell(table, TABLE_PLAIN, "%s%s", fate(promise), words_text(promise, "cause"));
	}
	if (table_rows(table) > 0) {
		say(stdout, "\n");
		words_print_table(cli, table);
	}
	table_destroy(table);
}

void promises_show(const struct cli *cli, const json_t *order)
{
	char text[WORDS_MAX], low[WORDS_MAX], high[WORDS_MAX];
	const char *risk = words_is_true(order, "late")	     ? ", later than it is due"
			   : words_is_true(order, "at_risk") ? ", which may be late"
							     : "";

	if (words_integer(order, "promised_s") > 0)
		words_row(cli, "promised", "done by %s, in 9 of 10 cases%s",
			words_time(text, order, "promised_s"), risk);
	else
		words_row(cli, "promised", "-%s", risk);
	if (words_integer(order, "promised_likely_s") > 0)
		words_row(cli, "likely", "%s (as things are now: %s to %s in 8 of 10 cases)",
			words_time(text, order, "promised_likely_s"),
			words_time(low, order, "promised_low_s"),
			words_time(high, order, "promised_high_s"));
}

void promises_show_kept(const json_t *kept)
{
	int64_t made = words_integer(kept, "made");

	if (made == 0)
		return;
	say(stdout, "promises made at %lld %%: kept %.0f %% of %lld\n",
		(long long)words_integer(kept, "confidence_percent"),
		100.0 * (double)words_integer(kept, "kept") / (double)made, (long long)made);
}
