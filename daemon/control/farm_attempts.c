/* Attempts: the one place where a job starts, and every way in which a try can end. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"

#include <assert.h>
#include <errno.h>
#include <math.h> /* lround */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double commands_share(const struct farm_attempt *attempt)
{
	const struct wire_progress *progress = &attempt->progress;
	if (progress->commands <= 0 || progress->commands_done <= 0)
		return 0.0;
	if (progress->commands_done >= progress->commands)
		return 1.0;
	return (double)progress->commands_done / (double)progress->commands;
}

/* By time, where it is known how the file's time goes over its commands. */
double farm_attempt_progress(const struct farm_attempt *attempt)
{
	return pace_time_share(attempt->job->plate->file->pace, commands_share(attempt));
}

void farm_attempt_layer(const struct farm_attempt *attempt, int64_t *layer, int64_t *layers)
{
	const struct file_record *file = attempt->job->plate->file;
	*layers = file->layers;
	*layer = layer_map_layer(file->layer_map, file->layers, attempt->progress.commands,
		attempt->progress.commands_done);
}

/* The share of all that it takes, with heating at the start. */
static double share_done(const struct farm_attempt *attempt)
{
	const struct file_record *file = attempt->job->plate->file;
	double share = farm_attempt_progress(attempt), all_s = file->time_s + file->heat_s;
	if (share <= 0.0 || !file->pace[0] || all_s <= 0.0)
		return share;
	return (file->heat_s + share * file->time_s) / all_s;
}

/* The estimate counts at the start, the measured pace more and more. */
int64_t farm_attempt_eta_s(const struct farm *farm, const struct farm_attempt *attempt)
{
	const struct file_record *file = attempt->job->plate->file;
	double estimate_s = (file->time_s + file->heat_s) * attempt->printer->learnt.speed_factor;
	double share = share_done(attempt);
	double elapsed_s = (double)attempt->progress.print_us / 1e6;
	if (attempt->seen && attempt->printer->reported &&
		attempt->printer->state.activity != WIRE_PAUSED)
		elapsed_s += (double)(farm->now_us - attempt->printer->state_us) / 1e6;
	double left_s = estimate_s > elapsed_s ? estimate_s - elapsed_s : 0.0;
	if (share <= 0.0)
		return (int64_t)(left_s + 0.5);
	double weight = share > 0.5 ? 1.0 : 2.0 * share;
	double measured_s = elapsed_s / share - elapsed_s;
	return (int64_t)((1.0 - weight) * left_s + weight * measured_s + 0.5);
}

/* ---- start ---- */

static void say_start(struct farm *farm, const struct farm_job *job)
{
	const struct farm_order *order = job->order;
	farm_say_id(farm, "job", job->id, NULL, "job %lld starts on %s: %s, %d unit%s",
		(long long)job->id, job->printer, job->plate->record.name,
		(int)job->plate->record.yield, job->plate->record.yield == 1 ? "" : "s");
	int64_t over = order->tally.good + order->tally.printing + order->tally.printed -
		       order->record.units;
	if (over > 0)
		farm_say_id(farm, "order", order->record.id, NULL,
			"order %lld: with this plate %lld more than asked will be made",
			(long long)order->record.id, (long long)over);
}

/* For the production record. */
static void note_start(const struct farm *farm, struct attempt_record *record,
	const struct farm_plate *plate, const struct farm_printer *printer)
{
	const struct spool_record *spool = farm_printer_spool(farm, printer);
	double file_s = plate->file->time_s + plate->file->heat_s;
	record->planned_s = (int64_t)lround(file_s * printer->learnt.speed_factor);
	farm_copy(record->firmware, sizeof(record->firmware), printer->state.firmware);
	record->spool = spool ? spool->id : 0;
	farm_copy(record->material, sizeof(record->material), farm_printer_material(farm, printer));
	farm_copy(record->color, sizeof(record->color), farm_printer_color(farm, printer));
	farm_copy(record->lot, sizeof(record->lot), spool ? spool->lot : "");
	if (!spool)
		return;
	farm_copy(record->loaded_by, sizeof(record->loaded_by), printer->record.loaded_by);
	record->loaded_s = printer->record.loaded_s;
}

