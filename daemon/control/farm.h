/* The farm: the only module that knows both an order and a printer.
 *
 * Time in, effects out: it reads no clock, holds no descriptor, knows no SQL and no JSON, so that a
 * week of a farm can be simulated in a second.  Memory changes at once; what changed is committed
 * as one transaction per turn, and only when that is durable does anybody learn of it: streamers
 * are told to start, clients get their answer (they wait for the turn's ticket), events go out.
 *
 * Invariants kept here (docs: architecture, section 5):
 *  1  at most one attempt is active on a printer: farm_printer.attempt, filled only by
 * begin_attempt 2  intent before matter: WIRE_START is sent only by farm_durable 3  counted once:
 * only count_job() makes units good, and only of a printed or looked-at job 5  a bed is empty only
 * because a person said so, or because it is certain that a start that was committed never reached
 * a streamer. */
#ifndef CONTROL_FARM_H
#define CONTROL_FARM_H

#include "daemon/control/config.h"
#include "daemon/control/farm_changes.h"
#include "daemon/control/records.h"
#include "daemon/wire/wire.h"
#include "scheduler/match.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct farm;
struct farm_finding;
struct opening;

enum {
	FARM_JOBS_AHEAD_MAX =
		20000,	     /* queued jobs that one order shows; the rest is only planned */
	FARM_LOG_LINES = 50, /* remembered of what each printer said */
	FARM_NOT_READY_MAX = 10,
	FARM_NOT_READY_BYTES = REASON_MAX_BYTES + 96, /* a reason within a sentence */
	FARM_UNITS_MAX = 1000000,
};

struct farm_effects {
	void *context;
	/* Make these rows durable; farm_durable(ticket) must follow, in the order of the tickets.
	 * `changes` is borrowed for the call. */
	void (*commit)(void *context, const struct farm_changes *changes, uint64_t ticket);
	/* Hands a message to the streamer of message->printer; false: not connected, nothing left.
	 */
	bool (*send)(void *context, const struct wire_message *message);
	/* 32 random hex digits. */
	void (*new_attempt_id)(void *context, char id[ATTEMPT_ID_BYTES]);
	/* Where the text of a file lies; false: cannot be named. */
	bool (*file_path)(void *context, const char *sha256, char *path, size_t size);
	/* A photo of what lies on a printer is wanted: job, attempt, printer and moment are set.
	 * May be NULL. */
	void (*photo)(void *context, const struct photo_record *wish);
	/* A durable event. */
	void (*happened)(void *context, const struct event_record *event);
	/* The plan in force, for farm_load_plan after a restart.  May be NULL. */
	void (*keep_plan)(void *context, const char *text, size_t size);
	/* A printer's progress or readings changed. May be NULL. */
	void (*reported)(void *context, const char *printer);
	/* The streamer's answer to a request of an act (see `request` below). May be NULL. */
	void (*answered)(void *context, uint64_t request, int error, const char *text);
	/* The answer to farm_ask_*.  May be NULL. */
	void (*found_out)(void *context, uint64_t request, const struct farm_finding *finding);
	/* Before `answered`: the page that farm_printer_recording asked for.  May be NULL. */
	void (*recorded)(void *context, uint64_t request, const struct wire_recording *page);
};

/* ---- life of the farm ---- */

/* `config` is borrowed until farm_configure gives another one. NULL without memory. */
struct farm *farm_create(const struct config *config, const struct farm_effects *effects);
void farm_destroy(struct farm *farm);

/* Start-up: everything the ledger holds, in this order: files, designs, plates, approvals, orders,
 * promises, jobs, deliveries, spools, printers, open attempts.  Each returns 0 or a negative errno
 * (-EINVAL: refers to nothing). */
int farm_load_file(struct farm *, const struct file_record *);
int farm_load_design(struct farm *, const struct design_record *);
int farm_load_plate(struct farm *, const struct plate_record *);
int farm_load_approval(struct farm *, const struct approval_record *);
int farm_load_order(struct farm *, const struct order_record *);
int farm_load_promise(struct farm *, const struct promise_record *);
/* After the printers. */
int farm_load_spent(struct farm *, const struct spent_record *);
int farm_load_job(struct farm *, const struct job_record *);
int farm_load_delivery(struct farm *, const struct delivery_record *);
int farm_load_spool(struct farm *, const struct spool_record *);
int farm_load_printer(struct farm *, const struct printer_record *);
int farm_load_attempt(struct farm *, const struct attempt_record *);
/* And, after these, the past, oldest first: prints that have ended, beds that were cleared,
 * maintenance.  What says nothing any more is passed over. */
