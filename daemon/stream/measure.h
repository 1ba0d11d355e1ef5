/* What is on a port, and how good the way to it is: by questions that change nothing.
 *
 * Lines are M105 with a number and a checksum (so that a fragment of one is refused), or on grbl
 * "$G", whose answer is always the same.  Nothing here belongs to a print: it is for `printfarm
 * doctor`, on a port that nobody else holds. */
#ifndef DAEMON_STREAM_MEASURE_H
#define DAEMON_STREAM_MEASURE_H

#include "base/error.h"
#include "daemon/stream/port.h"

#include <stdbool.h>
#include <stdint.h>

enum { MEASURE_SAMPLES = 100, MEASURE_TEXT_BYTES = 4096 };

struct measure_found {
	const char *dialect; /* static; NULL: nobody answered in a language we know */
	int32_t baud;
	bool resets;			   /* the board started when the port was opened */
	bool is_deaf;			   /* not one byte came */
	char text[MEASURE_TEXT_BYTES + 1]; /* what it said; any bytes, then a NUL */
	size_t length;
};

/* Opens the port, at each usual speed in turn until somebody answers that is known; *port is open
 * afterwards unless the result is negative. */
int measure_identify(
	struct port *port, const char *path, struct measure_found *found, struct error *error);

struct measure_link {
	int sample_count;			/* 0: nobody answered */
	int64_t round_trip_us[MEASURE_SAMPLES]; /* sorted */
	int64_t bytes_per_s;			/* to the printer; 0: too fast to tell */
	int64_t burst_bytes;			/* taken at once without loss; 0: not tried */
	int64_t burst_lost_at;			/* lost something; 0: never did */
	int64_t noise_lines, noise_damaged, noise_unreadable, noise_lost;
	int64_t noise_bytes; /* both ways */
	double noise_s;
};

/* `noise_s`: how long to look for noise.  `progress`: called with a word now and then. */
void measure_link(struct port *port, const char *dialect, double noise_s,
	void (*progress)(const char *what, double share), struct measure_link *link);

#endif
