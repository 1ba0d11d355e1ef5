/* The messages between control and a streamer, and their encoding.
 *
 * Control connects to the streamer's Unix socket.  Both ends first send WIRE_HELLO with their
 * version; a streamer serves any control of the same major version.  A frame is
 *
 *     u32 length of what follows | u16 kind | u16 reserved (0) | fields ...
 *
 * little-endian; a field is u16 id | u16 length | bytes.  Numbers are 8 bytes, texts are UTF-8
 * without NUL.  A field that a reader does not know is skipped, a missing one reads as 0 or "":
 * that is how the format grows.  Every frame and field is bounded; a peer that breaks a bound is
 * cut off.
 *
 * The life of a print over the wire: START (attempt id) -> streamer answers DONE or REFUSED for the
 * request -> PRINTER reports with progress at a bounded rate -> ENDED (attempt, result), repeated
 * after every HELLO until control says BOOKED (attempt), which makes the streamer forget it. */
#ifndef DAEMON_WIRE_WIRE_H
#define DAEMON_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_VERSION = 1,
	WIRE_FRAME_MAX = 4096, /* bytes behind the length word */
	WIRE_NAME_MAX = 64,    /* printer names */
	WIRE_ID_MAX = 40,      /* attempt ids: 32 hex digits */
	WIRE_TEXT_MAX = 256,
	WIRE_PATH_MAX = 1024,
	WIRE_RULES_MAX = 800,  /* PROFILE_RULES_MAX of PROFILE_RULE_MAX bytes */
	WIRE_SOCKET_MAX = 108, /* a Unix socket's path */
	WIRE_HEATERS_MAX = 4,
	WIRE_RECORDING_MAX = 3400, /* text of one page of a flight recorder */
	WIRE_RECORDER_KINDS = 3,
};

/* Never reorder, only append. */
enum wire_kind {
	WIRE_NONE,
	/* both ways */
	WIRE_HELLO,
	/* control -> streamer; each carries `request`, answered by WIRE_ANSWER */
	WIRE_SET_PRINTER, /* settings; the streamer keeps them in its state directory */
	WIRE_REMOVE_PRINTER,
	WIRE_START,
	WIRE_PAUSE,
	WIRE_RESUME,
	WIRE_CANCEL,
	WIRE_MANUAL,   /* text: one command */
	WIRE_CONNECT,  /* try the port again now; also: a person has dealt with the fault */
	WIRE_ESTOP,    /* printer name; empty: all */
	WIRE_BOOKED,   /* attempt: its end is durable */
	WIRE_SHUTDOWN, /* end when nothing prints */
	/* streamer -> control */
	WIRE_ANSWER,  /* to request: error 0 or a negative errno, text */
	WIRE_PRINTER, /* state of one printer */
	WIRE_ENDED,   /* an attempt has ended */
	WIRE_SAID,    /* a line for the log of one printer */
	/* control -> streamer: a page of the flight recorder; the ANSWER holds `recording` */
	WIRE_RECORDING,
	WIRE_KIND_LAST = WIRE_RECORDING,
};
const char *wire_kind_name(enum wire_kind kind);

enum wire_link { WIRE_OFFLINE, WIRE_CONNECTING, WIRE_ONLINE };
enum wire_activity {
	WIRE_IDLE,
	WIRE_PRINTING,
	WIRE_PAUSED,
	WIRE_NEEDS_ATTENTION,
	WIRE_BY_HAND,
};
/* How an attempt ended.  Stored in the ledger: append only. */
enum wire_result {
	WIRE_RESULT_NONE,
	WIRE_PRINTED,
	WIRE_FAILED, /* with a fault */
	WIRE_CANCELLED,
	WIRE_SUSPECT, /* nobody knows: streamer died, cable gone */
};

struct wire_hello {
	uint32_t version;
	int64_t process_id;
	char program[WIRE_NAME_MAX];
};

struct wire_settings {
	char port[WIRE_PATH_MAX];
	char dialect[WIRE_NAME_MAX];
	int64_t baud;	      /* 0: the usual one */
	int64_t window_lines; /* 0: auto; -1: held newline; see enum in drivers/driver.h */
	double hotend_max_celsius, bed_max_celsius;
	double volume_min_mm[3], volume_max_mm[3];
	bool can_reset_line;
	bool reset_on_connect; /* a connection to an idle board begins with a reset */
	int64_t machine_kind;  /* enum driver_kind */
	bool meatpack;
	bool short_numbers;
	int64_t window_bytes;	  /* un-acknowledged at most; 0: what the firmware usually holds */
	bool no_adoption;	  /* a print that was cut off from us is not gone on with */
	char uuid[WIRE_NAME_MAX]; /* what M115 must say; empty: anything */
	int64_t pause_heat_s;	  /* a paused nozzle is cooled after so long; 0: never */
	int64_t dead_man_s;	  /* the firmware's own, armed while we heat; 0: none */
	char power_off[WIRE_PATH_MAX]; /* program that cuts the power; empty: none */
	double park_x_mm, park_y_mm, park_lift_mm, hotend_standby_celsius;
	char side_port[WIRE_SOCKET_MAX]; /* of the dialect's side channel; empty: none */
	char rules[WIRE_RULES_MAX];	 /* of the profile: "servo=ok,pin=warn" */
	int64_t tools, firmware;	 /* of the profile */
};

