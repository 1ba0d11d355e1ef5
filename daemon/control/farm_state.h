/* What the farm's own files share: its nouns in memory and the helpers on them.  Nobody else
 * includes this. */
#ifndef CONTROL_FARM_STATE_H
#define CONTROL_FARM_STATE_H

#include "base/error.h"
#include "daemon/control/farm.h"
#include "daemon/control/lives.h"
#include "daemon/control/opening.h"
#include "scheduler/calendar.h"
#include "scheduler/clearing.h"
#include "scheduler/planner.h"
#include "scheduler/share.h"
#include "scheduler/promise.h"
#include "scheduler/promise_kept.h"

#include <stdarg.h>

enum {
	FARM_POLISHES = 6, /* searches after an event that found nothing, until it is left alone */
	FARM_REPLAN_US = 10 * 1000000, /* a plan ages while something prints */
	FARM_DECIDE_US = 5 * 1000000,  /* a streamer that does not name our attempt: wait that long
					  for its end to be told */
	FARM_REFUSED_FIRST_US = 5 * 1000000, /* after a refused start, doubled each time */
	FARM_HEAT_KEEP_US = 300 * 1000000, /* so much of a print's temperatures dies with control */
	FARM_RECENT_MAX = 64,
	FARM_RETRY_WAIT_S = 4 * 3600, /* that long a retry waits for another printer */
	FARM_FAILED_MAX = 32,	      /* failed prints remembered of each printer */
	FARM_SEND_AGAIN_S = 60, /* a start that never left is sent again at most that much later */
	FARM_REFUSED_MAX_US = 300 * 1000000,
	FARM_PROMISES_MAX = 32, /* kept of an order */
	FARM_NEWS_MAX = 8,
	FARM_CONFIRMED_US = 300 * 1000000, /* how long a confirmation at the machine holds */
};

/* Pointers to things that begin with their int64_t id, sorted by it. */
struct farm_index {
	size_t count, room;
	void **item;
};
void *farm_index_find(const struct farm_index *index, int64_t id);
/* 0, -EEXIST or -ENOMEM. */
int farm_index_add(struct farm_index *index, void *item);
void farm_index_remove(struct farm_index *index, int64_t id);

struct farm_plate {
	struct plate_record record; /* first: its id */
	const struct file_record *file;
	struct farm_design *design;
};

struct farm_design {
	struct design_record record;
	size_t plate_count;
	struct farm_plate *plate[DESIGN_PLATES_MAX]; /* owned by farm.plates */
	struct approval_record approval;	     /* the latest; id 0: none */
};

/* Units of an order by where they are. */
struct farm_tally {
	int64_t good, scrap;
	int64_t printing; /* on attempts under way */
	int64_t printed;  /* on beds, not counted */
	int64_t doubtful; /* held, failed, needs a look: a person decides before they are made again
			   */
	int64_t wished;	  /* queued with a printer of their own */
	size_t queued;	  /* jobs */
	size_t retrying;  /* of them: that failed somewhere and may be printed anywhere */
};

struct farm_order {
	struct order_record record; /* first: its id */
	struct farm_design *design;
	struct farm_index jobs; /* borrowed from farm.jobs */
	struct farm_tally tally;
	int64_t planned_s;		 /* when the plan has it printed; 0: cannot be said */
	int64_t low_s, likely_s, high_s; /* done by then in 1, 5, 9 of 10 cases; 0: as above */
	int64_t promised_s;		 /* what was said last; 0: nothing */
	size_t promise_count;
	struct promise_record *promise; /* owned; in the order in which they were made */
	size_t promise_answer;		/* from 1, while promises are made */
	bool was_held;			/* since the promise was given */
	int64_t over_planned; /* more than asked will be made, because plates have the yield they
				 have */
	struct farm_order *next_dirty;
	bool dirty;
	int64_t delivered; /* units */
	size_t delivery_count, delivery_room;
	struct delivery_record *delivery; /* owned; by id */
	size_t world_index; /* in the world that was made last, if something of it is to be planned
			     */
	/* while a circle of orders is looked for */
	struct farm_order *trail;
	bool is_seen;
	/* while a plan is applied */
	size_t plan_cursor;  /* into jobs: where to look for the next queued one */
	size_t plan_matched; /* assignments of the plan */
};

