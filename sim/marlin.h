/* Marlin inside: the memory of the model and what its files share.
 *
 *	marlin.c           main loop, replies, kill, the firmware row's functions
 *	marlin_reader.c    from received bytes to queued lines: checks, errors
 *	marlin_emergency.c the emergency parser
 *	marlin_words.c     a command's letter, number and parameters
 *	marlin_commands.c  the table of commands and the small ones
 *	marlin_motion.c    moves, homing, waiting for motion, quick stop
 *	marlin_heat.c      targets, waits for temperature, control and protection
 *	marlin_report.c    banner, M115, M503, temperatures, position
 *	marlin_rows.c      versions and builds
 *
 * Modelled after Marlin 2.0.9.5 on an ATmega2560 (RAMPS 1.4); the rows of variants say what other
 * versions do differently.  Other firmwares on the same machine (Prusa MK3, Buddy, Repetier,
 * Smoothieware) share what commands do; how lines come in and what is answered is a struct
 * sim_marlin_family of their own.  The firmware is one thread that blocks while it prints. `now_us`
 *is that thread's time: it moves on while a step prints and computes. */
#ifndef SIM_MARLIN_H
#define SIM_MARLIN_H

#include "sim/board.h"
#include "sim/meatpack.h"

enum {
	MARLIN_LINE_MAX = 96, /* MAX_CMD_SIZE: 95 bytes and the NUL */
	MARLIN_KEEPALIVE_US = 2000000,
};

#define MARLIN_VALUE_MAX    1e10 /* of a parameter */
#define MARLIN_POSITION_MAX 1e6	 /* mm, any axis */

struct sim_firmware;
struct sim_marlin_family;

/* The ok behind "Resend:" (serial-protocols.md 3.3). */
enum sim_marlin_resend_ok {
	MARLIN_RESEND_OK,	  /* a plain one */
	MARLIN_RESEND_OK_NEVER,	  /* 2.0.8 */
	MARLIN_RESEND_OK_OF_HEAD, /* that of the command at the queue's head, its numbers and all;
				     none if it is nobody's: 1.1.x, 2.0.0 to 2.0.7, Buddy */
};

/* Which capability lines M115 has. */
enum sim_marlin_reports { MARLIN_REPORTS_1_1, MARLIN_REPORTS_2_0, MARLIN_REPORTS_2_0_9 };

/* What versions and builds differ in. */
struct sim_marlin_variant {
	const struct sim_marlin_family *family;
	const char *version;
	const char *compiled;	   /* date */
	const char *compiled_time; /* M115 */
	const char *updated;
	int32_t free_memory_bytes;
	bool advanced_ok;
	bool emergency_parser;
	bool host_actions;
	bool position_report; /* M154 */
	enum sim_marlin_resend_ok resend_ok;
	bool drop_repeats; /* repeats of last and last-1 vanish in silence (2.1.2 and later) */
	bool mute_without_number; /* "No Line Number with checksum" and nothing else (to 1.1.6) */
	bool exact_early;	  /* M108, M112, M410 act early only when nothing follows them */
	enum sim_marlin_reports reports; /* of M115 */
	bool meatpack;			 /* can unpack */
	/* Defaults of settings; 0: as everywhere. */
	const char *machine;
	int32_t bufsize, blocks, rx_bytes;
	bool cdc, keeps_backspaces, no_leveling;
};

/* Parameters of a command: FASTER_GCODE_PARSER, upper-case letters, the last one counts. */
struct sim_marlin_words {
	char letter;	 /* G, M, T, or '?' */
	uint16_t code;	 /* 16 bit: G65564 is G28 */
	uint32_t seen;	 /* bit per letter */
	uint32_t valued; /* has a number */
	double value[26];
	const char *text;      /* the command without its line number, checksum cut */
	const char *arguments; /* behind the code */
};

struct sim_marlin_command {
	char text[MARLIN_LINE_MAX];
	struct board_origin origin;
	int64_t queued_us;
	bool silent; /* no ok when it is done: not the host's, or answered at reception */
	bool panel;  /* somebody at the panel wants it: not in the record */
};

enum sim_marlin_life { MARLIN_OFF, MARLIN_BOOTLOADER, MARLIN_SETUP, MARLIN_RUNNING, MARLIN_HALTED };

