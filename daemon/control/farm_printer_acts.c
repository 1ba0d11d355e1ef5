/* What a person may do with a printer. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"

#include <errno.h>
#include <string.h>

static int find_for_act(
	struct farm *farm, const char *name, struct farm_printer **printer, struct error *error)
{
	*printer = farm_find_printer(farm, name, error);
	return *printer ? farm_writable(farm, error) : -ENOENT;
}

static int unreachable(const struct farm_printer *printer, struct error *error)
{
	error_set(error, "the streamer of %s cannot be reached: %s", printer->name,
		printer->away_reason);
	return -EHOSTUNREACH;
}

static int ask(struct farm *farm, struct farm_printer *printer, enum wire_kind kind,
	const char *text, uint64_t *request, struct error *error)
{
	if (farm_printer_send(farm, printer, kind, text, request))
		return 0;
	return unreachable(printer, error);
}

int farm_printer_pause(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	enum wire_activity activity = farm_printer_activity(printer);
	if (activity == WIRE_PAUSED)
		return 0;
	if (activity != WIRE_PRINTING || !printer->attempt) {
		error_set(error, "%s is not printing: there is nothing to pause", name);
		return -EBUSY;
	}
	int result = ask(farm, printer, WIRE_PAUSE, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is told to pause", name);
	return result;
}

int farm_printer_resume(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	if (!printer->attempt) {
		error_set(error, "%s is not paused: there is nothing to resume", name);
		return -EBUSY;
	}
	/* Asked of a print that goes on as well: a pause may be under way. */
	int result = ask(farm, printer, WIRE_RESUME, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is told to go on", name);
	return result;
}

static int set_enabled(
	struct farm *farm, const char *user, const char *name, bool enabled, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (!result && enabled && farm_quarantine_end(farm, printer, user) &&
		printer->record.enabled)
		return 0;
	if (result || printer->record.enabled == enabled)
		return result;
	printer->record.enabled = enabled;
	farm_touch_printer(farm, printer);
	farm_say(farm, "printer", name, user, "%s %s", name,
		enabled ? "may get new jobs" : "gets no new jobs");
	return 0;
}

int farm_printer_enable(struct farm *farm, const char *user, const char *name, struct error *error)
{
	return set_enabled(farm, user, name, true, error);
}

int farm_printer_disable(struct farm *farm, const char *user, const char *name, struct error *error)
{
	return set_enabled(farm, user, name, false, error);
}

/* Somebody stands at the machine, has put the work in and looked around.  Good for one start. */
int farm_printer_confirm(struct farm *farm, const char *user, const char *name, struct error *error)
{
	struct farm_printer *printer;
	struct farm_printer_view view;
	int result = find_for_act(farm, name, &printer, error);
	if (result)
		return result;
	if (printer->config.kind == KIND_PRINTER) {
		error_set(error, "%s needs no confirmation: it is no laser and no mill", name);
		return -EINVAL;
	}
	printer->confirmed_until_us = farm->now_us + FARM_CONFIRMED_US;
	farm_printer_by_name(farm, name, &view);
	if (!view.ready && view.not_ready_count > 0) {
		printer->confirmed_until_us = 0;
		error_set(error, "%s cannot start anything now: %s", name, view.not_ready[0]);
		return -EBUSY;
	}
	farm_say(farm, "printer", name, user,
		"%s: a start is confirmed at the machine, for the next %d minutes", name,
		(int)(FARM_CONFIRMED_US / 60000000));
	farm_changed(farm);
	return 0;
}

int farm_printer_unlock(struct farm *farm, const char *user, const char *name, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (result || !printer->record.lock_fault)
		return result;
	farm_say(farm, "printer", name, user, "%s is unlocked; the fault was: %s", name,
		printer->record.lock_reason);
	printer->record.lock_fault = 0;
	printer->record.lock_reason[0] = '\0';
	farm_touch_printer(farm, printer);
	farm_printer_ask_connect(farm, printer);
	return 0;
}

static int find_to_connect(
	struct farm *farm, const char *name, struct farm_printer **found, struct error *error)
{
	struct farm_printer *printer = *found = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	if (!printer->record.lock_fault)
		return 0;
	error_set(error, "%s is locked (%s): unlock it when the fault is dealt with", name,
		printer->record.lock_reason);
	return -EBUSY;
}