struct farm_job {
	int64_t id; /* first */
	int64_t created_s, changed_s;
	struct farm_order *order;
	const struct farm_plate *plate; /* from assigned on */
	const struct farm_plate *planned_plate;
	const char *printer; /* from assigned on, or the wish of a queued job; interned; never NULL
			      */
	const char *planned_printer; /* interned; never NULL */
	const char *failed_on;	     /* where it failed last; interned; never NULL */
	int64_t planned_start_s, planned_end_s;
	char *reason;		      /* NULL: none */
	struct farm_attempt *attempt; /* the open one; owned by the printer */
	enum job_state state;
	int32_t tries, good, scrap;
	bool dirty, stored, cancel_wanted;
	struct farm_job *next_dirty;
};

struct farm_attempt {
	struct attempt_record record;
	struct farm_job *job;
	struct farm_printer *printer;
	uint64_t start_request;	  /* 0: START not given out by this run of control */
	bool told;		  /* the streamer may know of it */
	bool bed_in_doubt;	  /* something else was going on there before it ran */
	bool seen;		  /* the streamer has named it, or said yes */
	int64_t missing_since_us; /* the streamer does not name it; INT64_MAX: it does, or is away
				   */
	struct wire_progress progress;
	struct heat_log heat;
	int64_t heat_kept_us; /* when the ledger got it */
};

/* What is assumed of a printer before it is known. */
#define FARM_SPEED_SPREAD 0.10	/* its prints take 10 % longer or shorter than estimated */
#define FARM_FAILURES	  1.0	/* one print fails */
#define FARM_FAILURES_H	  100.0 /* in a hundred hours */
#define FARM_MATERIAL_H	  50.0	/* of the printer's own rate count with each of its materials */

/* Prints that failed, and hours that were printed. */
struct farm_failures {
	double failures, print_h;
};

/* What a printer's past prints say; the same after a restart. */
struct farm_learnt {
	double speed_factor; /* real time / estimated time */
	double speed_spread; /* how far it is off from print to print */
	double speed_weight; /* the sum of the squares of the weights of the prints in it */
	int64_t prints;
	struct farm_failures all;
	size_t material_count;
	struct {
		const char *material; /* interned */
		struct farm_failures own;
	} material[FARM_MATERIALS_MAX];
};

/* Maintenance that somebody has done. */
struct farm_done {
	const char *what; /* interned */
	int64_t at_s, print_us;
};

struct farm_printer {
	struct config_printer config;  /* a copy, so that a removed printer keeps its name */
	const struct profile *profile; /* borrowed from the configuration; NULL when removed */
	struct printer_record record;
	const char *name; /* interned */
	bool known;	  /* the ledger has a row */
	bool removed;	  /* not configured any more, or never was, but something is open on it */
	bool attached;
	bool reported;	       /* since it was attached */
	int64_t alive_since_s; /* of the streamer's process; 0: not known */
	int64_t attached_us;
	char away_reason[REASON_MAX_BYTES]; /* why not attached */
	struct wire_printer_state state;
	int64_t state_us;	    /* when it was reported */
	int64_t bed_since_s;	    /* the bed is in its state; not before control started */
	int64_t offline_since_s;    /* 0: online */
	int64_t ready_after_us;	    /* announced start delay */
	int64_t confirmed_until_us; /* laser, mill: a person at the machine wants the next start */
	int64_t refused_pause_us;   /* next pause after a refused start */
	uint64_t connect_request; /* an unlock under way: until answered, old faults do not lock */
	bool connect_wanted;	  /* an unlock to be passed on when the streamer comes back */
	struct farm_learnt learnt;
	size_t failed_count;
	int64_t failed_s[FARM_FAILED_MAX]; /* when prints failed on it, in no order */
	size_t done_count;
	struct farm_done done[CONFIG_MAINTENANCE_MAX]; /* the last of each */
	struct farm_attempt *attempt;		       /* owned; NULL: none */
	/* what becomes of its time */
	enum spent_kind spends;
	int64_t spends_since_s; /* not counted yet; 0: not known */
	int64_t spends_since_us;
	bool wants_spool;	/* as the plan sees it */
	struct spent_record
		spent[SPENT_KINDS]; /* of the day that it was last counted; id 0: none */
	char *said[FARM_LOG_LINES]; /* ring, owned */
	size_t said_next, said_count;
	struct farm_printer *next_dirty;
	bool dirty;
};