int farm_begin_attempt(struct farm *farm, struct farm_job *job, const struct farm_plate *plate,
	struct farm_printer *printer)
{
	assert(!printer->attempt && !job->attempt && job->state == JOB_QUEUED);
	assert(printer->record.bed == BED_EMPTY && !printer->record.lock_fault);
	struct farm_attempt *attempt = calloc(1, sizeof(*attempt));
	if (!attempt)
		return -ENOMEM;
	farm->effects.new_attempt_id(farm->effects.context, attempt->record.id);
	attempt->record.job = job->id;
	attempt->record.plate = plate->record.id;
	farm_copy(attempt->record.sha256, sizeof(attempt->record.sha256), plate->file->sha256);
	attempt->record.state = ATTEMPT_STARTED;
	attempt->record.started_s = farm->now_s;
	farm_copy(attempt->record.printer, sizeof(attempt->record.printer), printer->name);
	note_start(farm, &attempt->record, plate, printer);
	attempt->job = job;
	attempt->printer = printer;
	attempt->missing_since_us = INT64_MAX;
	attempt->heat_kept_us = farm->now_us;
	attempt->progress.commands = plate->file->commands;

	farm_tally_job(farm, job, -1);
	job->plate = plate;
	job->printer = "";
	farm_tally_job(farm, job, 1);
	farm_job_step(farm, job, JOB_ON_ASSIGN);
	job->printer = printer->name;
	job->tries++;
	farm_job_set_reason(job, NULL);
	job->cancel_wanted = false;
	job->attempt = attempt;
	printer->attempt = attempt;
	printer->confirmed_until_us = 0;
	farm_printer_set_bed(farm, printer, BED_OCCUPIED, job->id, "a print was started");
	farm_put(farm, CHANGE_ATTEMPT, &attempt->record, sizeof(attempt->record));
	farm_quota_count(farm, job->order, plate, farm->now_s);
	say_start(farm, job);
	farm_after_durable(farm, AFTER_START, printer->name, attempt->record.id);
	return 0;
}

void farm_start_attempt(struct farm *farm, const char *name, const char *id)
{
	struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	struct farm_attempt *attempt = printer ? printer->attempt : NULL;
	if (!attempt || attempt->told || strcmp(attempt->record.id, id) != 0)
		return; /* cancelled before it was durable */
	const struct file_record *file = attempt->job->plate->file;
	struct wire_message message = { .kind = WIRE_START, .request = farm->next_request++ };
	farm_copy(message.printer, sizeof(message.printer), name);
	farm_copy(message.attempt, sizeof(message.attempt), id);
	message.start.bytes = file->bytes;
	message.start.commands = file->commands;
	const char *trouble = NULL;
	if (printer->record.lock_fault)
		trouble = "the printer was locked before the start was sent";
	else if (!farm->effects.file_path(farm->effects.context, file->sha256, message.start.path,
			 sizeof(message.start.path)))
		trouble = "the file's path is too long for the streamer";
	else if (!printer->attached)
		trouble = "the streamer was gone before the start was sent";
	if (trouble) {
		farm_attempt_never_ran(farm, attempt, trouble);
		return;
	}
	/* From here on the streamer may know of it, also if the send fails half way. */
	attempt->told = true;
	attempt->start_request = message.request;
	if (!farm->effects.send(farm->effects.context, &message)) {
		attempt->told = false;
		farm_attempt_never_ran(
			farm, attempt, "the streamer could not be reached for the start");
	}
}

/* ---- ends ---- */

static void free_attempt(struct farm *farm, struct farm_attempt *attempt)
{
	memcpy(farm->recent[farm->recent_next], attempt->record.id, ATTEMPT_ID_BYTES);
	farm->recent_next = (farm->recent_next + 1) % FARM_RECENT_MAX;
	attempt->printer->attempt = NULL;
	attempt->job->attempt = NULL;
	free(attempt);
}

