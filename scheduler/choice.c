/* What an order accepts of a material or a colour; see choice.h. */
#include "scheduler/choice.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strlen, memcpy */

enum shade { SHADE_NONE, SHADE_LIGHT, SHADE_DARK };

/* Lower case.  Spools are named in whole phrases: the last word that is known counts. */
static const struct {
	const char *word;
	enum shade shade;
} shades[] = {
	{ "white", SHADE_LIGHT },
	{ "natural", SHADE_LIGHT },
	{ "transparent", SHADE_LIGHT },
	{ "clear", SHADE_LIGHT },
	{ "translucent", SHADE_LIGHT },
	{ "ivory", SHADE_LIGHT },
	{ "cream", SHADE_LIGHT },
	{ "beige", SHADE_LIGHT },
	{ "bone", SHADE_LIGHT },
	{ "sand", SHADE_LIGHT },
	{ "yellow", SHADE_LIGHT },
	{ "lemon", SHADE_LIGHT },
	{ "pink", SHADE_LIGHT },
	{ "rose", SHADE_LIGHT },
	{ "peach", SHADE_LIGHT },
	{ "mint", SHADE_LIGHT },
	{ "lavender", SHADE_LIGHT },
	{ "lilac", SHADE_LIGHT },
	{ "silver", SHADE_LIGHT },
	{ "pearl", SHADE_LIGHT },
	{ "black", SHADE_DARK },
	{ "anthracite", SHADE_DARK },
	{ "graphite", SHADE_DARK },
	{ "charcoal", SHADE_DARK },
	{ "navy", SHADE_DARK },
	{ "brown", SHADE_DARK },
	{ "chocolate", SHADE_DARK },
	{ "maroon", SHADE_DARK },
	{ "burgundy", SHADE_DARK },
	{ "purple", SHADE_DARK },
	{ "violet", SHADE_DARK },
	{ "indigo", SHADE_DARK },
	{ "olive", SHADE_DARK },
	{ "midnight", SHADE_DARK },
};

/* They decide whatever they stand before. */
static const struct {
	const char *word;
	enum shade shade;
} modifiers[] = {
	{ "light", SHADE_LIGHT },
	{ "pale", SHADE_LIGHT },
	{ "pastel", SHADE_LIGHT },
	{ "dark", SHADE_DARK },
	{ "deep", SHADE_DARK },
};

/* A word of a list or of a colour, not ended by NUL. */
struct word {
	const char *at;
	size_t length;
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same(struct word word, const char *text)
{
	for (size_t i = 0; i < word.length; i++)
		if (lower(word.at[i]) != lower(text[i]) || !text[i])
			return false;
	return text[word.length] == '\0';
}

/* The next one of the list, without the blanks around it.  False: there is none. */
static bool next_item(const char **rest, struct word *item)
{
	if (!*rest)
		return false;
	const char *comma = strchr(*rest, ',');

	item->at = *rest;
	item->length = comma ? (size_t)(comma - *rest) : strlen(*rest);
	*rest = comma ? comma + 1 : NULL;
	for (; item->length > 0 && *item->at == ' '; item->at++)
		item->length--;
	while (item->length > 0 && item->at[item->length - 1] == ' ')
		item->length--;
	return true;
}

static bool is_letter(char c)
{
	c = lower(c);
	return c >= 'a' && c <= 'z';
}

static bool next_letters(const char **rest, struct word *word)
{
	while (**rest && !is_letter(**rest))
		(*rest)++;
	word->at = *rest;
	while (is_letter(**rest))
		(*rest)++;
	word->length = (size_t)(*rest - word->at);
	return word->length > 0;
}

static enum shade shade_of(const char *color)
{
	enum shade shade = SHADE_NONE;
	struct word word;

	while (next_letters(&color, &word)) {
		for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
			if (is_same(word, modifiers[i].word))
				return modifiers[i].shade;
		for (size_t i = 0; i < sizeof shades / sizeof *shades; i++)
			if (is_same(word, shades[i].word))
				shade = shades[i].shade;
	}
	return shade;
}

static enum shade shade_wanted(enum choice_of of, struct word item)
{
	if (of == CHOICE_OF_MATERIAL)
		return SHADE_NONE;
	return is_same(item, "light")  ? SHADE_LIGHT
	       : is_same(item, "dark") ? SHADE_DARK
				       : SHADE_NONE;
}

static bool is_met(enum choice_of of, struct word item, const char *have)
{
	enum shade shade = shade_wanted(of, item);

	return is_same(item, have) || is_same(item, "any") ||
	       (shade != SHADE_NONE && shade == shade_of(have));
}

int choice_rank(enum choice_of of, const char *list, const char *have)
{
	struct word item;
	int rank = 0;

	if (!list[0])
		return 0;
	while (next_item(&list, &item)) {
		if (is_met(of, item, have))
			return rank;
		rank++;
	}
	return -1;
}

static bool has_item(const char *list, struct word wanted)
{
	struct word item;

	while (next_item(&list, &item)) {
		char text[CHOICE_BYTES];

		snprintf(text, sizeof text, "%.*s", (int)item.length, item.at);
		if (is_same(wanted, text))
			return true;
	}
	return false;
}

enum choice_fault choice_tidy(const char *list, char tidy[CHOICE_BYTES])
{
	struct word item;
	size_t length = 0, count = 0;

	tidy[0] = '\0';
	if (!list[0])
		return CHOICE_GOOD;
	while (next_item(&list, &item)) {
		if (item.length == 0)
			return CHOICE_EMPTY_WORD;
		if (item.length + 2 > CHOICE_BYTES - length)
			return CHOICE_TOO_LONG;
		if (length > 0 && has_item(tidy, item))
			continue;
		if (count++ == CHOICE_WORDS_MAX)
			return CHOICE_TOO_MANY;
		if (length > 0)
			tidy[length++] = ',';
		memcpy(tidy + length, item.at, item.length);
		length += item.length;
		tidy[length] = '\0';
	}
	return CHOICE_GOOD;
}

/* False: it does not fit. */
static bool put(char *text, size_t size, size_t *length, const char *before, struct word item,
	const char *after)
{
	int more = snprintf(text + *length, size - *length, "%s%.*s%s", before, (int)item.length,
		item.at, after);

	if (more < 0 || (size_t)more >= size - *length) {
		text[*length] = '\0';
		return false;
	}
	*length += (size_t)more;
	return true;
}

const char *choice_say(enum choice_of of, const char *list, char *text, size_t size)
{
	const char *noun = of == CHOICE_OF_COLOR ? " colour" : " material";
	struct word item;
	size_t length = 0;

	text[0] = '\0';
	while (next_item(&list, &item)) {
		bool is_shade = shade_wanted(of, item) != SHADE_NONE;
		bool is_group = is_shade || is_same(item, "any");
		const char *before = length == 0 ? "" : list ? ", " : " or ";
		char front[16];

		snprintf(front, sizeof front, "%s%s", before, is_shade ? "any " : "");
		if (!put(text, size, &length, front, item, is_group ? noun : ""))
			break;
	}
	if (length == 0)
		snprintf(text, size, "%s", of == CHOICE_OF_COLOR ? "its colour" : "its material");
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	return text;
}
