/* One printer's conversation as a pure state machine: bytes and times in, effects out.
 *
 * A driver holds no descriptor and reads no clock.  Whoever owns it (a session, a test, a fuzzer)
 * tells it what happened; every call appends to a struct driver_effects what has to be done, in
 * order.  Dialects are rows of driver_dialects[], one file each; the window, the replies and
 * the framing are shared between them.
 *
 * A print is a stream of commands numbered from 0 (command index).  The owner offers them one by
 * one while driver_wants_command() says so; the driver gives each a line number once and for all,
 * keeps what it may have to resend, and reports how far the printer has acknowledged. */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include "gcode/command.h"
#include "gcode/modal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Bytes of a command without number, checksum and line end, of any dialect; and of those
	 * with short lines (gcode/command.h). */
	DRIVER_COMMAND_MAX = COMMAND_MAX,
	DRIVER_SHORT_MAX = COMMAND_SHORT_MAX,
	DRIVER_NAME_MAX = 96,
	DRIVER_REASON_MAX = 200,
	DRIVER_EFFECTS_MAX = 96, /* effects of one call; a driver never produces more */
	DRIVER_WRITE_MAX = 2048, /* bytes to write of one call */
	DRIVER_HEATERS_MAX = 4,
	DRIVER_RECEIVE_MAX = 512, /* bytes of one driver_receive call; feed more in pieces */
};

enum driver_state {
	DRIVER_CLOSED,	    /* no port */
	DRIVER_OPENING,	    /* port open; waiting for a banner or for quiet */
	DRIVER_IDENTIFYING, /* M115 and its kind */
	DRIVER_SYNCING,	    /* line numbers, reports, first barrier */
	DRIVER_READY,	    /* idle */
	DRIVER_STREAMING,   /* a print runs */
	DRIVER_RESYNCING,   /* a line error: nothing is sent until it is quiet */
	DRIVER_BARRIER,	    /* waiting for a nonce to come back */
	DRIVER_REPLAYING,   /* sending again from the requested number, one at a time */
	DRIVER_PROBING,	    /* an acknowledgement is missing */
	DRIVER_DRAINING, /* pause, end or cancel: waiting for what is in flight, then for motion */
	DRIVER_PAUSED,
	DRIVER_FAULT, /* stopped with a stated reason; nothing more is sent but heaters off; left by
			 opened() again, or when the board restarts */
};
const char *driver_state_name(enum driver_state state);

/* Why a print or a connection stopped.  Stored in the ledger: append only, never reorder. */
enum driver_fault {
	DRIVER_FAULT_NONE,
	DRIVER_FAULT_NO_ANSWER,	 /* nobody answers at connect */
	DRIVER_FAULT_SILENT,	 /* answered before, silent now */
	DRIVER_FAULT_RESET,	 /* the board restarted by itself */
	DRIVER_FAULT_THERMAL,	 /* runaway, MINTEMP, MAXTEMP, heating failed */
	DRIVER_FAULT_KILLED,	 /* kill(), M112, halted */
	DRIVER_FAULT_RESENDS,	 /* endless or too many resends */
	DRIVER_FAULT_SURPLUS_OK, /* an acknowledgement that nothing explains: a fragment may have
				    run */
	DRIVER_FAULT_PROTOCOL,	 /* a number outside all history, a broken rule */
	DRIVER_FAULT_STOPPED,	 /* firmware says "stopped due to errors" */
	DRIVER_FAULT_ESTOP,	 /* our emergency stop */
	DRIVER_FAULT_COMMAND,	 /* a command of the file that may not be sent */
	DRIVER_FAULT_DIALECT,	 /* another firmware answers than the dialect is for */
	DRIVER_FAULT_LAST = DRIVER_FAULT_DIALECT,
};
const char *driver_fault_name(enum driver_fault fault);

