/* Marlin by version (serial-protocols.md 3.1 to 3.3; read from the git history of
 * MarlinFirmware/Marlin).  What a build switches on (ADVANCED_OK, EMERGENCY_PARSER, reports) is
 * learnt from its answers instead. */
#include "drivers/marlin_variant.h"

#include <string.h> /* strncmp, strstr */

/* Numbers run from 2000, so that a damaged "N28 G1 …" can never be read as "G28", and are set back
 * before 65536, where the 16-bit code numbers would wrap to the same (3.10, 14.13).  BUFSIZE is 4
 * and RX_BUFFER_SIZE 128 on an AVR, of which 127 can be used. */
#define MARLIN_COMMON                                                                              \
	.first_number = 2000, .renumber_at = 64800, .last_number = 64999, .queue_lines = 3,        \
	.ring_bytes = 127, .usb_bytes = 512, .ok_number = MARLIN_OK_NAMES_ITS_LINE, .flush = "\n", \
	.break_line = "M108", .position_tells = true

static const struct marlin_variant marlin_1_0 = {
	MARLIN_COMMON, .name = "Marlin 1.0",
	.resend_oks_min = 0, /* none while a line of the SD card is at the queue's head */
	.resend_oks_max = 1, .repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ", /* unknown here: learnt from its answer */
	.spoils = ":",	       /* ends a line */
	.silent = true,	       /* host keepalive came with 1.1 */
};

static const struct marlin_variant marlin_1_1_0 = {
	MARLIN_COMMON, .name = "Marlin 1.1.0 to 1.1.6",
	.resend_oks_min = 0, /* gated by the line at the queue's head */
	.resend_oks_max = 1, .repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ", /* not before 1.1.5: learnt from its answer */
};

static const struct marlin_variant marlin_1_1_7 = {
	MARLIN_COMMON,
	.name = "Marlin 1.1.7 to 1.1.9",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 0,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ",
};

static const struct marlin_variant marlin_2_0_0 = {
	MARLIN_COMMON,
	.name = "Marlin 2.0.0 to 2.0.7",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 0,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ",
};

static const struct marlin_variant marlin_2_0_8 = {
	MARLIN_COMMON,
	.name = "Marlin 2.0.8",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 0,
	.resend_oks_max = 0,
	.repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ",
};

static const struct marlin_variant marlin_2_0_9 = {
	MARLIN_COMMON,
	.name = "Marlin 2.0.8.1 to 2.1.1",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 1,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_REFUSED,
	.barrier = "M118 E1 ",
};

static const struct marlin_variant marlin_2_1_2 = {
	MARLIN_COMMON,
	.name = "Marlin 2.1.2 and later",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 1,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_SILENT,
	.barrier = "M118 E1 ",
};

/* A vendor's name, a bugfix build, or nothing: anything that some Marlin does may happen. */
static const struct marlin_variant marlin_unknown = {
	MARLIN_COMMON,
	.name = "Marlin of an unknown version",
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 0,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_UNKNOWN,
	.barrier = "M118 E1 ",
};

static const struct {
	int from[4];
	const struct marlin_variant *variant;
} versions[] = {
	{ { 2, 1, 2, 0 }, &marlin_2_1_2 },
	{ { 2, 0, 8, 1 }, &marlin_2_0_9 },
	{ { 2, 0, 8, 0 }, &marlin_2_0_8 },
	{ { 2, 0, 0, 0 }, &marlin_2_0_0 },
	{ { 1, 1, 7, 0 }, &marlin_1_1_7 },
	{ { 1, 1, 0, 0 }, &marlin_1_1_0 },
	{ { 1, 0, 0, 0 }, &marlin_1_0 },
};

static const struct marlin_variant *find(const char *firmware)
{
	int version[4];

	if (strncmp(firmware, "Marlin", 6) != 0)
		return NULL;
	/* "Marlin V1; Sprinter/grbl mashup for gen6", "Marlin V1.0.2; …", "Marlin Ultimaker2; …" */
	if (strstr(firmware, "Sprinter/grbl mashup"))
		return &marlin_1_0;
	/* "Marlin bugfix-2.0.x" says too little: the behaviour changed within it. */
	if (firmware[6] != ' ' || !marlin_version(firmware + 7, version))
		return &marlin_unknown;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (marlin_version_compare(version, versions[i].from) >= 0)
			return versions[i].variant;
	}
	return &marlin_unknown;
}

const struct marlin_family marlin_family = {
	.dialect = "marlin",
	.find = find,
	.unknown = &marlin_unknown,
};
