/* Inside the Marlin dialect.
 *
 * Three layers, each with its own small state:
 *
 *   phase  what the connection is for: boot, hello, identify, set up, ready, printing, paused,
 *          faulted.
 *   task   a program of host lines that runs between lines of the file: set-up, re-numbering,
 *          pause, resume, end, cancel, cool-down, an operator's line.
 *   sync   the truth about line numbers.  CLEAR while acknowledgements can be believed; at any
 *          doubt (a line error, a missing or an unexplained acknowledgement) everything stops and
 *
 *              QUIET -> FLUSH (a line end) -> BARRIER (a nonce comes back: all that was accepted
 *              before has been executed, all older acknowledgements are void)
 *              -> COUNTER, unless the printer's request was clear (a far line number, whose
 *              refusal names the last line accepted)
 *              -> POSITION, only if a piece of a line may have run and M114 can tell
 *              -> REPLAY from the line after that, one at a time -> CLEAR
 *
 * A numbered line can be replayed without harm whatever was lost: the printer takes it exactly when
 * it is the next one.  So "each command once, in order" rests on the printer's own counter alone,
 * never on counting acknowledgements; a print ends only when that counter has been read.
 *
 * What the counter cannot see is a piece of a line that ran as an un-numbered line.  That always
 * follows a line error and brings an acknowledgement of its own: marlin_account.c holds the account
 * and stops the print when one too many arrived (DRIVER_FAULT_SURPLUS_OK). */
#ifndef DRIVERS_MARLIN_PRIVATE_H
#define DRIVERS_MARLIN_PRIVATE_H

#include "base/random.h"
#include "drivers/driver.h"
#include "drivers/effects.h"
#include "drivers/history.h"
#include "drivers/marlin_variant.h"
#include "drivers/reply.h"
#include "drivers/reply_reader.h"
#include "drivers/window.h"
#include "gcode/modal.h"

enum {
	MARLIN_FAR = 1000, /* a number this far away is never the next one */

	MARLIN_WORDS_MAX = 180,
	MARLIN_STEPS_MAX = 32,
	MARLIN_STEP_TEXT_MAX = 48,
	MARLIN_TOOLS_MAX = MODAL_TOOLS_MAX,

	/* At most so many lines between two M105 that show whether an ok was one too many, while
	 * more than one line is out: few where that has happened, more each time it has not. */
	MARLIN_CHECK_LINES_MIN = 20,
	MARLIN_CHECK_LINES_MAX = 320,

	MARLIN_NOTHING_PENDING = -1,
	MARLIN_WINDOW_ERRORS_MAX = 3,

	MARLIN_SAME_RESENDS_MAX = 10, /* of one number, then the print ends (14.5 step 7) */
	MARLIN_SAME_RESENDS_WARN = 5,
	MARLIN_ERRORS_MAX = 20, /* within MARLIN_ERRORS_LINES: 10 % */
	MARLIN_ERRORS_WARN = 10,
	MARLIN_ERRORS_LINES = 200,
};

