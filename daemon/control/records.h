/* The nouns of the farm as plain values: what the ledger stores and the farm thinks in.
 * Enum values are stored: append only, never reorder.  Times ending in _s are wall-clock seconds
 * since 1970 (for people and plans), never used for time-outs. */
#ifndef CONTROL_RECORDS_H
#define CONTROL_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/heat_log.h"
#include "gcode/layer_map.h"
#include "gcode/pace.h"
#include "scheduler/choice.h"

enum {
	NAME_MAX_BYTES = 64, /* designs, printers, users, tags, materials: bytes with the NUL */
	FILE_NAME_MAX_BYTES = 256,
	SHA256_HEX_BYTES = 65,
	ATTEMPT_ID_BYTES = 33, /* 32 hex digits of 128 random bits */
	REASON_MAX_BYTES = 256,
	DESIGN_PLATES_MAX = 16,
	ORDER_AFTER_MAX = 8, /* orders that one waits for */
	ORDER_RETRIES_MAX = 10000,
	ORDER_AFTER_BYTES = ORDER_AFTER_MAX * 20 + 1,
	SIGNATURE_BYTES = 96, /* base64 of an Ed25519 signature, with the NUL */
};

enum job_state {
	JOB_HELD,
	JOB_QUEUED,
	JOB_ASSIGNED, /* an attempt is committed (or its start is announced) on a printer */
	JOB_PRINTING,
	JOB_PAUSED,
	JOB_PRINTED,	/* the bed holds it; nobody has counted yet */
	JOB_INSPECTED,	/* good + scrap = yield */
	JOB_FAILED,	/* retries used up; a person may retry */
	JOB_NEEDS_LOOK, /* its attempt is suspect; a person decides */
	JOB_CANCELLED,
};

enum attempt_state {
	ATTEMPT_STARTED,
	ATTEMPT_PRINTED,
	ATTEMPT_FAILED,
	ATTEMPT_CANCELLED,
	ATTEMPT_SUSPECT, /* nobody knows what happened */
};

enum bed_state { BED_UNKNOWN, BED_EMPTY, BED_OCCUPIED };

enum order_state { ORDER_OPEN, ORDER_HELD, ORDER_DONE, ORDER_CANCELLED };

/* A G-code file in the store, with what the import found (JSON of the analysis, as
 * `printfarm check --json` prints it, is stored beside these columns). */
struct file_record {
	char sha256[SHA256_HEX_BYTES];	      /* of the plain text that is kept and streamed */
	char upload_sha256[SHA256_HEX_BYTES]; /* of the bytes as uploaded */
	char name[FILE_NAME_MAX_BYTES];	      /* a label, never a path */
	int64_t bytes, commands, lines;
	double time_s;			/* moving, comparable with the slicer's figure */
	double heat_s;			/* heating up, homing and what else takes time beside it */
	double filament_mm, filament_g; /* filament_g negative: unknown */
	bool has_print_box;
	double box_min_mm[3], box_max_mm[3];
	double hotend_celsius, bed_celsius, nozzle_mm;
	int32_t layers;
	bool needs_person;
	char machine[NAME_MAX_BYTES], material[NAME_MAX_BYTES], slicer[NAME_MAX_BYTES];
	char dialects[NAME_MAX_BYTES]; /* "marlin,klipper" or "other": firmwares that read it;
					  empty: any */
	int32_t tools;		       /* to choose between; 0: not known */
	int64_t stored_s;
	char pace[PACE_TEXT_MAX];	    /* gcode/pace.h; empty: not known */
	char layer_map[LAYER_MAP_TEXT_MAX]; /* gcode/layer_map.h; empty: not known */
};

struct design_record {
	int64_t id;
	char name[NAME_MAX_BYTES]; /* unique */
	int64_t created_s;
};

struct plate_record {
	int64_t id;
	int64_t design;
	int32_t position; /* from 0 within the design */
	char sha256[SHA256_HEX_BYTES];
	int32_t yield;			/* units on it */
	char name[FILE_NAME_MAX_BYTES]; /* of the file that it was added with: a label */
};

