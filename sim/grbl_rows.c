/* Variants of the grbl family as data; serial-protocols.md 11 and 12. */
#include "sim/grbl_rows.h"

#include "sim/firmware.h"
#include "sim/grbl.h"
#include "sim/grbl_model.h"

static const char *const version_11h[] = { "[VER:1.1h.20190830:]", NULL };

static const struct sim_grbl_variant stock = {
	.banner = "Grbl 1.1h ['$' for help]",
	.version = version_11h,
	.options = "V",
	.axes = "",
	.line_max = 79,
	.rx_bytes = 129,
	.rx_told = 128,
	.max_mm_min = 500,
	.acceleration_mm_s2 = 10,
};

static const struct sim_grbl_variant laser = {
	.banner = "Grbl 1.1h ['$' for help]",
	.version = version_11h,
	.options = "V",
	.axes = "",
	.line_max = 79,
	.rx_bytes = 129,
	.rx_told = 128,
	.laser = true,
	.max_mm_min = 10000,
	.acceleration_mm_s2 = 1000,
};

static const char *const hal_version[] = { "[VER:1.1f.20231210:]", NULL };
static const char *const hal_more[] = { "[AXS:3:XYZ]", "[NEWOPT:ENUMS,RT+,SED]",
	"[FIRMWARE:grblHAL]", "[NVS STORAGE:*FLASH]", "[DRIVER:STM32F407]", NULL };

static const struct sim_grbl_variant hal = {
	.banner = "GrblHAL 1.1f ['$' or '$HELP' for help]",
	.version = hal_version,
	.options = "VNM",
	.more = hal_more,
	.axes = ",3,0",
	.line_max = 256,
	.crlf_is_one = true,
	.sticky_errors = true,
	.stop_byte = true,
	.rx_bytes = 1024,
	.rx_told = 1024,
	.laser = true,
	.max_mm_min = 10000,
	.acceleration_mm_s2 = 1000,
};

static const char *const fluid_boot[] = { "[MSG:INFO: FluidNC v3.7.12]",
	"[MSG:INFO: Compiled with ESP SDK:v4.4.4]", "[MSG:INFO: Machine Laser on XY]", NULL };
static const char *const fluid_version[] = { "[VER:3.7 FluidNC v3.7.12 (wifi) :]", NULL };

static const struct sim_grbl_variant fluid = {
	.banner = "Grbl 3.7 [FluidNC v3.7.12 (wifi) '$' for help]",
	.boot = fluid_boot,
	.version = fluid_version,
	.options = "PHSW",
	.axes = "",
	.line_max = 254,
	.cuts_lines = true,
	.crlf_is_one = true,
	.rx_bytes = 257,
	.rx_told = 256,
	.laser = true,
	.max_mm_min = 10000,
	.acceleration_mm_s2 = 1000,
};

#define GRBL_FUNCTIONS                                                                             \
	.defaults = sim_grbl_defaults, .create = sim_grbl_create, .destroy = sim_grbl_destroy,     \
	.reset = sim_grbl_power, .next_us = sim_grbl_next_us, .step = sim_grbl_step_now,           \
	.control = sim_grbl_control, .press = sim_grbl_press, .waits = sim_grbl_waits,             \
	.status = sim_grbl_status, .shift = sim_grbl_shift

const struct sim_firmware sim_grbl = { .name = "grbl",
	.what = "grbl 1.1h as it comes: no laser mode, 500 mm/min",
	.variant = &stock,
	GRBL_FUNCTIONS };
const struct sim_firmware sim_grbl_laser = { .name = "grbl-laser",
	.what = "grbl 1.1h with laser mode on ($32=1), 10000 mm/min",
	.variant = &laser,
	GRBL_FUNCTIONS };
const struct sim_firmware sim_grblhal = { .name = "grblhal",
	.what = "grblHAL 1.1f with laser mode on: a ring of 1024, sticky errors",
	.variant = &hal,
	GRBL_FUNCTIONS };
const struct sim_firmware sim_fluidnc = { .name = "fluidnc",
	.what = "FluidNC 3.7 with laser mode on: cuts long lines in silence",
	.variant = &fluid,
	GRBL_FUNCTIONS };
