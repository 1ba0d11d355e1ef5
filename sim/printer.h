/* One simulated printer: wire, firmware, heat, motion and faults behind one small interface.
 *
 * Pure: no clock, no descriptors.  Time is simulated time in microseconds, enters with every
 * call and never goes back.  Two runs with the same settings, seed and calls give the same bytes.
 *
 *	struct sim_settings settings;
 *	sim_settings_init(&settings, "p1", "marlin");
 *	struct sim_printer *printer = sim_printer_create(&settings, 1, 0);
 *
 *	for (;;) {
 *		now_us = earlier of the driver's next wish and sim_printer_next_event_us(printer);
 *		sim_printer_advance(printer, now_us);
 *		while ((n = sim_printer_take_output(printer, buffer, sizeof buffer)) > 0)
 *			feed the driver
 *		while (sim_printer_next_executed(printer, &executed))
 *			compare with the file
 *		sim_printer_receive(printer, bytes, length, now_us);
 *	}
 *
 * Noise in this simulator means: each byte is, with the given probability, replaced by another one
 * drawn uniformly; separately each way (sim/noise.h has a wilder kind). */
#ifndef SIM_PRINTER_H
#define SIM_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_fault;
struct sim_firmware;
struct sim_printer;

#define SIM_NEVER INT64_MAX

enum {
	SIM_NAME_MAX = 32,
	SIM_MACHINE_MAX = 48,
	SIM_UUID_MAX = 40,
	SIM_SERIAL_MAX = 32,
	SIM_CDC_BYTE_NS = 1000, /* full-speed USB: about a megabyte a second */
	SIM_PACKET_BYTES = 62,	/* payload of an adapter's USB packet (FTDI) */
	SIM_HANGUP_US = 500000, /* a USB glitch: gone and back */
	SIM_WIRE_BYTES = 4096,	/* host bytes under way on the wire */
	SIM_COMMAND_MAX = 256,	/* longest command a firmware model keeps, with the NUL */
	SIM_BUFSIZE_MAX = 32,	/* command queue */
	SIM_BLOCKS_MAX = 64,	/* planner */
	SIM_RX_MAX = 2048,	/* receive ring */
};

enum sim_reset_on_open {
	SIM_RESET_NEVER,
	SIM_RESET_FIRST, /* the first opening after power-on or plug-in: AVR boards, libserialport
			  */
	SIM_RESET_ALWAYS,
};

/* What lies between the host and the board. */
enum sim_link {
	SIM_LINK_UART, /* an adapter and a serial wire: paced, damaged by noise, overrun */
	SIM_LINK_CDC,  /* the board's own USB: fast, never damaged, waits for the board; goes away
			  when the board resets, and DTR resets nothing */
};

struct sim_settings {
	char name[SIM_NAME_MAX];
	const struct sim_firmware *firmware; /* borrowed, a row of the table: static */
	char machine[SIM_MACHINE_MAX];	     /* MACHINE_TYPE of M115 */
	char uuid[SIM_UUID_MAX];	     /* derived from the name unless set */
	char serial[SIM_SERIAL_MAX];	     /* of the USB device; derived from the name */
	enum sim_link link;
	int32_t baud;				   /* 10 bits a byte, both ways; not on CDC */
	double volume_min_mm[3], volume_max_mm[3]; /* soft endstops */
	bool advanced_ok;
	bool emergency_parser;
	bool host_actions; /* //action: lines and prompts */
	bool leveling;	   /* G29 and G80 */
	bool meatpack;	   /* packed input, where the firmware can */
	bool homing;	   /* grbl: $22=1, locked until it is homed */
	int32_t rx_bytes;  /* receive ring; one less is usable */
	int32_t bufsize;   /* lines in the command queue */
	int32_t blocks;	   /* planner; one less is usable */
	int64_t boot_us;   /* boot loader: from reset to the first byte of the banner */
	enum sim_reset_on_open reset_on_open;
	int64_t latency_us; /* USB adapter, each way */
	/* An adapter with a latency timer (FTDI): what it received waits for a full packet or for
	 * the next tick of the timer; 0: without. */
	int64_t latency_timer_us;
	int64_t command_us; /* firmware's own time for any command ... */
	int64_t move_us;    /* ... and on top of it for planning a move */
	double noise_up;    /* probability a byte, host to printer */
	double noise_down;  /* printer to host */
	bool noise_shifts;  /* noise loses and inserts bytes as well */
	double lost_ok;	    /* probability that a whole ok line vanishes */
	double doubled_ok;  /* probability that it arrives twice */
	double ambient_celsius;
	double heat_factor; /* heater power; 1 is an ordinary machine */
	bool erases;	    /* the line reader takes a byte back for each backspace */
	bool warm_start;    /* hotend and bed at temperature: tests that are not about heat */
};

/* Default settings for a printer of that firmware row; false: no such row, *settings untouched. */
bool sim_settings_init(struct sim_settings *settings, const char *name, const char *firmware);

struct sim_executed {
	int64_t number;		       /* the line number it arrived with, SIM_UNNUMBERED without */
	char command[SIM_COMMAND_MAX]; /* without number and checksum, NUL-terminated, any bytes */
};
#define SIM_UNNUMBERED INT64_MIN

