/* How hot it was while something was printed: of each heater the least, the most and the mean of
 * what was measured, for the production record.
 *
 * A reading counts from when its heater has come near its target, until the target changes: the
 * way up from room temperature says nothing about a print. */
#ifndef CONTROL_HEAT_LOG_H
#define CONTROL_HEAT_LOG_H

#include "daemon/wire/wire.h"

#include <stddef.h>
#include <stdint.h>

enum {
	HEAT_LOG_TEXT_MAX = 256, /* bytes with the NUL */
	HEAT_LOG_NEAR_CELSIUS = 3,
};

struct heat_log_row {
	char name[4];			      /* "T", "T0", "B" */
	double set_min_celsius, set_celsius;  /* least and highest target that counted */
	double min_celsius, max_celsius, sum; /* of what was measured */
	int64_t readings;
	double target_celsius; /* of now */
	int32_t reached;       /* the target of now has been come near to */
};

struct heat_log {
	size_t count;
	struct heat_log_row row[WIRE_HEATERS_MAX];
	int64_t reading_us; /* of the last one that was added */
};

/* A reading made at `reading_us`, a monotonic time; one that is not newer than the last one is the
 * last one told again.  A name that is not of letters and digits is left out. */
void heat_log_add(
	struct heat_log *log, const struct wire_heater *heater, size_t count, int64_t reading_us);

/* As the ledger keeps it; empty without a reading that counts. */
void heat_log_write(const struct heat_log *log, char text[HEAT_LOG_TEXT_MAX]);

/* Of such a text; rows that cannot be read are left out.  The sum is the mean times readings. */
void heat_log_read(struct heat_log *log, const char *text);

#endif