/* Somebody has looked at a design with just this content and wants it to be produced. */
struct approval_record {
	int64_t id;
	int64_t design;
	char content_sha256[SHA256_HEX_BYTES]; /* of the design's plates, see farm_design_content */
	int64_t at_s;
	char user[NAME_MAX_BYTES];
	char evidence[REASON_MAX_BYTES]; /* such as a test print */
	char signer[NAME_MAX_BYTES];	 /* whose key has signed; empty: not signed */
	char signature[SIGNATURE_BYTES];
	int64_t revoked_s; /* 0: not */
	char revoked_by[NAME_MAX_BYTES];
	char revoke_reason[REASON_MAX_BYTES];
};

struct order_record {
	int64_t id;
	int64_t design;
	int64_t units;
	int32_t priority; /* 0..100, 50 usual */
	int64_t due_s;	  /* 0: none */
	int64_t created_s;
	enum order_state state;
	bool test; /* a test print: may be made of a design that nobody has approved */
	char user[NAME_MAX_BYTES];
	char project[NAME_MAX_BYTES];  /* empty: none */
	char after[ORDER_AFTER_BYTES]; /* ids between commas: it starts when these are done */
	int32_t retries; /* in all; negative: each job as often as the configuration says */
	char hold_reason[REASON_MAX_BYTES]; /* why the farm itself holds it; else empty */
	/* What is accepted, in order of preference: lists as scheduler/choice.h has them. */
	char material[CHOICE_BYTES];  /* empty: as the file says, or any */
	char color[CHOICE_BYTES];     /* empty: any */
	char printer[NAME_MAX_BYTES]; /* empty: any */
	char tag[NAME_MAX_BYTES];     /* empty: any */
};

/* Good units that were handed over. */
struct delivery_record {
	int64_t id;
	int64_t order;
	int64_t units;
	int64_t at_s;
	char user[NAME_MAX_BYTES];
	char note[REASON_MAX_BYTES];
};

struct job_record {
	int64_t id;
	int64_t order;
	enum job_state state;
	int64_t plate;		      /* 0 while queued or held: the plan decides */
	char printer[NAME_MAX_BYTES]; /* from assigned on */
	int32_t tries;
	int32_t good, scrap;		/* set when inspected */
	char reason[REASON_MAX_BYTES];	/* of the last failure or decision */
	char failed_on[NAME_MAX_BYTES]; /* the printer of its last failure; empty: none */
	int64_t created_s, changed_s;
};

struct attempt_record {
	char id[ATTEMPT_ID_BYTES];
	int64_t job;
	char printer[NAME_MAX_BYTES];
	int64_t plate; /* what it prints, for life: the job may get another one later; 0: unknown,
			  made before the ledger kept it */
	char sha256[SHA256_HEX_BYTES]; /* the content that was sent; empty: unknown */
	enum attempt_state state;
	int32_t fault; /* enum driver_fault */
	char reason[REASON_MAX_BYTES];
	int64_t started_s, ended_s;
	int64_t commands_done, lines_sent, resends;
	/* How it flowed, see struct wire_telemetry; 0 also where nobody measured. */
	int64_t bytes_sent, line_errors, unreadable_lines, lost_acknowledgements;
	int64_t starved_us, starved_count;
	int64_t stall_resend_us, stall_answer_us, stall_port_us, stall_file_us;
	int64_t planned_s,
		print_us; /* what the plan reckoned with; real, without pauses; 0: unknown */
	/* What was in the printer at the start: a spool may be corrected later.  Empty, 0: unknown.
	 */
	char firmware[REASON_MAX_BYTES];
	int64_t spool;
	char material[NAME_MAX_BYTES], color[NAME_MAX_BYTES], lot[NAME_MAX_BYTES];
	char loaded_by[NAME_MAX_BYTES]; /* who has put the spool in, and when */
	int64_t loaded_s;
	char heat[HEAT_LOG_TEXT_MAX]; /* measured, see heat_log.h; empty: nobody did */
};

/* Never reorder, only append. */
enum photo_moment { PHOTO_ENDED, PHOTO_CLEARED };

/* A picture of what was printed, kept under the hash of its bytes. */
struct photo_record {
	char id[ATTEMPT_ID_BYTES]; /* as those of attempts */
	char sha256[SHA256_HEX_BYTES];
	char type[16]; /* "image/jpeg" */
	int64_t bytes;
	int64_t job;
	char attempt[ATTEMPT_ID_BYTES]; /* empty: of the job's last one */
	char printer[NAME_MAX_BYTES];
	enum photo_moment moment;
	int64_t taken_s;
};

