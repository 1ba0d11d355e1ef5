/* Designs and orders: making them, what a person may do with them, when they are done. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- designs ---- */

struct farm_design *farm_find_design(const struct farm *farm, const char *name)
{
	for (size_t i = 0; i < farm->designs.count; i++) {
		struct farm_design *design = farm->designs.item[i];
		if (strcmp(design->record.name, name) == 0)
			return design;
	}
	return NULL;
}

static bool same_plates(
	const struct farm_design *design, const struct farm_plate_wish *plate, size_t plate_count)
{
	if (design->plate_count != plate_count)
		return false;
	for (size_t i = 0; i < plate_count; i++)
		if (strcmp(design->plate[i]->record.sha256, plate[i].sha256) != 0 ||
			design->plate[i]->record.yield != plate[i].yield)
			return false;
	return true;
}

/* Names go into paths of URLs, terminals and files of other programs. */
static bool is_name(const char *name)
{
	const char *at_sign = strrchr(name, '@');
	/* "NAME@2" is what a second revision is called. */
	if (at_sign && at_sign[1] && strspn(at_sign + 1, "0123456789") == strlen(at_sign + 1))
		return false;
	if (!name[0] || strlen(name) >= NAME_MAX_BYTES || name[0] == '.')
		return false;
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '/' || *at == '?' ||
			*at == '#' || *at == '%')
			return false;
	return true;
}

