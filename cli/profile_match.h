/* Which shipped profile is for a machine, by what its firmware says. */
#ifndef CLI_PROFILE_MATCH_H
#define CLI_PROFILE_MATCH_H

#include "gcode/profile.h"

#include <stdbool.h>

struct profile_match {
	struct profile profile;
	bool by_name; /* the machine's name in M115 is one of the profile's */
	int others;   /* that would do as well, by size */
};

/* `machine`: what M115 calls it; "" when it does not say.  `size_mm`: its range of X, Y, Z; NULL:
 * not said.  False: no profile is for it. */
bool profile_match(const char *machine, const double size_mm[3], struct profile_match *match);

#endif