static void note_flow(struct attempt_record *record, const struct wire_progress *progress)
{
	const struct wire_telemetry *telemetry = &progress->telemetry;
	record->print_us = progress->print_us;
	record->bytes_sent = progress->bytes_sent;
	record->line_errors = telemetry->line_errors;
	record->unreadable_lines = telemetry->unreadable_lines;
	record->lost_acknowledgements = progress->lost_acknowledgements;
	record->starved_us = telemetry->starved_us;
	record->starved_count = telemetry->starved_count;
	record->stall_resend_us = telemetry->stall_us[WIRE_STALL_RESEND];
	record->stall_answer_us = telemetry->stall_us[WIRE_STALL_ANSWER];
	record->stall_port_us = telemetry->stall_us[WIRE_STALL_PORT];
	record->stall_file_us = telemetry->stall_us[WIRE_STALL_FILE];
}

static void close_attempt(struct farm *farm, struct farm_attempt *attempt, enum attempt_event event,
	const char *reason, int32_t fault)
{
	struct attempt_record *record = &attempt->record;
	enum attempt_state to = record->state;
	attempt_next(record->state, event, &to);
	record->state = to;
	record->fault = fault;
	record->ended_s = farm->now_s;
	record->commands_done = attempt->progress.commands_done;
	record->lines_sent = attempt->progress.lines_sent;
	record->resends = attempt->progress.resends;
	note_flow(record, &attempt->progress);
	heat_log_write(&attempt->heat, record->heat);
	farm_copy(record->reason, sizeof(record->reason), reason);
	farm_put(farm, CHANGE_ATTEMPT, record, sizeof(*record));
}

void farm_attempt_never_ran(struct farm *farm, struct farm_attempt *attempt, const char *reason)
{
	struct farm_printer *printer = attempt->printer;
	struct farm_job *job = attempt->job;
	bool by_person = job->cancel_wanted || job->order->record.state == ORDER_CANCELLED;
	close_attempt(farm, attempt, by_person ? ATTEMPT_ON_CANCELLED : ATTEMPT_ON_FAILED, reason,
		DRIVER_FAULT_NONE);
	if (attempt->bed_in_doubt)
		farm_printer_set_bed(farm, printer, BED_UNKNOWN, 0,
			"not started, but something else was going on there");
	else
		farm_printer_set_bed(
			farm, printer, BED_EMPTY, 0, "the start never reached the printer");
	free_attempt(farm, attempt);
	if (by_person) {
		farm_job_set_reason(job, reason);
		farm_job_end_by_person(farm, job, NULL, NULL);
		return;
	}
	job->tries--;
	farm_job_set_reason(job, reason);
	farm_job_step(farm, job, JOB_ON_RETURN);
	farm_say_id(farm, "job", job->id, NULL, "job %lld did not start on %s: %s",
		(long long)job->id, printer->name, reason);
	if (printer->refused_pause_us < FARM_REFUSED_FIRST_US)
		printer->refused_pause_us = FARM_REFUSED_FIRST_US;
	if (printer->ready_after_us < farm->now_us + printer->refused_pause_us)
		printer->ready_after_us = farm->now_us + printer->refused_pause_us;
	if (printer->refused_pause_us < FARM_REFUSED_MAX_US)
		printer->refused_pause_us *= 2;
	farm_order_settle(farm, job->order);
}

static void use_filament(struct farm *farm, const struct farm_printer *printer, double grams)
{
	struct spool_record *spool = farm_printer_spool(farm, printer);
	if (!spool || grams <= 0.0)
		return;
	spool->grams_left = spool->grams_left > grams ? spool->grams_left - grams : 0.0;
	farm_put(farm, CHANGE_SPOOL, spool, sizeof(*spool));
}

static void end_printed(struct farm *farm, struct farm_job *job, struct farm_printer *printer)
{
	farm_job_set_reason(job, NULL);
	farm_job_step(farm, job, JOB_ON_PRINTED);
	farm_printer_set_bed(farm, printer, BED_OCCUPIED, job->id, "a print ended");
	farm_say_id(farm, "job", job->id, NULL, "job %lld is printed on %s: clear the bed",
		(long long)job->id, printer->name);
	if (farm->config->inspect_automatically)
		farm_count_job(farm, job, NULL, farm_job_yield(job), 0);
}

