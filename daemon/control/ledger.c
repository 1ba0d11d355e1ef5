/* The ledger's life: opening, the lock against a second daemon, the writer thread, its queue and
 * the way back into the loop.  What is written and read is in ledger_write.c and ledger_read.c.
 *
 * The writer takes all transactions that wait and makes one commit of them.  What keeps it from
 * writing but may pass (a foreign lock, a full disk) only delays; what casts doubt on the file
 * (EIO and its kind) ends writing for good: Linux may drop a page whose fsync failed and report
 * success the next time, so nothing after that could be claimed durable. */
#include "daemon/control/ledger_internal.h"

#include <assert.h>
#include <errno.h>  /* errno values */
#include <fcntl.h>  /* open, posix_fallocate */
#include <limits.h> /* PATH_MAX */
#include <pthread.h>
#include <signal.h>	 /* sigfillset */
#include <stdio.h>	 /* snprintf */
#include <stdlib.h>	 /* calloc, free */
#include <string.h>	 /* strerror */
#include <sys/eventfd.h> /* eventfd: from the writer into the loop */
#include <sys/file.h>	 /* flock */
#include <sys/statvfs.h> /* fstatvfs */
#include <time.h>	 /* clock_gettime */
#include <unistd.h>	 /* read, write, close, unlink */

#include <event2/event.h>
#include <sqlite3.h>

#include "base/error.h"

enum {
	BATCH_MAX = 256,	  /* transactions in one commit */
	BUSY_RETRY_MS = 50,	  /* between two tries at a foreign lock */
	FULL_RETRY_MS = 1000,	  /* between two looks at a full disk */
	CHECKPOINT_PAGES = 1000,  /* of the log, before they are copied into the database */
	CHECKPOINT_IDLE_S = 60,	  /* copied at least this often */
	LOG_MAX_BYTES = 16 << 20, /* a log that once grew beyond is cut back */
	OPEN_WAIT_MS = 5000,	  /* for a foreign lock, while starting */
};

struct queue {
	struct ledger_transaction *first, **end;
};

struct ledger {
	char path[PATH_MAX];
	int lock_descriptor;
	int wake_descriptor; /* eventfd */
	struct event *wake_event;
	struct ledger_reader reader; /* of the loop */
	sqlite3 *database;	     /* of the writer thread, once it runs */
	struct ledger_writer writer;
	pthread_t thread;
	bool has_thread;
	int log_pages; /* writer thread: of the write-ahead log, after the last commit */

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	struct queue waiting, done;
	bool stopping;
	int64_t give_up_us; /* when stopping: until then a delay is borne */
	int64_t reserve_bytes;
	bool has_reserve;
	int broken_error; /* negative errno, 0: sound */
	struct ledger_status status;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_append(struct queue *queue, struct ledger_transaction *list)
{
	*queue->end = list;
	while (*queue->end)
		queue->end = &(*queue->end)->next;
}

int ledger_errno(sqlite3 *database, int code)
{
	int system = database ? sqlite3_system_errno(database) : 0;

	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
		return -EEXIST;
	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return system > 0 ? -system : -EIO;
	}
	return -EINVAL;
}

struct ledger_reader *ledger_reader_of(struct ledger *ledger)
{
	return &ledger->reader;
}

/* ---- the reserve ------------------------------------------------------------------------ */

static void reserve_path(const struct ledger *ledger, char *path, size_t size)
{
	snprintf(path, size, "%s.reserve", ledger->path);
}

static int occupy_reserve(const struct ledger *ledger, int64_t bytes)
{
	char path[PATH_MAX + 16];

	reserve_path(ledger, path, sizeof path);
	int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (descriptor < 0)
		return -errno;
	int result = -posix_fallocate(descriptor, 0, bytes);

	if (result == 0 && ftruncate(descriptor, bytes) != 0)
		result = -errno;
	close(descriptor);
	if (result != 0)
		unlink(path);
	return result;
}

/* Writer thread.  true: there is room now that was not there before. */
static bool give_up_reserve(struct ledger *ledger)
{
	char path[PATH_MAX + 16];

	pthread_mutex_lock(&ledger->mutex);
	bool had = ledger->has_reserve;
	ledger->has_reserve = false;
	pthread_mutex_unlock(&ledger->mutex);
	if (!had)
		return false;
	reserve_path(ledger, path, sizeof path);
	return unlink(path) == 0;
}