/* Times in microseconds (14.12). */
#define MARLIN_MS(n)	       ((int64_t)(n)*1000)
#define MARLIN_S(n)	       ((int64_t)(n)*1000000)
#define MARLIN_NO_BANNER_US    MARLIN_S(2)
#define MARLIN_BANNER_QUIET_US MARLIN_MS(500)
#define MARLIN_ADOPT_QUIET_US  MARLIN_MS(300)
#define MARLIN_BOOT_US	       MARLIN_S(10)
#define MARLIN_HELLO_US	       MARLIN_MS(200)
#define MARLIN_IDENTIFY_US     MARLIN_S(3)
#define MARLIN_QUIET_MIN_US    MARLIN_MS(150)
#define MARLIN_QUIET_MAX_US    MARLIN_S(5)
#define MARLIN_FLUSH_US	       MARLIN_MS(50)
#define MARLIN_BARRIER_US      MARLIN_S(4)
#define MARLIN_BARRIER_SLOW_US MARLIN_S(60)
#define MARLIN_RESEND_OK_US    MARLIN_MS(500)
#define MARLIN_COUNTER_US      MARLIN_S(3)
#define MARLIN_POSITION_US     MARLIN_S(1)
#define MARLIN_ACK_US	       MARLIN_S(10)
#define MARLIN_ACK_BUSY_US     MARLIN_S(7)
#define MARLIN_ACK_SLOW_US     MARLIN_S(60)
#define MARLIN_SUSPECT_US      MARLIN_S(1)
#define MARLIN_POLL_US	       MARLIN_S(2)
#define MARLIN_BUSY_GONE_US    MARLIN_S(5) /* busy lines come every 2 s */
#define MARLIN_CHECK_US	       MARLIN_S(5)
#define MARLIN_REPORT_STALE_US MARLIN_S(6)
#define MARLIN_HOT_SILENCE_US  MARLIN_S(10)
#define MARLIN_COLD_SILENCE_US MARLIN_S(60)
#define MARLIN_MUTE_US	       MARLIN_S(180) /* firmware without busy lines: a slow move */
#define MARLIN_MUTE_SLOW_US    MARLIN_S(900) /* dwell, homing, probing */
#define MARLIN_COOL_RETRY_US   MARLIN_S(1)
#define MARLIN_BREAK_RETRY_US  MARLIN_S(2)
#define MARLIN_UNREAD_US       MARLIN_S(300) /* to heat up, prime and go back */
#define MARLIN_HOT_CELSIUS     60.0

enum marlin_phase {
	MARLIN_CLOSED,
	MARLIN_BOOT,	 /* waiting for a banner, or for quiet */
	MARLIN_HELLO,	 /* a line end is out; swallowing its answer */
	MARLIN_IDENTIFY, /* M115 is out */
	MARLIN_SETUP,	 /* the set-up task runs */
	MARLIN_READY,
	MARLIN_PRINTING,
	MARLIN_PAUSED,
	MARLIN_FAULTED,
};

enum marlin_sync_step {
	MARLIN_SYNC_CLEAR,
	MARLIN_SYNC_QUIET,
	MARLIN_SYNC_FLUSH,
	MARLIN_SYNC_BARRIER,
	MARLIN_SYNC_COUNTER,
	MARLIN_SYNC_POSITION,
	MARLIN_SYNC_REPLAY,
	MARLIN_SYNC_PACK, /* clear but for MeatPack, which is being switched on */
};

enum marlin_cause {
	MARLIN_CAUSE_LINE_ERROR, /* the printer refused something */
	MARLIN_CAUSE_STALL,	 /* an acknowledgement is missing */
	MARLIN_CAUSE_VERIFY,	 /* no doubt, but certainty is wanted */
};

/* What the head's position says about a piece of a line (marlin_position.c). */
enum marlin_verdict {
	MARLIN_VERDICT_NONE,
	MARLIN_VERDICT_DID_NOT_RUN,
	MARLIN_VERDICT_RAN,
};

enum marlin_task {
	MARLIN_TASK_NONE,
	MARLIN_TASK_SETUP,
	MARLIN_TASK_ADOPT,
	MARLIN_TASK_ARM,
	MARLIN_TASK_STANDBY,
	MARLIN_TASK_REHEAT,
	MARLIN_TASK_RENUMBER,
	MARLIN_TASK_PAUSE,
	MARLIN_TASK_RESUME,
	MARLIN_TASK_END,
	MARLIN_TASK_CANCEL,
	MARLIN_TASK_COOL,
	MARLIN_TASK_MANUAL,
};

enum marlin_step_kind {
	MARLIN_STEP_LINE,     /* a numbered line; done when it is acknowledged */
	MARLIN_STEP_RENUMBER, /* M110 */
	MARLIN_STEP_VERIFY,   /* barrier and counter: everything so far is executed */
	MARLIN_STEP_ERASE,    /* does the board take bytes of a line back? */
	MARLIN_STEP_PACK,     /* does it unpack? */
	MARLIN_STEP_COLD,     /* a reading in which every target is 0 */
};

enum marlin_erase_test {
	MARLIN_ERASE_UNTESTED,
	MARLIN_ERASE_TESTING, /* nothing has come of the tail so far */
	MARLIN_ERASE_FAILED,
};

struct marlin_step {
	enum marlin_step_kind kind;
	uint8_t length;
	char text[MARLIN_STEP_TEXT_MAX];
};