void farm_load_ended(struct farm *, const struct attempt_record *);
void farm_load_clearing(struct farm *, const struct clearing_record *);
void farm_load_maintenance(struct farm *, const struct maintenance_record *);
/* The text that keep_plan was given; what is not understood is passed over. */
void farm_load_plan(struct farm *, const char *text, size_t size);
/* Of every attempt that quotas may look back at, by start; after farm_quota_time. */
void farm_load_use(struct farm *, const struct attempt_record *);
void farm_quota_time(struct farm *, int64_t now_s); /* which periods are going on */
void farm_loaded(struct farm *farm, int64_t last_event_id);

/* A new configuration is in force: printers come, change and go; nothing that prints is disturbed.
 */
void farm_configure(struct farm *farm, const struct config *config);
/* The same while it runs; it stands in the history. */
void farm_reconfigure(struct farm *farm, const struct config *config);

/* What time it is, before any other call of a turn: wall-clock seconds and local Monday 00:00 of
 * this week for plans, monotonic microseconds for delays. */
void farm_time(struct farm *farm, int64_t now_s, int64_t now_us, int64_t week_start_s);

/* When somebody is there and when noisy printers may run, with dates; taken over from the caller.
 * Without, or where they have no dates, the configuration's windows count. */
void farm_set_opening(struct farm *farm, struct opening *staff, struct opening *noise);

/* Ends a turn: plans if needed (at most `moves` moves), starts what can start, commits what
 * changed.  Returns the ticket after which everything of this turn is durable. */
uint64_t farm_turn(struct farm *farm, int64_t moves);
/* Plans again as farm_turn does, but commits nothing yet: for answers that show the plan. */
void farm_plan_now(struct farm *farm, int64_t moves);
/* Monotonic time at which farm_turn wants to be called even if nothing happens; INT64_MAX: never.
 */
int64_t farm_next_us(const struct farm *farm);

/* The transaction of `ticket` is durable (error 0) or lost (then the farm is broken: it starts
 * nothing and refuses acts until a restart). */
void farm_durable(struct farm *farm, uint64_t ticket, int error, const char *reason);
uint64_t farm_durable_ticket(const struct farm *farm);
/* Of the last turn that had something to store. */
uint64_t farm_ticket(const struct farm *farm);
bool farm_is_broken(const struct farm *farm);
/* 0 or -EROFS with the reason: the ledger is broken. */
int farm_writable(const struct farm *farm, struct error *error);

/* ---- from the streamers ---- */

/* A streamer serves this printer now and has told of every attempt it remembers.  `alive_since_s`:
 * wall-clock time since which its process has been running, 0: not known. */
void farm_attached(struct farm *farm, const char *printer, int64_t alive_since_s);
void farm_detached(struct farm *farm, const char *printer, const char *why);
/* ANSWER, PRINTER, ENDED, SAID. */
void farm_message(struct farm *farm, const struct wire_message *message);
/* The settings to give to a streamer.  false: no such printer. */
bool farm_printer_settings(
	const struct farm *farm, const char *printer, struct wire_settings *settings);

/* ---- acts ----
 * Each returns 0 or a negative errno and a sentence: -ENOENT no such thing, -EINVAL a value,
 * -EEXIST exists otherwise, -EBUSY not in this state, -EHOSTUNREACH the streamer is not there,
 * -EROFS the ledger is broken, -ENOMEM.  `user` is who acts.  Doing one twice is doing it once. */

void farm_add_file(struct farm *, const struct file_record *, const char *analysis_json);

struct farm_plate_wish {
	char sha256[SHA256_HEX_BYTES];
	int32_t yield;
	char name[FILE_NAME_MAX_BYTES]; /* a label; empty: as the file is called now */
};
/* *created is false when a design of this name with just these plates was there already.  With
 * `revise` other plates make the next revision, "NAME@2"; without they are an error (-EEXIST). */
int farm_design_create(struct farm *, const char *user, const char *name,
	const struct farm_plate_wish *plate, size_t plate_count, bool revise, int64_t *id,
	bool *created, struct error *error);

/* SHA-256 over the plates' contents and yields, in order: what an approval is about. */
void farm_design_content(
	const struct farm *, int64_t design, char content_sha256[SHA256_HEX_BYTES]);