struct wire_start {
	char path[WIRE_PATH_MAX]; /* plain, checked text in control's file store */
	int64_t bytes;		  /* its size; anything else is a fault */
	int64_t commands;	  /* its commands, for progress */
};

/* What holds lines up while the planner runs empty. Never reorder, only append. */
enum wire_stall {
	WIRE_STALL_LINK,   /* nothing but the way to the printer and back */
	WIRE_STALL_RESEND, /* a line was damaged */
	WIRE_STALL_ANSWER, /* an acknowledgement was lost */
	WIRE_STALL_PORT,   /* the port took no bytes */
	WIRE_STALL_FILE,   /* the disk gave none */
	WIRE_STALLS,
};

/* How well a print flows. -1: not known. */
struct wire_telemetry {
	int64_t starved_us;	       /* the planner was believed empty, and lines were waiting */
	int64_t stall_us[WIRE_STALLS]; /* the same by what held them up */
	int64_t starved_count;	       /* times */
	int64_t line_errors, unreadable_lines; /* damaged to the printer, from it */
	int64_t lines_per_s_milli;	       /* lately */
	int64_t in_flight_lines, in_flight_bytes, in_flight_bytes_max;
	int64_t answer_us, answer_min_us; /* acknowledged after: lately, at best */
	int64_t planner_free, planner_size, queue_free, queue_size; /* the firmware's P and B */
};

struct wire_progress {
	int64_t commands_done; /* acknowledged */
	int64_t commands;      /* of the file */
	int64_t lines_sent, resends, bytes_sent, lost_acknowledgements, surplus_acknowledgements;
	int64_t print_us; /* since the start, without pauses; monotonic */
	struct wire_telemetry telemetry;
};

struct wire_heater {
	char name[4];
	double celsius, target_celsius;
};

struct wire_printer_state {
	enum wire_link link;
	enum wire_activity activity;
	char attempt[WIRE_ID_MAX];  /* empty: none */
	char reason[WIRE_TEXT_MAX]; /* why offline, what it wants, the fault's words */
	int64_t fault;		    /* enum driver_fault; not 0: locked until WIRE_CONNECT */
	char firmware[WIRE_TEXT_MAX];
	char window[WIRE_TEXT_MAX]; /* how much is sent ahead, in words */
	char machine[WIRE_TEXT_MAX];
	char uuid[WIRE_NAME_MAX];
	int64_t heaters_age_us; /* -1: never read */
	int64_t heater_count;
	struct wire_heater heater[WIRE_HEATERS_MAX];
	bool no_remote_stop; /* an emergency stop may come too late: see stop_waits in driver.h */
	bool hot_by_us;	     /* a heater target of ours may be non-zero */
	struct wire_progress progress;
};

struct wire_ended {
	char attempt[WIRE_ID_MAX];
	enum wire_result result;
	int64_t fault; /* enum driver_fault */
	char reason[WIRE_TEXT_MAX];
	struct wire_progress progress;
};

/* A page of a flight recorder (daemon/stream/recorder.h). */
struct wire_recording {
	/* RECORDING: records that the reader has seen; ANSWER: those that it has seen now. */
	int64_t next[WIRE_RECORDER_KINDS];
	bool more;   /* ANSWER: there is another page */
	bool filled; /* ANSWER: this is a page, perhaps an empty one */
	char text[WIRE_RECORDING_MAX];
};

/* One message in memory: kind says which members count. */
struct wire_message {
	enum wire_kind kind;
	uint64_t request; /* of a request and its answer; 0: none */
	char printer[WIRE_NAME_MAX];
	char attempt[WIRE_ID_MAX]; /* START, PAUSE, RESUME, CANCEL, BOOKED: which; empty: any */
	int64_t error;		   /* ANSWER: 0 or a negative errno value */
	char text[WIRE_TEXT_MAX];  /* ANSWER, SAID, MANUAL */
	bool reset;		   /* CONNECT: the board's reset line is pulsed first */
	struct wire_hello hello;
	struct wire_settings settings;
	struct wire_start start;
	struct wire_printer_state state;
	struct wire_ended ended;
	struct wire_recording recording;
};

/* Writes the frame of *message; returns its bytes, or 0 when it does not fit in `size`. */
size_t wire_encode(const struct wire_message *message, uint8_t *bytes, size_t size);

/* Do both say the same on the wire?  Bytes of memory cannot tell: there is padding between members,
 * and anything behind the end of a text. */
bool wire_settings_are_equal(const struct wire_settings *a, const struct wire_settings *b);

enum wire_result_code {
	WIRE_OK,	 /* *message is filled, *used bytes are taken */
	WIRE_INCOMPLETE, /* need more bytes */
	WIRE_BAD,	 /* not our format, or a bound broken: cut the peer off */
};

/* Reads one frame.  *message and *used are untouched unless WIRE_OK.  An unknown kind is WIRE_OK
 * with kind WIRE_NONE, to be ignored. */
enum wire_result_code wire_decode(
	const uint8_t *bytes, size_t length, struct wire_message *message, size_t *used);

#endif
