/* Faults: what can go wrong with a printer, when, and how it is written down.
 *
 * A fault file has one fault a line:
 *
 *	WHEN PRINTER FAULT [ARGUMENTS]
 *
 * WHEN is "line N" (when the printer has executed N commands) or "at T" (simulated seconds since
 * the start); PRINTER is a name or "*".  '#' starts a comment.  The control socket takes the same
 * without WHEN, in the order FAULT PRINTER [ARGUMENTS].  Faults and arguments:
 *
 *	noise P [up|down|Q]  byte error probability: both ways, one way, or P up and Q down
 *	lost-ok P            probability that an ok line vanishes
 *	doubled-ok P         probability that an ok line arrives twice
 *	freeze               deaf and mute, motion stops, heaters stay as they are
 *	unfreeze
 *	reset                the board resets, the port stays open
 *	power-cycle [T]      off for T seconds (2); comes back as another node, cold start
 *	power-off            port gone, no heat, no motion
 *	power-on
 *	unplug [T]           port gone, the printer goes on with what it has; back after T seconds
 *	hangup [T]           a USB glitch: gone, back after T seconds (0.5) under another name, and
 *	                     the next opening does not reset the board
 *	replug
 *	thermistor hotend|bed open|short|ok
 *	runaway hotend|bed   the heater stays fully on whatever the firmware wants
 *	heater hotend|bed dead|ok  no current: "Heating failed", or it cools down
 *	press CODE           the panel: a command, or "continue" to end a wait
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum sim_fault_kind {
	SIM_FAULT_NOISE,
	SIM_FAULT_LOST_OK,
	SIM_FAULT_DOUBLED_OK,
	SIM_FAULT_FREEZE,
	SIM_FAULT_UNFREEZE,
	SIM_FAULT_RESET,
	SIM_FAULT_POWER_CYCLE,
	SIM_FAULT_POWER_OFF,
	SIM_FAULT_POWER_ON,
	SIM_FAULT_UNPLUG,
	SIM_FAULT_REPLUG,
	SIM_FAULT_THERMISTOR,
	SIM_FAULT_RUNAWAY,
	SIM_FAULT_HEATER,
	SIM_FAULT_PRESS,
	SIM_FAULT_HANGUP,
};
enum { SIM_FAULT_KINDS = SIM_FAULT_HANGUP + 1 };

enum sim_heater { SIM_HOTEND, SIM_BED, SIM_HEATERS };

enum sim_thermistor { SIM_THERMISTOR_OK, SIM_THERMISTOR_OPEN, SIM_THERMISTOR_SHORT };

enum { SIM_FAULT_TEXT_MAX = 96, SIM_FAULT_PRINTER_MAX = 32, SIM_FAULTS_MAX = 1024 };

struct sim_fault {
	enum sim_fault_kind kind;
	bool up, down;		 /* NOISE: which ways */
	double probability;	 /* NOISE (up), LOST_OK, DOUBLED_OK */
	double down_probability; /* NOISE */
	int64_t duration_us;	 /* POWER_CYCLE, UNPLUG (0: for good), HANGUP */
	enum sim_heater heater;
	enum sim_thermistor thermistor;
	bool dead;		       /* HEATER */
	char text[SIM_FAULT_TEXT_MAX]; /* PRESS */
};

/* One line of a fault file. */
struct sim_planned_fault {
	char printer[SIM_FAULT_PRINTER_MAX]; /* "*": every one */
	bool by_line;
	int64_t when; /* executed commands, or microseconds */
	struct sim_fault fault;
};

/* Reads "FAULT ARGUMENTS" from words[0..count-1].  False and a sentence in *error when it cannot
 * be. */
bool sim_fault_from_words(
	struct sim_fault *fault, char *const *words, size_t count, struct error *error);

/* Reads one line of a fault file, NUL-terminated.  Returns 1: *planned is filled, 0: nothing on the
 * line, -1: *error says why. */
int sim_planned_fault_from_line(
	struct sim_planned_fault *planned, const char *line, struct error *error);

/* Cuts text in place at blanks; returns the number of words, at most max. */
size_t sim_words(char *text, char **words, size_t max);

/* A whole word as a decimal number (sign, point, exponent), by no locale. */
bool sim_number(const char *word, double *value);

const char *sim_fault_name(enum sim_fault_kind kind);

#endif
