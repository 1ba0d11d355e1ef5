#include "cli/profile_match.h"

#include "cli/profile_file.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Builds round what they call their axes' ends. */
static const double slack_mm[3] = { 6, 6, 16 };

struct search {
	const char *machine;
	const double *size_mm;
	struct profile_match *match;
	bool found;
};

/* Letters and digits only, in any case: "Creality Ender-3" is "CREALITY ENDER 3". */
static bool same_name(const char *a, const char *b)
{
	for (;;) {
		while (*a && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static bool is_named(const struct profile *profile, const char *machine)
{
	if (!machine[0])
		return false;
	for (size_t i = 0; i < profile->machine_count; i++)
		if (same_name(profile->machine[i], machine))
			return true;
	return same_name(profile->name, machine);
}

static bool is_sized(const struct profile *profile, const double size_mm[3])
{
	for (int axis = 0; axis < 3; axis++) {
		double own = profile->volume_max_mm[axis] -
			     (profile->shape == PROFILE_ROUND && axis < 2
					     ? profile->volume_min_mm[axis]
					     : fmax(profile->volume_min_mm[axis], 0));

		if (fabs(own - size_mm[axis]) > slack_mm[axis])
			return false;
	}
	return true;
}

static void consider(void *context, const struct profile *profile)
{
	struct search *search = context;
	struct profile_match *match = search->match;

	if (is_named(profile, search->machine)) {
		if (!match->by_name)
			match->profile = *profile;
		match->by_name = search->found = true;
		match->others = 0;
	} else if (!match->by_name && search->size_mm && is_sized(profile, search->size_mm)) {
		if (search->found)
			match->others++;
		/* Of several the one with the lowest limits: safe on all of them. */
		if (!search->found ||
			profile->hotend_max_celsius < match->profile.hotend_max_celsius)
			match->profile = *profile;
		search->found = true;
	}
}

bool profile_match(const char *machine, const double size_mm[3], struct profile_match *match)
{
	struct search search = { .machine = machine, .size_mm = size_mm, .match = match };

	memset(match, 0, sizeof *match);
	profile_file_each(consider, &search);
	return search.found;
}
