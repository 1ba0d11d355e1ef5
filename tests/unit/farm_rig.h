/* A farm on a fake ledger and fake streamers: control can be killed at any point, transactions that
 * were not durable are lost, and what really lies on the beds is known apart from what the farm
 * believes.  Every promise of the farm that can be checked is checked as things happen. */
#ifndef TESTS_UNIT_FARM_RIG_H
#define TESTS_UNIT_FARM_RIG_H

#include "daemon/control/farm.h"
#include "daemon/control/farm_questions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RIG_PRINTERS_MAX = 8,
	RIG_WIRE_MAX = 64,
	RIG_ATTEMPTS_MAX = 8192,
	RIG_ENDED_MAX = 4,
};

#define RIG_FILE_ONE  "1111111111111111111111111111111111111111111111111111111111111111"
#define RIG_FILE_FOUR "4444444444444444444444444444444444444444444444444444444444444444"

/* What the files of rig_add_design were made for. */
extern const char *rig_machine;

/* What happened to an attempt at the printer, whatever the farm knows of it. */
struct rig_truth {
	char attempt[ATTEMPT_ID_BYTES];
	int32_t yield;
	bool printed; /* to its end */
	int times_started;
};

struct rig_printer {
	char name[NAME_MAX_BYTES];
	/* the streamer */
	bool alive;	/* its process runs */
	bool connected; /* and control talks with it */
	int64_t alive_since_s;
	char running[ATTEMPT_ID_BYTES]; /* empty: nothing */
	int64_t running_since_us;
	bool paused, no_remote_stop, hot, by_hand;
	int fault;			/* locked until WIRE_CONNECT */
	const char *reason, *attention; /* its words; NULL: the fault's name; wants nobody */
	const char *firmware;		/* NULL: it does not say */
	size_t heater_count;
	struct wire_heater heater[WIRE_HEATERS_MAX];
	size_t ended_count;
	struct wire_ended ended[RIG_ENDED_MAX]; /* not booked yet */
	size_t inbox_count;
	struct wire_message inbox[RIG_WIRE_MAX]; /* from control, not read yet */
	size_t outbox_count;
	struct wire_message outbox[RIG_WIRE_MAX]; /* to control, not read yet */
	/* the machine */
	bool part_on_bed;
};

struct rig_commit {
	uint64_t ticket;
	struct farm_changes changes; /* copies */
	struct rig_commit *next;
};

struct rig_table {
	size_t count, room, row_bytes;
	char *rows;
};

struct rig {
	struct config config;
	struct profile profile;
	struct config_printer config_printer[RIG_PRINTERS_MAX];
	struct farm *farm;
	int64_t now_s, now_us;
	bool refuse_starts; /* every streamer says no */
	bool lose_writes;   /* the disk fails from now on */
	/* the disk */
	struct rig_table files, designs, plates, approvals, orders, promises, spent, deliveries,
		jobs, attempts, spools, printers, keys;
	struct rig_table clearings, maintenance;
	char *kept_plan; /* beside the ledger, not synced */
	int64_t last_event_id;
	struct rig_commit *waiting, **waiting_last;
	/* the world */
	size_t printer_count;
	struct rig_printer printer[RIG_PRINTERS_MAX];
	size_t truth_count;
	struct rig_truth truth[RIG_ATTEMPTS_MAX];
	uint64_t next_attempt;
	int starts, events;
	char last_event[REASON_MAX_BYTES];
	int photos; /* that were wished for */
	struct photo_record last_photo;
	uint64_t last_answered;
	int last_answer_error;
	/* what the farm found out last */
	uint64_t found;
	char found_trouble[REASON_MAX_BYTES];
	struct farm_advice advice;
	struct farm_hindsight hindsight;
	struct farm_night night; /* without its printers */
	struct farm_night_printer night_printer[RIG_PRINTERS_MAX];
};

/* Printers p1 ... with empty beds as the farm sees it only after rig_clear. */
struct rig *rig_create(size_t printer_count);
/* A design, cleared beds, and the start delay over. */
void rig_make_ready(struct rig *rig);
struct rig *rig_create_ready(size_t printers);
void rig_destroy(struct rig *rig);
/* With two files: one unit in 1000 s, four units in 3000 s; design "visor" of both. */
void rig_add_design(struct rig *rig);
void rig_add_order(struct rig *rig, int64_t units, int64_t *id);

/* Control dies: what is not durable is lost, and what is on the wires.  Then it starts again. */
void rig_kill_control(struct rig *rig);
void rig_start_control(struct rig *rig);
void rig_restart(struct rig *rig);

void rig_advance(struct rig *rig, int64_t seconds);
/* One turn of the farm, without any disk or wire. */
void rig_turn(struct rig *rig);
/* The oldest `count` waiting transactions become durable. */
void rig_sync(struct rig *rig, size_t count);
/* Streamers and control read what the other side has sent. */
void rig_exchange(struct rig *rig);
/* Turns, syncs and exchanges until nothing moves. */
void rig_settle(struct rig *rig);

void rig_connect(struct rig *rig, struct rig_printer *printer);
void rig_disconnect(struct rig *rig, struct rig_printer *printer);
/* The streamer's process dies; started again it calls its print suspect. */
void rig_kill_streamer(struct rig *rig, struct rig_printer *printer);
void rig_start_streamer(struct rig *rig, struct rig_printer *printer);
/* The running print ends so; the part stays on the bed. */
void rig_end_print(
	struct rig *rig, struct rig_printer *printer, enum wire_result result, int fault);
void rig_clear(struct rig *rig, struct rig_printer *printer);
void rig_clear_all(struct rig *rig);

/* What the ledger holds (durable). NULL: no such row. */
const struct job_record *rig_job(const struct rig *rig, int64_t id);
const struct attempt_record *rig_attempt(const struct rig *rig, const char *id);
const struct printer_record *rig_printer_row(const struct rig *rig, const char *name);
struct farm_order_view rig_order(const struct rig *rig, int64_t id);
struct farm_job_view rig_job_view(const struct rig *rig, int64_t id);
struct farm_printer_view rig_view(const struct rig *rig, const char *name);
/* The only job of an order. */
int64_t rig_job_of(const struct rig *rig, int64_t order, size_t index);

/* Every invariant that can be read off ledger, farm and world. */
void rig_check(const struct rig *rig);

#endif