struct farm_approval {
	const char *evidence;  /* may be empty */
	const char *signature; /* base64; empty: none */
};
/* -EPERM: the farm wants a signature by one of its approvers, and this is none. */
int farm_design_approve(struct farm *, const char *user, const char *name,
	const struct farm_approval *, struct error *error);
/* Orders of it that have not started wait from now on. */
int farm_design_revoke(
	struct farm *, const char *user, const char *name, const char *why, struct error *error);

struct farm_wish {
	char design[NAME_MAX_BYTES];
	int64_t units;
	int32_t priority;
	int64_t due_s;
	bool hold;
	bool test;		   /* a test print of a design that is not approved yet */
	char user[NAME_MAX_BYTES]; /* whose order it is */
	char project[NAME_MAX_BYTES];
	size_t after_count; /* it starts when these orders are done */
	int64_t after[ORDER_AFTER_MAX];
	bool has_retries; /* else as the configuration says */
	int32_t retries;
	char material[CHOICE_BYTES], color[CHOICE_BYTES]; /* lists as choice.h has them */
	char printer[NAME_MAX_BYTES], tag[NAME_MAX_BYTES];
};
/* -EDOM: no printer can ever make it, and it is not to be held; see farm_each_miss_of_wish.  The
 * same goes for a reorder and a release. */
int farm_order_create(struct farm *, const char *user, const struct farm_wish *wish, int64_t *id,
	struct error *error);
int farm_order_cancel(struct farm *, const char *user, int64_t id, struct error *);
int farm_order_hold(struct farm *, const char *user, int64_t id, struct error *);
int farm_order_release(struct farm *, const char *user, int64_t id, struct error *);
struct farm_order_set {
	bool has_units, has_priority, has_due, has_material, has_color, has_project, has_after,
		has_retries;
	int32_t retries; /* negative: as the configuration says */
	char project[NAME_MAX_BYTES];
	size_t after_count;
	int64_t after[ORDER_AFTER_MAX];
	char material[CHOICE_BYTES], color[CHOICE_BYTES];
	int64_t units, due_s;
	int32_t priority;
};
int farm_order_set(
	struct farm *, const char *user, int64_t id, const struct farm_order_set *, struct error *);
int farm_order_reorder(struct farm *, const char *user, int64_t id, int64_t units, int64_t *new_id,
	struct error *);

/* Good units are handed over; units 0: all that are not yet. */
int farm_order_deliver(struct farm *, const char *user, int64_t id, int64_t units, const char *note,
	struct error *);

int farm_job_cancel(struct farm *, const char *user, int64_t id, struct error *);
int farm_job_hold(struct farm *, const char *user, int64_t id, struct error *);
int farm_job_release(struct farm *, const char *user, int64_t id, struct error *);
int farm_job_retry(struct farm *, const char *user, int64_t id, struct error *);
int farm_job_redo(struct farm *, const char *user, int64_t id, struct error *);
/* Negative good or scrap: not said (good = yield - scrap). */
int farm_job_inspect(
	struct farm *, const char *user, int64_t id, int32_t good, int32_t scrap, struct error *);
int farm_job_reassign(
	struct farm *, const char *user, int64_t id, const char *printer, struct error *);

/* Acts that a streamer answers set *request; 0: nothing was asked. */
int farm_printer_pause(
	struct farm *, const char *user, const char *name, uint64_t *request, struct error *);
int farm_printer_resume(
	struct farm *, const char *user, const char *name, uint64_t *request, struct error *);
int farm_printer_enable(struct farm *, const char *user, const char *name, struct error *);
int farm_printer_disable(struct farm *, const char *user, const char *name, struct error *);
/* A laser or mill may start one job within five minutes. */
int farm_printer_confirm(struct farm *, const char *user, const char *name, struct error *);
/* Maintenance is done: this, or with an empty `what` all of the printer. */
int farm_printer_maintained(
	struct farm *, const char *user, const char *name, const char *what, struct error *);
int farm_printer_unlock(struct farm *, const char *user, const char *name, struct error *);
int farm_printer_connect(
	struct farm *, const char *user, const char *name, uint64_t *request, struct error *);
/* The same, and its board is reset first; refused while a print runs there. */
int farm_printer_reset(
	struct farm *, const char *user, const char *name, uint64_t *request, struct error *);
struct farm_clear {
	int32_t good, scrap; /* negative: not said */
	const char *why;
	bool not_yet; /* count, but the bed is not free */
};
int farm_printer_clear(struct farm *, const char *user, const char *name, const struct farm_clear *,
	struct error *);