/* Something that explains why promises move. */
struct farm_news {
	int rank;      /* how well; 0: no news */
	int64_t order; /* 0: of none */
	int64_t event; /* its id */
	char text[REASON_MAX_BYTES];
};

/* What a user, or a project, has had of the farm. */
struct farm_account {
	const char *name; /* interned */
	bool is_project;
	struct share_account share;
};

/* What to do when a transaction is durable. */
enum farm_after_kind { AFTER_EVENT, AFTER_START, AFTER_BOOKED };
struct farm_after {
	enum farm_after_kind kind;
	struct event_record event;	/* EVENT */
	char printer[NAME_MAX_BYTES];	/* START, BOOKED */
	char attempt[ATTEMPT_ID_BYTES]; /* START, BOOKED */
	struct farm_after *next;
};

struct farm_commit {
	uint64_t ticket;
	struct farm_after *first, **last;
	struct farm_commit *next;
};

/* The plan in force, by things that stay: what is shown, and what the next plan starts from. */
struct farm_planned {
	int64_t order, job; /* job 0: further ahead than jobs are shown */
	const struct farm_plate *plate;
	const char *printer; /* interned */
	int64_t start_s, end_s;
};

struct farm {
	const struct config *config; /* borrowed */
	struct farm_effects effects;
	int64_t now_s, now_us, week_start_s;
	struct clearing clearing;
	int32_t operators[CLEARING_HOURS]; /* who are there, by the hour of the week */
	struct opening staff, noise;	   /* owned; no dates: the configuration's windows count */

	struct farm_index designs, plates, orders, jobs, spools; /* own their items */
	size_t file_count, file_room;
	struct file_record **file; /* by sha256; owned */
	size_t printer_count, printer_room;
	struct farm_printer *
		*printer; /* in the order of the configuration, removed ones last; owned
			   */
	size_t name_count, name_room;
	char **name; /* interned, sorted; owned */
	size_t jobs_in_state[JOB_STATE_COUNT];
	int64_t next_design_id, next_plate_id, next_approval_id, next_order_id, next_job_id,
		next_spool_id, next_promise_id, next_delivery_id, next_event_id, durable_event_id;
	int64_t next_clearing_id, next_maintenance_id;
	int64_t next_spent_id;
	uint64_t next_request;

	/* the turn under way */
	struct farm_changes changes;
	struct farm_order *dirty_orders;
	struct farm_job *dirty_jobs;
	struct farm_printer *dirty_printers;
	struct farm_after *after_first, **after_last;
	/* transactions under way */
	uint64_t ticket, durable_ticket;
	struct farm_commit *commit_first, **commit_last;
	bool broken;
	char broken_reason[REASON_MAX_BYTES];

	uint64_t facts, reports;
	char recent[FARM_RECENT_MAX][ATTEMPT_ID_BYTES]; /* ended lately: told again is no news */
	size_t recent_next;

	/* planning */
	struct farm_world *world;      /* of the plan being made; NULL: none */
	struct planner *planner;       /* being made */
	struct farm_world *last_world; /* of the plan in force: the next one moves as little as it
					  can */
	struct planner *last_planner;
	bool plan_wanted;
	size_t planned_count, planned_room;
	struct farm_planned *planned;
	int64_t next_question_s; /* 0: none */
	int64_t planned_us;
	uint64_t plan_seed;	/* grows with each search between events */
	bool polishing;		/* the plan being made is such a search, for no new facts */
	int polish_left;	/* more of them that may find nothing */
	uint64_t kept_sequence; /* what was handed out to be kept last, and when */
	int64_t kept_us;
	char *kept_plan; /* of the run of control before this one; owned; NULL: none */

	/* quotas and fair share */
	struct share_periods periods;
	int64_t period_end_s[SHARE_PERIODS];
	size_t account_count, account_room;
	struct farm_account *account;