int farm_printer_connect(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer;
	int result = find_to_connect(farm, name, &printer, error);
	if (!result)
		result = ask(farm, printer, WIRE_CONNECT, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s: its port is tried again", name);
	return result;
}

int farm_printer_reset(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	struct wire_message message = { .kind = WIRE_CONNECT, .reset = true };
	*request = 0;
	struct farm_printer *printer;
	int result = find_to_connect(farm, name, &printer, error);
	if (result)
		return result;
	enum wire_activity activity = farm_printer_activity(printer);
	if (printer->attempt || activity == WIRE_PRINTING || activity == WIRE_PAUSED) {
		error_set(error, "%s is printing: a reset would end the print", name);
		return -EBUSY;
	}
	if (!farm_printer_send_message(farm, printer, &message, request))
		return unreachable(printer, error);
	farm_say(farm, "printer", name, user, "%s: its board is reset and connected again", name);
	return 0;
}

/* Counts what lies on the bed, if something waits to be counted. */
static int clear_count(struct farm *farm, const char *user, struct farm_printer *printer,
	const struct farm_clear *clear, struct error *error)
{
	struct farm_job *job = farm_index_find(&farm->jobs, printer->record.bed_job);
	bool said = clear->good >= 0 || clear->scrap >= 0;
	if (!job || (job->state != JOB_PRINTED && !(job->state == JOB_NEEDS_LOOK && said)))
		return 0;
	/* Tried again elsewhere since: what lies here is the rest of an earlier try. */
	if (strcmp(job->printer, printer->name) != 0)
		return 0;
	int32_t good = clear->good, scrap = clear->scrap;
	int result = farm_count_of(job, &good, &scrap, error);
	if (result)
		return result;
	if (job->state == JOB_NEEDS_LOOK)
		farm_job_step(farm, job, JOB_ON_PRINTED);
	if (clear->why[0])
		farm_job_set_reason(job, clear->why);
	farm_count_job(farm, job, user, good, scrap);
	return 0;
}

int farm_printer_clear(struct farm *farm, const char *user, const char *name,
	const struct farm_clear *clear, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (result)
		return result;
	if (printer->attempt) {
		error_set(error, "%s is printing job %lld: its bed cannot be clear", name,
			(long long)printer->attempt->job->id);
		return -EBUSY;
	}
	if (farm_printer_prints_unknown(farm, printer)) {
		error_set(error,
			"%s is printing something that the ledger does not know: its bed cannot be "
			"clear",
			name);
		return -EBUSY;
	}
	if (farm_printer_activity(printer) == WIRE_BY_HAND && !clear->not_yet) {
		error_set(error,
			"%s is in use by hand (its heaters are on, or it prints from its own "
			"card): its bed cannot be clear before that is over; --not-yet only "
			"counts what was printed",
			name);
		return -EBUSY;
	}
	if (printer->record.bed == BED_EMPTY)
		return 0;
	int64_t job = printer->record.bed_job;
	result = clear_count(farm, user, printer, clear, error);
	if (result)
		return result;
	farm_want_photo(farm, printer, job, "", PHOTO_CLEARED);
	if (clear->not_yet) {
		farm_printer_set_bed(farm, printer, printer->record.bed, 0,
			clear->why[0] ? clear->why : "counted, not free yet");
		return 0;
	}
	farm_clearing_note(farm, printer);
	farm_printer_set_bed(
		farm, printer, BED_EMPTY, 0, clear->why[0] ? clear->why : "cleared by a person");
	int64_t delay_s = farm->config->start_delay_s;
	printer->ready_after_us = delay_s > 0 ? farm->now_us + delay_s * 1000000 : 0;
	printer->refused_pause_us = 0;
	const char *mark = clear->why[0] ? ": " : "";
	if (delay_s > 0)
		farm_say(farm, "printer", name, user,
			"the bed of %s is empty%s%s; the next print starts not before %lld s from "
			"now",
			name, mark, clear->why, (long long)delay_s);
	else
		farm_say(farm, "printer", name, user, "the bed of %s is empty%s%s", name, mark,
			clear->why);
	return 0;
}

int farm_printer_gcode(struct farm *farm, const char *user, const char *name, const char *command,
	uint64_t *request, struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	enum wire_activity activity = farm_printer_activity(printer);
	/* What it asks may be answered. */
	bool answer = activity == WIRE_NEEDS_ATTENTION && strncmp(command, "M876 S", 6) == 0;
	if ((activity == WIRE_PRINTING || activity == WIRE_NEEDS_ATTENTION) && !answer) {
		error_set(error,
			"%s is printing: commands by hand are for an idle or paused printer", name);
		return -EBUSY;
	}
	int result = ask(farm, printer, WIRE_MANUAL, command, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is sent by hand: %.100s", name, command);
	return result;
}

int farm_printer_recording(struct farm *farm, const char *name,
	const int64_t next[WIRE_RECORDER_KINDS], uint64_t *request, struct error *error)
{
	struct wire_message message = { .kind = WIRE_RECORDING };
	const struct farm_printer *printer = farm_find_printer(farm, name, error);
	*request = 0;
	if (!printer)
		return -ENOENT;
	message.request = farm->next_request++;
	farm_copy(message.printer, sizeof(message.printer), name);
	memcpy(message.recording.next, next, sizeof(message.recording.next));
	if (printer->attached && farm->effects.send(farm->effects.context, &message)) {
		*request = message.request;
		return 0;
	}
	error_set(error, "the streamer of %s cannot be reached: %s", name, printer->away_reason);
	return -EHOSTUNREACH;
}

static int estop_one(
	struct farm *farm, const char *user, struct farm_printer *printer, struct error *error)
{
	int result = ask(farm, printer, WIRE_ESTOP, NULL, NULL, error);
	if (farm->broken)
		return result;
	farm_say(farm, "printer", printer->name, user,
		result ? "emergency stop of %s could not be delivered" : "emergency stop of %s",
		printer->name);
	farm_printer_lock(farm, printer, DRIVER_FAULT_ESTOP, "emergency stop by a person");
	return result;
}

int farm_estop(struct farm *farm, const char *user, const char *name, struct error *error)
{
	if (name) {
		struct farm_printer *printer = farm_find_printer(farm, name, error);
		return printer ? estop_one(farm, user, printer, error) : -ENOENT;
	}
	int result = 0;
	for (size_t i = 0; i < farm->printer_count; i++) {
		if (farm->printer[i]->removed && !farm->printer[i]->attempt)
			continue;
		int one = estop_one(farm, user, farm->printer[i], error);
		if (one)
			result = one;
	}
	return result;
}