enum driver_effect_kind {
	DRIVER_WRITE,	 /* write these bytes, in order, completely */
	DRIVER_WAKE_AT,	 /* call driver_wake at time_us (replaces the previous wish; NEVER: none) */
	DRIVER_STATE,	 /* the state is now `state` */
	DRIVER_IDENTITY, /* driver_identity() has news */
	DRIVER_ACKNOWLEDGED, /* commands up to and including index were accepted by the printer for
				good; never goes back, never runs ahead (on firmware with plain oks
				it lags a little behind) */
	DRIVER_NUMBERED, /* command `index` got line number `line_number`, or a host line did (index
			    -1, its text in text); `line` says what it is for */
	DRIVER_HEATERS,	 /* driver_heaters() has a new reading, taken now */
	DRIVER_SAID,	 /* a line worth a log: text (escaped printable ASCII) */
	DRIVER_ATTENTION, /* the printer wants a person: text; until DRIVER_ATTENTION_OVER */
	DRIVER_ATTENTION_OVER,
	DRIVER_PAUSED_NOW, /* a requested (or the printer's own) pause is complete */
	DRIVER_RESUMED_NOW,
	DRIVER_JOB_DONE,      /* every command executed, motion ended, heaters told off and seen at
				 target 0 */
	DRIVER_JOB_CANCELLED, /* cancel is complete: stopped, parked, heaters told off */
	DRIVER_JOB_FAULT,     /* the print ended with `fault` and a sentence in text */
	DRIVER_LINK_FAULT,    /* the connection is of no use: close the port, come back later */
	DRIVER_COLD,	      /* answer to driver_cool: all targets are 0 */
	DRIVER_RESET_LINE, /* pulse DTR: the last rung of an emergency stop, if the profile allows
			    */
	DRIVER_ADOPTED, /* the print goes on where the printer says that it is: `index` is the last
			   command it has taken, -1: none; line_number: its counter */
	DRIVER_BY_HAND, /* somebody prints from the printer's own card, or works at its panel: text;
			   until DRIVER_BY_HAND_OVER */
	DRIVER_BY_HAND_OVER,
	DRIVER_SIDE_WRITE, /* like DRIVER_WRITE, on the side channel; lost when it is closed */
};

/* What a numbered line is for.  A print that is adopted goes on differently behind each. */
enum driver_line {
	DRIVER_LINE_COMMAND, /* of the file */
	DRIVER_LINE_NEUTRAL, /* reports and line numbers: changes nothing */
	DRIVER_LINE_PAUSE,
	DRIVER_LINE_RESUME,
	DRIVER_LINE_END,
	DRIVER_LINE_OTHER, /* cancel, cool-down, an operator's command */
};

struct driver_effect {
	enum driver_effect_kind kind;
	enum driver_state state;
	enum driver_fault fault;
	int64_t time_us;
	int64_t index;
	int64_t line_number;
	enum driver_line line;
	size_t write_offset, write_length; /* into driver_effects.bytes */
	char text[DRIVER_REASON_MAX];
};

struct driver_effects {
	size_t count;
	struct driver_effect effect[DRIVER_EFFECTS_MAX];
	size_t byte_count;
	char bytes[DRIVER_WRITE_MAX];
};
void driver_effects_clear(struct driver_effects *effects);

#define DRIVER_NEVER INT64_MAX

/* What carries the bytes: only a UART (and a pseudo terminal that stands for one) corrupts them. */
enum driver_link {
	DRIVER_LINK_UART,
	DRIVER_LINK_CDC,    /* native USB: checksums and back-pressure of its own */
	DRIVER_LINK_SOCKET, /* TCP, Unix, the pseudo terminal of a host program such as Klipper */
};
const char *driver_link_name(enum driver_link link);

enum {
	DRIVER_WINDOW_HELD = -1,
	DRIVER_WINDOW_AUTO = 0,
	DRIVER_WINDOW_PING_PONG = 1,
};

/* What the machine does with its tool: what may be sent, and what must be off at the end. */
enum driver_kind { DRIVER_KIND_PRINTER, DRIVER_KIND_LASER, DRIVER_KIND_MILL };