/* What arrived from the first doubt until the barrier: every ok in here must have a reason. */
struct marlin_account {
	int oks;	    /* all of them */
	int unnumbered_oks; /* with P and B but without N: an un-numbered line ran (ADVANCED_OK) */
	int errors, resends;
	int explained;	/* Unknown command, Invalid extruder: an ok of theirs follows */
	int barriers;	/* sent and not answered: their ok may still come */
	bool could_run; /* an error that can leave a piece of a line that is a command */
	bool crowded;	/* more than one line was in flight */
};

struct marlin_sync {
	enum marlin_sync_step step;
	enum marlin_cause cause;
	int64_t entered_us; /* this step */
	int64_t deadline_us;
	struct marlin_account account;
	int64_t wanted;	   /* from the latest Resend, -1: unknown */
	int64_t last_line; /* from the latest error line, -1: unknown */
	int64_t named;	   /* from the Resend before, where two have to agree; -1: none */
	int barrier_tries, counter_tries;
	bool account_closed; /* a barrier has been answered: later oks are not counted */
	char nonce[16];
	bool nonce_seen;
	int64_t nonce_us; /* when the barrier was written */
	bool slow;	  /* the doubt is about a line that may take minutes */
	int64_t replay_next;
	bool suspicious;  /* the account is short of a reason */
	int64_t resolved; /* the line to go on with, while the position is asked for */
	int position_tries;
	enum marlin_verdict verdict;
};

/* A print that another streamer began; see marlin_adopt.c. */
struct marlin_adopt {
	bool active; /* from the opening of the port until the counter has been read */
	enum driver_adoption how;
	int64_t acknowledged;	 /* commands that are known to have been taken */
	int64_t floor;		 /* number of the last of them, -1: not known */
	int64_t before_renumber; /* what came next when M110 was sent; -1: the last line is none */
	int64_t last_index;	 /* of the last command that has a number */
	double hotend_celsius, bed_celsius; /* targets that must be there at least */
	bool ends;			    /* the print was at its end: heaters may be off */
	bool moved; /* a pause or a resume came after the last command: the nozzle may be off */
	int tries;
};

struct marlin {
	struct driver_settings settings;
	const struct marlin_family *family;   /* as configured, then as M115 says */
	const struct marlin_variant *variant; /* of it */
	struct random random;
	struct driver_identity identity;
	struct driver_heaters heaters;
	struct driver_counters counters;

	/* Of the call under way. */
	int64_t now_us;
	struct driver_effects *effects;

	int64_t told_wake_us;
	enum driver_state told_state;
	enum marlin_phase phase;

	struct reply_reader reader;
	int64_t last_receive_us, last_ack_us, last_busy_us;
	int64_t last_said_us; /* the last line that was not a report of temperatures by itself */
	int32_t bytes_seen, bytes_bad; /* of the first ones: a wrong baud rate shows here */
	int waits;		       /* "wait" lines in a row */
	int foreign_lines;	       /* of other firmwares, since the last ok */
	bool busy_seen, heard;	       /* since the port opened */
	bool in_file_list;
	bool no_echo;	/* M118 is not known here, or says nothing: barriers are M105 */
	bool echo_seen; /* it has said a nonce since the port opened */
	int mute_oks;	/* oks that came where a nonce was due */

	/* Connecting. */
	int64_t phase_us; /* when the phase began */
	int64_t deadline_us;
	int tries;
	bool banner_seen, identity_seen;
	bool unlocked;			    /* by a person, since it was last connected */
	char first_answer[DRIVER_NAME_MAX]; /* the firmware's name, when it is asked twice */
	bool busy_board, waits_for_person;  /* since M115 */

	enum driver_link link;
	struct window window;
	int32_t lines;	      /* un-acknowledged at most, as chosen */
	int32_t narrow_lines; /* at most so many up to narrow_until; MAX: for good */
	int64_t narrow_until; /* lines_sent */
	int64_t window_error_at[MARLIN_WINDOW_ERRORS_MAX]; /* lines_sent */
	int window_error_next;
	int64_t round_trip_us; /* fastest answer seen that is certain to be one; 0: none yet */
	int64_t too_soon_us;   /* how soon an ok came that was dropped for it; 0: none */
	int64_t suspect_us;    /* when to probe because of an odd acknowledgement; NEVER */
	int32_t queue_max;     /* the largest B of ADVANCED_OK */
	int32_t queue_limit;   /* what it allows now */

