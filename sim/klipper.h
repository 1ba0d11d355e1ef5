/* Klipper inside: the host program with its pseudo-terminal and its API socket, and the machine.
 *
 *	klipper.c           life, reading lines, answering, shutdown, the rows' functions
 *	klipper_commands.c  what a line does
 *	klipper_api.c       the API socket
 *
 * Modelled after klippy/gcode.py and klippy/webhooks.py of 2026.  One command runs at a time; while
 * it does, lines pile up, M112 is looked for in what arrives, and at 20 lines reading stops. */
#ifndef SIM_KLIPPER_H
#define SIM_KLIPPER_H

#include "sim/machine.h"

enum {
	KLIPPER_LINE_MAX = 512,
	KLIPPER_INPUT_BYTES = 8192,
	KLIPPER_CHUNK_BYTES = 4096, /* of one read */
	KLIPPER_PENDING_LINES = 20,
	KLIPPER_MESSAGE_MAX = 160,
	KLIPPER_REQUEST_BYTES = 4096,
	KLIPPER_REPLY_BYTES = 16384,
	KLIPPER_ID_MAX = 24,
	KLIPPER_SCRIPTS_MAX = 4,
	KLIPPER_MACRO_MAX = 160,
	KLIPPER_FIELDS_MAX = 24,
	KLIPPER_FIELD_BYTES = 256,
};

/* What a configuration file has or has not. */
struct sim_klipper_variant {
	const char *version;
	bool respond;	   /* [respond]: M118 */
	bool pause_resume; /* [pause_resume]: PAUSE, RESUME, CANCEL_PRINT */
	bool display;	   /* [display_status]: M117, M73 */
	bool macros;	   /* PRINT_START and PRINT_END */
};

enum sim_klipper_life { KLIPPER_OFF, KLIPPER_STARTING, KLIPPER_READY, KLIPPER_SHUTDOWN };

/* A gcode/script request that waits for its turn or runs. */
struct sim_klipper_script {
	char id[KLIPPER_ID_MAX];
	char text[KLIPPER_LINE_MAX];
	size_t at; /* the next line */
};

struct sim_klipper_saved {
	bool known, relative, relative_e;
	double position_mm[MOTION_AXES], offset_mm[MOTION_AXES];
	double feed_mm_s, speed_percent;
};

struct klipper {
	struct board *board; /* borrowed */
	const struct sim_klipper_variant *variant;
	struct machine machine;
	enum sim_klipper_life life;
	int64_t now_us, free_us;
	int64_t ready_us;     /* STARTING: when it is over */
	int64_t no_socket_us; /* until then the socket is not served */
	bool homed_ever;

	char input[KLIPPER_INPUT_BYTES];
	size_t input_length;
	int input_lines;
	int64_t come_us; /* the latest chunk */

	bool running;	     /* a command waits for the machine ... */
	bool running_script; /* ... of a script */
	bool restart_wanted;
	bool at_panel;		       /* what runs is nobody's line */
	char macro[KLIPPER_MACRO_MAX]; /* lines of the macro under way */
	size_t macro_at;
	bool in_macro, macro_of_script;
	int64_t next_report_us;			  /* temperatures, while it waits for heat */
	char message[KLIPPER_MESSAGE_MAX];	  /* why it is shut down */
	int64_t gives_up_us;			  /* what was under way then */
	int64_t measured_from_us; /* before it a reading is 0.0 */
	bool paused;
	double last_celsius[SIM_HEATERS],
		last_target_celsius[SIM_HEATERS]; /* before the shutdown */
	struct sim_klipper_saved saved;

	/* the API socket */
	bool connected, subscribed;
	int64_t next_push_us;
	char request[KLIPPER_REQUEST_BYTES];
	size_t request_length;
	char reply[KLIPPER_REPLY_BYTES];
	size_t reply_length;
	char objects[KLIPPER_REQUEST_BYTES]; /* the subscription */
	char told[KLIPPER_FIELDS_MAX][KLIPPER_FIELD_BYTES];
	struct sim_klipper_script script[KLIPPER_SCRIPTS_MAX];
	size_t scripts;
};

/* ---- klipper.c ---- */
void sim_klipper_say(struct klipper *klipper, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "!! text", and the lines behind the first as information before it. */
void sim_klipper_error(struct klipper *klipper, const char *text);
void sim_klipper_shutdown(struct klipper *klipper, const char *reason);
const char *sim_klipper_state(const struct klipper *klipper);
void sim_klipper_state_message(const struct klipper *klipper, char *text, size_t size);

/* ---- klipper_commands.c ---- */
enum sim_klipper_result {
	KLIPPER_DONE,
	KLIPPER_ANSWERED, /* done, and acknowledged already */
	KLIPPER_WAITS,
	KLIPPER_MACRO, /* its lines are in klipper->macro */
	KLIPPER_ERROR, /* told by sim_klipper_error, text in `error` */
};
enum sim_klipper_result sim_klipper_execute(
	struct klipper *klipper, const char *line, bool script, char *error, size_t size);
int sim_klipper_temperatures(const struct klipper *klipper, char *text, size_t size);

/* ---- klipper_api.c ---- */
extern const struct sim_side sim_klipper_side;
int64_t sim_klipper_api_next_us(const struct klipper *klipper);
void sim_klipper_api_step(struct klipper *klipper);
void sim_klipper_script_over(struct klipper *klipper, const char *error);

#endif
