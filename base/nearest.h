/* Which of some names did somebody mean?  For messages about names that do not exist.  Pure. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

enum { NEAREST_NAME_MAX = 64 }; /* bytes; longer names are like nothing */

/* The best name so far; begin with { 0 }. */
struct nearest {
	char name[NEAREST_NAME_MAX];
	size_t distance;
};

/* Looks at one name more.  Near is what differs by one slip, in longer words by two, or begins with
 * what is wanted; case and '-', '_', ' ' do not count.  Of names as near as each other the first
 * stays. */
void nearest_offer(struct nearest *nearest, const char *wanted, const char *name);

#endif