/* What happened since creation; resets and power cycles do not clear it. */
struct sim_counters {
	int64_t received_bytes; /* from the host */
	int64_t sent_bytes;	/* handed to the host */
	int64_t executed;
	int64_t moves;	 /* blocks planned */
	int64_t oks;	 /* before any was lost or doubled */
	int64_t resends; /* Resend: lines asked */
	int64_t checksum_errors;
	int64_t number_errors;
	int64_t no_checksum_errors;
	int64_t dropped_repeats;   /* silently dropped repeats of 2.1.2 and later */
	int64_t unknown;	   /* Unknown command answers */
	int64_t rx_overruns;	   /* bytes lost because the ring was full */
	int64_t flushed_bytes;	   /* thrown away by the firmware after a line error */
	int64_t deaf_bytes;	   /* lost in boot loader, freeze, halt or without power */
	int64_t lost_output_bytes; /* nobody had the port open, or the host did not read */
	int64_t noise_up_bytes, noise_down_bytes;
	int64_t lost_oks, doubled_oks;
	/* A numbered line that noise had changed before its '*' and that passed number and checksum
	 * all the same: the double errors that no sender can see. */
	int64_t damaged_accepted;
	/* Un-numbered commands that ran and were only a piece of a line: noise made a line end
	 * (torn), a flush or an overrun cut the line's start off (tail), or noise changed the line
	 * otherwise. */
	int64_t torn_executed;
	int64_t tail_executed;
	int64_t damaged_unnumbered_executed;
	/* The planner ran empty although a print was going and nothing but the next line was
	 * awaited. */
	int64_t starvations;
	int64_t starved_us;
	int64_t resets;
	int64_t kills;
	int64_t heater_on_us; /* any heater with a target */
	/* Lasers and mills: how long the output was on, and how long of that the machine stood. */
	int64_t beam_on_us;
	int64_t beam_still_us;
};

enum sim_state {
	SIM_OFF, /* no power */
	SIM_BOOTING,
	SIM_RUNNING,
	SIM_HALTED, /* killed: deaf until reset */
	SIM_FROZEN,
};
const char *sim_state_name(enum sim_state state);

struct sim_status {
	enum sim_state state;
	bool unplugged; /* host side: no port */
	double hotend_celsius, hotend_target_celsius;
	double bed_celsius, bed_target_celsius;
	double hotend_power, bed_power; /* 0 to 1, what the heaters really get */
	double position_mm[4];
	int32_t queued;	 /* commands */
	int32_t planned; /* blocks */
	int64_t last_number;
	bool waits_for_user;
	double beam;	       /* output of a laser or spindle, 0 to 1 */
	char machine_state[8]; /* grbl: "Idle", "Run", "Hold", ...; else empty */
};

/* Power is on, the host has the port open and the boot loader starts at now_us.  `seed` and the
 * name decide all randomness. Returns NULL without memory. */
struct sim_printer *sim_printer_create(
	const struct sim_settings *settings, uint64_t seed, int64_t now_us);
void sim_printer_destroy(struct sim_printer *printer);

/* ---- the wire ---- */

/* How many bytes sim_printer_receive takes now (back-pressure: nothing is lost outside the model).
 */
size_t sim_printer_receive_room(const struct sim_printer *printer);

/* The host writes: the bytes start on the wire at now_us and arrive at the pace of the baud rate.
 * Advances to now_us first.  Returns how many were taken, at most the room. */
size_t sim_printer_receive(
	struct sim_printer *printer, const void *bytes, size_t length, int64_t now_us);

/* When something will next happen without further input, never before the last advance; SIM_NEVER:
 * nothing.  Calling
 * sim_printer_advance earlier or later than this is always allowed. */
int64_t sim_printer_next_event_us(const struct sim_printer *printer);

void sim_printer_advance(struct sim_printer *printer, int64_t now_us);

/* Copies out what has arrived at the host by the time of the last advance. */
size_t sim_printer_take_output(struct sim_printer *printer, void *buffer, size_t capacity);

/* Takes the oldest entry of the ground truth; false: none left.  Whoever does not take them will
 * find that sim_printer_receive_room goes to 0. */
bool sim_printer_next_executed(struct sim_printer *printer, struct sim_executed *executed);

/* True when a print is going, everything that the host sent is done with and every answer has been
 * taken: the printer can only wait for the host's next bytes.  A simulation that runs faster than
 * time stops the clock here. */
bool sim_printer_waits_for_host(const struct sim_printer *printer);

/* ---- the side channel of the firmwares that have one ---- */

bool sim_printer_has_side(const struct sim_printer *printer);
/* May a client connect, or stay? */
bool sim_printer_side_serves(const struct sim_printer *printer);
/* These advance to now_us first; without a side channel they do nothing. */
void sim_printer_side_connected(struct sim_printer *printer, bool connected, int64_t now_us);
void sim_printer_side_receive(
	struct sim_printer *printer, const void *bytes, size_t length, int64_t now_us);
size_t sim_printer_side_take(struct sim_printer *printer, void *buffer, size_t capacity);

/* ---- what happens to a printer ---- */

/* The host opens or closes its port (reset_on_open; nobody there: output is lost). */
void sim_printer_opened(struct sim_printer *printer, int64_t now_us);
void sim_printer_closed(struct sim_printer *printer, int64_t now_us);

/* One fault of sim/faults.h.  Advances to now_us first. */
void sim_printer_apply(struct sim_printer *printer, const struct sim_fault *fault, int64_t now_us);

/* The host has a port for it: plugged in and under power. */
bool sim_printer_is_attached(const struct sim_printer *printer);

/* Time of the last advance. */
int64_t sim_printer_now_us(const struct sim_printer *printer);

const struct sim_settings *sim_printer_settings(const struct sim_printer *printer);
const struct sim_counters *sim_printer_counters(const struct sim_printer *printer);
void sim_printer_status(const struct sim_printer *printer, struct sim_status *status);

#endif
