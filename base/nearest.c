#include "base/nearest.h"

#include <string.h>

/* Letters and digits in lower case: what people remember of a name. */
static size_t bare(const char *text, char bare_text[NEAREST_NAME_MAX])
{
	size_t length = 0;

	for (; *text && length < NEAREST_NAME_MAX; text++) {
		char c = *text;

		if (c == '-' || c == '_' || c == ' ')
			continue;
		bare_text[length++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return length;
}

/* Damerau's and Levenshtein's: letters to insert, take out, change, or swap with the next. */
static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[3][NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *now = row[i % 3], *before = row[(i + 2) % 3], *twice = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t least = before[j - 1] + (a[i - 1] != b[j - 1]);

			if (before[j] + 1 < least)
				least = before[j] + 1;
			if (now[j - 1] + 1 < least)
				least = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				twice[j - 2] + 1 < least)
				least = twice[j - 2] + 1;
			now[j] = least;
		}
	}
	return row[a_length % 3][b_length];
}

void nearest_offer(struct nearest *nearest, const char *wanted, const char *name)
{
	char a[NEAREST_NAME_MAX], b[NEAREST_NAME_MAX];
	size_t a_length = bare(wanted, a), b_length = bare(name, b);

	if (a_length == 0 || a_length >= NEAREST_NAME_MAX || strlen(name) >= NEAREST_NAME_MAX)
		return;
	size_t distance = distance_of(a, a_length, b, b_length);

	/* A beginning of at least three letters is as good as one mistake. */
	if (a_length >= 3 && a_length < b_length && memcmp(a, b, a_length) == 0)
		distance = 1;
	if (distance > (a_length > 4 ? 2 : 1) || distance >= a_length)
		return;
	if (nearest->name[0] && distance >= nearest->distance)
		return;
	memcpy(nearest->name, name, strlen(name) + 1);
	nearest->distance = distance;
}
