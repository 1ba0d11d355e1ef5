/* grbl inside: the memory of the model and what its files share.
 *
 *	grbl.c           main loop, replies, reset, alarms, the firmware row's functions
 *	grbl_rows.c      the variants and rows
 *	grbl_reader.c    the receive interrupt with its real-time bytes, and lines out of the ring
 *	grbl_realtime.c  what real-time bytes do: report, hold, door, reset, overrides
 *	grbl_words.c     a line of G-code to words and modal groups, and what is wrong with it
 *	grbl_run.c       a line step by step: spindle, dwell, coordinates, motion, program flow
 *	grbl_motion.c    moves, arcs, soft limits, homing, the beam
 *	grbl_system.c    $ commands and settings
 *	grbl_report.c    status, parser state, parameters
 *
 * Modelled after grbl 1.1h (20190830) on an ATmega328P; rows of variants say what grblHAL and
 * FluidNC do differently.  One thread, which waits inside the line it executes while the planner is
 * full; real-time bytes set flags in the interrupt and are acted on by that thread. */
#ifndef SIM_GRBL_H
#define SIM_GRBL_H

#include "sim/board.h"

enum {
	GRBL_LINE_MAX = 256, /* bytes, the longest of any variant */
	GRBL_SETTINGS = 34,
	GRBL_SYSTEMS = 6,	/* G54 to G59 */
	GRBL_POSITIONS = 8,	/* and G28, G30 */
	GRBL_TX_BYTES = 104,	/* the transmit ring: printing blocks only beyond it */
	GRBL_TURN_US = 100,	/* the thread looks this long after a byte has come */
	GRBL_ALARM_US = 500000, /* pause behind each ALARM line */
	GRBL_EEPROM_US = 15000, /* interrupts are off while a setting is written */
};

#define GRBL_VALUE_MAX	  1e9 /* of a word */
#define GRBL_SETTING_MAX  1e7
#define GRBL_POSITION_MAX 1e6 /* mm, any axis */

struct sim_firmware;

struct sim_grbl_variant {
	const char *banner;	    /* one line */
	const char *const *boot;    /* lines before it at power-on; NULL: none */
	const char *const *version; /* lines of $I before and ... */
	const char *options;	    /* of [OPT: */
	const char *const *more;    /* ... behind [OPT:; NULL: none */
	const char *axes;	    /* behind the sizes of [OPT: */
	int32_t line_max;	    /* bytes of a line that count */
	bool cuts_lines;	    /* longer ones are cut in silence instead of error:11 */
	bool crlf_is_one;	    /* CR LF ends one line, not two */
	bool sticky_errors;	    /* after an error the next lines answer it again (grblHAL) */
	bool stop_byte;		    /* 0x19 stops; 0x19 and 0x85 empty the ring (grblHAL) */
	int32_t rx_bytes;	    /* ring; one less is usable */
	int32_t rx_told;	    /* what [OPT: says of it */
	bool laser;		    /* $32=1 */
	double max_mm_min, acceleration_mm_s2; /* of each axis */
};

enum sim_grbl_state {
	GRBL_IDLE,
	GRBL_RUN,
	GRBL_HOLD,
	GRBL_JOG,
	GRBL_HOME,
	GRBL_ALARM,
	GRBL_DOOR,
	GRBL_CHECK,
	GRBL_SLEEP,
};

enum sim_grbl_life { GRBL_OFF, GRBL_BOOTLOADER, GRBL_RUNNING };

/* Flags of the interrupt, cleared by the thread. */
enum {
	GRBL_WANT_REPORT = 1,
	GRBL_WANT_HOLD = 2,
	GRBL_WANT_RESUME = 4,
	GRBL_WANT_RESET = 8,
	GRBL_WANT_DOOR = 16,
	GRBL_WANT_JOG_CANCEL = 32,
	GRBL_WANT_SPINDLE_STOP = 64,
};

enum sim_grbl_spindle { GRBL_SPINDLE_OFF, GRBL_SPINDLE_CW, GRBL_SPINDLE_CCW };

struct sim_grbl_modal {
	int32_t motion; /* 0 to 3, 80 */
	bool inverse_time, inches, relative;
	int32_t plane;	/* 17 to 19 */
	int32_t system; /* 0: G54 */
	enum sim_grbl_spindle spindle;
	int32_t coolant; /* 1: mist, 2: flood */
	double feed_mm_min, rpm;
	int32_t tool;
};

/* What one line asks for, in the order of execution. */
struct sim_grbl_block {
	struct sim_grbl_modal modal; /* as it will be */
	int32_t once;	    /* 4, 10, 28, 30, 53, 92 times 10, with the tenth: 281 is G28.1 */
	bool absolute_once; /* G53 */
	int32_t flow;	    /* 0: M0, 2: M2, 30: M30; -1: none */
	bool moves, spindle_word;
	bool arc_centre;
	int32_t arc_turn; /* 2 or 3 */
	uint32_t axes, words;
	double value[26];
	double target_mm[3];
	double feed_mm_min;
	bool jog;
};

enum sim_grbl_step {
	GRBL_STEP_SPINDLE,
	GRBL_STEP_COOLANT,
	GRBL_STEP_DWELL,
	GRBL_STEP_DWELL_ENDS,
	GRBL_STEP_ONCE,
	GRBL_STEP_MOTION,
	GRBL_STEP_FLOW,
	GRBL_STEP_FLOW_ENDS,
	GRBL_STEP_HOME_ENDS,
	GRBL_STEP_DONE,
};