/* What the ledger remembers of a printer: only what a power cycle must not forget. */
struct printer_record {
	char name[NAME_MAX_BYTES];
	enum bed_state bed;
	int64_t bed_job; /* whose plate lies on the bed, 0: none or unknown */
	char bed_why[REASON_MAX_BYTES];
	int32_t lock_fault; /* enum driver_fault, 0: no lock */
	char lock_reason[REASON_MAX_BYTES];
	bool enabled;
	int64_t quarantined_s; /* gets no new jobs since then; 0: it does */
	char quarantine_reason[REASON_MAX_BYTES];
	int64_t trusted_s; /* a person has enabled it after a quarantine: failures before count no
			      more */
	int64_t spool;	   /* 0: none said */
	char loaded_by[NAME_MAX_BYTES]; /* who said so, and when; empty, 0: unknown */
	int64_t loaded_s;
	int64_t print_us;      /* what it has printed in all */
	int64_t waits_since_s; /* a print ended, its bed waits to be cleared; 0: none does */
};

struct spool_record {
	int64_t id;
	char material[NAME_MAX_BYTES], color[NAME_MAX_BYTES], lot[NAME_MAX_BYTES];
	double grams_left;
	bool retired;
};

/* When an order was promised for, and since when.  Of each order the first promise is kept for
 * ever, and what moved it as far as there is room. */
struct promise_record {
	int64_t id;
	int64_t order;
	int64_t made_s;
	int64_t low_s, likely_s; /* done before in 1, in 5 of 10 cases */
	int64_t promised_s;	 /* done by then in confidence_percent of 100 cases; 0: cannot be
				    said any more */
	int64_t model_s;	 /* the same by the simulation of the plan alone */
	int32_t confidence_percent;
	/* The one that counts: made when this was ordered, or when what is wanted was changed. */
	bool given;
	int64_t units, due_s; /* what was wanted then */
	int32_t priority;
	int64_t done_s; /* of one that was given: when the order was done; 0: not yet, or never */
	char cause[REASON_MAX_BYTES]; /* what changed it */
};

/* How long a bed has waited to be cleared. */
struct clearing_record {
	int64_t id;
	char printer[NAME_MAX_BYTES];
	int64_t since_s, cleared_s;
	int32_t hour;	/* of the week in which somebody was there first; local */
	int64_t wait_s; /* staffed time */
};

/* Somebody has done maintenance. */
struct maintenance_record {
	int64_t id;
	char printer[NAME_MAX_BYTES], what[NAME_MAX_BYTES];
	int64_t at_s;
	int64_t print_us; /* what the printer had printed then */
	char user[NAME_MAX_BYTES];
};

/* What became of a printer's time, day by day.  All but the last are seconds. */
enum spent_kind {
	SPENT_PRINTING,
	SPENT_CLEARING, /* somebody is there, and the bed waits to be cleared */
	SPENT_SPOOL,	/* another spool would give it something to do */
	SPENT_FAULT,	/* locked, or it wants a person */
	SPENT_OFFLINE,
	SPENT_OUT,    /* disabled, or used by hand */
	SPENT_CLOSED, /* it waits until somebody is there */
	SPENT_IDLE,   /* there is nothing to do */
	SPENT_OTHER,  /* announced starts, heaters that cool down */
	SPENT_FAILED, /* prints that failed; their number */
};
enum { SPENT_KINDS = SPENT_FAILED + 1 };

struct spent_record {
	int64_t id;
	char printer[NAME_MAX_BYTES];
	int64_t day_s; /* when the local day began */
	enum spent_kind kind;
	int64_t amount;
};

/* One line of the farm's history; its id is the id of the server-sent event. */
struct event_record {
	int64_t id; /* given by the farm, growing */
	int64_t at_s;
	char kind[32];		      /* "order", "job", "attempt", "printer", "spool", "farm" */
	char subject[NAME_MAX_BYTES]; /* id or name */
	char user[NAME_MAX_BYTES];
	char text[REASON_MAX_BYTES];
};

/* What a creating POST answered, kept for IDEMPOTENCY_KEEP_S. */
struct idempotency_record {
	char key[NAME_MAX_BYTES * 2];
	char request_sha256[SHA256_HEX_BYTES];
	int32_t status;
	const char *answer; /* JSON text; borrowed during the call */
	int64_t at_s;
};

const char *job_state_name(enum job_state state); /* "held" ... "needs_look" */
const char *attempt_state_name(enum attempt_state state);
const char *bed_state_name(enum bed_state state);
const char *order_state_name(enum order_state state);

#endif