struct driver_settings {
	enum driver_kind kind;
	int32_t window_lines; /* N: up to N lines un-acked; or DRIVER_WINDOW_… */
	int32_t window_bytes; /* bytes un-acked at most; 0: what the dialect knows (127 on Marlin)
			       */
	int32_t baud;	      /* for quiet times; 0: unknown, 115200 assumed */
	bool can_reset_line;  /* DTR resets this board */
	bool meatpack;	      /* wanted, where the firmware can */
	bool short_numbers;   /* leading zeros are left out, see drivers/shorten.h */
	double hotend_max_celsius, bed_max_celsius; /* 0: unknown */
	double park_x_mm, park_y_mm, park_lift_mm;  /* pause and cancel go there */
	double hotend_standby_celsius;		    /* nozzle while paused; 0: off */
	int64_t pause_heat_us; /* a nozzle that waits for a person is cooled after so long; 0: never
				*/
	int32_t dead_man_s;    /* the firmware's own, armed while a print heats; 0: none */
	uint64_t seed;	       /* of nonces */
};

struct driver_identity {
	char firmware[DRIVER_NAME_MAX]; /* "Marlin 2.0.9.5", escaped, cut */
	char machine[DRIVER_NAME_MAX];
	char uuid[DRIVER_NAME_MAX];
	char window[DRIVER_NAME_MAX]; /* how much is sent ahead, in words */
	bool emergency_parser, autoreport_temperature, host_actions, advanced_ok, meatpack;
	/* What it is set up for, where it says so: grbl's $32; PRINTER otherwise. */
	enum driver_kind kind;
};

struct driver_heater {
	char name[4]; /* "T" or, of several, "T0", "T1", …; "B", "C" */
	double celsius, target_celsius;
	int32_t power; /* 0-127, -1: not said */
	/* The report did not say the target (Marlin 1.0 while it waits for heat): it is 0, and
	 * means nothing. */
	bool target_unsaid;
};

struct driver_heaters {
	int64_t time_us; /* of the reading; 0: none since the port opened */
	size_t count;
	struct driver_heater heater[DRIVER_HEATERS_MAX];
};

struct driver_counters {
	int64_t lines_sent, bytes_sent, lines_acknowledged;
	/* Of the print's file, in order: answered, which is not yet for good.  Firmware with plain
	 * oks proves them seldom; how lines flow must be judged by this. */
	int64_t commands_answered;
	/* resends: asked for by the printer; answers to our own questions are not counted */
	int64_t resends, replayed_lines, line_errors, lost_acknowledgements,
		surplus_acknowledgements;
	int64_t barriers, probes, unreadable_lines, unknown_commands, overlong_lines;
	/* As the firmware told them last (P and B of ADVANCED_OK, Bf of grbl). */
	bool tells_queue;
	int32_t planner_free, queue_free;
};

struct driver;

/* What has to be known of a print besides its file and its line numbers: the state behind the last
 * command that got a number. */
struct driver_saved {
	struct modal modal;
	uint32_t tools_seen; /* bits */
};

enum driver_adoption {
	DRIVER_ADOPT_PRINTING,
	DRIVER_ADOPT_PAUSED,   /* stays paused */
	DRIVER_ADOPT_RESUMING, /* was on its way back to the print */
};

/* Going on with a print whose streamer died or whose cable was pulled, on a board that did not
 * restart: the printer's own line counter tells where it is.  Only dialects with line numbers that
 * the printer checks can do that.
 *
 * While the port is closed: begin, then each line in the order of its number.  Then `opened`
 * instead of the dialect's; the driver answers with ADOPTED, JOB_FAULT or LINK_FAULT. */
struct driver_adopter {
	void (*save)(const struct driver *driver, struct driver_saved *saved);
	/* `acknowledged`: so many commands are known to have been taken. */
	void (*begin)(
		struct driver *driver, const struct driver_saved *saved, int64_t acknowledged);
	/* number -1: a command that only changes the state.  text NULL: a line whose content is
	 * not known any more; the printer must not ask for it.  `index`: of the command, or of the
	 * last one before a host line. */
	void (*line)(struct driver *driver, enum driver_line line, int64_t number, int64_t index,
		const char *text, size_t length);
	void (*opened)(struct driver *driver, int64_t now_us, enum driver_adoption how,
		struct driver_effects *effects);
};

