/* The state that commands leave behind: where the head is, in which mode, how hot.
 * The analysis follows a whole file with it; drivers follow what was acknowledged, so that they
 * know where to go back to after a pause. */
#ifndef GCODE_MODAL_H
#define GCODE_MODAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lexer_line;
struct motion;

enum { MODAL_X, MODAL_Y, MODAL_Z, MODAL_E, MODAL_AXES };
enum { MODAL_TOOLS_MAX = 16 };

/* What G90 and G91 do to the extruder; M82 and M83 set it in every firmware. */
enum modal_extruder {
	/* Marlin 1, Repetier, Klipper: relative when either G91 or M83 is in force */
	MODAL_EXTRUDER_EITHER,
	/* Marlin 2 (set_relative_mode in gcode.h): G90 and G91 set all axes, M82 and M83 E after
	   them */
	MODAL_EXTRUDER_FOLLOWS,
	/* Prusa-Firmware from 3.9, RepRapFirmware, Smoothieware: E is M82's and M83's alone */
	MODAL_EXTRUDER_OWN,
};

struct modal {
	/* In the file's coordinates, as G92 left them: "G1 X<position>" goes nowhere. */
	double position_mm[MODAL_AXES];
	double offset_mm[MODAL_AXES];	/* machine position = position + offset */
	bool known[MODAL_AXES];		/* told by an absolute move since power-on or homing */
	bool homed[MODAL_AXES];		/* E never is */
	bool absolute;			/* G90; the start value */
	bool e_absolute;		/* M82; the start value */
	enum modal_extruder extruder;	/* EITHER until a caller who knows the firmware sets it */
	bool distance_stated, e_stated; /* G90/G91, M82/M83 were seen */
	bool inches;			/* G20; positions here are mm all the same */
	double feed_mm_min;		/* 0: none yet */
	int tool;
	double hotend_celsius[MODAL_TOOLS_MAX]; /* targets */
	double bed_celsius, chamber_celsius;
	/* M104 P220 sets a target: what mach3 does, and what a file for it means.  No other
	 * firmware does; who follows a printer leaves it false. */
	bool heats_by_p;
	double fan;			      /* 0 to 255 */
	double speed_percent;		      /* M220 */
	double flow_percent;		      /* M221 */
	double filament_mm2[MODAL_TOOLS_MAX]; /* M200 D: E is volume over this area; 0: length */
	bool retracted;			      /* G10 without G11 */
	/* M207 and M208, firmware's own until then.  What G11 pushes is retract + recover. */
	double retract_mm, retract_feed_mm_min, retract_lift_mm;
	double recover_mm, recover_feed_mm_min; /* feed 0: not said */
};

enum modal_effect {
	MODAL_NOTHING, /* nothing that is kept here */
	MODAL_STATE,   /* modes, targets, tool */
	MODAL_MOVE,    /* positions changed by a move; *move says how */
	MODAL_HOME,    /* G28, G161, G162 */
	MODAL_SET,     /* G92 */
	MODAL_RETRACT, /* G10, G11 */
	MODAL_BAD_ARC, /* no such arc; the position is moved to the end all the same */
};

struct modal_move {
	double from_mm[MODAL_AXES], to_mm[MODAL_AXES]; /* machine coordinates */
	bool has[MODAL_AXES];			       /* the command names this axis */
	bool is_arc, clockwise;
	double centre_mm[2]; /* arcs: X and Y */
	double radius_mm;
	double radius_end_mm; /* at the end point; differs on sloppy arcs */
	double angle_rad;     /* always positive */
};

/* Marlin's state after power-on. */
void modal_init(struct modal *modal);

/* Applies a command as it stands on the wire or in a file. */
void modal_apply(struct modal *modal, const char *text, size_t length);

/* The same from words that are read already; *move is filled for MODAL_MOVE and MODAL_BAD_ARC. */
enum modal_effect modal_apply_words(
	struct modal *modal, const struct lexer_line *line, struct modal_move *move);

/* The same for a move whose words are read already. */
enum modal_effect modal_apply_motion(
	struct modal *modal, const struct motion *motion, struct modal_move *move);

/* True when E is relative in this state. */
static inline bool modal_e_is_relative(const struct modal *modal)
{
	return !modal->e_absolute || (!modal->absolute && modal->extruder == MODAL_EXTRUDER_EITHER);
}

/* The tool in use as an index that is always in range. */
static inline int modal_tool(const struct modal *modal)
{
	return modal->tool >= 0 && modal->tool < MODAL_TOOLS_MAX ? modal->tool
								 : MODAL_TOOLS_MAX - 1;
}

#endif
