/* Start-up: the ledger's rows become the farm's memory. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void after_id(int64_t *next, int64_t id)
{
	if (id >= *next)
		*next = id + 1;
}

/* Copies a record to the heap and puts it into the index. */
static int keep(struct farm_index *index, void *item, int64_t *next)
{
	if (!item)
		return -ENOMEM;
	int result = farm_index_add(index, item);
	if (result) {
		free(item);
		return result;
	}
	after_id(next, *(int64_t *)item);
	return 0;
}

static size_t file_place(const struct farm *farm, const char *sha256)
{
	size_t low = 0, high = farm->file_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(farm->file[middle]->sha256, sha256) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct file_record *farm_file_by_sha256(const struct farm *farm, const char *sha256)
{
	size_t at = file_place(farm, sha256);
	if (at < farm->file_count && strcmp(farm->file[at]->sha256, sha256) == 0)
		return farm->file[at];
	return NULL;
}

const struct file_record *farm_file_by_upload(const struct farm *farm, const char *upload_sha256)
{
	for (size_t i = 0; i < farm->file_count; i++)
		if (strcmp(farm->file[i]->upload_sha256, upload_sha256) == 0)
			return farm->file[i];
	return NULL;
}

int farm_load_file(struct farm *farm, const struct file_record *record)
{
	size_t at = file_place(farm, record->sha256);
	if (at < farm->file_count && strcmp(farm->file[at]->sha256, record->sha256) == 0) {
		*farm->file[at] = *record;
		return 0;
	}
	if (farm->file_count == farm->file_room) {
		size_t room = farm->file_room ? farm->file_room * 2 : 16;
		struct file_record **bigger = realloc(farm->file, room * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		farm->file = bigger;
		farm->file_room = room;
	}
	struct file_record *file = malloc(sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = *record;
	memmove(farm->file + at + 1, farm->file + at,
		(farm->file_count - at) * sizeof(*farm->file));
	farm->file[at] = file;
	farm->file_count++;
	return 0;
}

int farm_load_design(struct farm *farm, const struct design_record *record)
{
	struct farm_design *design = calloc(1, sizeof(*design));
	if (design)
		design->record = *record;
	return keep(&farm->designs, design, &farm->next_design_id);
}

int farm_load_plate(struct farm *farm, const struct plate_record *record)
{
	struct farm_design *design = farm_index_find(&farm->designs, record->design);
	const struct file_record *file = farm_file_by_sha256(farm, record->sha256);
	if (!design || !file || design->plate_count == DESIGN_PLATES_MAX)
		return -EINVAL;
	struct farm_plate *plate = calloc(1, sizeof(*plate));
	if (plate) {
		plate->record = *record;
		plate->file = file;
		plate->design = design;
	}
	int result = keep(&farm->plates, plate, &farm->next_plate_id);
	if (result)
		return result;
	size_t at = design->plate_count++;
	while (at > 0 && design->plate[at - 1]->record.position > record->position) {
		design->plate[at] = design->plate[at - 1];
		at--;
	}
	design->plate[at] = plate;
	return 0;
}

int farm_load_approval(struct farm *farm, const struct approval_record *record)
{
	struct farm_design *design = farm_index_find(&farm->designs, record->design);
	if (!design)
		return -EINVAL;
	design->approval = *record;
	after_id(&farm->next_approval_id, record->id);
	return 0;
}

int farm_load_order(struct farm *farm, const struct order_record *record)
{
	struct farm_design *design = farm_index_find(&farm->designs, record->design);
	if (!design || design->plate_count == 0)
		return -EINVAL;
	struct farm_order *order = calloc(1, sizeof(*order));
	if (order) {
		order->record = *record;
		order->design = design;
	}
	return keep(&farm->orders, order, &farm->next_order_id);
}

int farm_load_job(struct farm *farm, const struct job_record *record)
{
	struct farm_order *order = farm_index_find(&farm->orders, record->order);
	const struct farm_plate *plate =
		record->plate ? farm_index_find(&farm->plates, record->plate) : NULL;
	if (!order || (record->plate && !plate) || (unsigned)record->state >= JOB_STATE_COUNT)
		return -EINVAL;
	struct farm_job *job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->id = record->id;
	job->order = order;
	job->plate = plate;
	job->printer = farm_intern(farm, record->printer);
	job->planned_printer = "";
	job->failed_on = farm_intern(farm, record->failed_on);
	job->state = record->state;
	job->tries = record->tries;
	job->good = record->good;
	job->scrap = record->scrap;
	job->created_s = record->created_s;
	job->changed_s = record->changed_s;
	job->stored = true;
	farm_job_set_reason(job, record->reason);
	int result = keep(&farm->jobs, job, &farm->next_job_id);
	if (result)
		return result;
	result = farm_index_add(&order->jobs, job);
	farm_tally_job(farm, job, 1);
	return result;
}

int farm_load_spool(struct farm *farm, const struct spool_record *record)
{
	struct spool_record *spool = malloc(sizeof(*spool));
	if (spool)
		*spool = *record;
	return keep(&farm->spools, spool, &farm->next_spool_id);
}

int farm_load_printer(struct farm *farm, const struct printer_record *record)
{
	struct farm_printer *printer = farm_find_printer(farm, record->name, NULL);
	if (!printer)
		printer = farm_add_printer(farm, record->name);
	if (!printer)
		return -ENOMEM;
	printer->record = *record;
	printer->known = true;
	return 0;
}

int farm_load_attempt(struct farm *farm, const struct attempt_record *record)
{
	struct farm_job *job = farm_index_find(&farm->jobs, record->job);
	struct farm_printer *printer = farm_find_printer(farm, record->printer, NULL);
	if (!job || job->attempt || record->state != ATTEMPT_STARTED)
		return -EINVAL;
	if (!printer)
		printer = farm_add_printer(farm, record->printer);
	if (!printer)
		return -ENOMEM;
	if (printer->attempt)
		return -EINVAL;
	struct farm_attempt *attempt = calloc(1, sizeof(*attempt));
	if (!attempt)
		return -ENOMEM;
	attempt->record = *record;
	attempt->job = job;
	attempt->printer = printer;
	attempt->told = true;
	attempt->seen = job->state != JOB_ASSIGNED;
	attempt->missing_since_us = INT64_MAX;
	heat_log_read(&attempt->heat, record->heat);
	attempt->progress.commands = job->plate ? job->plate->file->commands : 0;
	attempt->progress.commands_done = record->commands_done;
	printer->attempt = attempt;
	job->attempt = attempt;
	return 0;
}

/* A job that claims to be under way without an attempt: an old row or a damaged one.  Nobody knows
 * what became of it. */
static void doubt_orphans(struct farm *farm)
{
	for (size_t i = 0; i < farm->jobs.count; i++) {
		struct farm_job *job = farm->jobs.item[i];
		if (!job_is_under_way(job->state) || job->attempt)
			continue;
		farm_job_step(farm, job, JOB_ON_SUSPECT);
		farm_job_set_reason(job, "no attempt of it is in the ledger");
		farm_say_id(farm, "job", job->id, NULL,
			"job %lld needs a look: it was under way, but the ledger knows no attempt "
			"of it",
			(long long)job->id);
	}
}

void farm_loaded(struct farm *farm, int64_t last_event_id)
{
	farm->next_event_id = last_event_id + 1;
	farm->durable_event_id = last_event_id;
	doubt_orphans(farm);
	farm_quarantine_load_scrap(farm);
	farm_configure(farm, farm->config);
	/* Somebody's hands may have been in a printer when control went down. */
	for (size_t i = 0; i < farm->printer_count; i++) {
		struct farm_printer *printer = farm->printer[i];
		if (printer->record.bed == BED_EMPTY && farm->config->start_delay_s > 0)
			printer->ready_after_us =
				farm->now_us + farm->config->start_delay_s * 1000000;
	}
	farm_changed(farm);
}

void farm_add_file(struct farm *farm, const struct file_record *record, const char *analysis_json)
{
	if (farm_load_file(farm, record) != 0)
		farm->changes.failed = true;
	farm_changes_add(&farm->changes, CHANGE_FILE, record, sizeof(*record), analysis_json);
	farm->facts++;
}