	/* The held newline (marlin_held.c). */
	bool held;	      /* in use on this connection */
	bool erases;	      /* 0x08 takes a byte back: the board has shown it */
	bool unclean;	      /* something unreadable came since the last line end went out */
	int surplus_oks;      /* of this print, while the held newline was in use */
	int64_t pending;      /* number of the line whose body is out; MARLIN_NOTHING_PENDING */
	size_t pending_bytes; /* on the wire, with the line end */
	int64_t resent; /* number of the latest line that was taken back and sent again, whole */
	enum marlin_erase_test erase_test;
	int erase_tries;

	/* MeatPack (marlin_pack.c). */
	bool packs;	/* wanted, and the printer has confirmed it on this connection */
	bool packing;	/* its unpacker is on */
	bool pack_open; /* the last character of the pending body stands alone */
	int pack_tries;

	struct marlin_sync sync;
	int flushes;		 /* line ends of ours that will be answered ("ok - ignored") */
	int64_t acked_number;	 /* highest in order */
	int64_t repeated;	 /* "skip 5": whose ok comes next; -1: nobody's */
	int64_t confirmed_index; /* see marlin_report_acknowledged */
	int64_t told_index;
	int64_t same_number;		     /* asked for same_count times in a row */
	int64_t error_at[MARLIN_ERRORS_MAX]; /* lines_sent at the last line errors */
	int64_t warned_at;
	int refused_extrusions; /* in this print */
	int same_count, error_next;
	int renumber_tries;
	bool renumber_pending; /* M110 is out and not yet proved */
	bool gentle_sent;      /* an M105 stands behind the oldest line */

	int64_t queried_us;		 /* when the query went out */
	int64_t polled_us, polled_lines; /* when the last M105 went out, and after how many lines */
	int32_t check_lines;		 /* see MARLIN_CHECK_LINES_MIN */
	int64_t checked_surplus;	 /* surplus acknowledgements by then */

	struct marlin_adopt adopt;

	/* The print. */
	struct modal modal;
	int64_t next_index;
	int64_t staged_index; /* a command taken from the owner that has to wait for the window */
	size_t staged_length;
	char staged[DRIVER_SHORT_MAX];
	uint32_t tools_seen; /* bits */
	bool bed_seen;
	bool job, ended, hold; /* hold: the printer has paused itself */

	size_t step_count, step_next;
	int64_t step_us;
	int step_tries;
	enum marlin_task task;
	bool step_started;
	bool want_pause, want_resume, want_cancel, want_cool;
	int64_t hold_us;	  /* since when, 0: it is a card print's */
	int64_t unread_until_us;  /* it may not have read what was sent; 0: it reads */
	bool stands_by;		  /* the nozzle was cooled in a hold */
	bool want_arm, has_moved; /* the dead man is armed behind the first move */
	int break_tries;
	int64_t broke_us;    /* the last M108 */
	int64_t break_us;    /* next M108 while a cancel waits for a slow line */
	struct modal parked; /* the state to go back to */
	size_t manual_length;
	char manual[DRIVER_SHORT_MAX];
	char words[MARLIN_WORDS_MAX]; /* what the printer last said to a person */
	bool attention, prompt_open;
	int prompt_buttons;

	/* FAULTED: heaters off, un-numbered, until a reading shows it. */
	bool cool_asked;
	int cool_tries;
	int64_t cool_us;

	struct marlin_step steps[MARLIN_STEPS_MAX];
	struct history history;
};

