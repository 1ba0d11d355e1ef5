/* The table of numbered families; see marlin_variant.h. */
#include "drivers/marlin_variant.h"

const struct marlin_family *const marlin_families[] = {
	&prusa_mk3_family,
	&prusa_buddy_family,
	&repetier_family,
	&smoothie_family,
	&marlin_family,
	NULL,
};

bool marlin_variant_find(const char *firmware, const struct marlin_family **family,
	const struct marlin_variant **variant)
{
	for (size_t i = 0; marlin_families[i]; i++) {
		const struct marlin_variant *found = marlin_families[i]->find(firmware);

		if (found) {
			*family = marlin_families[i];
			*variant = found;
			return true;
		}
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool marlin_version(const char *text, int version[4])
{
	for (int i = 0; i < 4; i++)
		version[i] = 0;
	if (!is_digit(*text))
		return false;
	for (int i = 0; i < 4; i++) {
		while (is_digit(*text) && version[i] < 100000)
			version[i] = version[i] * 10 + (*text++ - '0');
		if (text[0] != '.' || !is_digit(text[1]))
			break;
		text++;
	}
	return true;
}

int marlin_version_compare(const int a[4], const int b[4])
{
	for (int i = 0; i < 4; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}
