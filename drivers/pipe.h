/* The sender for firmware that reads a reliable pipe and has no line numbers to check: Klipper on
 * its pseudo-terminal, RepRapFirmware on a Duet's own USB.
 *
 * Nothing is ever sent twice: a repeated line would run twice.  Each line is answered by one "ok";
 * when one is missing, a barrier (a line that comes back with a nonce) proves that everything
 * before it was executed, and the missing acknowledgement is written off.  Damage on the way cannot
 * be seen, so these dialects are for links that have none; an error of the firmware ends the print,
 * at that command.
 *
 * A dialect is a struct pipe_dialect and a struct that begins with a struct pipe. */
#ifndef DRIVERS_PIPE_H
#define DRIVERS_PIPE_H

#include "base/random.h"
#include "drivers/driver.h"
#include "drivers/effects.h"
#include "drivers/reply_reader.h"
#include "drivers/script.h"
#include "drivers/window.h"
#include "gcode/modal.h"

enum {
	PIPE_BARRIER = -2,  /* the number of a barrier's entry in the window */
	PIPE_QUESTION = -3, /* of what is answered at once, unless something else runs */
	PIPE_NONCE_MAX = 16,
	PIPE_WORDS_MAX = 120,
	PIPE_MOVES = 64, /* more than any of them queues */
};

/* Times in microseconds. */
#define PIPE_MS(n)	   ((int64_t)(n)*1000)
#define PIPE_S(n)	   ((int64_t)(n)*1000000)
#define PIPE_HELLO_US	   PIPE_S(3)  /* for an answer at connect; three tries */
#define PIPE_POLL_US	   PIPE_S(2)  /* between two readings */
#define PIPE_PROBE_US	   PIPE_S(10) /* a short command without an answer: barrier */
#define PIPE_PROBE_SLOW_US PIPE_S(60)
#define PIPE_AGAIN_US	   PIPE_S(60)  /* another barrier behind one without an answer */
#define PIPE_IDLE_US	   PIPE_S(60)  /* nothing is printed, and no answer: gone */
#define PIPE_WORKING_US	   PIPE_S(900) /* the longest that a long command may take in silence */
#define PIPE_ARC_US	   PIPE_S(60)  /* an arc is not measured */
#define PIPE_COLD_RETRY_US PIPE_S(1)
#define PIPE_PATIENCE_US   PIPE_S(3) /* a cancel waits so long for a command that waits for heat */

enum pipe_phase {
	PIPE_CLOSED,
	PIPE_CONNECTING,
	PIPE_READY,
	PIPE_PRINTING,
	PIPE_PAUSED,
	PIPE_FAILING, /* the print has ended with a fault; parking, cooling */
	PIPE_FAULTED,
};

enum pipe_task {
	PIPE_TASK_NONE,
	PIPE_TASK_CONNECT,
	PIPE_TASK_PAUSE,
	PIPE_TASK_RESUME,
	PIPE_TASK_RELEASE, /* the firmware has paused itself and a person says: go on */
	PIPE_TASK_END,
	PIPE_TASK_CANCEL,
	PIPE_TASK_FAIL,
	PIPE_TASK_COOL,
	PIPE_TASK_MANUAL,
};

struct pipe;

struct pipe_dialect {
	const char *firmware;			 /* as M115 says it */
	int32_t window_lines, window_lines_most; /* auto, and at most */
	int32_t window_bytes;
	const char *barrier_before, *barrier_behind; /* around the nonce */
	const char *emergency;			     /* bytes of an emergency stop on the port */
	/* An emergency stop is the only way out of a wait for heat. */
	bool cancels_by_emergency;
	const char *const
		*forbidden;  /* commands that would end the understanding; NULL behind the last */
	const char *release; /* the line for PIPE_TASK_RELEASE; NULL: none */

	void (*line)(struct pipe *pipe, const char *text, size_t length);
	void (*connect)(struct pipe *pipe); /* fills pipe->script */
	/* The connect script has run: true when the printer is ready, else the dialect has
	 * arranged what follows (pipe_connect_again, pipe_fault). */
	bool (*connected)(struct pipe *pipe);
	void (*heaters_off)(struct pipe *pipe); /* lines into pipe->script */
	void (*pause)(struct pipe *pipe);	/* what stands around the park */
	void (*resume)(struct pipe *pipe);
	/* The port's part of an emergency stop is out; NULL: that was all. */
	void (*stopped)(struct pipe *pipe);
	/* What is due of the dialect's own; *wake_us is brought forward.  True: something was done.
	 */
	bool (*advance)(struct pipe *pipe, int64_t *wake_us);
	/* Readings come by another way, however busy the port is. */
	bool (*reads)(const struct pipe *pipe);
};

struct pipe {
	const struct pipe_dialect *dialect;
	struct driver_settings settings;
	struct random random;
	enum driver_link link;
	struct driver_identity identity;
	struct driver_heaters heaters;
	struct driver_counters counters;

	/* Of the call under way. */
	int64_t now_us;
	struct driver_effects *effects;

	int64_t told_wake_us;
	enum driver_state told_state;
	enum pipe_phase phase;
	enum pipe_task task;
	struct script script;
	bool step_started;
	int64_t step_us;
	int step_tries;

	struct reply_reader reader;
	int64_t last_receive_us, last_ack_us;
	bool heard, identity_seen;
	int connect_tries;
	int64_t connect_us; /* when the connect task is tried again */

