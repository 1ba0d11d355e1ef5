/* Inside the grbl dialect.
 *
 * There are no line numbers and no checksums: a repeated line runs twice, and a damaged one that
 * still is G-code runs as it is.  So nothing is ever sent again.  The window counts characters:
 * the bytes of all lines that are not answered never exceed the machine's receive ring.  Whatever
 * does not add up (an error, an alarm, an answer too many or too few that the machine's position
 * does not explain, a line that nobody can read) ends the print in a controlled stop:
 *
 *	BRAKE  feed hold, and on jogs jog cancel; real-time bytes overtake the ring
 *	RESET  at rest: the soft reset empties ring and planner and switches laser and spindle off;
 *	       the position is kept.  At once where nothing may be lost by waiting (emergency)
 *	PROVE  a status report behind the banner says that the output is off
 *
 * Cancel, cool-down and emergency stop are the same three steps with other ends. */
#ifndef DRIVERS_GRBL_PRIVATE_H
#define DRIVERS_GRBL_PRIVATE_H

#include "drivers/driver.h"
#include "drivers/effects.h"
#include "drivers/grbl_reply.h"
#include "drivers/grbl_words.h"
#include "drivers/reply_reader.h"
#include "gcode/cnc.h"
#include "gcode/modal.h"

enum {
	GRBL_FLIGHT_MAX = 256,	 /* lines un-answered */
	GRBL_TEXT_MAX = 28,	 /* of a line, kept for the words of an error */
	GRBL_WINDOW_BYTES = 127, /* of a ring of 128 */
	GRBL_WINDOW_MAX = 4095,
	GRBL_LINE_BYTES = 79,	    /* what stays of a line on grbl 1.1 */
	GRBL_LONG_LINE_BYTES = 254, /* grblHAL, FluidNC */
	GRBL_TRIES = 4,
	GRBL_DAMAGED_REPORTS_MAX = 5, /* in a print */
	GRBL_UNSAID_REPORTS = 40,
};

#define GRBL_MS(n)	  ((int64_t)(n)*1000)
#define GRBL_S(n)	  ((int64_t)(n)*1000000)
#define GRBL_NO_BANNER_US GRBL_MS(2500)
#define GRBL_QUIET_US	  GRBL_MS(300)
#define GRBL_ANSWER_US	  GRBL_S(3) /* $I, $$, $G */
#define GRBL_LOOK_US	  GRBL_S(1)
#define GRBL_POLL_BUSY_US GRBL_MS(200)
#define GRBL_POLL_STOP_US GRBL_MS(100)
#define GRBL_POLL_IDLE_US GRBL_S(1)
#define GRBL_SILENT_US	  GRBL_S(10)
#define GRBL_HOMING_US	  GRBL_S(300)
#define GRBL_BRAKE_US	  GRBL_S(5)
#define GRBL_BANNER_US	  GRBL_MS(1500) /* with the half second behind ALARM:3 */
#define GRBL_PROVE_US	  GRBL_S(3)
#define GRBL_DRY_US	  GRBL_S(1)  /* idle with un-answered lines for so long: one is missing */
#define GRBL_SPIN_US	  GRBL_S(15) /* delays of grblHAL and FluidNC behind M3 and its kin */
#define GRBL_SAME_MM	  0.02

enum grbl_phase {
	GRBL_CLOSED,
	GRBL_BOOT,     /* waiting for a banner, or for quiet behind it */
	GRBL_LOOK,     /* no banner: '?' is out */
	GRBL_CLEAN,    /* a soft reset is out: no half line is left in the machine */
	GRBL_IDENTIFY, /* $I */
	GRBL_SETTINGS, /* $$ */
	GRBL_ASK,      /* the first report */
	GRBL_READY,
	GRBL_STREAMING,
	GRBL_HOLDING, /* pause: '!' is out */
	GRBL_PAUSED,
	GRBL_RESUMING, /* '~' is out */
	GRBL_STOPPING,
	GRBL_FAULTED,
};

enum grbl_stop_step { GRBL_STOP_BRAKE, GRBL_STOP_RESET, GRBL_STOP_PROVE };

enum grbl_stop_end {
	GRBL_STOP_CANCELLED,
	GRBL_STOP_FAULTED, /* JOB_FAULT is told already, or there is no print */
	GRBL_STOP_COLD,	   /* for driver_cool alone: back to READY */
};

struct grbl_line {
	int32_t bytes; /* with the line end */
	int64_t index; /* of the command, -1: ours */
	int64_t dwell_us;
	bool spins;  /* a spindle or coolant may take its time to start, the machine being idle */
	bool alone;  /* nothing follows until it is answered, and it follows nothing */
	bool homing; /* no reports meanwhile */
	char text[GRBL_TEXT_MAX];
};

struct grbl {
	struct driver_settings settings;
	struct driver_identity identity;
	struct driver_heaters heaters; /* none */
	struct driver_counters counters;
	enum grbl_flavour flavour;
	bool flavour_fixed; /* by the configuration */

	/* Of the call under way. */
	int64_t now_us;
	struct driver_effects *effects;

	int64_t told_wake_us;
	enum driver_state told_state;
	enum grbl_phase phase;
	int64_t phase_us, deadline_us;
	int tries;

