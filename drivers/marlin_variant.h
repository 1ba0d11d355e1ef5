/* What the numbered dialects differ in: data, and a few small functions.
 *
 * Marlin, its Prusa forks, Repetier and Smoothieware speak one language: numbered lines with a
 * checksum, an ok for each, a refusal that names the line to go on with.  marlin*.c is one sender
 * for all of them.  A family is a dialect of the configuration; its variants are groups of
 * versions that behave alike.  Which variant a printer is, M115 says: whatever dialect was
 * configured, the family that knows the firmware's name takes over.
 *
 * A new family is a file with its variants and a row in marlin_variant.c and in driver.c. */
#ifndef DRIVERS_MARLIN_VARIANT_H
#define DRIVERS_MARLIN_VARIANT_H

#include "drivers/driver.h"
#include "drivers/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a number in an ok means ("ok N5 P15 B3" of ADVANCED_OK is learnt, and needs no row). */
enum marlin_ok_number {
	MARLIN_OK_NAMES_ITS_LINE,
	/* "ok 5": the last number parsed; the ok of an un-numbered line repeats it (Repetier). */
	MARLIN_OK_NAMES_THE_LAST,
};

/* What becomes of a numbered line that was taken before. */
enum marlin_repeat {
	MARLIN_REPEAT_REFUSED, /* Error, Resend: last + 1 */
	MARLIN_REPEAT_SILENT,  /* nothing at all (Marlin 2.1.2 and later, the last two) */
	MARLIN_REPEAT_SKIPPED, /* "skip n" and an ok (Repetier) */
	MARLIN_REPEAT_UNKNOWN,
};

struct marlin_variant {
	const char *name; /* for people: "Marlin 2.1.2 and later" */

	/* Numbers: M110 sets first_number; set again between two lines from renumber_at on; none
	 * above last_number is written.  A clear distance must lie between the last two. */
	int32_t first_number, renumber_at, last_number;

	/* What it can hold: lines un-acknowledged such that one place stays free for an emergency
	 * line, bytes of them (the receive ring). */
	int32_t queue_lines, ring_bytes;
	/* The same behind native USB, where what does not fit waits at our end and is not lost; 0:
	 * as on a UART. */
	int32_t usb_bytes;

	/* A line without number but with a checksum is executed.  So a piece of a line can run, and
	 * behind a UART the window is one line, or the held newline. */
	bool runs_pieces;
	/* The body of a line may lie there for minutes before its line end comes, and 0x08 takes
	 * bytes of it back: the held newline may be tried (14.13). */
	bool keeps_half_lines;

	/* oks behind a "Resend:" (3.3), for the account of surplus ones. */
	uint8_t resend_oks_min, resend_oks_max;
	/* Sends a bare "Resend:" without any error line by itself, for lines long acknowledged (MK3
	 * after a crash or a power panic). */
	bool rewinds;
	enum marlin_repeat repeat;
	enum marlin_ok_number ok_number;
	/* The ok comes when a line is received, before it runs and before its answer: M105 has a
	 * plain ok, and a nonce comes behind the ok of its line (Repetier). */
	bool answers_later;
	/* A refusal is "Resend:" or "rs" alone, or says it again and again until the line comes
	 * (Repetier, Smoothieware): two that agree are as good as an error line and one. */
	bool bare_resend;

	/* Ends half a line of somebody else's. */
	const char *flush;
	bool answers_flush; /* by an ok that says "ignored" */
	/* In front of a nonce: what makes the printer say it, "M118 E1 ".  NULL: "M105" is the
	 * barrier. */
	const char *barrier;
	/* M114 gives the end of the last command executed, in the file's coordinates. */
	bool position_tells;
	/* Bytes that a line of text may not hold here, because they are eaten on their way or end
	 * the line: blanks are sent instead.  NULL: none. */
	const char *spoils;
	/* Says nothing while a command runs, however long: no "busy", and no byte that is answered.
	 */
	bool silent;
	/* Ends a wait for heat or for a person ahead of the queue; NULL: nothing does. */
	const char *break_line;
	/* Leaves its port unread while it is paused at its panel, and while it resumes from that.
	 */
	bool unread_in_pause;
	/* A byte that is answered even while a command runs, where nothing says "busy"; '\0': none.
	 */
	char query;
	/* Greets whoever opens the port with its banner: that is no restart. */
	bool greets;
	bool may_speak_meatpack; /* without a capability line that says so */

	/* Lets a board go on that has halted itself, said at connect when a person has unlocked it;
	 * NULL: only its reset button does. */
	const char *restart;
	/* Written for an emergency stop; NULL: the sequence of 14.13 rule 9. */
	const char *stop;

	/* Lines that only this firmware writes.  True: *reply is filled (it comes initialised as
	 * REPLY_OTHER with the line as its text).  May be NULL. */
	bool (*classify)(const char *line, size_t length, struct reply *reply);
};

struct marlin_family {
	const char *dialect;
	/* The variant by M115's FIRMWARE_NAME (without the build date); NULL: not of this family.
	 */
	const struct marlin_variant *(*find)(const char *firmware);
	/* Until M115 has spoken, and for a firmware whose name nobody knows: believes least. */
	const struct marlin_variant *unknown;
	bool refuses_held; /* window = "held" makes no sense here */
};

extern const struct marlin_family marlin_family, prusa_mk3_family, prusa_buddy_family,
	repetier_family, smoothie_family;

/* All of them; ended by NULL. */
extern const struct marlin_family *const marlin_families[];

/* The family and variant by FIRMWARE_NAME.  False: nobody knows it. */
bool marlin_variant_find(const char *firmware, const struct marlin_family **family,
	const struct marlin_variant **variant);

/* A driver of that family; what the rows of driver.c are made with. */
struct driver *marlin_create_of(
	const struct driver_settings *settings, const struct marlin_family *family);

/* The number at the start of text as up to four parts, "2.0.9.5"; missing ones are 0.  False: no
 * version there. */
bool marlin_version(const char *text, int version[4]);
int marlin_version_compare(const int a[4], const int b[4]);

#endif
