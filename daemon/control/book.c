#include "daemon/control/book.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "daemon/control/farm.h"
#include "daemon/control/history.h"
#include "daemon/control/ledger.h"

enum {
	LOOK_BACK_S = 40 * 86400, /* for quotas: longer than a month */
	SPENT_S = 2 * 86400,	  /* of how time was spent: days that are not closed yet */
};

/* ---- written ---- */

void book_put(struct ledger_transaction *transaction, const struct farm_change *change)
{
	switch (change->kind) {
	case CHANGE_FILE:
		ledger_put_file(transaction, change->row.file, change->text);
		break;
	case CHANGE_DESIGN:
		ledger_put_design(transaction, change->row.design);
		break;
	case CHANGE_PLATE:
		ledger_put_plate(transaction, change->row.plate);
		break;
	case CHANGE_APPROVAL:
		ledger_put_approval(transaction, change->row.approval);
		break;
	case CHANGE_ORDER:
		ledger_put_order(transaction, change->row.order);
		break;
	case CHANGE_PROMISE:
		ledger_put_promise(transaction, change->row.promise);
		break;
	case CHANGE_JOB:
		ledger_put_job(transaction, change->row.job);
		break;
	case CHANGE_DROP_JOB:
		ledger_drop_job(transaction, *change->row.drop_job);
		break;
	case CHANGE_DELIVERY:
		ledger_put_delivery(transaction, change->row.delivery);
		break;
	case CHANGE_ATTEMPT:
		ledger_put_attempt(transaction, change->row.attempt);
		break;
	case CHANGE_PHOTO:
		ledger_put_photo(transaction, change->row.photo);
		break;
	case CHANGE_SPOOL:
		ledger_put_spool(transaction, change->row.spool);
		break;
	case CHANGE_PRINTER:
		ledger_put_printer(transaction, change->row.printer);
		break;
	case CHANGE_CLEARING:
		ledger_put_clearing(transaction, change->row.clearing);
		break;
	case CHANGE_MAINTENANCE:
		ledger_put_maintenance(transaction, change->row.maintenance);
		break;
	case CHANGE_SPENT:
		ledger_put_spent(transaction, change->row.spent);
		break;
	case CHANGE_EVENT:
		ledger_put_event(transaction, change->row.event);
		break;
	case CHANGE_IDEMPOTENCY:
		ledger_put_idempotency(transaction, change->row.idempotency);
		break;
	case CHANGE_KIND_COUNT:
		break;
	}
}

/* ---- loaded ---- */

struct loading {
	struct ledger *ledger;
	struct farm *farm;
	int64_t now_s;
	struct error error; /* the first */
	int result;
};

static void note(struct loading *loading, int result, const char *noun, int64_t id)
{
	if (result == 0 || loading->result)
		return;
	loading->result = result;
	error_set(&loading->error, "the ledger's %s %lld cannot be loaded: %s", noun, (long long)id,
		result == -EINVAL ? "it refers to something that is not there" : strerror(-result));
}

static void load_file(void *context, const struct file_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_file(loading->farm, record), "file", 0);
}

static void load_design(void *context, const struct design_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_design(loading->farm, record), "design", record->id);
}

static void load_plate(void *context, const struct plate_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_plate(loading->farm, record), "plate", record->id);
}

static void load_approval(void *context, const struct approval_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_approval(loading->farm, record), "approval", record->id);
}

static void load_order(void *context, const struct order_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_order(loading->farm, record), "order", record->id);
}

static void load_promise(void *context, const struct promise_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_promise(loading->farm, record), "promise", record->id);
}

static void load_job(void *context, const struct job_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_job(loading->farm, record), "job", record->id);
}

static void load_delivery(void *context, const struct delivery_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_delivery(loading->farm, record), "delivery", record->id);
}

static void load_spool(void *context, const struct spool_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_spool(loading->farm, record), "spool", record->id);
}

static void load_printer(void *context, const struct printer_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_printer(loading->farm, record), "printer", 0);
}

static void load_spent(void *context, const struct spent_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_spent(loading->farm, record), "spent time", record->id);
}

static void load_attempt(void *context, const struct attempt_record *record)
{
	struct loading *loading = context;
	note(loading, farm_load_attempt(loading->farm, record), "attempt of job", record->job);
}

static void load_use(void *context, const struct attempt_record *record)
{
	farm_load_use(((struct loading *)context)->farm, record);
}

/* What quotas and the fair share may look back at. */
static int load_uses(struct loading *loading)
{
	farm_quota_time(loading->farm, loading->now_s);
	return ledger_each_attempt_since(
		loading->ledger, loading->now_s - LOOK_BACK_S, load_use, loading);
}

int book_load(struct ledger *ledger, struct farm *farm, int64_t now_s, struct error *error)
{
	struct loading loading = { .ledger = ledger, .farm = farm, .now_s = now_s };
	int64_t last_event_id = 0;
	int result = ledger_each_file(ledger, load_file, &loading);
	if (!result)
		result = ledger_each_design(ledger, load_design, &loading);
	if (!result)
		result = ledger_each_plate(ledger, load_plate, &loading);
	if (!result)
		result = ledger_each_approval(ledger, load_approval, &loading);
	if (!result)
		result = ledger_each_order(ledger, load_order, &loading);
	if (!result)
		result = ledger_each_promise(ledger, load_promise, &loading);
	if (!result)
		result = ledger_each_job(ledger, load_job, &loading);
	if (!result)
		result = ledger_each_delivery(ledger, load_delivery, &loading);
	if (!result)
		result = ledger_each_spool(ledger, load_spool, &loading);
	if (!result)
		result = ledger_each_printer(ledger, load_printer, &loading);
	if (!result)
		result = ledger_each_open_attempt(ledger, load_attempt, &loading);
	if (!result)
		result = history_load(ledger, farm);
	if (!result)
		result = load_uses(&loading);
	if (!result)
		result = ledger_last_spent(ledger, load_spent, &loading);
	if (!result)
		result =
			ledger_each_spent(ledger, now_s - SPENT_S, INT64_MAX, load_spent, &loading);
	if (!result)
		result = ledger_last_event_id(ledger, &last_event_id);
	if (result) {
		error_set(error, "the ledger cannot be read: %s", strerror(-result));
		return result;
	}
	if (loading.result) {
		*error = loading.error;
		return loading.result;
	}
	farm_loaded(farm, last_event_id);
	return 0;
}
