/* Why no printer can make an order; see misses.h. */
#include "cli/misses.h"
#include "cli/cli.h"
#include "cli/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 8, TEXT_BYTES = 1024 };

static void put_miss(const json_t *row, char text[TEXT_BYTES])
{
	const char *plate = words_text(row, "plate");
	const json_t *condition;
	size_t index, length;

	length = (size_t)snprintf(
		text, TEXT_BYTES, "%s%s%s", *plate ? "(" : "", plate, *plate ? "): " : "");
	json_array_foreach (json_object_get(row, "unmet"), index, condition)
		if (length < TEXT_BYTES)
			length += (size_t)snprintf(text + length, TEXT_BYTES - length, "%s%s",
				index ? "; " : "", words_text(condition, "text"));
}

/* The names of `from` and of all behind it that miss by the same words. */
static void say_group(const json_t *printers, size_t from, const char *text, bool *is_said)
{
	char other[TEXT_BYTES];
	size_t count = 0;

	say(stderr, "  ");
	for (size_t i = from; i < json_array_size(printers); i++) {
		const json_t *row = json_array_get(printers, i);

		put_miss(row, other);
		if (is_said[i] || strcmp(other, text) != 0)
			continue;
		is_said[i] = true;
		if (count++ < NAMES_SHOWN)
			say(stderr, "%s%s", count > 1 ? ", " : "", words_text(row, "printer"));
	}
	if (count > NAMES_SHOWN)
		say(stderr, " and %zu more", count - NAMES_SHOWN);
	say(stderr, " %s\n", text);
}

void misses_say(const json_t *printers)
{
	size_t count = json_array_size(printers);
	bool *is_said = calloc(count + 1, sizeof *is_said);
	char text[TEXT_BYTES];

	for (size_t i = 0; is_said && i < count; i++) {
		if (is_said[i])
			continue;
		put_miss(json_array_get(printers, i), text);
		say_group(printers, i, text, is_said);
	}
	free(is_said);
}