static int check_design(struct farm *farm, const char *name, const struct farm_plate_wish *plate,
	size_t plate_count, struct error *error)
{
	if (!is_name(name)) {
		error_set(error,
			"a design needs a name of 1 to %d bytes without '/', '?', '#', '%%' and "
			"control characters, that does not end like \"@2\"",
			NAME_MAX_BYTES - 1);
		return -EINVAL;
	}
	if (plate_count < 1 || plate_count > DESIGN_PLATES_MAX) {
		error_set(error, "design \"%s\" has %zu plates: it needs 1 to %d", name,
			plate_count, DESIGN_PLATES_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < plate_count; i++) {
		if (plate[i].yield < 1 || plate[i].yield > 1000) {
			error_set(error,
				"plate %zu of \"%s\" yields %d units: 1 to 1000 are accepted",
				i + 1, name, (int)plate[i].yield);
			return -EINVAL;
		}
		if (!farm_file_by_sha256(farm, plate[i].sha256)) {
			error_set(error,
				"plate %zu of \"%s\": no file %.16s is in the store; upload it "
				"first",
				i + 1, name, plate[i].sha256);
			return -ENOENT;
		}
	}
	return 0;
}

/* The revision with just these plates, or NULL and the name that a new one gets. */
static struct farm_design *find_revision(const struct farm *farm, const char *name,
	const struct farm_plate_wish *plate, size_t plate_count, char next[NAME_MAX_BYTES])
{
	farm_copy(next, NAME_MAX_BYTES, name);
	for (long number = 2;; number++) {
		struct farm_design *design = farm_find_design(farm, next);
		if (!design || same_plates(design, plate, plate_count))
			return design;
		if (snprintf(next, NAME_MAX_BYTES, "%s@%ld", name, number) >= NAME_MAX_BYTES) {
			next[0] = '\0';
			return NULL;
		}
	}
}

int farm_design_create(struct farm *farm, const char *user, const char *base,
	const struct farm_plate_wish *plate, size_t plate_count, bool revise, int64_t *id,
	bool *created, struct error *error)
{
	char name[NAME_MAX_BYTES];
	int result = farm_writable(farm, error);
	if (!result)
		result = check_design(farm, base, plate, plate_count, error);
	if (result)
		return result;
	struct farm_design *design = find_revision(farm, base, plate, plate_count, name);
	if (!design && !name[0]) {
		error_set(error, "\"%s\" is too long for a name with a revision", base);
		return -EINVAL;
	}
	if (!design && !revise && strcmp(name, base) != 0) {
		error_set(error,
			"a design \"%s\" with other plates exists: choose another name, or make "
			"its next revision with 'printfarm design revise'",
			base);
		return -EEXIST;
	}
	*created = !design;
	if (design) {
		*id = design->record.id;
		return 0;
	}
	struct design_record record = { .id = farm->next_design_id, .created_s = farm->now_s };
	farm_copy(record.name, sizeof(record.name), name);
	if (farm_load_design(farm, &record) != 0)
		return -ENOMEM;
	farm_put(farm, CHANGE_DESIGN, &record, sizeof(record));
	for (size_t i = 0; i < plate_count; i++) {
		struct plate_record row = { .id = farm->next_plate_id,
			.design = record.id,
			.position = (int32_t)i,
			.yield = plate[i].yield };
		farm_copy(row.sha256, sizeof(row.sha256), plate[i].sha256);
		farm_copy(row.name, sizeof(row.name),
			plate[i].name[0] ? plate[i].name
					 : farm_file_by_sha256(farm, plate[i].sha256)->name);
		if (farm_load_plate(farm, &row) != 0)
			farm->changes.failed = true;
		farm_put(farm, CHANGE_PLATE, &row, sizeof(row));
	}
	farm_say(farm, "design", name, user, "design %s with %zu plate%s", name, plate_count,
		plate_count == 1 ? "" : "s");
	*id = record.id;
	return 0;
}

/* ---- orders ---- */

struct farm_order *farm_find_order(const struct farm *farm, int64_t id, struct error *error)
{
	struct farm_order *order = farm_index_find(&farm->orders, id);
	if (!order)
		error_set(error, "there is no order %lld", (long long)id);
	return order;
}

int64_t farm_order_left(const struct farm_order *order)
{
	const struct farm_tally *tally = &order->tally;
	int64_t left = order->record.units - tally->good - tally->printing - tally->printed;
	return left > 0 ? left : 0;
}

int64_t farm_order_to_plan(const struct farm_order *order)
{
	if (order->record.state != ORDER_OPEN && order->record.state != ORDER_HELD)
		return 0;
	const struct farm_tally *tally = &order->tally;
	int64_t left = order->record.units - tally->good - tally->printing - tally->printed -
		       tally->doubtful - tally->wished;
	return left > 0 ? left : 0;
}

/* Takes queued and held jobs out, never-tried ones without a trace. */
static void end_waiting_jobs(struct farm *farm, struct farm_order *order, const char *reason)
{
	for (size_t i = order->jobs.count; i-- > 0;) {
		struct farm_job *job = order->jobs.item[i];
		if (job->state != JOB_QUEUED && job->state != JOB_HELD)
			continue;
		farm_job_set_reason(job, reason);
		farm_job_step(farm, job, JOB_ON_CANCEL);
	}
}

void farm_order_settle(struct farm *farm, struct farm_order *order)
{
	struct order_record *record = &order->record;
	const struct farm_tally *tally = &order->tally;
	if (record->state != ORDER_OPEN && record->state != ORDER_HELD)
		return;
	if (tally->good < record->units || tally->printing || tally->printed)
		return;
	record->state = ORDER_DONE;
	farm_promises_done(farm, order);
	farm_touch_order(farm, order);
	end_waiting_jobs(farm, order, "the order is complete");
	if (tally->good > record->units)
		farm_say_id(farm, "order", record->id, NULL,
			"order %lld is done: %lld good units, %lld more than asked",
			(long long)record->id, (long long)tally->good,
			(long long)(tally->good - record->units));
	else
		farm_say_id(farm, "order", record->id, NULL,
			"order %lld is done: %lld good units, %lld scrap", (long long)record->id,
			(long long)tally->good, (long long)tally->scrap);
}

static bool some_printer_has_tag(const struct farm *farm, const char *tag)
{
	for (size_t i = 0; i < farm->printer_count; i++)
		for (size_t t = 0; t < farm->printer[i]->config.tag_count; t++)
			if (strcmp(farm->printer[i]->config.tag[t], tag) == 0)
				return true;
	return false;
}

static int check_numbers(const struct farm *farm, int64_t units, int32_t priority, int64_t due_s,
	struct error *error)
{
	if (units < 1 || units > FARM_UNITS_MAX) {
		error_set(error, "units is %lld: 1 to %d are accepted", (long long)units,
			FARM_UNITS_MAX);
		return -EINVAL;
	}
	if (priority < 0 || priority > 100) {
		error_set(
			error, "priority is %d: 0 to 100 are accepted, 50 is usual", (int)priority);
		return -EINVAL;
	}
	if (due_s && due_s <= farm->now_s) {
		error_set(error, "the due time is past");
		return -EINVAL;
	}
	return 0;
}

static int64_t largest_yield(const struct farm_design *design)
{
	int64_t largest = 0;
	for (size_t i = 0; i < design->plate_count; i++)
		if (design->plate[i]->record.yield > largest)
			largest = design->plate[i]->record.yield;
	return largest;
}

static int check_choice(const char *what, const char *list, struct error *error)
{
	char tidy[CHOICE_BYTES];
	switch (choice_tidy(list, tidy)) {
	case CHOICE_GOOD:
		return 0;
	case CHOICE_EMPTY_WORD:
		error_set(error, "%s is \"%s\": words between commas are accepted, best first",
			what, list);
		break;
	case CHOICE_TOO_MANY:
		error_set(error, "%s is \"%s\": at most %d words are accepted", what, list,
			CHOICE_WORDS_MAX);
		break;
	case CHOICE_TOO_LONG:
		error_set(error, "%s is \"%s\": at most %d bytes are accepted", what, list,
			CHOICE_BYTES - 1);
		break;
	}
	return -EINVAL;
}

static int check_choices(const char *material, const char *color, struct error *error)
{
	int result = check_choice("material", material, error);
	return result ? result : check_choice("color", color, error);
}

/* What is wrong with a wish, or nothing. */
static int check_wish(const struct farm *farm, const struct farm_wish *wish, struct error *error)
{
	int result = check_numbers(farm, wish->units, wish->priority, wish->due_s, error);
	if (!result)
		result = check_choices(wish->material, wish->color, error);
	if (!result)
		result = farm_after_check(farm, 0, wish->after, wish->after_count, error);
	if (result)
		return result;
	if (!farm_design_wanted(farm, wish->design)) {
		error_set(error, "there is no design \"%s\"", wish->design);
		return -ENOENT;
	}
	if (wish->test && wish->units > largest_yield(farm_design_wanted(farm, wish->design))) {
		error_set(error, "a test print is one plate: %lld units are more than one holds",
			(long long)wish->units);
		return -EINVAL;
	}
	if (wish->printer[0] && !farm_find_printer(farm, wish->printer, error))
		return -ENOENT;
	if (wish->tag[0] && !some_printer_has_tag(farm, wish->tag)) {
		error_set(error, "no printer has the tag \"%s\"", wish->tag);
		return -ENOENT;
	}
	return 0;
}

void farm_fill_order(
	const struct farm *farm, const struct farm_wish *wish, struct order_record *record)
{
	*record = (struct order_record){
		.id = farm->next_order_id,
		.design = farm_design_wanted(farm, wish->design)->record.id,
		.units = wish->units,
		.priority = wish->priority,
		.due_s = wish->due_s,
		.created_s = farm->now_s,
		.state = wish->hold ? ORDER_HELD : ORDER_OPEN,
		.test = wish->test,
		.retries = wish->has_retries ? wish->retries : -1,
	};
	memcpy(record->user, wish->user, sizeof(record->user));
	memcpy(record->project, wish->project, sizeof(record->project));
	farm_after_put(record->after, wish->after, wish->after_count);
	choice_tidy(wish->material, record->material);
	choice_tidy(wish->color, record->color);
	memcpy(record->printer, wish->printer, sizeof(record->printer));
	memcpy(record->tag, wish->tag, sizeof(record->tag));
}

/* A held order is for later: a printer may be bought. */
static int check_makers(
	const struct farm *farm, const struct order_record *record, struct error *error)
{
	const struct farm_order order = { .record = *record,
		.design = farm_index_find(&farm->designs, record->design) };
	return record->state == ORDER_HELD ? 0 : farm_order_has_maker(farm, &order, error);
}

static int store_order(struct farm *farm, const char *user, const struct order_record *record)
{
	if (farm_load_order(farm, record) != 0)
		return -ENOMEM;
	struct farm_order *order = farm_index_find(&farm->orders, record->id);
	farm_touch_order(farm, order);
	farm_say_id(farm, "order", record->id, user, "order %lld: %lld unit%s of %s%s",
		(long long)record->id, (long long)record->units, record->units == 1 ? "" : "s",
		order->design->record.name, record->state == ORDER_HELD ? ", held" : "");
	if (farm->config->approval != APPROVAL_OFF && !record->test &&
		(!order->design->approval.id || order->design->approval.revoked_s))
		farm_say_id(farm, "order", record->id, user,
			"order %lld: design %s is not approved%s", (long long)record->id,
			order->design->record.name,
			farm->config->approval == APPROVAL_ENFORCE ? ": it waits" : "");
	return 0;
}

int farm_order_create(struct farm *farm, const char *user, const struct farm_wish *wish,
	int64_t *id, struct error *error)
{
	int result = farm_writable(farm, error);
	if (!result)
		result = check_wish(farm, wish, error);
	if (result)
		return result;
	struct order_record record;
	farm_fill_order(farm, wish, &record);
	result = check_makers(farm, &record, error);
	if (!result)
		result = store_order(farm, user, &record);
	if (!result)
		*id = record.id;
	return result;
}

int farm_order_reorder(struct farm *farm, const char *user, int64_t id, int64_t units,
	int64_t *new_id, struct error *error)
{
	struct farm_order *order = farm_find_order(farm, id, error);
	if (!order)
		return -ENOENT;
	int result = farm_writable(farm, error);
	struct order_record record = order->record;
	if (!result)
		result = check_numbers(farm, units, record.priority, 0, error);
	if (result)
		return result;
	record.id = farm->next_order_id;
	record.units = units;
	record.due_s = 0;
	record.created_s = farm->now_s;
	record.after[0] = record.hold_reason[0] = '\0';
	record.state = ORDER_OPEN;
	result = check_makers(farm, &record, error);
	if (!result)
		result = store_order(farm, user, &record);
	if (!result)
		*new_id = record.id;
	return result;
}

/* ---- acts on an order ---- */

static int find_for_act(
	struct farm *farm, int64_t id, struct farm_order **order, struct error *error)
{
	*order = farm_find_order(farm, id, error);
	return *order ? farm_writable(farm, error) : -ENOENT;
}

static int set_state(struct farm *farm, const char *user, int64_t id, enum order_state from,
	enum order_state to, struct error *error)
{
	struct farm_order *order;
	int result = find_for_act(farm, id, &order, error);
	if (result || order->record.state == to)
		return result;
	if (order->record.state != from) {
		error_set(error, "order %lld is %s already", (long long)id,
			order_state_name(order->record.state));
		return -EBUSY;
	}
	order->record.state = to;
	order->record.hold_reason[0] = '\0';
	farm_touch_order(farm, order);
	farm_say_id(farm, "order", id, user, "order %lld is %s", (long long)id,
		to == ORDER_HELD ? "held" : "released");
	return 0;
}

int farm_order_hold(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	return set_state(farm, user, id, ORDER_OPEN, ORDER_HELD, error);
}

int farm_order_release(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	int result = order && order->record.state == ORDER_HELD
			     ? farm_order_has_maker(farm, order, error)
			     : 0;
	return result ? result : set_state(farm, user, id, ORDER_HELD, ORDER_OPEN, error);
}

int farm_order_cancel(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	struct farm_order *order;
	int result = find_for_act(farm, id, &order, error);
	if (result || order->record.state == ORDER_CANCELLED)
		return result;
	if (order->record.state == ORDER_DONE) {
		error_set(error, "order %lld is done already", (long long)id);
		return -EBUSY;
	}
	/* First the order: then a job that ends asks for no replacement, and a print whose
	 * streamer is away now is stopped when it comes back. */
	order->record.state = ORDER_CANCELLED;
	farm_touch_order(farm, order);
	farm_say_id(farm, "order", id, user, "order %lld is cancelled", (long long)id);
	farm_after_cancelled(farm, order);
	for (size_t i = order->jobs.count; i-- > 0;) {
		struct farm_job *job = order->jobs.item[i];
		if (job->state != JOB_NEEDS_LOOK && job->state != JOB_PRINTED &&
			!job_is_final(job->state))
			farm_job_end_by_person(farm, job, user, NULL);
	}
	return 0;
}

/* Units on beds cannot be unmade, but what is in somebody's hands was asked for. */
static int check_delivered(const struct farm_order *order, int64_t units, struct error *error)
{
	if (units >= order->delivered)
		return 0;
	error_set(error, "order %lld: %lld units are delivered already: %lld or more are accepted",
		(long long)order->record.id, (long long)order->delivered,
		(long long)order->delivered);
	return -EINVAL;
}

/* More than is asked for now is on the way, or made. */
static void say_change(struct farm *farm, const char *user, const struct farm_order *order)
{
	const struct farm_tally *tally = &order->tally;
	const struct order_record *record = &order->record;
	int64_t made = tally->good + tally->printed, over = made + tally->printing - record->units;
	char surplus[64] = "";
	if (over > 0)
		snprintf(surplus, sizeof(surplus), "; %lld more than asked are %s", (long long)over,
			tally->printing ? "printing" : "made");
	farm_say_id(farm, "order", record->id, user,
		"order %lld is changed: %lld units, priority %d%s", (long long)record->id,
		(long long)record->units, (int)record->priority, surplus);
}

int farm_order_set(struct farm *farm, const char *user, int64_t id,
	const struct farm_order_set *set, struct error *error)
{
	struct farm_order *order;
	int result = find_for_act(farm, id, &order, error);
	if (result)
		return result;
	struct order_record record = order->record;
	if (record.state != ORDER_OPEN && record.state != ORDER_HELD) {
		error_set(error, "order %lld is %s: reorder makes a new one", (long long)id,
			order_state_name(record.state));
		return -EBUSY;
	}
	if (set->has_units)
		record.units = set->units;
	if (set->has_priority)
		record.priority = set->priority;
	if (set->has_due)
		record.due_s = set->due_s;
	result = check_numbers(
		farm, record.units, record.priority, set->has_due ? record.due_s : 0, error);
	if (!result)
		result = check_delivered(order, record.units, error);
	if (!result)
		result = check_choices(set->material, set->color, error);
	if (!result && set->has_after)
		result = farm_after_check(farm, id, set->after, set->after_count, error);
	if (result)
		return result;
	if (set->has_retries)
		record.retries = set->retries;
	if (set->has_project)
		farm_copy(record.project, sizeof(record.project), set->project);
	if (set->has_after)
		farm_after_put(record.after, set->after, set->after_count);
	if (set->has_material)
		choice_tidy(set->material, record.material);
	if (set->has_color)
		choice_tidy(set->color, record.color);
	order->record = record;
	farm_touch_order(farm, order);
	say_change(farm, user, order);
	farm_order_settle(farm, order);
	return 0;
}

int farm_order_of_wish(struct farm *farm, const struct farm_wish *wish, struct farm_order *order,
	struct error *error)
{
	int result = check_wish(farm, wish, error);
	if (result)
		return result;
	*order = (struct farm_order){ .design = farm_design_wanted(farm, wish->design) };
	farm_fill_order(farm, wish, &order->record);
	result = check_makers(farm, &order->record, error);
	order->record.state = ORDER_OPEN;
	return result;
}

int farm_quote(struct farm *farm, const struct farm_wish *wish, int64_t moves,
	struct farm_quote *quote, struct error *error)
{
	struct farm_order order = { .design = NULL };
	int result = farm_order_of_wish(farm, wish, &order, error);
	return result ? result : farm_quote_order(farm, &order, moves, quote);
}
