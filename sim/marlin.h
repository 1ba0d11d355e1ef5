/* Marlin inside: the memory of the model and what its files share.
 *
 *	marlin.c           main loop, replies, kill, the firmware row's functions
 *	marlin_reader.c    from received bytes to queued lines: checks, errors, emergency parser
 *	marlin_words.c     a command's letter, number and parameters
 *	marlin_commands.c  the table of commands and the small ones
 *	marlin_motion.c    moves, homing, waiting for motion, quick stop
 *	marlin_heat.c      targets, waits for temperature, control and protection
 *	marlin_report.c    banner, M115, M503, temperatures, position
 *
 * Modelled after Marlin 2.0.9.5 on an ATmega2560 (RAMPS 1.4); the rows of variants say what other
 * versions do differently.  The firmware is one thread that blocks while it prints.  `now_us` is
 * that thread's time: it moves on while a step prints and computes. */
#ifndef SIM_MARLIN_H
#define SIM_MARLIN_H

#include "sim/board.h"

enum {
	MARLIN_LINE_MAX = 96, /* MAX_CMD_SIZE: 95 bytes and the NUL */
	MARLIN_KEEPALIVE_US = 2000000,
};

#define MARLIN_VALUE_MAX    1e10 /* of a parameter */
#define MARLIN_POSITION_MAX 1e6	 /* mm, any axis */

struct sim_firmware;

/* What versions and builds differ in. */
struct sim_marlin_variant {
	const char *version;
	const char *compiled;	   /* date */
	const char *compiled_time; /* M115 */
	const char *updated;
	int32_t free_memory_bytes;
	bool advanced_ok;
	bool emergency_parser;
	bool host_actions;
	bool position_report; /* M154 */
	bool resend_ok;	      /* an ok follows Resend: (not in 2.0.8) */
	bool drop_repeats;    /* repeats of last and last-1 vanish in silence (2.1.2 and later) */
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
	bool print_going;	    /* moves since the host last let the machine come to rest */

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

/* ---- marlin_reader.c ---- */
void sim_marlin_reader_reset(struct marlin *marlin);
/* Received until now_us while the thread was busy: through the interrupt into the ring. */
void sim_marlin_reader_interrupts(struct marlin *marlin);
/* Reads lines into the queue as long as there are bytes and room. */
void sim_marlin_reader_run(struct marlin *marlin);
/* Resend: line, its ok, and the flush before it. */
void sim_marlin_request_resend(struct marlin *marlin);

/* ---- marlin_words.c ---- */
void sim_marlin_words_parse(struct sim_marlin_words *words, const char *line, char *scratch);
bool sim_marlin_seen(const struct sim_marlin_words *words, char letter);
bool sim_marlin_value(const struct sim_marlin_words *words, char letter, double *value);

/* ---- marlin_commands.c ---- */
enum sim_marlin_result sim_marlin_dispatch(struct marlin *marlin);

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
void sim_marlin_heat_control(struct marlin *marlin);
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
