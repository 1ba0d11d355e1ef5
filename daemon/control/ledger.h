/* The ledger: truth about intent and results, in SQLite.
 *
 * One write connection on one writer thread.  The loop fills a transaction, submits it and goes
 * on; `on_durable` is called in the loop, in the order of submission, when it is on the disk
 * (synchronous=FULL; several waiting transactions share one commit).  After a write error nothing
 * is claimed durable any more: every later transaction fails with the same error, the farm stops
 * starting prints and says so. */
#ifndef CONTROL_LEDGER_H
#define CONTROL_LEDGER_H

#include "daemon/control/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct ledger;
struct ledger_transaction;

/* Opens or creates `path`, migrates (after a checked backup), takes the lock that keeps a second
 * daemon out (`path`.lock), starts the writer.  -EBUSY: another daemon has it; -EPROTONOSUPPORT:
 * written by a newer version (nothing is touched); -EUCLEAN: damaged, or no ledger; others: the
 * errno of the trouble.  *ledger is untouched on failure. */
int ledger_open(
	struct ledger **ledger, const char *path, struct event_base *base, struct error *error);
/* Waits for what was submitted, calls every on_durable that is due, then closes.  Where a foreign
 * lock or a full disk lets nothing through for LEDGER_CLOSE_WAIT_S, the rest fails.  Takes NULL. */
void ledger_close(struct ledger *ledger);

enum {
	LEDGER_CLOSE_WAIT_S = 10,
	LEDGER_WAITING_MAX = 16384, /* transactions; a submit beyond fails with -EAGAIN, at once */
	IDEMPOTENCY_KEEP_S = 86400,
};

/* Keeps `bytes` of the disk occupied beside the ledger (`path`.reserve), to be given up when the
 * disk is full, so that the results of running prints always fit; occupied again when there is
 * room.  0: none.  Call once after opening.  -ENOSPC when there is no room even now: then the farm
 * may run, but without the promise. */
int ledger_reserve(struct ledger *ledger, int64_t bytes, struct error *error);

/* Reading, at start-up and for history; on the loop's own read connection, never held open across
 * turns of the loop; sees what is durable.  Each returns 0 or a negative errno; the call-back gets
 * a record borrowed for the call and must not ask the same question again.  In order of the key. */
int ledger_each_file(struct ledger *, void (*each)(void *, const struct file_record *), void *);
int ledger_each_design(struct ledger *, void (*each)(void *, const struct design_record *), void *);
int ledger_each_plate(struct ledger *, void (*each)(void *, const struct plate_record *), void *);
int ledger_each_approval(
	struct ledger *, void (*each)(void *, const struct approval_record *), void *);
int ledger_each_order(struct ledger *, void (*each)(void *, const struct order_record *), void *);
int ledger_each_delivery(
	struct ledger *, void (*each)(void *, const struct delivery_record *), void *);
int ledger_each_promise(
	struct ledger *, void (*each)(void *, const struct promise_record *), void *);
int ledger_each_job(struct ledger *, void (*each)(void *, const struct job_record *), void *);
/* Attempts that have not ended. */
int ledger_each_open_attempt(
	struct ledger *, void (*each)(void *, const struct attempt_record *), void *);
/* All that have ended, in the order in which they did; of each only the printer, the state, the
 * fault, the material, the plate, the end, how long it printed and how many lines were sent. */
int ledger_each_ended_attempt(
	struct ledger *, void (*each)(void *, const struct attempt_record *), void *);
/* The last `latest` ones. */
int ledger_each_clearing(
	struct ledger *, int latest, void (*each)(void *, const struct clearing_record *), void *);
int ledger_each_maintenance(
	struct ledger *, void (*each)(void *, const struct maintenance_record *), void *);
int ledger_each_attempt_of_job(
	struct ledger *, int64_t job, void (*each)(void *, const struct attempt_record *), void *);
/* Started at or after `from_s`, by start. */
int ledger_each_attempt_since(struct ledger *, int64_t from_s,
	void (*each)(void *, const struct attempt_record *), void *);
int ledger_each_photo_of_job(
	struct ledger *, int64_t job, void (*each)(void *, const struct photo_record *), void *);
/* When the last attempt on this printer that started before `before_s` ended; 0: there was none, or
 * it has not ended. */
int ledger_previous_end(struct ledger *, const char *printer, int64_t before_s, int64_t *ended_s);
int ledger_each_printer(
	struct ledger *, void (*each)(void *, const struct printer_record *), void *);
int ledger_each_spool(struct ledger *, void (*each)(void *, const struct spool_record *), void *);
/* Events with an id above `after`, oldest first, at most `limit`. */
int ledger_each_event(struct ledger *, int64_t after, int limit,
	void (*each)(void *, const struct event_record *), void *);
