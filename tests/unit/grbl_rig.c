/* See grbl_rig.h. */
#include "tests/unit/grbl_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct driver_effects *grig_effects(void)
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	return &effects;
}

void grig_init(struct grig *rig, const struct sim_settings *sim, const char *dialect,
	const struct driver_settings *settings, uint64_t seed)
{
	struct driver_effects *effects = grig_effects();

	memset(rig, 0, sizeof(*rig));
	rig->printer = sim_printer_create(sim, seed, 0);
	rig->dialect = driver_dialect_find(dialect);
	rig->driver = rig->dialect->create(settings);
	rig->executed = calloc(GRIG_EXECUTED_MAX, sizeof(*rig->executed));
	rig->sent = calloc(1, GRIG_SENT_MAX);
	assert(rig->printer && rig->driver && rig->executed && rig->sent);
	rig->wake_us = DRIVER_NEVER;
	rig->acknowledged = -1;
	sim_printer_opened(rig->printer, 0);
	rig->dialect->opened(rig->driver, 0, effects);
	grig_apply(rig, effects);
}

void grig_finish(struct grig *rig)
{
	rig->dialect->destroy(rig->driver);
	sim_printer_destroy(rig->printer);
	free(rig->executed);
	free(rig->sent);
}

void grig_print(struct grig *rig, const char (*commands)[GRIG_COMMAND_MAX], size_t count)
{
	rig->commands = commands;
	rig->count = count;
	rig->offered = 0;
	rig->started = rig->ended = rig->done = rig->cancelled = rig->faulted = false;
	rig->acknowledged = -1;
	rig->executed_count = 0;
}

static void show(const struct grig *rig, char direction, const char *bytes, size_t length)
{
	if (!rig->trace)
		return;
	printf("%11.6f %c ", (double)rig->now_us / 1e6, direction);
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			printf("\\n");
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			putchar(bytes[i]);
		else
			printf("\\x%02x", (unsigned char)bytes[i]);
	}
	putchar('\n');
}

static void write_bytes(struct grig *rig, const char *bytes, size_t length)
{
	size_t taken;

	show(rig, '>', bytes, length);
	taken = sim_printer_receive(rig->printer, bytes, length, rig->now_us);
	assert(taken == length || !sim_printer_is_attached(rig->printer));
	if (rig->sent_length + length < GRIG_SENT_MAX) {
		memcpy(rig->sent + rig->sent_length, bytes, length);
		rig->sent_length += length;
	}
}

static void take_text(char *to, const struct driver_effect *effect)
{
	memcpy(to, effect->text, sizeof(effect->text));
}

void grig_apply(struct grig *rig, struct driver_effects *effects)
{
	assert(effects->count < DRIVER_EFFECTS_MAX);
	for (size_t i = 0; i < effects->count; i++) {
		const struct driver_effect *effect = &effects->effect[i];

		switch (effect->kind) {
		case DRIVER_WRITE:
			write_bytes(
				rig, effects->bytes + effect->write_offset, effect->write_length);
			break;
		case DRIVER_WAKE_AT:
			assert(effect->time_us > rig->now_us);
			rig->wake_us = effect->time_us;
			break;
		case DRIVER_STATE:
			rig->state = effect->state;
			if (rig->trace)
				printf("            = %s\n", driver_state_name(effect->state));
			break;
		case DRIVER_ACKNOWLEDGED:
			assert(effect->index > rig->acknowledged);
			rig->acknowledged = effect->index;
			break;
		case DRIVER_SAID:
			if (rig->trace)
				printf("            said %s\n", effect->text);
			break;
		case DRIVER_ATTENTION:
			rig->attention = true;
			take_text(rig->attention_text, effect);
			break;
		case DRIVER_ATTENTION_OVER:
			rig->attention = false;
			break;
		case DRIVER_PAUSED_NOW:
			rig->paused = true;
			break;
		case DRIVER_RESUMED_NOW:
			rig->resumed = true;
			break;
		case DRIVER_JOB_DONE:
			rig->done = true;
			break;
		case DRIVER_JOB_CANCELLED:
			rig->cancelled = true;
			break;
		case DRIVER_LINK_FAULT:
			rig->link_fault = true;
			if (!rig->faulted)
				take_text(rig->reason, effect);
			break;
		case DRIVER_JOB_FAULT:
			rig->faulted = true;
			rig->fault = effect->fault;
			take_text(rig->reason, effect);
			if (rig->trace)
				printf("            fault %s: %s\n",
					driver_fault_name(effect->fault), effect->text);
			break;
		case DRIVER_COLD:
			rig->cold = true;
			break;
		case DRIVER_IDENTITY:
		case DRIVER_NUMBERED:
		case DRIVER_HEATERS:
		case DRIVER_RESET_LINE:
		case DRIVER_ADOPTED:
		case DRIVER_BY_HAND:
		case DRIVER_BY_HAND_OVER:
		case DRIVER_SIDE_WRITE:
			break;
		}
	}
	driver_effects_clear(effects);
}

