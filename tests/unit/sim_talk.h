/* Talking to one simulated printer in a unit test. */
#ifndef TESTS_UNIT_SIM_TALK_H
#define TESTS_UNIT_SIM_TALK_H

#include "sim/faults.h"
#include "sim/printer.h"

enum { TALK_TEXT_MAX = 65536 };

struct talk {
	struct sim_printer *printer;
	int64_t now_us;
	char heard[TALK_TEXT_MAX]; /* since the last talk_forget, NUL-terminated */
	size_t heard_length;
	char done[TALK_TEXT_MAX]; /* executed: "N<TAB>command\n", or "-<TAB>..." */
	size_t done_length;
};

/* A printer with those settings, booted; what it said is forgotten.  Fails the test without memory.
 */
void talk_start(struct talk *talk, const struct sim_settings *settings, uint64_t seed);

/* The same with the defaults of a firmware row, without boot loader and levelling. */
void talk_start_firmware(struct talk *talk, const char *firmware);

void talk_end(struct talk *talk);

/* Sends and lets so many seconds pass. */
void talk_send(struct talk *talk, const char *text, double seconds);

/* The same for "N<number> <command>*<checksum>\n". */
void talk_send_numbered(struct talk *talk, int64_t number, const char *command, double seconds);

/* The line with number and checksum into text. */
void talk_frame(char *text, size_t size, int64_t number, const char *command);

void talk_pass(struct talk *talk, double seconds);
void talk_forget(struct talk *talk);

/* "FAULT ARGUMENTS", as on the control socket without the name. */
void talk_fault(struct talk *talk, const char *words);

/* How often a text was heard. */
int talk_count(const struct talk *talk, const char *text);

double talk_celsius(const struct talk *talk, enum sim_heater heater);

#endif
