/* The machine behind a firmware that plans and heats like most others: modes, coordinates, homing,
 * targets, waits.  Shared by the models of Klipper and RepRapFirmware; each has its own way of
 * reading lines, answering and failing. */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "sim/board.h"

/* The letter words of a command; the last of two equal letters counts. */
struct machine_words {
	char letter; /* of the command: G, M, T; '?': something else */
	int32_t code;
	uint32_t seen;	 /* bit per letter */
	uint32_t valued; /* has a number */
	double value[26];
	const char *arguments; /* behind the code, into the text */
};

/* text: NUL-terminated, without number and checksum.  Letters of either case. */
void machine_words_parse(struct machine_words *words, const char *text);
bool machine_value(const struct machine_words *words, char letter, double *value);

enum machine_result {
	MACHINE_DONE,
	MACHINE_WAITS, /* machine_continue goes on at machine_wake_us or before */
	MACHINE_UNKNOWN,
	MACHINE_NOT_HOMED,    /* refused: the rest are, too */
	MACHINE_OUT_OF_RANGE, /* outside the volume */
	MACHINE_COLD,	      /* would extrude below the minimum */
};

enum machine_wait {
	MACHINE_WAIT_NONE,
	MACHINE_WAIT_ROOM,  /* in the planner */
	MACHINE_WAIT_STILL, /* for motion to end, then `next` */
	MACHINE_WAIT_TIME,  /* dwell */
	MACHINE_WAIT_HOME,
	MACHINE_WAIT_HEAT,
};

enum machine_alarm {
	MACHINE_WELL,
	MACHINE_NOT_HEATING, /* too slow, or fallen below its target */
	MACHINE_BAD_READING, /* outside what the sensor can mean */
};

struct machine_guard {
	double watch_celsius; /* to be reached by watch_us while heating up */
	int64_t watch_us;     /* 0: off */
	int64_t below_us;     /* a target that had been reached is missed since; 0: not */
	bool reached;
	double integral;
};

struct machine {
	struct board *board; /* borrowed */
	int64_t now_us;
	double position_mm[MOTION_AXES]; /* commanded, native */
	double offset_mm[MOTION_AXES];	 /* G92: logical = native + offset */
	bool relative, relative_e;
	bool homed[3];
	double feed_mm_s, speed_percent;
	double acceleration_mm_s2;
	double target_celsius[SIM_HEATERS];
	struct machine_guard guard[SIM_HEATERS];
	double smooth_celsius; /* of the hot end, when all was well last: a sensor that fails is
				* noticed before moves are judged by it */
	bool print_going;      /* moves since the host last let the machine come to rest */
	int64_t sync_end_us;   /* when the firmware last waited by itself */

	enum machine_wait wait, next;
	int64_t until_us; /* TIME, HOME: its length until it begins */
	bool homing[3];
	enum sim_heater heater;
	int64_t look_us; /* HEAT: when it is looked at again */
	struct motion_move move;
	int64_t asked_us; /* when the command under way began: for starvation */
};

/* Power-on: nothing homed, heaters off. */
void machine_reset(struct machine *machine, struct board *board, int64_t now_us);
void machine_heaters_off(struct machine *machine);
/* Motion ends where it is; what waited is over. */
void machine_stop(struct machine *machine, int64_t now_us);

/* The commands that every firmware of this kind knows: G0-G4, G28, G90-G92, M82, M83, M104, M109,
 * M140, M190, M18, M84, M204, M220, M400, fans.  come_us: when its line arrived. */
enum machine_result machine_execute(struct machine *machine, const struct machine_words *words,
	int64_t now_us, int64_t come_us);
enum machine_result machine_continue(struct machine *machine, int64_t now_us);
int64_t machine_wake_us(const struct machine *machine);
/* Waits for motion, then for so long; for commands of the dialects. */
enum machine_result machine_rest(struct machine *machine, int64_t now_us, int64_t dwell_us);
void machine_set_target(struct machine *machine, enum sim_heater heater, double celsius);
/* In the coordinates that commands use. */
double machine_logical_mm(const struct machine *machine, int axis);
double machine_celsius(const struct machine *machine, enum sim_heater heater);

/* With each step of the heat: drives the heaters, tells what is wrong with `*heater`. */
enum machine_alarm machine_control(
	struct machine *machine, int64_t now_us, enum sim_heater *heater);
void machine_shift(struct machine *machine, int64_t shift_us);

#endif