	struct window window;
	int32_t window_lines;
	char nonce[PIPE_NONCE_MAX];
	bool nonce_seen;
	int64_t barrier_us; /* when it was written */
	int64_t polled_us;
	bool waits_for_heat; /* what is under way may be a wait for heat */
	/* How long the slowest of the last moves takes: an acknowledgement that waits for room
	 * behind it takes as long.  Of PIPE_MOVES moves, and of as many before. */
	int64_t slowest_us, slowest_before_us;
	int moves;

	/* The print. */
	struct modal modal, parked;
	int64_t next_index, acknowledged, told_index;
	int64_t staged_index;
	size_t staged_length;
	char staged[DRIVER_COMMAND_MAX];
	uint32_t tools_seen;
	bool job, ended, hold; /* hold: the printer has paused itself */
	bool want_pause, want_resume, want_release, want_cancel, want_cool;
	int64_t cancel_us;
	size_t manual_length;
	char manual[DRIVER_COMMAND_MAX];
	char words[PIPE_WORDS_MAX]; /* what the printer last said to a person */
	bool attention, by_hand;
	bool stay; /* a move to the park position was refused: stay where it is */
	int unknown_told;

	/* FAULTED: heaters off, again and again, until a reading shows it. */
	bool cool_asked;
	int cool_tries;
	int64_t cool_us;
};

/* For the dialects' create; the rest of their struct is theirs. */
void pipe_init(struct pipe *pipe, const struct pipe_dialect *dialect,
	const struct driver_settings *settings);

/* ---- the slots of driver.h; `driver` is a struct pipe ---- */
void pipe_destroy(struct driver *driver);
void pipe_link(struct driver *driver, enum driver_link link);
void pipe_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects);
void pipe_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects);
bool pipe_wants_command(const struct driver *driver);
void pipe_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void pipe_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects);
void pipe_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects);
void pipe_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects);
enum driver_state pipe_state(const struct driver *driver);
const struct driver_identity *pipe_identity(const struct driver *driver);
const struct driver_heaters *pipe_heaters(const struct driver *driver);
const struct driver_counters *pipe_counters(const struct driver *driver);
bool pipe_may_be_silent(const struct driver *driver);

/* ---- for the dialects ---- */
void pipe_begin_call(struct pipe *pipe, int64_t now_us, struct driver_effects *effects);
void pipe_end_call(struct pipe *pipe);

/* pipe.c */
/* Stops with a reason: ends the print if there is one, else the connection. */
void pipe_fault(struct pipe *pipe, enum driver_fault fault, const char *text);
/* The firmware has restarted: the print is lost, and the connection begins anew at `again_us`. */
void pipe_restarted(struct pipe *pipe, const char *text, int64_t again_us);
void pipe_connect_again(struct pipe *pipe, int64_t again_us);
bool pipe_is_hot(const struct pipe *pipe);

/* pipe_lines.c: what lines of every dialect mean */
/* temperatures: an "ok T:…", which only M105 is answered by: it proves like a barrier what is
 * before. */
void pipe_on_ok(struct pipe *pipe, bool temperatures);
/* The firmware refuses what it executes; its ok follows. */
void pipe_on_error(struct pipe *pipe, const char *text, size_t length);
void pipe_on_unknown(struct pipe *pipe, const char *text, size_t length);
/* True: the line holds the nonce that is waited for. */
bool pipe_on_nonce(struct pipe *pipe, const char *text, size_t length);
/* Readings found in the line; true: it has some. */
bool pipe_on_temperatures(struct pipe *pipe, const char *text, size_t length);
void pipe_new_heaters(struct pipe *pipe);
void pipe_on_action(struct pipe *pipe, const char *text, size_t length);
void pipe_remember(struct pipe *pipe, const char *text, size_t length);
void pipe_attention(struct pipe *pipe, const char *fallback);
void pipe_attention_over(struct pipe *pipe);
void pipe_by_hand(struct pipe *pipe, bool by_hand, const char *text);
/* Of the entry that is answered next. */
bool pipe_is_command(const struct pipe *pipe);

/* pipe_send.c */
void pipe_write(struct pipe *pipe, const char *text);
/* A line of ours that is answered by an ok; false: no room. */
bool pipe_send_line(struct pipe *pipe, const char *text, size_t length);
bool pipe_send_question(struct pipe *pipe, const char *text);
bool pipe_has_room(const struct pipe *pipe);
void pipe_send_barrier(struct pipe *pipe);
void pipe_flush_staged(struct pipe *pipe);
bool pipe_poll(struct pipe *pipe);
int64_t pipe_poll_us(const struct pipe *pipe);
/* Until then a healthy printer may be silent; 0: it may not. */
int64_t pipe_quiet_until_us(const struct pipe *pipe);
bool pipe_probe(struct pipe *pipe);
int64_t pipe_probe_us(const struct pipe *pipe);

/* pipe_task.c */
void pipe_task_begin(struct pipe *pipe, enum pipe_task task);
void pipe_task_drop(struct pipe *pipe);
/* From `connected`: more steps are put into the script. */
void pipe_task_go_on(struct pipe *pipe);
bool pipe_task_advance(struct pipe *pipe);
int64_t pipe_task_wake(const struct pipe *pipe);
void pipe_fault_cool_begin(struct pipe *pipe);
bool pipe_fault_cool_advance(struct pipe *pipe);
void pipe_fault_cool_reading(struct pipe *pipe);
/* A lift and a way to the park position, where the position is known. */
void pipe_add_park(struct pipe *pipe, const struct modal *modal);
/* The way back, and the modes of the print. */
void pipe_add_way_back(struct pipe *pipe, const struct modal *modal);

#endif