/* What a handler says. */
enum sim_marlin_result {
	MARLIN_OK,    /* done: the ok is still to be printed */
	MARLIN_QUIET, /* done, the handler has answered itself */
	MARLIN_WAIT,  /* `resume` goes on at `wake_us` or at any event before */
	MARLIN_UNKNOWN,
};

struct marlin;

/* What firmwares on this machine do each in their own way. */
struct sim_marlin_family {
	void (*banner)(struct marlin *marlin);
	/* Takes bytes from the ring as long as there are some and there is room. */
	void (*read)(struct marlin *marlin);
	/* There is room for another line; otherwise nobody takes bytes out of the ring. */
	bool (*has_room)(const struct marlin *marlin);
	/* Bytes that the interrupt eats and acts on, and for which the firmware is woken besides
	 * line ends.  NULL: none. */
	bool (*wanted)(uint8_t byte);
	bool (*realtime)(struct marlin *marlin, uint8_t byte);
	/* When `idle` has something to do without input; SIM_NEVER. */
	int64_t (*idle_us)(const struct marlin *marlin);
	void (*idle)(struct marlin *marlin);
	/* Before Marlin's own table; MARLIN_UNKNOWN: that one shall say. */
	enum sim_marlin_result (*command)(struct marlin *marlin);
	/* What the host hears behind a command that is done (MARLIN_OK) or not known. */
	void (*answer)(struct marlin *marlin, bool known);
	/* A heater is out of bounds: heaters are off, `what` is Marlin's word for it. */
	void (*thermal)(
		struct marlin *marlin, const char *what, const char *id, const char *display);
	/* M112 has come.  NULL: dead until the reset line is pulled. */
	void (*kill)(struct marlin *marlin, const char *reason);
	/* The panel; false: as on Marlin. */
	bool (*press)(struct marlin *marlin, const char *text);
	int (*temperatures)(const struct marlin *marlin, char *text, size_t size);
	/* A line of a wait for heat, all of it but its end; NULL: temperatures and W:. */
	int (*waiting)(const struct marlin *marlin, char *text, size_t size);
	const char *report_prefix; /* of temperatures that nobody asked for */
	const char *busy;	   /* in front of "processing" */
	const char *busy_heating;  /* instead of "processing" while it waits for heat */
	const char *busy_user;	   /* and while it waits for a person */
	bool first_star;	   /* ends what the sum is about, not the last one */
	bool crlf;		   /* ends its lines so */
	bool answers_first;	   /* the ok is out before the answer (M105: no "ok T:") */
	bool no_countdown;	   /* no W: in the reports of a wait for heat */
};

typedef enum sim_marlin_result sim_marlin_resume(struct marlin *marlin);

struct sim_marlin_wait {
	int64_t until_us;     /* dwell, homing, user's timeout; SIM_NEVER */
	int64_t residency_us; /* temperature in the window since; 0: not */
	int64_t next_report_us;
	double target_celsius;
	enum sim_heater heater;
	bool no_cooling; /* S: not when it would have to cool down */
	bool cooling;
	bool heating;		 /* M108 ends it by wait_for_heatup */
	struct motion_move move; /* for want of a free block */
	bool axes[3];		 /* homing */
	sim_marlin_resume *then; /* behind a wait for motion */
};

struct sim_marlin_guard {
	double target_celsius;
	double watch_celsius; /* to be reached by watch_us while heating up */
	int64_t watch_us;     /* 0: off */
	int64_t outside_us;   /* below target since; 0: not, or never reached it */
	bool reached;
	double integral;
	int64_t next_control_us;
};

struct marlin {
	struct board *board; /* borrowed */
	const struct sim_marlin_variant *variant;
	const struct sim_marlin_family *family; /* of the variant */
	enum sim_marlin_life life;
	int64_t now_us;	 /* the thread's time within a step */
	int64_t free_us; /* until then it is busy */

	/* reader */
	char line[MARLIN_LINE_MAX];
	uint8_t line_flags[MARLIN_LINE_MAX];
	int32_t line_length;
	bool skip_rest; /* comment or overflow */
	bool escaped;
	bool line_torn, line_cut; /* how the line under way began */
	int32_t last_number;
	struct meatpack meatpack;
	struct received unpacked[MEATPACK_UNPACKED_MAX]; /* not yet looked at */
	int32_t unpacked_first, unpacked_count;

	/* emergency parser */
	int32_t emergency_state;
	int32_t emergency_answer; /* M876 S, collected */
	bool emergency_kill, emergency_stop;