struct grbl {
	struct board *board; /* borrowed */
	const struct sim_grbl_variant *variant;
	enum sim_grbl_life life;
	int64_t now_us;	 /* the thread's time within a step */
	int64_t free_us; /* until then it is busy */
	int64_t sent_us; /* when the transmit ring is empty */

	/* the interrupt */
	uint32_t wanted;
	int32_t limit; /* an input was tripped: ALARM of that number */
	bool door_open;

	/* reader */
	char line[GRBL_LINE_MAX + 1]; /* stripped */
	int32_t length;
	char heard[SIM_COMMAND_MAX]; /* the line as it came, for the ground truth */
	int32_t heard_length;
	struct board_origin origin;
	bool comment, semicolon, overflow, after_cr, end_is_noise;
	int32_t sticky; /* error that following lines answer */

	/* the line under way */
	bool running;
	enum sim_grbl_step step;
	struct sim_grbl_block block;
	int64_t wake_us; /* dwell, homing */
	int32_t arc_done, arc_count;
	double arc_from_mm[3], arc_centre_mm[3], arc_radius_mm, arc_start, arc_sweep;

	/* the machine */
	enum sim_grbl_state state;
	bool critical; /* ALARM:1 and 2: only a reset helps */
	bool jog_cancelled;
	bool cold_boot;
	struct sim_grbl_modal modal;
	double position_mm[3]; /* where the last planned move ends, machine coordinates */
	double g92_mm[3], tool_mm;
	int32_t feed_percent, rapid_percent, spindle_percent;
	bool spindle_stopped; /* by a hold (laser) or 0x9E */
	double standing_power;
	int32_t report_offset, report_override; /* reports until those fields come again */
	int64_t input_us;			/* when the line under way had come */
	int64_t sync_end_us;
	bool going; /* moves since the machine last came to rest by order */

	/* account of the beam since the last step */
	int64_t account_us;
	bool was_lit, was_still;

	/* EEPROM */
	double setting[GRBL_SETTINGS];
	double stored_mm[GRBL_POSITIONS][3];
};

/* ---- grbl.c ---- */
void sim_grbl_say(struct grbl *grbl, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "ok" or "error:N" of a line. */
void sim_grbl_answer(struct grbl *grbl, int32_t error);
void sim_grbl_alarm(struct grbl *grbl, int32_t number);
/* ctrl-x in the interrupt: everything stops; the thread does the rest. */
void sim_grbl_reset_now(struct grbl *grbl);
bool sim_grbl_is_suspended(const struct grbl *grbl);
/* Bytes that arrive while a setting is written are lost. */
void sim_grbl_write_eeprom(struct grbl *grbl);

/* ---- grbl_reader.c ---- */
bool sim_grbl_is_wanted(uint8_t byte);
void sim_grbl_interrupts(struct grbl *grbl);
/* Takes bytes out of the ring until a line is complete. */
bool sim_grbl_read_line(struct grbl *grbl);
void sim_grbl_reader_reset(struct grbl *grbl);
/* The line is done with; torn: what follows begins at a line end that noise made. */
void sim_grbl_next_line(struct grbl *grbl, bool torn);

/* ---- grbl_realtime.c ---- */
/* A real-time byte: true when it is one. */
bool sim_grbl_realtime(struct grbl *grbl, uint8_t byte);
void sim_grbl_act(struct grbl *grbl);

/* ---- grbl_words.c ---- */
/* 0 or an error number; fills grbl->block. */
int32_t sim_grbl_parse(struct grbl *grbl, const char *line, bool jog);

/* ---- grbl_run.c ---- */
void sim_grbl_begin(struct grbl *grbl);
/* Goes on with the line under way as far as it can. */
void sim_grbl_run(struct grbl *grbl);
void sim_grbl_modal_reset(struct grbl *grbl);

/* ---- grbl_motion.c ---- */
/* False: no room, come again. */
bool sim_grbl_move(struct grbl *grbl, const double target_mm[3], bool rapid);
int32_t sim_grbl_arc_check(struct grbl *grbl);
void sim_grbl_arc_begin(struct grbl *grbl);
bool sim_grbl_arc_go_on(struct grbl *grbl);
bool sim_grbl_is_outside(const struct grbl *grbl, const double target_mm[3]);
int64_t sim_grbl_home_us(const struct grbl *grbl);
void sim_grbl_homed(struct grbl *grbl);
/* The offset between machine and work coordinates. */
void sim_grbl_offset(const struct grbl *grbl, double offset_mm[3]);
double sim_grbl_beam(const struct grbl *grbl, int64_t now_us);
/* After motion was stopped: where it stands is where it is. */
void sim_grbl_take_position(struct grbl *grbl);

/* ---- grbl_system.c ---- */
/* A line that begins with $; true: it waits (homing). */
int32_t sim_grbl_system(struct grbl *grbl, const char *line, bool *waits);
void sim_grbl_settings_init(struct grbl *grbl);
double sim_grbl_setting(const struct grbl *grbl, int32_t number);

/* ---- grbl_report.c ---- */
void sim_grbl_report(struct grbl *grbl);
void sim_grbl_report_settings(struct grbl *grbl);
void sim_grbl_report_parser(struct grbl *grbl);
void sim_grbl_report_parameters(struct grbl *grbl);
void sim_grbl_report_build(struct grbl *grbl);

#endif
