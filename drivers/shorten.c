/* Leading zeros and plus signs; see shorten.h. */
#include "drivers/shorten.h"

#include <stdbool.h>
#include <string.h> /* strlen, memcmp */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_move(const char *command, size_t length)
{
	static const char *const moves[] = { "G0 ", "G1 ", "G2 ", "G3 ", "G92 " };

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		size_t word = strlen(moves[i]);

		if (length > word && memcmp(command, moves[i], word) == 0)
			return true;
	}
	return false;
}

/* A number begins behind a letter that follows a blank: " X0.5". */
static bool begins_number(const char *text, size_t at)
{
	return at >= 2 && text[at - 2] == ' ' && text[at - 1] >= 'A' && text[at - 1] <= 'Z';
}

size_t shorten_numbers(char *out, const char *command, size_t length)
{
	bool move = is_move(command, length);
	size_t count = 0;

	for (size_t i = 0; i < length;) {
		if (!move || !begins_number(command, i)) {
			out[count++] = command[i++];
			continue;
		}
		if (command[i] == '+' && i + 1 < length)
			i++;
		else if (command[i] == '-')
			out[count++] = command[i++];
		/* A digit has to be left, before the point or behind it. */
		while (i + 1 < length && command[i] == '0' &&
			(is_digit(command[i + 1]) || (command[i + 1] == '.' && i + 2 < length &&
							     is_digit(command[i + 2]))))
			i++;
		if (i < length)
			out[count++] = command[i++];
	}
	return count;
}