	/* queue */
	struct sim_marlin_command queue[SIM_BUFSIZE_MAX];
	int32_t queue_head, queue_length;
	bool running; /* the head is being executed */
	struct sim_marlin_words words;
	char scratch[MARLIN_LINE_MAX]; /* words.text points here */
	sim_marlin_resume *resume;
	int64_t wake_us;
	struct sim_marlin_wait wait;

	/* reports */
	int64_t keepalive_us; /* 0: off */
	int64_t next_busy_us;
	bool paused_for_user;
	int64_t temperature_every_us, temperature_next_us;
	int64_t position_every_us, position_next_us;

	/* waits that others can end */
	bool wait_for_heatup, wait_for_user;
	int64_t quickstop_until_us;

	/* motion */
	double position_mm[MOTION_AXES]; /* commanded, native */
	double offset_mm[3];		 /* G92: logical = native + offset */
	bool relative, relative_e;
	bool homed[3];
	double feed_mm_s;
	double feed_percent, flow_percent;
	double print_mm_s2, travel_mm_s2;
	double max_feed_mm_s[MOTION_AXES];
	bool cold_extrusion;
	int64_t last_move_us;	    /* for M85 */
	int64_t dead_man_us;	    /* M85; 0: off */
	int64_t stepper_timeout_us; /* M84 S; 0: off */
	int64_t sync_end_us;	    /* when the firmware last waited by itself */
	/* Where the moves in the planner came from: line numbers, the newest last. */
	int64_t move_number[SIM_BLOCKS_MAX];
	uint32_t moves;
	bool print_going; /* moves since the host last let the machine come to rest */

	/* for families: what each means is said there */
	int64_t reader_us;     /* of the last byte or the last answer */
	int64_t hold_us;       /* until then the port is not read */
	int32_t expects;       /* further errors that are no news */
	bool trouble;	       /* a resend is pending */
	bool stopped;	       /* halted, but listening */
	bool query;	       /* a report was asked for in the interrupt */
	int32_t parsed_number; /* of the last line with one, taken or not */
	char fatal[48];	       /* why it has stopped */
	int32_t binary_bytes;  /* of a binary command on its way in */

	/* heat */
	double target_celsius[SIM_HEATERS];
	struct sim_marlin_guard guard[SIM_HEATERS];
};