/* marlin.c */
/* Around everything that is called from outside. */
void marlin_call_begin(struct marlin *m, int64_t now_us, struct driver_effects *effects);
void marlin_call_end(struct marlin *m);
/* What is known of a printer behind a closed port is void. */
void marlin_opened_afresh(struct marlin *m);
void marlin_job_reset_counts(struct marlin *m);
void marlin_set_phase(struct marlin *m, enum marlin_phase phase);
/* Stops with a reason: ends the print if there is one, else the connection. */
void marlin_fault(struct marlin *m, enum driver_fault fault, const char *text);
/* No print, no task, nothing in flight. */
void marlin_drop_everything(struct marlin *m);
bool marlin_is_hot(const struct marlin *m);
/* Bytes that are not answered may wait in the printer's USB: no reason for doubt. */
bool marlin_may_leave_unread(const struct marlin *m);
/* May a command's acknowledgement be believed to be in order? */
static inline bool marlin_is_clear(const struct marlin *m)
{
	return m->sync.step == MARLIN_SYNC_CLEAR;
}

/* marlin_lines.c */
void marlin_on_line(struct marlin *m, const struct reply_line *line);

/* marlin_send.c: what goes out, and the window it goes through */
void marlin_write_raw(struct marlin *m, const char *text, size_t length);
/* Gives the command the next number and keeps it, with what has to be known of it when it goes out.
 * NULL: it cannot be framed. */
struct history_line *marlin_keep_line(
	struct marlin *m, const char *text, size_t length, int64_t command_index);
/* A numbered line of the host (command_index as of the last command). False: it has to wait. */
bool marlin_send_host_line(struct marlin *m, const char *text, size_t length);
/* An un-numbered line that is answered. */
void marlin_send_unnumbered(struct marlin *m, const char *text, enum window_answer answer);
void marlin_send_history_line(struct marlin *m, const struct history_line *line);
/* Its last byte goes out now: it is in flight. */
void marlin_note_sent(struct marlin *m, const struct history_line *line, size_t bytes);
void marlin_send_renumber(struct marlin *m);
void marlin_send_far(struct marlin *m);
void marlin_note_position(const struct marlin *m, struct history_line *line);
void marlin_flush_staged(struct marlin *m);
/* A command is staged, and an answer must come before it can go out. */
bool marlin_staged_waits(const struct marlin *m);
/* The byte that is answered whatever runs, where there is one, when it is silent. */
void marlin_query(struct marlin *m);
int64_t marlin_query_wake(const struct marlin *m);
void marlin_poll(struct marlin *m);
int64_t marlin_poll_wake(const struct marlin *m);

/* marlin_window.c: how much may be under way */
bool marlin_wants_held(const struct marlin *m);
void marlin_choose_window(struct marlin *m);
/* An ok was one too many. */
void marlin_distrust_oks(struct marlin *m);
int32_t marlin_window_limit(const struct marlin *m);
int32_t marlin_window_bytes(const struct marlin *m);
bool marlin_has_room(const struct marlin *m, size_t frame_length, bool alone);
/* More than one line is out, or part of one. */
bool marlin_is_crowded(const struct marlin *m);
void marlin_narrow_window(struct marlin *m);
void marlin_widen_window(struct marlin *m);

/* marlin_pack.c: MeatPack */
bool marlin_may_pack(const struct marlin *m);
/* Sync goes to PACK, and from there to CLEAR. */
void marlin_pack_begin(struct marlin *m);
void marlin_pack_late(struct marlin *m);
/* Back to plain lines, whatever the unpacker thinks. */
void marlin_pack_reset(struct marlin *m);
/* The same, if it may be on. */
void marlin_pack_stop(struct marlin *m);
/* True: the line tells the unpacker's state. */
bool marlin_pack_line(struct marlin *m, const struct reply_line *line);
/* A line, or one without its end: packed or plain.  Bytes written. */
size_t marlin_write_line(struct marlin *m, const char *text, size_t length);
void marlin_write_line_end(struct marlin *m);

/* marlin_held.c: the held newline */
bool marlin_can_hold(const struct marlin *m, size_t body_length);
void marlin_hold(struct marlin *m, const struct history_line *line);
/* Ends half a line of somebody else's, or takes it back where the board can. */
void marlin_write_flush(struct marlin *m);
/* The window is empty: the pending body gets its line end. */
void marlin_release(struct marlin *m);
/* Takes the pending body back and sends its line, whole, behind what is in flight. */
void marlin_send_pending_whole(struct marlin *m);
/* In doubt: the pending body must not run. */
void marlin_take_back(struct marlin *m);
void marlin_erase_test_begin(struct marlin *m);
void marlin_erase_test_line(struct marlin *m, const struct reply *reply);
/* False: it is tried once more. */
bool marlin_erase_test_end(struct marlin *m);