	struct reply_reader reader;
	int64_t last_receive_us, last_report_us, last_poll_us;
	bool report_awaited;
	bool heard, banner_seen, foreign_seen;
	int bytes_seen, bytes_bad;

	/* The machine. */
	struct grbl_status status;
	int64_t status_us; /* of the latest report; 0: none since the port opened */
	bool offset_known;
	double offset_mm[3];
	bool report_inches; /* $13 */
	bool can_home;	    /* $22 */
	int laser_mode;	    /* $32; -1: not known */
	int32_t ring_bytes; /* told by $I or Bf:, 0: not */
	int32_t window_bytes;
	int32_t buffer_max; /* the most that Bf: has shown as free */
	char attention[DRIVER_REASON_MAX];

	/* The window. */
	size_t flight_head, flight_count;
	struct grbl_line flight[GRBL_FLIGHT_MAX];
	int32_t flight_bytes;
	size_t staged_length;
	int64_t staged_index;
	char staged[DRIVER_SHORT_MAX];

	/* The print. */
	struct modal modal; /* behind the last command sent */
	struct cnc_modal program;
	/* The box of everywhere that it was sent, in work coordinates, from where it stood: outside
	 * it only a damaged line can have led. */
	bool has_box;
	bool moved; /* reports follow it: not every simulator has a position */
	bool has_start;
	double start_mm[3];
	double box_min_mm[3], box_max_mm[3];
	bool placeless;		  /* the model cannot say where the last command ends */
	bool job, ended, closing; /* ended: no more commands; closing: M5 and a dwell are out */
	int64_t next_index, acknowledged, told_index;
	int damaged_reports;
	int idle_reports; /* in a row, with nothing sent or answered between */
	int64_t idle_since_us;
	bool want_pause;
	bool spindle_stopped; /* by us, in a hold */
	bool own_pause;	      /* the machine holds by itself: M0, door, button */

	enum grbl_stop_step stop;
	enum grbl_stop_end stop_end;
	bool cool_asked,
		clean; /* clean: since the last reset nothing was sent that could light it */
	bool unlock_wanted;
	char fault_text[DRIVER_REASON_MAX];
};

/* grbl.c */
void grbl_set_phase(struct grbl *g, enum grbl_phase phase, int64_t limit_us);
bool grbl_is_laser(const struct grbl *g);
void grbl_attend(struct grbl *g, const char *text); /* "": over */

/* grbl_send.c */
void grbl_realtime(struct grbl *g, char byte);
/* A line of ours; false: there is no room. */
bool grbl_send_line(struct grbl *g, const char *text);
bool grbl_has_room(const struct grbl *g, size_t length, bool alone);
void grbl_flush_staged(struct grbl *g);
void grbl_clear_flight(struct grbl *g);
void grbl_poll(struct grbl *g);
int64_t grbl_poll_due_us(const struct grbl *g);
void grbl_learn_window(struct grbl *g);
/* Why a command may not be sent; NULL: it may. */
const char *grbl_refuses(const struct grbl *g, const char *text, size_t length);

/* grbl_lines.c */
void grbl_on_line(struct grbl *g, const struct reply_line *line);

/* grbl_connect.c */
void grbl_connect_begin(struct grbl *g);
void grbl_connect_reply(struct grbl *g, const struct grbl_reply *reply);
void grbl_connect_banner(struct grbl *g);
void grbl_connect_time(struct grbl *g);
void grbl_look_for_attention(struct grbl *g);

/* grbl_job.c */
void grbl_job_answered(struct grbl *g, const struct grbl_line *line);
void grbl_job_error(struct grbl *g, const struct grbl_line *line, int32_t number);
void grbl_job_status(struct grbl *g);
void grbl_job_time(struct grbl *g);

/* Does the line hold this word, "G10" or "G28.1", as a word of its own? */
bool grbl_has_word(const char *text, size_t length, const char *word);

/* grbl_place.c: where the machine is, against what was sent */
enum grbl_place { GRBL_PLACE_UNKNOWN, GRBL_PLACE_RIGHT, GRBL_PLACE_WRONG };
void grbl_place_begin(struct grbl *g);
/* A command of the program goes out. */
void grbl_place_follow(struct grbl *g, const char *text, size_t length);
/* Does it stand where the last command ends? */
enum grbl_place grbl_place_of(const struct grbl *g);
/* With each report of a program. */
void grbl_place_report(struct grbl *g);
bool grbl_is_astray(const struct grbl *g);

/* grbl_stop.c */
/* Ends the print with a fault and stops the machine. */
void grbl_fault(struct grbl *g, enum driver_fault fault, const char *text);
void grbl_stop_begin(struct grbl *g, enum grbl_stop_end end, bool at_once);
void grbl_stop_banner(struct grbl *g);
void grbl_stop_status(struct grbl *g);
void grbl_stop_time(struct grbl *g);
/* Does the machine say that its output is off, or that it is on? */
enum grbl_output { GRBL_OUTPUT_UNSAID, GRBL_OUTPUT_OFF, GRBL_OUTPUT_ON };
enum grbl_output grbl_output_of(const struct grbl *g);
static inline bool grbl_is_dark(const struct grbl *g)
{
	return grbl_output_of(g) == GRBL_OUTPUT_OFF;
}

#endif
