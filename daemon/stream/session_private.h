/* The inside of a session, shared by session*.c only. */
#ifndef DAEMON_STREAM_SESSION_PRIVATE_H
#define DAEMON_STREAM_SESSION_PRIVATE_H

#include "daemon/stream/clock.h"
#include "daemon/stream/readahead.h"
#include "daemon/stream/recorder.h"
#include "daemon/stream/recording.h"
#include "daemon/stream/session.h"
#include "daemon/stream/supervisor.h"
#include "daemon/stream/telemetry.h"
#include "drivers/detect.h"

enum {
	SESSION_OUT_BYTES = 8192, /* bytes that the port has not taken yet */
	SESSION_READS = 8,	  /* of DRIVER_RECEIVE_MAX bytes, before others get a turn */
	SESSION_STALL_WARN_US = 10000000,
	SESSION_STALL_US = 60000000,  /* the port takes nothing: it is broken */
	SESSION_STARVE_US = 60000000, /* the disk gives nothing: the print is stopped */
	SESSION_COOL_AGAIN_US = 20000000,
	SESSION_COOL_LIMIT_US = 30000000, /* hot because of us and deaf for so long: stopped */
	SESSION_HOLD_US = 15000000,  /* an end is told when the heaters are off, or after this */
	SESSION_LINGER_US = 200000,  /* an emergency stop gets out before its port is closed */
	SESSION_POWER_US = 2000000,  /* for the other rungs of an emergency stop */
	SESSION_PULSE_US = 250000,   /* DTR low */
	SESSION_KEEP_US = 2000000,   /* a recording of a fault holds so much of what followed */
	SESSION_ADOPT_US = 10000000, /* a print that was cut off from us waits so long */
	SESSION_ADOPT_RETRY_US = 250000,
	SESSION_MANUAL_HEAT_US = 5000000, /* until its target must have shown up in a reading */
};

/* The print that runs. */
struct session_job {
	bool active;
	bool loading;		/* the file is being opened; the printer knows nothing yet */
	bool all_offered;	/* the driver was told of the end */
	bool stopping;		/* cancel is under way; `result` and so on say what it will mean */
	bool has_command;	/* `command` was taken but not offered */
	struct command command; /* the next, or the latest offered */
	bool is_long;		/* the latest command may take minutes */
	bool long_before;	/* the one offered before it may take minutes, and may still run */
	struct readahead *readahead;
	int64_t starving_since_us; /* 0: not */
	int64_t start_us;
	int64_t offered, answered, acknowledged; /* commands */
	int64_t line_number;			 /* the latest */
	int64_t commands;			 /* of the file */
	struct driver_counters before;		 /* the driver's counters at the start */
	struct telemetry telemetry;
	int64_t numbered;      /* commands that got a line number */
	int64_t offered_bytes; /* of the file, up to the end of the last command offered */
	bool mark_due;	       /* the progress page wants the driver's state */
	int64_t paused_us, paused_since_us; /* pauses that are over; 0: not in one */
	enum wire_result result;
	enum driver_fault fault;
	char reason[WIRE_TEXT_MAX];

	/* session_adopt.c */
	bool adopting; /* cut off from the print that runs; until the driver has answered */
	bool rebuilt;  /* the driver has been told all its lines */
	bool pause_due;
	int64_t adopt_until_us;
	struct progress_mark mark;
	uint64_t position;  /* in the trail: the next line to tell */
	int64_t next_index; /* the next command that the file gives */
	enum driver_line last_line;
	enum driver_adoption how;
};

struct session {
	char name[WIRE_NAME_MAX];
	struct session_setup setup;
	struct wire_settings settings, next_settings;
	bool has_settings, has_next_settings;

	const struct driver_dialect *dialect; /* NULL: none of that name */
	struct driver *driver;
	enum driver_state state;
	int64_t driver_wake_us;

	bool detecting; /* no driver yet: session_detect.c */
	struct detect detect;
	enum detect_result detect_best;
	int baud_index;
	int32_t found_baud;