/* Writer thread.  Only where it leaves as much again: taken at once, it would be given up again by
 * the next commit. */
static void renew_reserve(struct ledger *ledger)
{
	struct statvfs space;

	pthread_mutex_lock(&ledger->mutex);
	int64_t bytes = ledger->has_reserve || ledger->broken_error ? 0 : ledger->reserve_bytes;
	pthread_mutex_unlock(&ledger->mutex);
	if (bytes == 0 || fstatvfs(ledger->lock_descriptor, &space) != 0)
		return;
	if ((int64_t)(space.f_bavail * space.f_frsize / 2) < bytes ||
		occupy_reserve(ledger, bytes) != 0)
		return;
	pthread_mutex_lock(&ledger->mutex);
	ledger->has_reserve = true;
	pthread_mutex_unlock(&ledger->mutex);
}

int ledger_reserve(struct ledger *ledger, int64_t bytes, struct error *error)
{
	int result = bytes > 0 ? occupy_reserve(ledger, bytes) : 0;

	if (result != 0)
		error_set(error, "%s.reserve: no room for %lld bytes: %s", ledger->path,
			(long long)bytes, strerror(-result));
	pthread_mutex_lock(&ledger->mutex);
	ledger->reserve_bytes = bytes;
	ledger->has_reserve = result == 0 && bytes > 0;
	pthread_mutex_unlock(&ledger->mutex);
	return result;
}

/* ---- the writer thread ------------------------------------------------------------------ */

static void set_broken(struct ledger *ledger, int code, const char *what)
{
	int error = ledger_errno(ledger->database, code);

	pthread_mutex_lock(&ledger->mutex);
	ledger->broken_error = error;
	ledger->status.broken = true;
	snprintf(ledger->status.reason, sizeof ledger->status.reason,
		"%s failed: %s (%s); nothing more is written until printfarmd is restarted", what,
		sqlite3_errstr(code), strerror(-error));
	pthread_mutex_unlock(&ledger->mutex);
}

/* Sleeps, unless told to stop and out of patience.  false: give up. */
static bool wait_and_retry(struct ledger *ledger, int milliseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += milliseconds % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&ledger->mutex);
	pthread_cond_timedwait(&ledger->changed, &ledger->mutex, &until);
	bool patient = !ledger->stopping || now_us() < ledger->give_up_us;
	pthread_mutex_unlock(&ledger->mutex);
	return patient;
}

static void set_full(struct ledger *ledger, bool full)
{
	pthread_mutex_lock(&ledger->mutex);
	if (full && !ledger->status.full)
		snprintf(ledger->status.reason, sizeof ledger->status.reason,
			"the disk of %.180s is full: results wait for room", ledger->path);
	else if (!full && ledger->status.full)
		ledger->status.reason[0] = '\0';
	ledger->status.full = full;
	pthread_mutex_unlock(&ledger->mutex);
}

/* One commit, with all the patience it may need.  0 or the error of every transaction. */
static int commit_batch(struct ledger *ledger, struct ledger_transaction *batch)
{
	for (;;) {
		int code = ledger_writer_commit(&ledger->writer, batch);
		int kind = code & 0xff;

		if (kind == SQLITE_OK)
			set_full(ledger, false);
		if (kind == SQLITE_OK || kind == SQLITE_NOMEM)
			return ledger_errno(ledger->database, code);
		if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED) {
			if (!wait_and_retry(ledger, BUSY_RETRY_MS))
				return -EBUSY;
		} else if (kind == SQLITE_FULL) {
			if (give_up_reserve(ledger))
				continue;
			set_full(ledger, true);
			if (!wait_and_retry(ledger, FULL_RETRY_MS))
				return -ENOSPC;
		} else {
			set_broken(ledger, code, "writing the ledger");
			return ledger_errno(ledger->database, code);
		}
	}
}