/* A second channel beside the port, for stop, state and heaters: Klipper's API socket.  It comes
 * and goes by itself; without it the driver does with the port alone. */
struct driver_side {
	void (*opened)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	void (*closed)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* At most DRIVER_RECEIVE_MAX bytes a call. */
	void (*receive)(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
		struct driver_effects *effects);
};

/* One firmware dialect.  Every slot but the optional ones must be filled; none may block, allocate
 * (but create) or fail. */
struct driver_dialect {
	const char *name;     /* "marlin"; as in the configuration */
	bool stop_waits;      /* an emergency stop is executed in its turn only */
	size_t command_bytes; /* the longest command that it sends */
	/* What the firmware plans ahead, where that goes by time and not by moves; 0: by moves. */
	int64_t planned_us;
	bool programs; /* takes programs of lasers and mills (gcode/cnc.h), and nothing else */
	/* NULL without memory. */
	struct driver *(*create)(const struct driver_settings *settings);
	void (*destroy)(struct driver *driver);
	/* What the port is that will be opened; a UART until this is called.  May be NULL. */
	void (*link)(struct driver *driver, enum driver_link link);
	/* The port is open (it may or may not have reset the board). */
	void (*opened)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* The port is gone. State: CLOSED.  A running print is the owner's to end. */
	void (*closed)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	void (*receive)(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
		struct driver_effects *effects);
	/* The time asked for by DRIVER_WAKE_AT has come (being called early does no harm). */
	void (*wake)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* Begins a print; only in READY. */
	void (*job_start)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* May the owner offer the next command now? */
	bool (*wants_command)(const struct driver *driver);
	/* The next command of the print, from gcode/command.h; only when wanted. */
	void (*command)(struct driver *driver, int64_t now_us, const char *text, size_t length,
		struct driver_effects *effects);
	/* No more commands: drain, wait for motion, cool down, confirm, JOB_DONE. */
	void (*job_end)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	void (*pause)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	void (*resume)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* Stops after the lines accepted, leaves a heat-up wait (M108), parks, heaters off. */
	void (*cancel)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* An operator's command (checked by the caller); ignored unless READY or PAUSED. */
	void (*manual)(struct driver *driver, int64_t now_us, const char *text, size_t length,
		struct driver_effects *effects);
	/* All heaters off and confirmed by a reading: COLD, in any state with a port. */
	void (*cool)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	/* Emergency stop, ahead of everything; state FAULT. */
	void (*estop)(struct driver *driver, int64_t now_us, struct driver_effects *effects);
	enum driver_state (*state)(const struct driver *driver);
	const struct driver_identity *(*identity)(const struct driver *driver);
	const struct driver_heaters *(*heaters)(const struct driver *driver);
	const struct driver_counters *(*counters)(const struct driver *driver);

	/* Optional: NULL where a dialect has no use for it. */
	/* Without: a print that was cut off from us cannot be gone on with. */
	const struct driver_adopter *adopter;
	const struct driver_side *side;
	/* Is a line under way behind which a healthy printer of this kind may be silent for
	 * minutes, since it has no busy lines?  The driver has a limit of its own for it. */
	bool (*may_be_silent)(const struct driver *driver);
	/* Does the printer wait for somebody at its own panel, in a way that no resume ends? */
	bool (*waits_at_panel)(const struct driver *driver);
	/* A person has dealt with a fault: the next connection may restart a firmware that it finds
	 * halted.  Nothing else ever does. */
	void (*unlocked)(struct driver *driver);
};

/* The table, ended by a row whose name is NULL. */
extern const struct driver_dialect driver_dialects[];

/* By name; "auto" gives the most likely one.  NULL: no such dialect. */
const struct driver_dialect *driver_dialect_find(const char *name);

#endif