/* marlin_ack.c: who is meant by an ok */
void marlin_on_ok(struct marlin *m, const struct reply *reply);
void marlin_on_unknown_command(struct marlin *m, const struct reply *reply);
void marlin_suspect(struct marlin *m);
void marlin_learn_round_trip(struct marlin *m, int64_t round_trip_us);
void marlin_confirm(struct marlin *m, int64_t number);
void marlin_report_acknowledged(struct marlin *m);

/* marlin_resync.c: doubt, and the way back */
void marlin_sync_begin(struct marlin *m, enum marlin_cause cause);
void marlin_sync_reset(struct marlin *m);
void marlin_on_line_error(struct marlin *m, const struct reply *reply);
void marlin_on_resend(struct marlin *m, const struct reply *reply);
void marlin_on_input_lost(struct marlin *m);
/* Before the ordinary meaning of an ok; true: it belongs to the way back. */
bool marlin_sync_ok(struct marlin *m, const struct reply *reply);
/* Does the line hold the nonce of the latest barrier? */
bool marlin_sync_is_nonce(const struct marlin *m, const struct reply *reply);
/* True: the line belongs to the way back: the nonce, a position. */
bool marlin_sync_line(struct marlin *m, const struct reply *reply);
void marlin_replay_acked(struct marlin *m, int64_t number);
bool marlin_sync_advance(struct marlin *m);
int64_t marlin_sync_wake(const struct marlin *m);

/* marlin_account.c: every ok in a doubt must have a reason */
void marlin_account_ok(struct marlin *m, const struct reply *reply);
/* One ok too many: a piece of a line may have run.  `wanted` is the line to go on with. */
bool marlin_account_is_suspicious(struct marlin *m, int64_t wanted);
bool marlin_account_is_worth_a_look(const struct marlin *m);
void marlin_account_count_lost(struct marlin *m, int64_t wanted);

/* marlin_position.c */
/* Would the position tell whether a line from `wanted` on has run? */
bool marlin_position_tells(const struct marlin *m, int64_t wanted);
enum marlin_verdict marlin_judge_position(
	const struct marlin *m, int64_t wanted, const char *text, size_t length);

/* marlin_connect.c */
void marlin_connect_begin(struct marlin *m);
void marlin_connect_reset(struct marlin *m); /* a banner in the middle of connecting */
void marlin_connect_reply(struct marlin *m, const struct reply *reply);
bool marlin_connect_advance(struct marlin *m);

/* marlin_adopt.c: going on with a print that was cut off from us */
/* True: its heaters are on.  False: a reading was asked for, or it is no way back. */
bool marlin_adopt_is_warm(struct marlin *m);
/* Takes half a line back that its owner left behind, where that is possible. */
void marlin_adopt_erase(struct marlin *m);
/* False: the printer cannot take that line next. */
bool marlin_adopt_agrees(struct marlin *m, int64_t wanted);
void marlin_adopt_done(struct marlin *m);

/* marlin_job.c: tasks */
void marlin_task_begin(struct marlin *m, enum marlin_task task);
/* Does a task run, or wait for the lines in flight? Then no line of the file goes out. */
bool marlin_task_is_due(const struct marlin *m);
void marlin_task_drop(struct marlin *m);
bool marlin_task_advance(struct marlin *m);
int64_t marlin_task_wake(const struct marlin *m);
void marlin_fault_cool_begin(struct marlin *m);
bool marlin_fault_cool_advance(struct marlin *m);
void marlin_on_heaters(struct marlin *m);
void marlin_on_renumber_lost(struct marlin *m);

/* marlin_person.c: what the printer wants from people */
void marlin_attention(struct marlin *m, const char *fallback);
/* A person's choice: not to wait for its turn behind what waits for it. */
void marlin_answer_prompt(struct marlin *m, const char *text, size_t length);
void marlin_attention_over(struct marlin *m);
void marlin_on_card_print(struct marlin *m);
void marlin_on_action(struct marlin *m, const struct reply *reply);
void marlin_remember_words(struct marlin *m, const char *text, size_t length);

#endif
