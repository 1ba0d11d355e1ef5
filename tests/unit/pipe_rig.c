/* See pipe_rig.h. */
#include "tests/unit/pipe_rig.h"

#include "base/error.h"
#include "sim/faults.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pipe_rig_init(struct rig *rig, const char *dialect, const char *firmware, uint64_t seed)
{
	struct driver_settings settings = {
		.park_x_mm = 5, .park_y_mm = 195, .park_lift_mm = 10, .seed = seed
	};
	struct sim_settings sim;

	assert(sim_settings_init(&sim, "p", firmware));
	sim.warm_start = true;
	sim.boot_us = 300000;
	rig_init_dialect(rig, dialect, &sim, &settings, seed);
	rig->trace = getenv("TRACE") != NULL;
}

void pipe_rig_cold(struct rig *rig)
{
	struct sim_settings sim = *sim_printer_settings(rig->printer);
	struct driver_settings settings = { .park_lift_mm = 10, .seed = 1 };
	bool side = rig->use_side;
	const char *dialect = rig->dialect->name;

	rig_finish(rig);
	sim.warm_start = false;
	rig_init_dialect(rig, dialect, &sim, &settings, 1);
	rig->use_side = side;
	rig->trace = getenv("TRACE") != NULL;
}

struct sim_status pipe_rig_truth(const struct rig *rig)
{
	struct sim_status status;

	sim_printer_status(rig->printer, &status);
	return status;
}

void pipe_rig_fault(struct rig *rig, const char *words)
{
	char text[128];
	char *word[8];
	struct sim_fault fault;
	struct error error;
	size_t count;

	snprintf(text, sizeof text, "%s", words);
	if (strncmp(words, "press ", 6) == 0) {
		fault = (struct sim_fault){ .kind = SIM_FAULT_PRESS };
		snprintf(fault.text, sizeof fault.text, "%s", words + 6);
	} else {
		count = sim_words(text, word, 8);
		assert(sim_fault_from_words(&fault, word, count, &error));
	}
	sim_printer_apply(rig->printer, &fault, rig->now_us);
}

static bool has_said_paused(const struct rig *rig)
{
	return pipe_rig_truth(rig).waits_for_user;
}

void pipe_rig_press_when_idle(struct rig *rig, const char *command)
{
	char words[96];

	snprintf(words, sizeof words, "press %s", command);
	for (int i = 0; i < 10000 && !has_said_paused(rig); i++) {
		pipe_rig_fault(rig, words);
		rig_run(rig, 1000, has_said_paused);
	}
	assert(has_said_paused(rig));
}

void pipe_rig_reopen(struct rig *rig)
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	rig->dialect->closed(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
	sim_printer_closed(rig->printer, rig->now_us);
	sim_printer_opened(rig->printer, rig->now_us);
	rig->dialect->opened(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

static bool is_ready_or_gone(const struct rig *rig)
{
	return rig->state == DRIVER_READY || !sim_printer_is_attached(rig->printer);
}

bool pipe_rig_until_ready(struct rig *rig)
{
	for (int i = 0; i < 100; i++) {
		rig_run(rig, 3000000, is_ready_or_gone);
		if (rig->state == DRIVER_READY)
			return true;
		if (sim_printer_is_attached(rig->printer))
			continue;
		while (!sim_printer_is_attached(rig->printer)) {
			rig->now_us += 1000000;
			sim_printer_advance(rig->printer, rig->now_us);
		}
		pipe_rig_reopen(rig);
	}
	return false;
}

/* docs/wire-lines.md: what the host sends to Klipper and RepRapFirmware. */
static bool is_host_line(const char *command)
{
	static const char *const lines[] = { "M115", "M105", "M112", "M400", "STATUS",
		"TURN_OFF_HEATERS", "M104 S0", "M140 S0", "G90", "G91", "M83", "M82", "RESUME",
		"FIRMWARE_RESTART", "M999", "M555 P2", "M408 S0", "G1 Z10 F600", "G1 X5 Y195 F6000",
		"M109 S200" };
	static const char *const starts[] = { "ECHO PF=", "M118 P1 S\"pf", "M409 K\"",
		"SAVE_GCODE_STATE", "RESTORE_GCODE_STATE" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (strcmp(command, lines[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (strncmp(command, starts[i], strlen(starts[i])) == 0)
			return true;
	/* The way back from the park position: not a line of the test's files. */
	return strncmp(command, "G1 X", 4) == 0 && strstr(command, " F6000") &&
	       strchr(command, '.');
}

static bool is_way_down(const char *command)
{
	return strncmp(command, "G1 Z", 4) == 0 || strncmp(command, "G1 F", 4) == 0;
}

struct pipe_verdict pipe_rig_judge(const struct rig *rig)
{
	struct pipe_verdict verdict = { .in_order = 0 };
	size_t next = 0;

	for (size_t i = 0; i < rig->executed_count; i++) {
		const char *command = rig->executed[i].command;

		if (next < rig->command_count && strcmp(command, rig->commands[next]) == 0) {
			next++;
			verdict.behind += verdict.in_order + 1 < next;
			verdict.in_order += verdict.in_order + 1 == next;
		} else if (next + 1 < rig->command_count &&
			   strcmp(command, rig->commands[next + 1]) == 0 &&
			   !is_host_line(command)) {
			/* One is missing: it was refused. */
			next += 2;
			verdict.behind++;
		} else if (!is_host_line(command) && !is_way_down(command)) {
			snprintf(verdict.wrong, sizeof verdict.wrong, "%s", command);
			return verdict;
		}
	}
	return verdict;
}