static void take_executed(struct grig *rig)
{
	struct sim_executed executed;

	while (sim_printer_next_executed(rig->printer, &executed)) {
		assert(rig->executed_count < GRIG_EXECUTED_MAX);
		memcpy(rig->executed[rig->executed_count++], executed.command, GRIG_COMMAND_MAX);
		if (rig->trace)
			printf("            executed %s\n", executed.command);
	}
}

static void offer(struct grig *rig, struct driver_effects *effects)
{
	if (!rig->commands)
		return;
	if (!rig->started && rig->dialect->state(rig->driver) == DRIVER_READY && !rig->attention) {
		rig->started = true;
		rig->executed_count = 0;
		rig->dialect->job_start(rig->driver, rig->now_us, effects);
		grig_apply(rig, effects);
	}
	while (rig->started && rig->offered < rig->count &&
		rig->dialect->wants_command(rig->driver)) {
		const char *command = rig->commands[rig->offered++];

		rig->dialect->command(rig->driver, rig->now_us, command, strlen(command), effects);
		grig_apply(rig, effects);
	}
	if (rig->started && !rig->ended && rig->offered == rig->count &&
		rig->dialect->wants_command(rig->driver)) {
		rig->ended = true;
		rig->dialect->job_end(rig->driver, rig->now_us, effects);
		grig_apply(rig, effects);
	}
}

static void step(struct grig *rig, int64_t until_us)
{
	struct driver_effects *effects = grig_effects();
	char buffer[DRIVER_RECEIVE_MAX];
	int64_t next_us = sim_printer_next_event_us(rig->printer);
	size_t length;

	if (rig->wake_us < next_us)
		next_us = rig->wake_us;
	if (next_us > until_us)
		next_us = until_us;
	if (next_us > rig->now_us)
		rig->now_us = next_us;
	sim_printer_advance(rig->printer, rig->now_us);
	take_executed(rig);
	while ((length = sim_printer_take_output(rig->printer, buffer, sizeof(buffer))) > 0) {
		show(rig, '<', buffer, length);
		rig->dialect->receive(rig->driver, rig->now_us, buffer, length, effects);
		grig_apply(rig, effects);
	}
	if (rig->wake_us <= rig->now_us) {
		rig->wake_us = DRIVER_NEVER;
		rig->dialect->wake(rig->driver, rig->now_us, effects);
		grig_apply(rig, effects);
	}
	offer(rig, effects);
}

bool grig_run(struct grig *rig, int64_t limit_us, bool (*until)(const struct grig *rig))
{
	int64_t end_us = rig->now_us + limit_us;

	while (rig->now_us < end_us) {
		if (until ? until(rig)
			  : rig->done || rig->cancelled || rig->faulted || rig->link_fault)
			return true;
		step(rig, end_us);
	}
	return false;
}

void grig_pass(struct grig *rig, int64_t time_us)
{
	int64_t end_us = rig->now_us + time_us;

	while (rig->now_us < end_us)
		step(rig, end_us);
}

static bool is_ours(const char *command)
{
	return command[0] == '$' || strcmp(command, "M5") == 0 ||
	       strcmp(command, "G17 G21 G90 G94") == 0 || strcmp(command, "G4 P0.01") == 0;
}

int grig_judge(const struct grig *rig, char wrong[GRIG_COMMAND_MAX])
{
	size_t next = 0;

	wrong[0] = '\0';
	for (size_t i = 0; i < rig->executed_count; i++) {
		if (next < rig->count && strcmp(rig->executed[i], rig->commands[next]) == 0) {
			next++;
		} else if (!is_ours(rig->executed[i])) {
			memcpy(wrong, rig->executed[i], GRIG_COMMAND_MAX);
			return -1;
		}
	}
	return (int)next;
}

double grig_beam(const struct grig *rig)
{
	struct sim_status status;

	sim_printer_status(rig->printer, &status);
	return status.beam;
}