/* What people did to one thing (kind and subject of an event), oldest first, at most `limit`. */
struct ledger_acts {
	const char *kind, *subject;
	int64_t from_s, to_s; /* both included */
	int limit;
};
int ledger_each_act(struct ledger *, const struct ledger_acts *acts,
	void (*each)(void *, const struct event_record *), void *);
/* Of the days from from_s up to to_s, by day and printer. */
int ledger_each_spent(struct ledger *, int64_t from_s, int64_t to_s,
	void (*each)(void *, const struct spent_record *), void *);
/* The latest row of all; none: not called. */
int ledger_last_spent(struct ledger *, void (*each)(void *, const struct spent_record *), void *);
int ledger_last_event_id(struct ledger *, int64_t *id);
/* 0 and the call-back, or -ENOENT. */
int ledger_find_idempotency(struct ledger *, const char *key,
	void (*found)(void *, const struct idempotency_record *), void *);
/* The analysis JSON stored with a file; copied into *json, to be freed by the caller. -ENOENT. */
int ledger_file_analysis(struct ledger *, const char *sha256, char **json);

/* A transaction: all of it becomes durable or none.  Records are copied.  NULL without memory;
 * an allocation that fails inside is remembered and makes the submit fail with -ENOMEM. */
struct ledger_transaction *ledger_transaction_create(void);
void ledger_transaction_destroy(struct ledger_transaction *); /* takes NULL; not after a submit */

/* Each inserts, or replaces the row of the same id.  Rows refer to each other (a plate to its
 * design and file, an order to its design, a job to its order and plate, an attempt to its job):
 * put the one referred to first, in this transaction or before.  A number 0 in a reference means
 * none. `analysis_json` NULL keeps the stored one.  Idempotency keys older than IDEMPOTENCY_KEEP_S
 * go when a new one comes. */
void ledger_put_file(
	struct ledger_transaction *, const struct file_record *, const char *analysis_json);
void ledger_put_design(struct ledger_transaction *, const struct design_record *);
void ledger_put_plate(struct ledger_transaction *, const struct plate_record *);
void ledger_put_approval(struct ledger_transaction *, const struct approval_record *);
void ledger_put_order(struct ledger_transaction *, const struct order_record *);
void ledger_put_delivery(struct ledger_transaction *, const struct delivery_record *);
void ledger_put_promise(struct ledger_transaction *, const struct promise_record *);
void ledger_put_job(struct ledger_transaction *, const struct job_record *);
void ledger_put_attempt(struct ledger_transaction *, const struct attempt_record *);
void ledger_put_photo(struct ledger_transaction *, const struct photo_record *);
void ledger_put_printer(struct ledger_transaction *, const struct printer_record *);
void ledger_put_spool(struct ledger_transaction *, const struct spool_record *);
void ledger_put_spent(struct ledger_transaction *, const struct spent_record *);
void ledger_put_event(struct ledger_transaction *, const struct event_record *);
void ledger_put_clearing(struct ledger_transaction *, const struct clearing_record *);
void ledger_put_maintenance(struct ledger_transaction *, const struct maintenance_record *);
void ledger_put_idempotency(struct ledger_transaction *, const struct idempotency_record *);
/* A held or queued job that was never started and is not needed any more; any other is a broken
 * rule (-EINVAL for the whole transaction).  A job that is not there is no error. */
void ledger_drop_job(struct ledger_transaction *, int64_t job);

/* error: 0 durable, else a negative errno: -EEXIST (a name or id that must be unique is taken) and
 * -EINVAL (another rule of the schema) concern this transaction only, and nothing of it is stored;
 * -ENOMEM likewise.  Any other: the ledger is broken, and whether the transaction is stored will
 * be known at the next start. */
typedef void ledger_durable(void *context, int error);

/* Takes the transaction over.  on_durable may be NULL; it is called exactly once, in the loop or
 * in ledger_close, in the order of submission. */
void ledger_submit(
	struct ledger *, struct ledger_transaction *, ledger_durable *on_durable, void *context);

/* Other work that waits for the disk (syncing a directory, hashing a file), done on the writer
 * thread in its turn, so that neither the loop nor a second thread has to.  `work` runs on that
 * thread and returns 0, a negative errno, or LEDGER_WORK_AGAIN to be called again after what came
 * in meanwhile: keep slices short, commits wait behind them.  `done` is called as on_durable is. */
enum { LEDGER_WORK_AGAIN = 1 };
int ledger_run(struct ledger *, int (*work)(void *), ledger_durable *done, void *context);

struct ledger_status {
	bool broken; /* a write error: read-only until a restart */
	bool full;   /* the disk is full and the reserve used: transactions wait until there is room
		      */
	char reason[REASON_MAX_BYTES];
	int64_t commits, transactions, waiting, bytes_written;
	int64_t longest_commit_us;
};
void ledger_status(struct ledger *, struct ledger_status *status);

#endif
