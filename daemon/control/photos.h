/* Photos of what was printed, by a program of the farm's own: it is run when a print has ended and
 * when its bed was cleared, as
 *
 *     HOOK MOMENT PRINTER JOB FILE        (MOMENT: "ended" or "cleared")
 *
 * without a shell, for photo_s seconds at most, and leaves a PNG, JPEG or WebP in FILE, or nothing.
 * What it leaves lies in STATE/photos under the hash of its bytes, and the ledger says of what it
 * is. A hook that fails is told in the history and stops nothing. */
#ifndef CONTROL_PHOTOS_H
#define CONTROL_PHOTOS_H

#include "daemon/control/records.h"

#include <stdint.h>

struct error;
struct event_base;
struct ledger;
struct photos;

enum {
	PHOTOS_RUNNING_MAX = 4, /* hooks at work at once; the others wait */
	PHOTOS_WAITING_MAX = 256,
	PHOTO_BYTES_MAX = 8 << 20,
};

struct photos_settings {
	struct event_base *base; /* borrowed, as the ledger, until ledger_close gave back what is on
				    its thread */
	struct ledger *ledger;
	const char *directory; /* made when it is needed */
	void *context;
	/* A new random id. */
	void (*new_id)(void *context, char id[ATTEMPT_ID_BYTES]);
	void (*taken)(void *context, const struct photo_record *photo);
	/* `wish` as it was given, and a sentence. */
	void (*failed)(void *context, const struct photo_record *wish, const char *why);
};

/* NULL without memory.  Nothing is run before a hook is set. */
struct photos *photos_create(const struct photos_settings *settings);
/* hook "": none.  What runs goes on. */
void photos_set_hook(struct photos *photos, const char *hook, int64_t limit_s);
/* Ends what runs, without a word.  Takes NULL. */
void photos_close(struct photos *photos);

/* Of job, attempt, printer and moment of *wish.  Calls back from the loop, never from here. */
void photos_take(struct photos *photos, const struct photo_record *wish);

/* A descriptor of a photo by the hash of its bytes, and their number; or a negative errno. */
int photos_open(const struct photos *photos, const char *sha256, int64_t *length);

#endif
