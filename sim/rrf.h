/* RepRapFirmware inside: a Duet on its own USB.
 *
 *	rrf.c           life, reading lines, answering, heater faults, the rows' functions
 *	rrf_commands.c  what a line does
 *	rrf_report.c    M105, M115, M408, M409 and their kind
 *
 * Modelled after RepRapFirmware 2.05 to 3.5 (GCodeBuffer/StringParser.cpp, GCodes*.cpp).  One
 * command runs at a time; what comes meanwhile waits in the cache and on the USB. */
#ifndef SIM_RRF_H
#define SIM_RRF_H

#include "sim/machine.h"

enum {
	RRF_CACHE_BYTES = 256,
	RRF_REFILL_BYTES = 128, /* the cache asks for more when so much is free */
	RRF_LINE_MAX = 256,	/* 255 and the NUL */
	RRF_TEXT_MAX = 128,
};

/* What is done with a line whose checksum is wrong. */
enum sim_rrf_checksum {
	RRF_CHECKSUM_ASKS,    /* 2.x: "rs <n>", no ok */
	RRF_CHECKSUM_IGNORED, /* 3.0 to 3.3: the damaged line runs */
	RRF_CHECKSUM_DROPS,   /* 3.4 and later: silence */
};

struct sim_rrf_variant {
	const char *version, *date, *electronics;
	enum sim_rrf_checksum checksum;
	bool crc;	   /* five digits behind '*': CRC-16 */
	bool object_model; /* M409 */
	bool native;	   /* M555 P1 in config.g: no ok until M555 P2 */
};

enum sim_rrf_life { RRF_OFF, RRF_BOOTING, RRF_RUNNING, RRF_STOPPED };

struct rrf {
	struct board *board; /* borrowed */
	const struct sim_rrf_variant *variant;
	struct machine machine;
	enum sim_rrf_life life;
	int64_t now_us, free_us;

	char cache[RRF_CACHE_BYTES];
	size_t cached;
	char line[RRF_LINE_MAX];
	size_t line_length;
	bool spoiled, too_long; /* a 0x7F; more than 255 */
	bool line_ready;
	int64_t come_us, number;

	bool native;
	bool running; /* a command waits for the machine or for a person */
	bool boxed;   /* ... for a person */
	char box[RRF_TEXT_MAX];
	bool card;		 /* prints from its card */
	bool temperatures_asked; /* M105 was used: reports while it waits for heat */
	int64_t next_report_us;
	bool reset_wanted;
	bool fault[SIM_HEATERS];
	bool fault_told[SIM_HEATERS];
};

/* ---- rrf.c ---- */
void sim_rrf_say(struct rrf *rrf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends a command: its text, if any, and the ok of the compatible mode. */
void sim_rrf_done(struct rrf *rrf);
void sim_rrf_stop(struct rrf *rrf);

/* ---- rrf_commands.c ---- */
void sim_rrf_execute(struct rrf *rrf, const char *text, int64_t number);

/* ---- rrf_report.c ---- */
int sim_rrf_temperatures(const struct rrf *rrf, char *text, size_t size);
const char *sim_rrf_status(const struct rrf *rrf);
void sim_rrf_m115(struct rrf *rrf);
void sim_rrf_m122(struct rrf *rrf);
void sim_rrf_m408(struct rrf *rrf);
void sim_rrf_m409(struct rrf *rrf, const char *arguments);

#endif