/* ---- marlin.c ---- */
void sim_marlin_say(struct marlin *marlin, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_marlin_ok(struct marlin *marlin);
void sim_marlin_kill(struct marlin *marlin, const char *reason);
/* Host action notification, if the build has host actions. */
void sim_marlin_notify(struct marlin *marlin, const char *text);
/* The command under way goes on in `resume` no later than wake_us. */
enum sim_marlin_result sim_marlin_wait(
	struct marlin *marlin, sim_marlin_resume *resume, int64_t wake_us);
const char *sim_marlin_running_text(const struct marlin *marlin);

/* Somebody has ended what the command under way waits for. */
bool sim_marlin_released(const struct marlin *marlin);

/* Takes the commands that wait out of the queue and answers them with oks. */
void sim_marlin_drop_queue(struct marlin *marlin);

/* The slots of a row. */
void sim_marlin_defaults(const struct sim_firmware *firmware, struct sim_settings *settings);
void *sim_marlin_create(const struct sim_firmware *firmware, struct board *board);
void sim_marlin_destroy(void *state);
void sim_marlin_reset(void *state, int64_t now_us);
int64_t sim_marlin_next_us(void *state);
void sim_marlin_step(void *state, int64_t now_us);
void sim_marlin_control(void *state, int64_t now_us);
void sim_marlin_press(void *state, const char *text, int64_t now_us);
bool sim_marlin_waits(const void *state, bool *printing);
void sim_marlin_status(const void *state, struct sim_status *status);
void sim_marlin_shift(void *state, int64_t shift_us);

#define MARLIN_FUNCTIONS                                                                           \
	.defaults = sim_marlin_defaults, .create = sim_marlin_create,                              \
	.destroy = sim_marlin_destroy, .reset = sim_marlin_reset, .next_us = sim_marlin_next_us,   \
	.step = sim_marlin_step, .control = sim_marlin_control, .press = sim_marlin_press,         \
	.waits = sim_marlin_waits, .status = sim_marlin_status, .shift = sim_marlin_shift

/* The parts of the Marlin family, for families that share them. */
extern const struct sim_marlin_family sim_marlin_family;
bool sim_marlin_has_room(const struct marlin *marlin);
int64_t sim_marlin_never(const struct marlin *marlin);
void sim_marlin_nothing(struct marlin *marlin);
enum sim_marlin_result sim_marlin_no_command(struct marlin *marlin);
void sim_marlin_answer(struct marlin *marlin, bool known);
bool sim_marlin_no_panel(struct marlin *marlin, const char *text);

/* ---- marlin_emergency.c ---- */
void sim_marlin_emergency_byte(struct marlin *marlin, uint8_t byte);

/* ---- marlin_reader.c ---- */
void sim_marlin_reader_reset(struct marlin *marlin);
/* Received until now_us while the thread was busy: through the interrupt into the ring. */
void sim_marlin_reader_interrupts(struct marlin *marlin);
/* Reads lines into the queue as long as there are bytes and room. */
void sim_marlin_reader_run(
	struct marlin *marlin, void (*take)(struct marlin *marlin, uint8_t byte, uint8_t flags));
/* Marlin's own. */
void sim_marlin_read(struct marlin *marlin);
/* Ends the line under way: NUL-terminated in marlin->line; the next one begins. */
struct board_origin sim_marlin_end_line(struct marlin *marlin, uint8_t end_flags);
void sim_marlin_enqueue(
	struct marlin *marlin, const char *text, const struct board_origin *origin, bool silent);
/* A command of the panel, which nobody acknowledges, behind what is queued; false: no room. */
bool sim_marlin_inject(struct marlin *marlin, const char *text);
/* "Error:…, Last Line: n" and all that follows; counts. */
void sim_marlin_line_error(struct marlin *marlin, const char *what, int64_t *counter);
/* strtol of a firmware whose long has 32 bits. */
int32_t sim_marlin_long(const char *text);
/* XOR of [line, end). */
uint8_t sim_marlin_checksum(const char *line, const char *end);
/* Resend: line, its ok, and the flush before it. */
void sim_marlin_request_resend(struct marlin *marlin);

/* ---- marlin_words.c ---- */
void sim_marlin_words_parse(struct sim_marlin_words *words, const char *line, char *scratch);
bool sim_marlin_seen(const struct sim_marlin_words *words, char letter);
bool sim_marlin_value(const struct sim_marlin_words *words, char letter, double *value);

/* ---- marlin_commands.c ---- */
enum sim_marlin_result sim_marlin_dispatch(struct marlin *marlin);
/* Waits until somebody continues; for families with a pause of their own. */
enum sim_marlin_result sim_marlin_ask_user(struct marlin *marlin);

/* ---- marlin_motion.c ---- */
void sim_marlin_motion_reset(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g0_g1(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g2_g3(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g4(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g28(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g29(struct marlin *marlin);
enum sim_marlin_result sim_marlin_g92(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m400(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m410(struct marlin *marlin);
void sim_marlin_quickstop(struct marlin *marlin);
/* Waits for motion to end, then goes on in `then`. */
enum sim_marlin_result sim_marlin_synchronize(struct marlin *marlin, sim_marlin_resume *then);

/* ---- marlin_heat.c ---- */
void sim_marlin_heat_reset(struct marlin *marlin);
void sim_marlin_heat_off(struct marlin *marlin);
/* As Marlin 1.0 and the MK3 report a wait: no target, no bed but for a bed. */
int sim_marlin_old_waiting(const struct marlin *marlin, char *text, size_t size);
void sim_marlin_heat_control(struct marlin *marlin);
/* Marlin's way: the error, then it is dead. */
void sim_marlin_thermal(
	struct marlin *marlin, const char *what, const char *id, const char *display);
enum sim_marlin_result sim_marlin_m104(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m109(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m140(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m190(struct marlin *marlin);

/* ---- marlin_report.c ---- */
void sim_marlin_banner(struct marlin *marlin);
void sim_marlin_print_position(struct marlin *marlin, bool real);
/* "T:… /… B:… /… @:… B@:…" into text; returns its length. */
int sim_marlin_temperatures(const struct marlin *marlin, char *text, size_t size);
enum sim_marlin_result sim_marlin_m105(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m114(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m115(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m119(struct marlin *marlin);
enum sim_marlin_result sim_marlin_m503(struct marlin *marlin);

#endif