	/* promises */
	struct promise *promise; /* being made of the plan in force; NULL: none */
	size_t *promise_answer_of, *promise_on_bed; /* what it borrows */
	struct farm_order **promise_order;	    /* who gets its answers */
	size_t promise_orders;
	size_t promise_next; /* of the orders, while they are told; 0: not begun */
	double promise_stretch;
	int64_t promised_us;
	uint64_t news_count, promised_news; /* facts that changed: now, when promises were made */
	int64_t promised_event; /* events from here on came behind the plan that they were made of
				 */
	struct farm_news news[FARM_NEWS_MAX];
	int64_t promises_made, promises_kept; /* of orders that are done */
	double score[PROMISE_SCORES_MAX];     /* ring; how they were kept, see promise_kept.h */
	size_t score_count, score_next;

	struct farm_question *questions; /* the first one is being worked at */
};

/* ---- farm.c ---- */
const char *farm_intern(struct farm *farm, const char *name); /* "" without memory */
void farm_touch_order(struct farm *farm, struct farm_order *order);
void farm_touch_job(struct farm *farm, struct farm_job *job);
void farm_touch_printer(struct farm *farm, struct farm_printer *printer);
/* A fact has changed: plan again. */
void farm_changed(struct farm *farm);
void farm_say(struct farm *farm, const char *kind, const char *subject, const char *user,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
void farm_say_id(struct farm *farm, const char *kind, int64_t subject, const char *user,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
void farm_after_durable(
	struct farm *farm, enum farm_after_kind kind, const char *printer, const char *attempt);
void farm_put(struct farm *farm, enum farm_change_kind kind, const void *row, size_t size);
void farm_copy(char *to, size_t size, const char *from); /* cuts */

/* ---- farm_orders.c ---- */
struct farm_order *farm_find_order(const struct farm *farm, int64_t id, struct error *error);
struct farm_design *farm_find_design(const struct farm *farm, const char *name);
/* An order that does not exist, as it would be made.  The wish is checked. */
int farm_order_of_wish(struct farm *farm, const struct farm_wish *wish, struct farm_order *order,
	struct error *error);
int64_t farm_order_left(const struct farm_order *order);    /* as shown */
int64_t farm_order_to_plan(const struct farm_order *order); /* what the planner may make */
/* What a wish becomes, with the next free id; its design exists. */
void farm_fill_order(
	const struct farm *farm, const struct farm_wish *wish, struct order_record *record);
/* After units were counted or given up: is it done? */
void farm_order_settle(struct farm *farm, struct farm_order *order);

/* ---- farm_approvals.c ---- */
/* May orders of this design be produced, as the configuration wants it? */
bool farm_order_is_allowed(const struct farm *farm, const struct farm_order *order);
/* What "NAME" means to an order: the newest revision, of those that may be produced if there is
 * one.  NULL: no such design. */
struct farm_design *farm_design_wanted(const struct farm *farm, const char *name);

/* ---- farm_jobs.c ---- */
struct farm_job *farm_find_job(const struct farm *farm, int64_t id, struct error *error);
/* Queued, and no attempt of it was ever committed: it may be dropped without a trace. */
bool farm_job_is_fresh(const struct farm_job *job);
struct farm_job *farm_new_job(struct farm *farm, struct farm_order *order);
void farm_drop_job(struct farm *farm, struct farm_job *job);
/* Takes the step of the table in lives.h; false: not from this state. */
bool farm_job_step(struct farm *farm, struct farm_job *job, enum job_event event);
void farm_job_set_reason(struct farm_job *job, const char *reason);
/* Adds (sign 1) or takes (-1) the job's units to or from its order's tally. */
void farm_tally_job(struct farm *farm, struct farm_job *job, int sign);
int32_t farm_job_yield(const struct farm_job *job);
/* Nothing will happen to it any more, and nobody has to do anything about it. */
bool farm_job_is_history(const struct farm_job *job);
/* The one place where units become good. */
void farm_count_job(
	struct farm *farm, struct farm_job *job, const char *user, int32_t good, int32_t scrap);
/* Resolves what was said about a plate; -EINVAL unless good + scrap = yield. */
int farm_count_of(const struct farm_job *job, int32_t *good, int32_t *scrap, struct error *error);
int farm_job_end_by_person(
	struct farm *farm, struct farm_job *job, const char *user, struct error *error);

/* ---- farm_retries.c ---- */
int64_t farm_retries_used(const struct farm_order *order);
/* The job has just failed: may it be tried again without a person? */
bool farm_retry_is_left(const struct farm *farm, const struct farm_job *job);
/* The printer that nothing of the order is planned on, because all that is left has failed there
 * and another one can make it now; NULL: none. */
const char *farm_retry_avoids(const struct farm *farm, const struct farm_order *order);
/* In the plan that was just taken over: where an order has several jobs, the ones that failed go to
 * other printers than those they failed on. */
void farm_retry_spread(struct farm *farm);

/* ---- farm_quarantine.c ---- */
void farm_quarantine_failed(struct farm *farm, struct farm_printer *printer, const char *reason);
/* false: it was in none. */
bool farm_quarantine_end(struct farm *farm, struct farm_printer *printer, const char *user);
/* Is an attempt that failed so held against its printer? */
bool farm_quarantine_counts(int fault);
/* From the past: an attempt that has ended there, plates of which nothing was good. */
void farm_quarantine_load(struct farm_printer *printer, const struct attempt_record *record);
void farm_quarantine_load_scrap(struct farm *farm);

/* ---- farm_photos.c ---- */
/* attempt "": of the job's last one; job 0: nothing to be seen. */
void farm_want_photo(struct farm *farm, const struct farm_printer *printer, int64_t job,
	const char *attempt, enum photo_moment moment);

/* ---- farm_attempts.c ---- */
/* The one place where a job starts.  0, -ENOMEM. */
int farm_begin_attempt(struct farm *farm, struct farm_job *job, const struct farm_plate *plate,
	struct farm_printer *printer);
void farm_start_attempt(struct farm *farm, const char *printer, const char *attempt);
/* Certain that nothing of it ran. */
void farm_attempt_never_ran(struct farm *farm, struct farm_attempt *attempt, const char *reason);
void farm_end_attempt(
	struct farm *farm, struct farm_attempt *attempt, const struct wire_ended *ended);
void farm_ended(struct farm *farm, const char *printer, const struct wire_ended *ended);
/* The streamer is back and provably never got it: given out again.  false: that is not so, or the
 * printer is not as it was. */
bool farm_attempt_send_again(struct farm *farm, struct farm_attempt *attempt);
/* Ended within memory: its end told again is no news. */
bool farm_ended_lately(const struct farm *farm, const char *id);
/* The streamer does not name the open attempt. */
void farm_attempt_decide(struct farm *farm, struct farm_attempt *attempt);

/* ---- farm_printers.c ---- */
struct farm_printer *farm_find_printer(
	const struct farm *farm, const char *name, struct error *error);
struct farm_printer *farm_add_printer(struct farm *farm, const char *name);
bool farm_printer_may_start(const struct farm *farm, const struct farm_printer *printer);
/* A laser or a mill that nobody at the machine has said may start. */
/* What speaks grbl is a laser or a mill, and nobody has said which. */
bool farm_printer_lacks_kind(const struct farm_printer *printer);
bool farm_printer_needs_confirmation(const struct farm *farm, const struct farm_printer *printer);
/* Whatever the configuration says, lasers and mills never do, nor what cannot be stopped from here.
 */
static inline bool farm_printer_runs_unattended(const struct farm_printer *printer)
{
	return printer->config.kind == KIND_PRINTER &&
	       printer->config.unattended == UNATTENDED_ALLOWED && !printer->state.no_remote_stop;
}
enum wire_link farm_printer_link(const struct farm_printer *printer);
enum wire_activity farm_printer_activity(const struct farm_printer *printer);
void farm_printer_set_bed(struct farm *farm, struct farm_printer *printer, enum bed_state bed,
	int64_t job, const char *why);
void farm_printer_lock(
	struct farm *farm, struct farm_printer *printer, int fault, const char *reason);
bool farm_fault_locks(int fault);
/* Hands it to the printer's streamer under a new number; false: not connected, nothing left.
 * `request` may be NULL. */
bool farm_printer_send_message(struct farm *farm, const struct farm_printer *printer,
	struct wire_message *message, uint64_t *request);
bool farm_printer_send(struct farm *farm, const struct farm_printer *printer, enum wire_kind kind,
	const char *text, uint64_t *request);
/* Now, or as soon as the streamer is back. */
void farm_printer_ask_connect(struct farm *farm, struct farm_printer *printer);
const char *farm_printer_material(const struct farm *farm, const struct farm_printer *printer);
const char *farm_printer_color(const struct farm *farm, const struct farm_printer *printer);
struct spool_record *farm_printer_spool(
	const struct farm *farm, const struct farm_printer *printer);
/* The streamer runs an attempt that is not open here: given up while the printer was not
 * configured, or the ledger is a restored one. */
bool farm_printer_prints_unknown(const struct farm *farm, const struct farm_printer *printer);
double farm_attempt_progress(const struct farm_attempt *attempt); /* 0..1 */
int64_t farm_attempt_eta_s(const struct farm *farm, const struct farm_attempt *attempt);
/* Under way and of how many; 0: not known. */
void farm_attempt_layer(const struct farm_attempt *attempt, int64_t *layer, int64_t *layers);
bool farm_staffed(const struct farm *farm);
bool farm_is_quiet(const struct farm *farm);
void farm_printer_destroy(struct farm_printer *printer);

/* ---- farm_learn.c ---- */
void farm_learnt_init(struct farm_learnt *learnt);
/* An attempt has ended. */
void farm_learn(
	struct farm *farm, struct farm_printer *printer, const struct attempt_record *ended);
/* Prints of this material that fail there, for each hour of print. */
double farm_fail_per_hour(const struct farm_printer *printer, const char *material);
double farm_speed_uncertainty(const struct farm_printer *printer);
void farm_view_learnt(const struct farm_printer *printer, struct farm_upkeep_view *view);

/* ---- farm_maintenance.c ---- */
/* The printer has printed so much more. */
void farm_count_hours(struct farm *farm, struct farm_printer *printer, int64_t print_us);
void farm_fill_maintenance(
	const struct farm *farm, const struct farm_printer *printer, struct world_printer *to);
void farm_view_maintenance(
	const struct farm *farm, const struct farm_printer *printer, struct farm_upkeep_view *view);

/* ---- farm_clearing.c ---- */
/* What is expected before anything is learnt. */
void farm_clearing_configure(struct farm *farm);
/* Somebody says that the bed is empty. */
void farm_clearing_note(struct farm *farm, struct farm_printer *printer);

/* ---- farm_power.c ---- */
enum { FARM_POWER_TEXT_MAX = 128 };
int32_t farm_printer_peak_w(const struct farm_printer *printer);
/* When the running print has heated up; 0: it has, or there is none. */
int64_t farm_printer_heats_until_s(const struct farm *farm, const struct farm_printer *printer);
/* What all draw now, and "p1 120 W, p2 350 W". */
int32_t farm_power_used_w(const struct farm *farm, char *text, size_t size);

/* ---- farm_world.c: what the planner sees ---- */
/* The staffed hours as they are configured. */
void farm_calendar(const struct farm *farm, struct calendar *calendar);
struct farm_world {
	struct world world;
	struct world_printer *printer;
	struct farm_printer **printer_of; /* same indexes */
	struct world_order *order;
	struct farm_order **order_of;
	struct farm_job **job_of; /* a queued job with a printer of its own; else NULL */
	struct world_plate *plate;
	const struct farm_plate **plate_of;
	struct world_stretch *stretch; /* of both calendars */
	struct clearing clearing;
	int32_t operators[CLEARING_HOURS];
	char power_held[FARM_POWER_TEXT_MAX];
};
/* `extra` (may be NULL) is an order that does not exist yet, put last.  NULL without memory. */
struct farm_world *farm_world_create(const struct farm *farm, struct farm_order *extra);
void farm_world_destroy(struct farm_world *world);
/* The farm's plate behind a planned one. */
const struct farm_plate *farm_world_plate(
	const struct farm_world *world, size_t order, size_t plate);
void farm_match(const struct farm *farm, const struct farm_job *job, const struct farm_plate *plate,
	const struct farm_printer *printer, struct match_result *result);
/* The same for an order, which need not exist yet; the printer can be planned. */
void farm_match_order(const struct farm *farm, const struct farm_order *order,
	const struct farm_plate *plate, const struct farm_printer *printer,
	struct match_result *result);
/* Configured, with a profile. */
bool farm_printer_can_be_planned(const struct farm_printer *printer);

/* ---- farm_after.c ---- */
void farm_after_put(char text[ORDER_AFTER_BYTES], const int64_t *after, size_t count);
size_t farm_after_of(const struct order_record *record, int64_t after[ORDER_AFTER_MAX]);
/* May order `id` (0: a new one) wait for these?  -EINVAL: one does not exist or is cancelled, or
 * the order would wait for itself. */
int farm_after_check(const struct farm *farm, int64_t id, const int64_t *after, size_t count,
	struct error *error);
/* The first that it waits for now, by id; NULL: nothing.  A cancelled one is not waited for:
 * whoever released the order knows. */
const struct farm_order *farm_after_first(const struct farm *farm, const struct farm_order *order);
int64_t farm_after_left(const struct farm_order *awaited); /* units that are not good yet */
/* When every order has its world_index. */
void farm_after_fill(
	const struct farm *farm, const struct farm_order *order, struct world_order *to);
/* Holds what waits for it. */
void farm_after_cancelled(struct farm *farm, const struct farm_order *cancelled);

/* ---- farm_plan_kept.c: the plan outlives control ---- */
/* Hands the plan in force out to be kept. */
void farm_plan_keep(struct farm *farm);
/* The plan that was kept, in the indexes of this world; NULL: none, or not of this farm. */
struct planner_result *farm_plan_kept(struct farm *farm, const struct farm_world *world);
void farm_plan_kept_destroy(struct planner_result *kept);

/* ---- farm_quota.c: what was started for whom, and who is next ---- */
void farm_quota_count(struct farm *farm, const struct farm_order *order,
	const struct farm_plate *plate, int64_t at_s);
/* The first quota of its user or project that is used up; false: none is. */
bool farm_quota_reached(
	const struct farm *farm, const struct farm_order *order, struct farm_quota_view *view);
/* The same as a sentence. */
bool farm_quota_words(
	const struct farm *farm, const struct farm_order *order, char *text, size_t size);
/* Says of all orders who is behind whom. */
void farm_quota_fill(const struct farm *farm, struct world_order *orders,
	struct farm_order *const *order_of, size_t count);

/* ---- farm_makers.c ---- */
/* 0 if some printer can make some plate of the order as things are built and wished, or no printer
 * is configured at all; else -EDOM and the nearest miss. */
int farm_order_has_maker(
	const struct farm *farm, const struct farm_order *order, struct error *error);

/* ---- farm_promises.c ---- */
void farm_promises_news(struct farm *farm, const struct event_record *event);
/* The one that counts; NULL: none was made. */
struct promise_record *farm_promise_given(const struct farm_order *order);
void farm_promises_done(struct farm *farm, struct farm_order *order);
/* Of the plan that is in force until the promises are made or forgotten. */
void farm_promises_begin(
	struct farm *farm, const struct farm_world *world, const struct planner_result *plan);
void farm_promises_forget(struct farm *farm);
/* true: there is more to do. */
bool farm_promises_step(struct farm *farm, int64_t moves);
/* For the last order of a plan that is not in force.  false: cannot be said. */
bool farm_promises_quote(struct farm *farm, const struct farm_world *world,
	const struct planner_result *plan, struct farm_order *extra, struct promise_band *band);

/* ---- farm_spent.c ---- */
void farm_spent_step(struct farm *farm);
void farm_spent_failed(struct farm *farm, struct farm_printer *printer);
/* Another spool there would serve an order, and the one that is in serves none: its index, or
 * SIZE_MAX. */
size_t farm_order_for_spool(const struct world *world, size_t printer);
/* After a plan. */
void farm_spent_look_for_spools(struct farm *farm, const struct farm_world *world);

/* ---- farm_questions.c ---- */
/* true: there is more to do. */
bool farm_questions_step(struct farm *farm, int64_t moves);
/* What they look at goes away: those that are asked are told so. */
void farm_questions_drop(struct farm *farm);

/* ---- farm_plan.c ---- */
void farm_job_set_planned(
	struct farm *farm, struct farm_job *job, const struct farm_planned *planned);
int farm_quote_order(
	struct farm *farm, struct farm_order *order, int64_t moves, struct farm_quote *quote);
void farm_plan_forget(struct farm *farm); /* the plan being made */
void farm_plan_step(struct farm *farm, int64_t moves);
/* There is time to look for a better plan, and a chance. */
bool farm_plan_may_polish(const struct farm *farm);
void farm_start_ready(struct farm *farm);

#endif