/* spool 0: none. */
int farm_printer_load(
	struct farm *, const char *user, const char *name, int64_t spool, struct error *);
/* The command must have passed the file rules. */
int farm_printer_gcode(struct farm *, const char *user, const char *name, const char *command,
	uint64_t *request, struct error *);
/* A page of what went over the printer's wire, behind next[] (zeros: the oldest that is kept). */
int farm_printer_recording(struct farm *, const char *name, const int64_t next[WIRE_RECORDER_KINDS],
	uint64_t *request, struct error *error);
/* name NULL: every printer. */
int farm_estop(struct farm *, const char *user, const char *name, struct error *);

struct farm_spool {
	const char *material, *color, *lot; /* NULL: as it is */
	double grams;			    /* negative: as it is */
};
int farm_spool_create(
	struct farm *, const char *user, const struct farm_spool *, int64_t *id, struct error *);
int farm_spool_set(
	struct farm *, const char *user, int64_t id, const struct farm_spool *, struct error *);
int farm_spool_retire(struct farm *, const char *user, int64_t id, struct error *);

/* What became of a wish of the effect `photo`. */
void farm_photo_taken(struct farm *, const struct photo_record *photo);
void farm_photo_failed(struct farm *, const struct photo_record *wish, const char *why);

/* The answer of a creating act, stored in the same transaction. */
void farm_remember_answer(struct farm *, const struct idempotency_record *record);

/* ---- views: plain values, pointers borrowed until the next call that is not a view ---- */

struct farm_plate_view {
	const struct plate_record *record;
	const struct file_record *file;
};
struct farm_design_view {
	const struct design_record *record;
	const struct approval_record *approval; /* the latest; NULL: none */
	char content_sha256[SHA256_HEX_BYTES];
	size_t plate_count;
	struct farm_plate_view plate[DESIGN_PLATES_MAX];
};
/* false: there is none of this id. */
bool farm_plate_by_id(const struct farm *, int64_t id, struct farm_plate_view *view);
size_t farm_design_count(const struct farm *);
void farm_design_at(const struct farm *, size_t index, struct farm_design_view *view);
bool farm_design_by_name(const struct farm *, const char *name, struct farm_design_view *view);
bool farm_design_by_id(const struct farm *, int64_t id, struct farm_design_view *view);

struct farm_revision_view {
	struct farm_design_view design;
	bool is_ordered; /* what an order of the bare name gets now */
};
/* All designs called as `name` is, or "NAME@2" and so on, in their order. */
void farm_each_revision(const struct farm *, const char *name,
	void (*each)(void *context, const struct farm_revision_view *view), void *context);

size_t farm_file_count(const struct farm *);
const struct file_record *farm_file_at(const struct farm *, size_t index);
const struct file_record *farm_file_by_sha256(const struct farm *, const char *sha256);
/* The one that came from an upload with this hash. */
const struct file_record *farm_file_by_upload(const struct farm *, const char *upload_sha256);

struct farm_order_view {
	const struct order_record *record;
	const char *design;
	int64_t good, scrap, printing, printed, left, over;
	int64_t delivered, ready; /* handed over; good and not handed over */
	size_t delivery_count;
	const struct delivery_record *delivery;
	int64_t over_planned; /* more than asked will be made, as planned */
	int64_t promised_s;   /* in 9 of 10 cases it is done by then; 0: cannot be said */
	int64_t promised_low_s, promised_likely_s, promised_high_s; /* as things are now: 1, 5, 9 of
								       10; 0: cannot be said */
	bool late;	    /* it is due, or likely done, behind its due date */
	bool at_risk;	    /* only its promise is */
	bool allowed;	    /* the design may be produced */
	size_t after_count; /* orders that must be done first, whatever has become of them */
	int64_t after[ORDER_AFTER_MAX];
	int64_t waits_for;	      /* the first of them that is not done; 0: none */
	char quota[REASON_MAX_BYTES]; /* what is used up; empty: nothing */
	int64_t retries_used;
	size_t job_count;
};
size_t farm_order_count(const struct farm *);
/* It is open or held: cheap, where there are very many. */
bool farm_order_is_open_at(const struct farm *, size_t index);
void farm_order_at(const struct farm *, size_t index, struct farm_order_view *view);
bool farm_order_by_id(const struct farm *, int64_t id, struct farm_order_view *view);
int64_t farm_order_job_id(const struct farm *, int64_t order, size_t index);