	struct port port;
	int tries;		    /* openings in a row that led to nothing */
	int64_t reconnect_us;	    /* INT64_MAX: not wanted */
	char reason[WIRE_TEXT_MAX]; /* why offline */
	bool close_wanted;
	int64_t close_us;      /* when it will be done; INT64_MAX: not decided */
	int64_t power_us;      /* when the power is cut; INT64_MAX: not wanted */
	bool stop_may_confirm; /* the firmware may say before that it has stopped */
	int64_t release_us;    /* of the reset line; INT64_MAX: not pulled */
	bool reset_wanted;     /* by a person: the next opening begins with a reset */
	bool resetting;	       /* the line is pulled, the conversation begins when it is let go */

	struct port side;	   /* the dialect's second channel */
	int side_tries;		   /* openings in a row that led to nothing */
	int64_t side_reconnect_us; /* INT64_MAX: not wanted */
	bool side_broken;	   /* to be closed */

	char out[SESSION_OUT_BYTES];
	size_t out_start, out_length;
	int64_t wrote_us;	  /* when the port last took bytes */
	int64_t stalled_since_us; /* 0: not */
	bool stall_told;

	bool unlocked; /* by a person: the driver of the next connection is told */
	bool by_hand;  /* it prints for somebody else: by_hand_text */
	char by_hand_text[WIRE_TEXT_MAX];
	bool attention;
	char attention_text[WIRE_TEXT_MAX];
	bool paused;

	char boot[PROGRESS_BOOT_MAX]; /* which clock ours is */
	struct progress progress;
	struct session_job job;
	bool cool_wanted;      /* our heaters must go off */
	int64_t cool_sent_us;  /* 0: not yet */
	int64_t cool_since_us; /* the port was opened to switch them off; 0: not so */
	int64_t hold_ends_until_us;
	int64_t manual_heat_us;
	struct supervisor supervisor;
	bool alarmed;			/* the verdict has been acted on */
	char alarm_text[WIRE_TEXT_MAX]; /* until a reading or a person says otherwise */
	bool news;			/* `changed` is due */

	int64_t now_us; /* the latest time told, for remarks */
	struct recorder *recorder;
	struct recording *recording;
	char keep_why[WIRE_TEXT_MAX]; /* the recorder is to be kept in a file; empty: not */
	int64_t keep_us;	      /* when; INT64_MAX: not decided */
};