static void end_failed(
	struct farm *farm, struct farm_job *job, struct farm_printer *printer, const char *reason)
{
	bool again = farm_retry_is_left(farm, job);
	bool wanted = job->order->record.state != ORDER_CANCELLED && !job->cancel_wanted;
	farm_printer_set_bed(farm, printer, BED_UNKNOWN, job->id, "a print failed");
	farm_job_set_reason(job, reason);
	if (!wanted) {
		farm_job_end_by_person(farm, job, NULL, NULL);
		return;
	}
	job->failed_on = printer->name;
	farm_job_step(farm, job, again ? JOB_ON_AGAIN : JOB_ON_FAILED);
	farm_say_id(farm, "job", job->id, NULL, "job %lld failed on %s (%s): %s",
		(long long)job->id, printer->name, reason,
		again ? "it is queued again" : "no retry is left, a person decides");
}

static void end_cancelled(struct farm *farm, struct farm_job *job, struct farm_printer *printer)
{
	farm_printer_set_bed(farm, printer, BED_UNKNOWN, job->id, "a print was cancelled");
	farm_job_set_reason(job, "cancelled while it was printing");
	farm_job_end_by_person(farm, job, NULL, NULL);
}

static void end_suspect(
	struct farm *farm, struct farm_job *job, struct farm_printer *printer, const char *reason)
{
	farm_printer_set_bed(farm, printer, BED_UNKNOWN, job->id, "nobody knows how a print ended");
	farm_job_set_reason(job, reason);
	farm_job_step(farm, job, JOB_ON_SUSPECT);
	farm_say_id(farm, "job", job->id, NULL, "job %lld on %s needs a look: %s",
		(long long)job->id, printer->name, reason);
}

void farm_end_attempt(
	struct farm *farm, struct farm_attempt *attempt, const struct wire_ended *ended)
{
	static const enum attempt_event event[] = {
		[WIRE_RESULT_NONE] = ATTEMPT_ON_LOST,
		[WIRE_PRINTED] = ATTEMPT_ON_PRINTED,
		[WIRE_FAILED] = ATTEMPT_ON_FAILED,
		[WIRE_CANCELLED] = ATTEMPT_ON_CANCELLED,
		[WIRE_SUSPECT] = ATTEMPT_ON_LOST,
	};
	struct farm_printer *printer = attempt->printer;
	struct farm_job *job = attempt->job;
	enum wire_result result = ended->result <= WIRE_SUSPECT ? ended->result : WIRE_SUSPECT;
	const char *reason = ended->reason[0] ? ended->reason
			     : ended->fault   ? driver_fault_name((enum driver_fault)ended->fault)
					      : "no reason was given";
	attempt->progress = ended->progress;
	double grams = attempt->job->plate->file->filament_g;
	close_attempt(farm, attempt, event[result], result == WIRE_PRINTED ? "" : reason,
		(int32_t)ended->fault);
	use_filament(farm, printer,
		result == WIRE_PRINTED ? grams : grams * farm_attempt_progress(attempt));
	farm_learn(farm, printer, &attempt->record);
	farm_count_hours(farm, printer, attempt->record.print_us);
	printer->record.waits_since_s = farm->now_s;
	if (result == WIRE_FAILED && farm_quarantine_counts((int)ended->fault))
		farm_quarantine_failed(farm, printer, reason);
	if (result == WIRE_FAILED)
		farm_spent_failed(farm, printer);
	if (result == WIRE_PRINTED)
		printer->refused_pause_us = 0;
	farm_want_photo(farm, printer, job->id, attempt->record.id, PHOTO_ENDED);
	free_attempt(farm, attempt);
	if (farm_fault_locks((int)ended->fault))
		farm_printer_lock(farm, printer, (int)ended->fault, reason);
	switch (result) {
	case WIRE_PRINTED:
		end_printed(farm, job, printer);
		break;
	case WIRE_FAILED:
		end_failed(farm, job, printer, reason);
		break;
	case WIRE_CANCELLED:
		end_cancelled(farm, job, printer);
		break;
	case WIRE_RESULT_NONE:
	case WIRE_SUSPECT:
		end_suspect(farm, job, printer, reason);
		break;
	}
	/* It may have been the last thing that an order with enough good units waited for. */
	farm_order_settle(farm, job->order);
}