/* What was promised for an order, oldest first; NULL behind the last. */
size_t farm_promise_count(const struct farm *, int64_t order);
const struct promise_record *farm_promise_at(const struct farm *, int64_t order, size_t index);
/* How promises were kept, by orders that are done. */
struct farm_promises_kept {
	int32_t confidence_percent;
	int64_t made, kept;
	int64_t open, overdue; /* orders under way that have a promise, and whose promise is past */
};
void farm_promises_kept(const struct farm *, struct farm_promises_kept *kept);

/* How much of a quota is used up. */
struct farm_quota_view {
	const char *name; /* user or project */
	bool is_project;
	struct share_quota quota;
	struct share_use used;
	int64_t begins_s, ends_s; /* of the period */
	enum share_limit reached;
};
/* Of everybody who has had something, and everybody with a row of their own. */
void farm_quota_each(const struct farm *,
	void (*each)(void *context, const struct farm_quota_view *view), void *context);

struct farm_job_view {
	int64_t id, order;
	const char *design;
	enum job_state state;
	struct farm_plate_view plate; /* members NULL: not planned */
	const char *printer;	      /* "": none */
	const char *planned_printer;  /* "": none */
	int64_t planned_start_s, planned_end_s;
	int32_t tries, good, scrap;
	const char *reason;
	double progress;       /* negative: none */
	int64_t layer, layers; /* as of a printer */
	int64_t commands_done, commands;
	int64_t eta_s; /* negative: none */
	int64_t created_s, changed_s;
};
size_t farm_job_count(const struct farm *);
/* Fills *view; false: has ended (its members are filled all the same). */
bool farm_job_at(const struct farm *, size_t index, struct farm_job_view *view);
bool farm_job_by_id(const struct farm *, int64_t id, struct farm_job_view *view);
size_t farm_jobs_in_state(const struct farm *, enum job_state state);

enum { FARM_MATERIALS_MAX = 12 }; /* learnt apart on each printer */

/* What a printer's past says. */
struct farm_upkeep_view {
	double print_h;
	/* Real time / estimated time, how sure that is, and how far a print is off: shares, one
	 * standard deviation. */
	double speed_factor, speed_uncertainty, speed_spread;
	int64_t prints; /* that it was learnt from */
	double failures_per_100h;
	size_t material_count;
	struct {
		const char *material; /* "": not said */
		double print_h, failures, failures_per_100h;
	} material[FARM_MATERIALS_MAX];
	size_t maintenance_count;
	struct {
		const char *what;
		int32_t every_h;
		double since_h;	  /* printed since it was done last */
		double left_h;	  /* until it is due; negative: so long overdue */
		double block_h;	  /* until no new job is taken; meaningless without `blocks` */
		bool due, blocks; /* blocks: it may keep the printer from new jobs */
	} maintenance[CONFIG_MAINTENANCE_MAX];
};

struct farm_printer_view {
	struct farm_upkeep_view upkeep;
	const struct config_printer *config;
	const struct profile *profile; /* NULL: none */
	const struct printer_record *record;
	const struct wire_printer_state *state; /* as last reported */
	enum wire_link link;
	enum wire_activity activity;
	const char *material, *color; /* loaded; "": not said */
	const char *reason;
	bool ready, removed;
	int64_t job;	     /* 0: none */
	const char *attempt; /* "": none */
	const char *file;    /* sha256 of what it prints, "": nothing */
	double progress;
	int64_t commands_done, commands, eta_s;
	int64_t layer; /* under way, from 1; 0: none yet, or not known */
	int64_t layers;
	int64_t heaters_age_us;	 /* -1: never read */
	int64_t starts_in_s;	 /* announced start delay; negative: none */
	bool wants_confirmation; /* nothing else stands between this laser or mill and a start */
	size_t not_ready_count;
	char not_ready[FARM_NOT_READY_MAX][FARM_NOT_READY_BYTES];
};
size_t farm_printer_count(const struct farm *);
void farm_printer_at(const struct farm *, size_t index, struct farm_printer_view *view);
bool farm_printer_by_name(const struct farm *, const char *name, struct farm_printer_view *view);
/* Line `index` (0: oldest) of what it said; NULL behind the last. */
const char *farm_printer_said(const struct farm *, const char *name, size_t index);

size_t farm_spool_count(const struct farm *);
/* *printer is set to where it is loaded, or NULL. */
const struct spool_record *farm_spool_at(const struct farm *, size_t index, const char **printer);
const struct spool_record *farm_spool_by_id(const struct farm *, int64_t id, const char **printer);

