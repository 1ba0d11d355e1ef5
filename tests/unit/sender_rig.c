/* See sender_rig.h. */
#include "tests/unit/sender_rig.h"

#include "drivers/frame.h"
#include "sim/faults.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rig_init(struct rig *rig, const struct sim_settings *sim, const struct driver_settings *driver,
	uint64_t seed)
{
	rig_init_dialect(rig, "marlin", sim, driver, seed);
}

static void open_port(struct rig *rig)
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	if (rig->dialect->link)
		rig->dialect->link(
			rig->driver, sim_printer_settings(rig->printer)->link == SIM_LINK_CDC
					     ? DRIVER_LINK_CDC
					     : DRIVER_LINK_UART);
	sim_printer_opened(rig->printer, rig->now_us);
	rig->dialect->opened(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

void rig_unplug(struct rig *rig)
{
	static const struct sim_fault unplug = { .kind = SIM_FAULT_UNPLUG };
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	sim_printer_apply(rig->printer, &unplug, rig->now_us);
	sim_printer_closed(rig->printer, rig->now_us);
	rig->dialect->closed(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

void rig_plug(struct rig *rig)
{
	static const struct sim_fault replug = { .kind = SIM_FAULT_REPLUG };

	sim_printer_apply(rig->printer, &replug, rig->now_us);
	open_port(rig);
}

void rig_init_dialect(struct rig *rig, const char *dialect, const struct sim_settings *sim,
	const struct driver_settings *driver, uint64_t seed)
{
	memset(rig, 0, sizeof(*rig));
	rig->printer = sim_printer_create(sim, seed, 0);
	rig->dialect = driver_dialect_find(dialect);
	rig->driver = rig->dialect->create(driver);
	rig->executed = calloc(RIG_EXECUTED_MAX, sizeof(*rig->executed));
	rig->index_of = malloc(RIG_NUMBERS_MAX * sizeof(*rig->index_of));
	assert(rig->printer && rig->driver && rig->executed && rig->index_of);
	for (size_t i = 0; i < RIG_NUMBERS_MAX; i++)
		rig->index_of[i] = -2;
	rig->wake_us = DRIVER_NEVER;
	rig->acknowledged = -1;
	random_init(&rig->late_random, seed + 77);
	open_port(rig);
}

void rig_finish(struct rig *rig)
{
	rig->dialect->destroy(rig->driver);
	sim_printer_destroy(rig->printer);
	free(rig->executed);
	free(rig->index_of);
}

void rig_print(struct rig *rig, const char (*commands)[RIG_COMMAND_MAX], size_t count)
{
	rig->commands = commands;
	rig->command_count = count;
}

static void show(const struct rig *rig, char direction, const char *bytes, size_t length)
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

static void write_bytes(struct rig *rig, const char *bytes, size_t length)
{
	size_t taken;

	show(rig, '>', bytes, length);
	taken = sim_printer_receive(rig->printer, bytes, length, rig->now_us);
	assert(taken == length);
}

void rig_apply(struct rig *rig, struct driver_effects *effects)
{
	if (effects->count > rig->effects_max)
		rig->effects_max = effects->count;
	for (size_t i = 0; i < effects->count; i++) {
		const struct driver_effect *effect = &effects->effect[i];

		switch (effect->kind) {
		case DRIVER_WRITE:
			write_bytes(
				rig, effects->bytes + effect->write_offset, effect->write_length);
			break;
		case DRIVER_WAKE_AT:
			rig->wake_us = effect->time_us;
			break;
		case DRIVER_STATE:
			rig->state = effect->state;
			if (rig->trace)
				printf("              = %s\n", driver_state_name(effect->state));
			break;
		case DRIVER_ACKNOWLEDGED:
			assert(effect->index > rig->acknowledged);
			rig->acknowledged = effect->index;
			break;
		case DRIVER_SAID:
			if (rig->trace)
				printf("              said %s\n", effect->text);
			break;
		case DRIVER_ATTENTION:
			rig->attention = true;
			memcpy(rig->attention_text, effect->text, sizeof(effect->text));
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
			if (!rig->faulted) {
				rig->fault = effect->fault;
				memcpy(rig->reason, effect->text, sizeof(effect->text));
			}
			break;
		case DRIVER_JOB_FAULT:
			rig->faulted = true;
			rig->fault = effect->fault;
			memcpy(rig->reason, effect->text, sizeof(effect->text));
			if (rig->trace)
				printf("              fault %s: %s\n",
					driver_fault_name(effect->fault), effect->text);
			break;
		case DRIVER_COLD:
			rig->cold = true;
			break;
		case DRIVER_RESET_LINE:
			rig->reset_line = true;
			break;
		case DRIVER_SIDE_WRITE:
			sim_printer_side_receive(rig->printer,
				effects->bytes + effect->write_offset, effect->write_length,
				rig->now_us);
			break;
		case DRIVER_NUMBERED:
			assert(effect->line_number >= 0 && effect->line_number < RIG_NUMBERS_MAX);
			rig->index_of[effect->line_number] = (int32_t)effect->index;
			break;
		case DRIVER_IDENTITY:
		case DRIVER_ADOPTED:
		case DRIVER_BY_HAND:
		case DRIVER_BY_HAND_OVER:
			rig->by_hand = effect->kind == DRIVER_BY_HAND;
			break;
		case DRIVER_HEATERS:
			break;
		}
	}
	driver_effects_clear(effects);
}

static void take_executed(struct rig *rig)
{
	struct sim_executed executed;

	while (sim_printer_next_executed(rig->printer, &executed)) {
		struct rig_executed *entry;

		assert(rig->executed_count < RIG_EXECUTED_MAX);
		entry = &rig->executed[rig->executed_count++];
		entry->number = executed.number;
		/* Now, since M110 gives the numbers anew. */
		entry->index = executed.number >= 0 && executed.number < RIG_NUMBERS_MAX
				       ? rig->index_of[executed.number]
				       : -2;
		memcpy(entry->command, executed.command, sizeof(entry->command));
		if (rig->trace)
			printf("              executed%s %s\n",
				entry->number == SIM_UNNUMBERED ? " -" : "", entry->command);
	}
}

static void receive(struct rig *rig, struct driver_effects *effects)
{
	char buffer[DRIVER_RECEIVE_MAX];
	size_t length;

	if (rig->now_us < rig->away_until_us)
		return;
	if (rig->late > 0 && random_unit(&rig->late_random) < rig->late)
		rig->away_until_us = rig->now_us + (int64_t)random_below(&rig->late_random,
							   (uint64_t)rig->late_us);
	while ((length = sim_printer_take_output(rig->printer, buffer, sizeof(buffer))) > 0) {
		show(rig, '<', buffer, length);
		rig->dialect->receive(rig->driver, rig->now_us, buffer, length, effects);
		rig_apply(rig, effects);
	}
}

/* The side channel, for who wants one: connects when it is served, ends when it is not. */
static void serve_side(struct rig *rig, struct driver_effects *effects)
{
	const struct driver_side *side = rig->dialect->side;
	bool serves = rig->use_side && side && sim_printer_side_serves(rig->printer);
	char buffer[DRIVER_RECEIVE_MAX];
	size_t length;

	if (serves != rig->side_open) {
		rig->side_open = serves;
		sim_printer_side_connected(rig->printer, serves, rig->now_us);
		(serves ? side->opened : side->closed)(rig->driver, rig->now_us, effects);
		rig_apply(rig, effects);
	}
	while (rig->side_open &&
		(length = sim_printer_side_take(rig->printer, buffer, sizeof(buffer))) > 0) {
		show(rig, 's', buffer, length);
		side->receive(rig->driver, rig->now_us, buffer, length, effects);
		rig_apply(rig, effects);
	}
}

static void offer(struct rig *rig, struct driver_effects *effects)
{
	if (!rig->commands)
		return;
	if (!rig->started && rig->dialect->state(rig->driver) == DRIVER_READY) {
		rig->started = true;
		rig->dialect->job_start(rig->driver, rig->now_us, effects);
		rig_apply(rig, effects);
	}
	while (rig->started && rig->offered < rig->command_count &&
		rig->dialect->wants_command(rig->driver)) {
		const char *command = rig->commands[rig->offered++];

		rig->dialect->command(rig->driver, rig->now_us, command, strlen(command), effects);
		rig_apply(rig, effects);
	}
	if (rig->started && rig->offered == rig->command_count) {
		rig->offered++;
		rig->dialect->job_end(rig->driver, rig->now_us, effects);
		rig_apply(rig, effects);
	}
}

static bool is_over(const struct rig *rig)
{
	return rig->done || rig->cancelled || rig->faulted || rig->link_fault;
}

bool rig_run(struct rig *rig, int64_t limit_us, bool (*until)(const struct rig *rig))
{
	static struct driver_effects effects;
	int64_t end_us = rig->now_us + limit_us;

	driver_effects_clear(&effects);
	while (rig->now_us < end_us) {
		int64_t event_us = sim_printer_next_event_us(rig->printer);
		int64_t next_us;

		/* Bytes of a line whose end was lost lie on the wire without being an event. */
		if (event_us <= rig->now_us)
			event_us = DRIVER_NEVER;
		next_us = event_us < rig->wake_us ? event_us : rig->wake_us;
		if (rig->poll_us > 0 && event_us < rig->wake_us) {
			/* The host reads at its own pace: round up. */
			next_us = (event_us / rig->poll_us + 1) * rig->poll_us;
			next_us = next_us < rig->wake_us ? next_us : rig->wake_us;
		}
		if (rig->now_us < rig->away_until_us && next_us < rig->away_until_us)
			next_us = rig->away_until_us;
		if (next_us > end_us)
			next_us = end_us;
		if (next_us > rig->now_us)
			rig->now_us = next_us;
		sim_printer_advance(rig->printer, rig->now_us);
		take_executed(rig);
		receive(rig, &effects);
		serve_side(rig, &effects);
		if (rig->now_us >= rig->wake_us) {
			rig->wake_us = DRIVER_NEVER;
			rig->dialect->wake(rig->driver, rig->now_us, &effects);
			rig_apply(rig, &effects);
		}
		offer(rig, &effects);
		if (until ? until(rig) : is_over(rig))
			return true;
	}
	return false;
}

/* docs/wire-lines.md: what the host sends without a number. */
static bool is_host_unnumbered(const char *command)
{
	static const char *const lines[] = { "M115", "M105", "M114", "M108", "M112", "M104 S0",
		"M140 S0" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(command, lines[i]) == 0)
			return true;
	}
	/* A nonce may arrive damaged: it is un-numbered, and says nothing else. */
	return strncmp(command, "M118", 4) == 0;
}

static bool has_the_same_checksum(const char *a, const char *b)
{
	return frame_checksum(a, strlen(a)) == frame_checksum(b, strlen(b));
}

void rig_judge(const struct rig *rig, struct rig_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	for (size_t i = 0; i < rig->executed_count; i++) {
		const struct rig_executed *entry = &rig->executed[i];
		int32_t index = entry->index;

		if (entry->number == SIM_UNNUMBERED) {
			if (!is_host_unnumbered(entry->command)) {
				verdict->fragments++;
				memcpy(verdict->fragment, entry->command, RIG_COMMAND_MAX);
			}
			continue;
		}
		if (index == -1)
			continue;
		if (index == (int32_t)verdict->in_order) {
			const char *command = rig->commands[index];

			verdict->in_order++;
			verdict->changed += strcmp(entry->command, command) != 0;
			verdict->unlikely += !has_the_same_checksum(entry->command, command);
		} else if (!verdict->wrong) {
			verdict->wrong = true;
			memcpy(verdict->first_wrong, entry->command, RIG_COMMAND_MAX);
		}
	}
}
