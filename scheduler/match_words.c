/* Words and numbers in the sentences of match.c. */
#include "scheduler/match_private.h"

#include <math.h>  /* fabs, isfinite */
#include <stdio.h> /* snprintf */

/* Copies what may come from a file or a user: no control bytes, cut between UTF-8 characters. */
const char *match_put_word(char word[MATCH_WORD_MAX], const char *from)
{
	size_t length = 0;

	while (from[length] && length < MATCH_WORD_MAX - 1) {
		unsigned char byte = (unsigned char)from[length];

		word[length++] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
	}
	if (from[length])
		while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
			length--;
	word[length] = '\0';
	return word;
}

/* One decimal at most, and never the locale's comma. */
const char *match_put_number(char number[MATCH_NUMBER_MAX], double value)
{
	if (!isfinite(value) || fabs(value) > 1e9) {
		snprintf(number, MATCH_NUMBER_MAX, "?");
		return number;
	}
	long tenths = (long)(fabs(value) * 10 + 0.5);
	const char *sign = value < 0 && tenths ? "-" : "";

	if (tenths % 10)
		snprintf(number, MATCH_NUMBER_MAX, "%s%ld.%ld", sign, tenths / 10, tenths % 10);
	else
		snprintf(number, MATCH_NUMBER_MAX, "%s%ld", sign, tenths / 10);
	return number;
}

const char *match_put_duration(char text[MATCH_NUMBER_MAX], int64_t seconds)
{
	int whole = seconds > MATCH_DURATION_MAX_S ? MATCH_DURATION_MAX_S : (int)seconds;

	if (whole < 120)
		snprintf(text, MATCH_NUMBER_MAX, "%d s", whole);
	else if (whole < 7200)
		snprintf(text, MATCH_NUMBER_MAX, "%d min", whole / 60);
	else
		snprintf(text, MATCH_NUMBER_MAX, "%d h %d min", whole / 3600, whole % 3600 / 60);
	return text;
}
