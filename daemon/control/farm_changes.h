/* What one turn of the farm wants stored: a list of rows that become durable together or not at
 * all.  The farm fills it, whoever owns the ledger turns it into a transaction. */
#ifndef CONTROL_FARM_CHANGES_H
#define CONTROL_FARM_CHANGES_H

#include "daemon/control/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which rows may refer to each other: what is referred to comes first. */
enum farm_change_kind {
	CHANGE_FILE,
	CHANGE_DESIGN,
	CHANGE_PLATE,
	CHANGE_APPROVAL,
	CHANGE_ORDER,
	CHANGE_PROMISE,
	CHANGE_JOB,
	CHANGE_DROP_JOB,
	CHANGE_DELIVERY,
	CHANGE_ATTEMPT,
	CHANGE_PHOTO,
	CHANGE_SPOOL,
	CHANGE_PRINTER,
	CHANGE_CLEARING,
	CHANGE_MAINTENANCE,
	CHANGE_SPENT,
	CHANGE_EVENT,
	CHANGE_IDEMPOTENCY,
	CHANGE_KIND_COUNT,
};

struct farm_change {
	enum farm_change_kind kind;
	union {
		const struct file_record *file;
		const struct design_record *design;
		const struct plate_record *plate;
		const struct approval_record *approval;
		const struct order_record *order;
		const struct promise_record *promise;
		const struct job_record *job;
		const int64_t *drop_job;
		const struct delivery_record *delivery;
		const struct attempt_record *attempt;
		const struct photo_record *photo;
		const struct spool_record *spool;
		const struct printer_record *printer;
		const struct clearing_record *clearing;
		const struct maintenance_record *maintenance;
		const struct spent_record *spent;
		const struct event_record *event;
		const struct idempotency_record *idempotency;
		void *owned;
	} row;	    /* a copy owned by the list */
	char *text; /* owned: a file's analysis, an idempotent answer; else NULL */
};

struct farm_changes {
	size_t count, room;
	struct farm_change *change;
	bool failed; /* memory ran out: must not be stored, the rest is missing */
};

void farm_changes_init(struct farm_changes *changes);
void farm_changes_finish(struct farm_changes *changes);

/* Appends a copy of `size` bytes of a row, and of `text` unless it is NULL. */
void farm_changes_add(struct farm_changes *changes, enum farm_change_kind kind, const void *row,
	size_t size, const char *text);

/* Sorts by kind, and leaves rows of one kind in the order in which they were added. */
void farm_changes_sort(struct farm_changes *changes);

#endif