static struct farm_attempt *find_attempt(const struct farm *farm, const char *id)
{
	for (size_t i = 0; i < farm->printer_count; i++) {
		struct farm_attempt *attempt = farm->printer[i]->attempt;
		if (attempt && strcmp(attempt->record.id, id) == 0)
			return attempt;
	}
	return NULL;
}

bool farm_ended_lately(const struct farm *farm, const char *id)
{
	for (size_t i = 0; i < FARM_RECENT_MAX; i++)
		if (strcmp(farm->recent[i], id) == 0)
			return true;
	return false;
}

void farm_ended(struct farm *farm, const char *printer, const struct wire_ended *ended)
{
	static const char *const result_name[] = { "nothing", "printed", "failed", "cancelled",
		"suspect" };
	if (farm->broken || !ended->attempt[0])
		return; /* nothing can be booked: the streamer tells again after a restart */
	struct farm_attempt *attempt = find_attempt(farm, ended->attempt);
	if (attempt)
		farm_end_attempt(farm, attempt, ended);
	else if (!farm_ended_lately(farm, ended->attempt))
		farm_say(farm, "attempt", ended->attempt, NULL,
			"the streamer of %s tells the end (%s) of an attempt that is not open here",
			printer, result_name[ended->result <= WIRE_SUSPECT ? ended->result : 0]);
	farm_after_durable(farm, AFTER_BOOKED, printer, ended->attempt);
}

/* A streamer that ran before the attempt was made, remembers every attempt until its end is booked
 * and does not know this one has never got it. */
static bool never_got_it(const struct farm_attempt *attempt)
{
	const struct farm_printer *printer = attempt->printer;
	return !attempt->seen && printer->alive_since_s > 0 &&
	       printer->alive_since_s + 2 < attempt->record.started_s;
}

/* Soon, or not at all: hours later the staff may be gone and somebody's hands in the printer; then
 * the job is queued, and everything that a start needs is looked at again. */
static bool is_fresh(const struct farm *farm, const struct farm_attempt *attempt)
{
	int64_t age_s = farm->now_s - attempt->record.started_s;
	return age_s >= 0 && age_s <= FARM_SEND_AGAIN_S;
}

bool farm_attempt_send_again(struct farm *farm, struct farm_attempt *attempt)
{
	struct farm_printer *printer = attempt->printer;
	if (!never_got_it(attempt) || !is_fresh(farm, attempt) || farm->broken ||
		attempt->job->cancel_wanted ||
		attempt->job->order->record.state == ORDER_CANCELLED ||
		printer->state.link != WIRE_ONLINE || printer->state.activity != WIRE_IDLE ||
		printer->state.attempt[0] || printer->state.fault || printer->record.lock_fault)
		return false;
	/* The same attempt: should the first message still arrive, it starts nothing twice. */
	attempt->told = false;
	attempt->missing_since_us = INT64_MAX;
	farm_start_attempt(farm, printer->name, attempt->record.id);
	return true;
}

void farm_attempt_decide(struct farm *farm, struct farm_attempt *attempt)
{
	struct farm_printer *printer = attempt->printer;
	attempt->missing_since_us = INT64_MAX;
	/* A start that is not answered yet may still be obeyed. */
	if (!printer->attached || attempt->start_request || farm->broken)
		return;
	if (!printer->reported) {
		attempt->missing_since_us = farm->now_us;
		return;
	}
	if (farm_attempt_send_again(farm, attempt))
		return;
	if (never_got_it(attempt)) {
		farm_attempt_never_ran(
			farm, attempt, "control went down before the start was sent");
		return;
	}
	struct wire_ended ended = { .result = WIRE_SUSPECT, .progress = attempt->progress };
	farm_copy(ended.attempt, sizeof(ended.attempt), attempt->record.id);
	farm_copy(
		ended.reason, sizeof(ended.reason), "its streamer does not know what became of it");
	farm_end_attempt(farm, attempt, &ended);
}