struct farm_plan_view {
	int64_t job; /* 0: not shown as a job */
	int64_t order;
	const char *printer;
	const struct plate_record *plate;
	int64_t start_s, end_s;
	int32_t yield;
	bool printing;
};
/* Running prints first, then the plan by start. */
void farm_each_planned(const struct farm *,
	void (*each)(void *context, const struct farm_plan_view *view), void *context);
int64_t farm_next_question_s(const struct farm *); /* 0: none */

/* Times at which somebody is there. */
struct farm_stretch {
	int64_t begin_s, end_s;
};
enum { FARM_STRETCHES_MAX = 128 };
/* The staffed stretches between now and the end of the plan, the first one cut at now; how many. */
size_t farm_staffed_stretches(const struct farm *, struct farm_stretch stretch[FARM_STRETCHES_MAX]);

/* What became of a printer's time that is not in the ledger yet, up to now; false: nothing. */
bool farm_spent_lately(const struct farm *, size_t index, struct spent_record *spent);
const char *spent_kind_name(enum spent_kind kind); /* "printing", ... */
/* When the local day of this time began. */
int64_t farm_day_start_s(const struct farm *, int64_t at_s);

/* Why a job waits: calls back for each printer (or the one named) with its best plate. -ENOENT: no
 * such job or printer. */
struct farm_why_view {
	const char *printer;
	const struct plate_record *plate;
	const struct match_result *match;
};
int farm_why(struct farm *, int64_t job, const char *printer,
	void (*each)(void *context, const struct farm_why_view *view), void *context, char *summary,
	size_t summary_size, struct error *error);

/* Calls back for each printer that can never make it, with the plate that has the fewest conditions
 * against it and only those that neither a person nor time can change. */
void farm_each_miss_of_wish(const struct farm *, const struct farm_wish *wish,
	void (*each)(void *context, const struct farm_why_view *view), void *context);
void farm_each_miss_of_order(const struct farm *, int64_t order,
	void (*each)(void *context, const struct farm_why_view *view), void *context);
/* What a person should know about an open or held order without asking. */
void farm_order_warnings(const struct farm *, int64_t order,
	void (*each)(void *context, const char *text), void *context);

struct farm_quote {
	int64_t done_s; /* would be promised: done by then in 9 of 10 cases; 0: cannot be said */
	int64_t low_s, likely_s, high_s; /* in 1, 5, 9 of 10; 0: cannot be said */
	int64_t units, over_units;
	char why[REASON_MAX_BYTES];
	size_t count;
	struct {
		const char *printer;
		const struct plate_record *plate;
		int64_t start_s, end_s;
		int32_t yield;
	} plate[20];
};
int farm_quote(struct farm *, const struct farm_wish *wish, int64_t moves, struct farm_quote *quote,
	struct error *error);

/* ---- questions that take several turns: farm_questions.h has the answers ----
 * *request names the answer, which comes through `found_out`.  -EAGAIN: too many are asked. */
int farm_ask_advice(struct farm *, int64_t order, uint64_t *request, struct error *error);
int farm_ask_advice_for_wish(
	struct farm *, const struct farm_wish *wish, uint64_t *request, struct error *error);
int farm_ask_night(struct farm *, uint64_t *request, struct error *error);
/* *request 0: there was nothing to print. */
/* Nobody waits for its answer any more. */
void farm_question_drop(struct farm *, uint64_t request);
int farm_ask_hindsight(
	struct farm *, int64_t from_s, int64_t until_s, uint64_t *request, struct error *error);

/* Holidays and the like that lie between now and the end of the plan; false: there are no more. */
struct farm_closure {
	int64_t begin_s, end_s;
	const char *name;
};
bool farm_closure_at(const struct farm *farm, size_t index, struct farm_closure *closure);

/* How long printed beds wait to be cleared, in staffed time. */
struct farm_clearing_view {
	size_t waits;		   /* that it was learnt from */
	int64_t mean_s;		   /* of them; 0: none */
	const int32_t *expected_s; /* by the hour of the week, 168 */
	const int32_t *count;	   /* waits by the hour of the week */
};
void farm_clearing(const struct farm *farm, struct farm_clearing_view *view);

/* What all printers draw now. */
int32_t farm_power_w(const struct farm *farm);

const struct config *farm_config(const struct farm *farm);

/* Grows with every change of a fact, and with every report; for ETags. */
uint64_t farm_facts(const struct farm *farm);
uint64_t farm_reports(const struct farm *farm);
int64_t farm_last_event_id(const struct farm *farm); /* durable */

#endif