/* Copies the log into the database as far as readers allow. */
static void checkpoint(struct ledger *ledger)
{
	int code = sqlite3_wal_checkpoint_v2(
		ledger->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	int kind = code & 0xff;

	ledger->log_pages = 0;
	/* A page that could not be copied is still in the log and is copied again next time; an
	 * input or output error casts doubt on all that was copied. */
	if (kind == SQLITE_IOERR || kind == SQLITE_CORRUPT)
		set_broken(ledger, code, "copying the ledger's log");
}

static int on_commit(void *context, sqlite3 *database, const char *name, int pages)
{
	struct ledger *ledger = context;

	(void)database;
	(void)name;
	ledger->log_pages = pages;
	return SQLITE_OK;
}

/* Takes what one commit may hold, or one piece of other work, off the queue.  Mutex held. */
static struct ledger_transaction *take_batch(struct ledger *ledger)
{
	struct ledger_transaction *first = ledger->waiting.first, *last = first;

	for (int count = 1; !last->work && last->next && !last->next->work && count < BATCH_MAX;
		count++)
		last = last->next;
	ledger->waiting.first = last->next;
	if (!ledger->waiting.first)
		ledger->waiting.end = &ledger->waiting.first;
	last->next = NULL;
	return first;
}

static void wake_loop(struct ledger *ledger)
{
	uint64_t one = 1;

	while (write(ledger->wake_descriptor, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Hands a finished batch to the loop.  `commit_us` -1: it was no commit. */
static void deliver(struct ledger *ledger, struct ledger_transaction *batch, int64_t commit_us)
{
	int pages = 0, highest = 0;

	sqlite3_db_status(ledger->database, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &highest, 0);
	pthread_mutex_lock(&ledger->mutex);
	for (struct ledger_transaction *one = batch; one; one = one->next) {
		ledger->status.waiting--;
		if (!one->work && one->error == 0)
			ledger->status.transactions++;
	}
	if (commit_us >= 0) {
		ledger->status.commits++;
		if (commit_us > ledger->status.longest_commit_us)
			ledger->status.longest_commit_us = commit_us;
		ledger->status.bytes_written = (int64_t)pages * 4096;
	}
	queue_append(&ledger->done, batch);
	pthread_mutex_unlock(&ledger->mutex);
	wake_loop(ledger);
}

static void do_work(struct ledger *ledger, struct ledger_transaction *work)
{
	int result = work->work(work->context);

	if (result == LEDGER_WORK_AGAIN) {
		pthread_mutex_lock(&ledger->mutex);
		queue_append(&ledger->waiting, work);
		pthread_mutex_unlock(&ledger->mutex);
		return;
	}
	work->error = result;
	deliver(ledger, work, -1);
}

static void do_commit(struct ledger *ledger, struct ledger_transaction *batch)
{
	int64_t begun_us = now_us();
	int result = ledger->broken_error ? ledger->broken_error : commit_batch(ledger, batch);

	for (struct ledger_transaction *one = batch; result != 0 && one; one = one->next)
		one->error = result;
	deliver(ledger, batch, result == 0 ? now_us() - begun_us : -1);
	if (ledger->log_pages >= CHECKPOINT_PAGES && !ledger->broken_error)
		checkpoint(ledger);
}

/* Waits for something to do; NULL: for nothing more, stop.  Sets *idle after a long quiet. */
static struct ledger_transaction *next_batch(struct ledger *ledger, bool *idle)
{
	struct ledger_transaction *batch = NULL;
	struct timespec until;

	*idle = false;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CHECKPOINT_IDLE_S;
	pthread_mutex_lock(&ledger->mutex);
	while (!ledger->waiting.first && !ledger->stopping && !*idle)
		*idle = pthread_cond_timedwait(&ledger->changed, &ledger->mutex, &until) ==
			ETIMEDOUT;
	if (ledger->waiting.first) {
		batch = take_batch(ledger);
		*idle = false;
	}
	pthread_mutex_unlock(&ledger->mutex);
	return batch;
}

static void *writer_main(void *context)
{
	struct ledger *ledger = context;

	for (;;) {
		bool idle;
		struct ledger_transaction *batch = next_batch(ledger, &idle);

		if (batch && batch->work)
			do_work(ledger, batch);
		else if (batch)
			do_commit(ledger, batch);
		else if (!idle)
			return NULL;
		if (idle && ledger->log_pages > 0 && !ledger->broken_error)
			checkpoint(ledger);
		renew_reserve(ledger);
	}
}

/* ---- the loop's side -------------------------------------------------------------------- */

/* Tells everybody whose transaction is settled, in the order of submission. */
static void call_back(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	struct ledger_transaction *list = ledger->done.first;
	queue_init(&ledger->done);
	pthread_mutex_unlock(&ledger->mutex);
	while (list) {
		struct ledger_transaction *one = list;

		list = one->next;
		if (one->done)
			one->done(one->context, one->error);
		ledger_transaction_destroy(one);
	}
}

static void on_wake(evutil_socket_t descriptor, short what, void *context)
{
	uint64_t count;

	(void)what;
	if (read(descriptor, &count, sizeof count) < 0 && errno != EAGAIN)
		return;
	call_back(context);
}

static void enqueue(struct ledger *ledger, struct ledger_transaction *transaction)
{
	transaction->next = NULL;
	pthread_mutex_lock(&ledger->mutex);
	bool refused = ledger->stopping || ledger->status.waiting >= LEDGER_WAITING_MAX;

	if (refused)
		transaction->error = ledger->stopping ? -ESHUTDOWN : -EAGAIN;
	else
		ledger->status.waiting++;
	queue_append(refused ? &ledger->done : &ledger->waiting, transaction);
	pthread_cond_signal(&ledger->changed);
	pthread_mutex_unlock(&ledger->mutex);
	if (refused)
		wake_loop(ledger);
}

void ledger_submit(struct ledger *ledger, struct ledger_transaction *transaction,
	ledger_durable *on_durable, void *context)
{
	transaction->done = on_durable;
	transaction->context = context;
	enqueue(ledger, transaction);
}

int ledger_run(struct ledger *ledger, int (*work)(void *), ledger_durable *done, void *context)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	if (!transaction)
		return -ENOMEM;
	transaction->work = work;
	transaction->done = done;
	transaction->context = context;
	enqueue(ledger, transaction);
	return 0;
}

void ledger_status(struct ledger *ledger, struct ledger_status *status)
{
	pthread_mutex_lock(&ledger->mutex);
	*status = ledger->status;
	pthread_mutex_unlock(&ledger->mutex);
}

/* ---- opening and closing ---------------------------------------------------------------- */

static int take_lock(struct ledger *ledger, struct error *error)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s.lock", ledger->path);
	ledger->lock_descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ledger->lock_descriptor < 0) {
		int result = -errno;

		error_set(error, "%s cannot be opened: %s", path, strerror(-result));
		return result;
	}
	if (flock(ledger->lock_descriptor, LOCK_EX | LOCK_NB) != 0) {
		error_set(error,
			"%s is in use by another printfarmd: only one may run on a state directory",
			ledger->path);
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return 0;
}

/* Whatever a crash or a bad disk left behind is found now, not in the middle of a print. */
static int quick_check(struct ledger *ledger, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	int code =
		sqlite3_prepare_v2(ledger->database, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	const char *answer = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0)
						: sqlite3_errmsg(ledger->database);
	int result = code == SQLITE_ROW ? 0 : ledger_errno(ledger->database, code);

	if (result == 0 && (!answer || strcmp(answer, "ok") != 0))
		result = -EUCLEAN;
	if (result != 0)
		error_set(error, "%s is damaged (%.100s): put it aside and restore a backup",
			ledger->path, answer ? answer : "");
	sqlite3_finalize(statement);
	return result;
}

static int open_database(struct ledger *ledger, struct error *error)
{
	static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				       "PRAGMA foreign_keys = 1; PRAGMA trusted_schema = 0;"
				       "PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = 0;";
	char limit[64];
	int code = sqlite3_open_v2(ledger->path, &ledger->database,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	sqlite3_extended_result_codes(ledger->database, 1);
	sqlite3_busy_timeout(ledger->database, OPEN_WAIT_MS);
	snprintf(limit, sizeof limit, "PRAGMA journal_size_limit = %d", LOG_MAX_BYTES);
	if (code == SQLITE_OK)
		code = sqlite3_exec(ledger->database, settings, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(ledger->database, limit, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return 0;
	int result = ledger_errno(ledger->database, code);

	error_set(error, "%s cannot be opened: %s", ledger->path,
		ledger->database ? sqlite3_errmsg(ledger->database) : strerror(-result));
	return result;
}

static int prepare_statements(struct ledger *ledger, struct error *error)
{
	int code = ledger_writer_init(&ledger->writer, ledger->database);

	if (code == SQLITE_OK)
		code = ledger_reader_open(&ledger->reader, ledger->path);
	if (code != SQLITE_OK) {
		error_set(error, "%s: %s", ledger->path, sqlite3_errmsg(ledger->database));
		return ledger_errno(ledger->database, code);
	}
	sqlite3_busy_timeout(ledger->database, 0);
	sqlite3_wal_hook(ledger->database, on_commit, ledger);
	return 0;
}

static int start_writer(struct ledger *ledger, struct event_base *base)
{
	ledger->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ledger->wake_descriptor < 0)
		return -errno;
	ledger->wake_event =
		event_new(base, ledger->wake_descriptor, EV_READ | EV_PERSIST, on_wake, ledger);
	if (!ledger->wake_event || event_add(ledger->wake_event, NULL) != 0)
		return -ENOMEM;
	sigset_t all, before;

	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int result = -pthread_create(&ledger->thread, NULL, writer_main, ledger);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	ledger->has_thread = result == 0;
	return result;
}

static struct ledger *create(const char *path)
{
	pthread_condattr_t attributes;
	struct ledger *ledger = calloc(1, sizeof *ledger);

	if (!ledger)
		return NULL;
	snprintf(ledger->path, sizeof ledger->path, "%s", path);
	ledger->lock_descriptor = ledger->wake_descriptor = -1;
	queue_init(&ledger->waiting);
	queue_init(&ledger->done);
	pthread_mutex_init(&ledger->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&ledger->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return ledger;
}

int ledger_open(
	struct ledger **ledger, const char *path, struct event_base *base, struct error *error)
{
	if (strlen(path) + sizeof ".before-1000000.part" > PATH_MAX) {
		error_set(error, "the path of the ledger is too long: %.200s...", path);
		return -ENAMETOOLONG;
	}
	struct ledger *opened = create(path);

	if (!opened) {
		error_set(error, "no memory for the ledger");
		return -ENOMEM;
	}
	int result = take_lock(opened, error);

	if (result == 0)
		result = ledger_schema_check(path, ledger_migration_count, error);
	if (result == 0)
		result = open_database(opened, error);
	if (result == 0)
		result = quick_check(opened, error);
	if (result == 0)
		result = ledger_schema_migrate(
			opened->database, path, ledger_migrations, ledger_migration_count, error);
	if (result == 0)
		result = prepare_statements(opened, error);
	if (result == 0) {
		result = start_writer(opened, base);
		if (result != 0)
			error_set(error, "the ledger's writer cannot be started: %s",
				strerror(-result));
	}
	if (result != 0) {
		ledger_close(opened);
		return result;
	}
	*ledger = opened;
	return 0;
}

static void stop_writer(struct ledger *ledger)
{
	if (!ledger->has_thread)
		return;
	pthread_mutex_lock(&ledger->mutex);
	ledger->stopping = true;
	ledger->give_up_us = now_us() + (int64_t)LEDGER_CLOSE_WAIT_S * 1000000;
	pthread_cond_signal(&ledger->changed);
	pthread_mutex_unlock(&ledger->mutex);
	pthread_join(ledger->thread, NULL);
	while (ledger->done.first)
		call_back(ledger);
}

static void close_database(struct ledger *ledger)
{
	ledger_reader_close(&ledger->reader);
	ledger_writer_finish(&ledger->writer);
	/* After a write error the log is left as it lies for the next start to judge. */
	if (ledger->broken_error)
		sqlite3_db_config(ledger->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(ledger->database);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	stop_writer(ledger);
	close_database(ledger);
	if (ledger->wake_event)
		event_free(ledger->wake_event);
	if (ledger->wake_descriptor >= 0)
		close(ledger->wake_descriptor);
	if (ledger->lock_descriptor >= 0)
		close(ledger->lock_descriptor);
	pthread_cond_destroy(&ledger->changed);
	pthread_mutex_destroy(&ledger->mutex);
	free(ledger);
}