/* session.c */
/* After everything that happened: closes, cools, feeds, writes, tells. */
void session_settle(struct session *session, int64_t now_us);
/* Locks the printer until a person acts; the first fault stays. */
void session_lock(struct session *session, enum driver_fault fault, const char *text);
void session_set_hot(struct session *session, bool hot);
void session_say(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void session_apply_settings(struct session *session, int64_t now_us);
/* The profile that the settings describe, for the rules of commands (gcode/policy.h). */
void session_profile(const struct session *session, struct profile *profile);
/* The longest command that the printer takes: its dialect's, or less when its profile says so. */
size_t session_limit_bytes(const struct session *session, const struct profile *profile);
bool session_is_online(const struct session *session);
/* A remark of the recorder, which people read with the conversation. */
void session_remark(struct session *session, const char *text);
/* What the driver is asked to do, from where a replay of the recording knows it. */
void session_act(struct session *session, const char *act, int64_t now_us);
/* ... behind the command that it was given last. */
void session_act_on_job(struct session *session, const char *act, int64_t now_us);
/* Something went wrong: the conversation will be kept in a file, soon. */
void session_keep(struct session *session, const char *why);

/* Replaces the driver. */
void session_make_driver(struct session *session, const char *dialect);
/* Why nobody answers: `words`, or that the board was halted. */
const char *session_words_of_silence(const struct session *session, const char *words);

/* session_effects.c */
/* Emptied, for the next call of the driver. */
struct driver_effects *session_effects(struct session *session);
/* Performs what the driver's call left in session_effects. */
void session_perform(struct session *session, int64_t now_us);

/* session_port.c */
/* The port is open and the driver made: the conversation begins. */
void session_start_driver(struct session *session, int64_t now_us);
/* Closes and opens again, at another speed. */
void session_reopen_port(struct session *session, int64_t now_us);
void session_open_port(struct session *session, int64_t now_us);
/* The board boots: nothing that it said before counts. */
void session_release_line(struct session *session, int64_t now_us);
void session_close_port(struct session *session, const char *reason, int64_t now_us);
/* The device went away by itself: a print that runs waits for it a while. */
void session_lose_port(struct session *session, const char *reason, int64_t now_us);
void session_read_port(struct session *session, int64_t now_us);
void session_flush(struct session *session, int64_t now_us);
/* Bytes of the driver; false: the queue is full and the port must be closed. */
bool session_queue(struct session *session, const char *bytes, size_t length);
/* Forgets what was not written yet: an emergency stop overtakes it. */
void session_drop_queue(struct session *session);
void session_check_stall(struct session *session, int64_t now_us);

/* session_side.c */
void session_open_side(struct session *session, int64_t now_us);
void session_close_side(struct session *session, int64_t now_us);
void session_write_side(struct session *session, const char *bytes, size_t length);
void session_settle_side(struct session *session, int64_t now_us);

/* session_job.c */
void session_feed(struct session *session, int64_t now_us);
void session_job_over(struct session *session, enum wire_result result, enum driver_fault fault,
	const char *reason, int64_t now_us);
/* Stops the print by the driver's cancel, which will then mean `result`. */
void session_job_stop(struct session *session, enum wire_result result, enum driver_fault fault,
	const char *reason, int64_t now_us);
void session_job_numbers(
	const struct session *session, int64_t now_us, struct wire_progress *numbers);
void session_check_starving(struct session *session, int64_t now_us);
/* May the latest command take minutes? */
/* `command` has been taken from the file. */
void session_job_took(struct session *session);
bool session_job_is_long(const struct session *session);
/* The driver's state goes to the progress page; right behind the number of the last command. */
void session_mark(struct session *session);

/* session_stop.c: the rungs of an emergency stop */
void session_stop_at_once(
	struct session *session, enum driver_fault fault, const char *text, int64_t now_us);
/* The last rung is due in a while. */
void session_power_arm(struct session *session, enum driver_fault fault, int64_t now_us);
/* What the printer says may make it needless. */
void session_power_hear(struct session *session, const char *bytes, size_t length);
void session_power_wake(struct session *session, int64_t now_us);
bool session_has_no_remote_stop(const struct session *session);

/* session_detect.c */
bool session_is_auto(const struct session *session);
int32_t session_baud(const struct session *session);
/* As configured, or as found earlier, or the most likely one. */
const char *session_dialect_name(const struct session *session);
/* Before the port is opened with new settings. */
void session_detect_prepare(struct session *session);
/* What was found is not so. */
void session_detect_forget(struct session *session);
/* It is so. */
void session_detect_keep(struct session *session);
void session_detect_opened(struct session *session, int64_t now_us);
void session_detect_receive(
	struct session *session, int64_t now_us, const char *bytes, size_t length);
void session_detect_wake(struct session *session, int64_t now_us);
void session_detect_estop(struct session *session);

/* session_adopt.c */
/* Names the clock: the kernel's id of this boot. */
void session_read_boot(char *boot, size_t size);
/* At creation: is there a print to go on with?  Then the session has it. */
bool session_adopt_take_over(struct session *session, int64_t now_us);
/* The port is being lost: the print, if any, is to be adopted when it is back. */
void session_adopt_lost(struct session *session, int64_t now_us);
/* The port is closed and the driver made: gathers what the driver must know. */
void session_adopt_begin(struct session *session, int64_t now_us);
void session_adopt_advance(struct session *session, int64_t now_us);
/* Stated end. */
void session_adopt_fail(struct session *session, const char *reason, int64_t now_us);
void session_adopt_done(struct session *session, const struct driver_effect *effect);
void session_adopt_wake(struct session *session, int64_t now_us);

#endif
