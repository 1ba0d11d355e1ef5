/* Versions and builds of Marlin as rows of the firmware table; what they differ in is told by
 * serial-protocols.md 3.2 to 3.4. */
#include "sim/marlin_rows.h"

#include "sim/firmware.h"
#include "sim/marlin.h"

static const struct sim_marlin_variant full_2095 = {
	.family = &sim_marlin_family,
	.version = "2.0.9.5",
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2022-07-29",
	.reports = MARLIN_REPORTS_2_0_9,
	.free_memory_bytes = 5389,
	.advanced_ok = true,
	.emergency_parser = true,
	.host_actions = true,
	.position_report = true,
	.resend_ok = MARLIN_RESEND_OK,
};

static const struct sim_marlin_variant stock_2095 = {
	.family = &sim_marlin_family,
	.version = "2.0.9.5",
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2022-07-29",
	.reports = MARLIN_REPORTS_2_0_9,
	.free_memory_bytes = 5402,
	.resend_ok = MARLIN_RESEND_OK,
};

static const struct sim_marlin_variant stock_116 = {
	.family = &sim_marlin_family,
	.version = "1.1.6",
	.keeps_backspaces = true,
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2017-10-10 12:00",
	.free_memory_bytes = 4820,
	.resend_ok = MARLIN_RESEND_OK_OF_HEAD,
	.mute_without_number = true,
	.reports = MARLIN_REPORTS_1_1,
	.no_leveling = true,
};

static const struct sim_marlin_variant full_119 = {
	.family = &sim_marlin_family,
	.version = "1.1.9",
	.keeps_backspaces = true,
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2018-07-31",
	.free_memory_bytes = 4711,
	.advanced_ok = true,
	.resend_ok = MARLIN_RESEND_OK_OF_HEAD,
	.reports = MARLIN_REPORTS_1_1,
};

static const struct sim_marlin_variant full_205 = {
	.family = &sim_marlin_family,
	.version = "2.0.5",
	.keeps_backspaces = true,
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2020-03-31",
	.free_memory_bytes = 5377,
	.advanced_ok = true,
	.emergency_parser = true,
	.resend_ok = MARLIN_RESEND_OK_OF_HEAD,
	.reports = MARLIN_REPORTS_2_0,
};

static const struct sim_marlin_variant stock_208 = {
	.family = &sim_marlin_family,
	.version = "2.0.8",
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2021-05-15",
	.reports = MARLIN_REPORTS_2_0_9,
	.free_memory_bytes = 5417,
	.resend_ok = MARLIN_RESEND_OK_NEVER,
};

static const struct sim_marlin_variant full_2125 = {
	.family = &sim_marlin_family,
	.version = "2.1.2.5",
	.compiled = "Nov 22 2026",
	.compiled_time = "07:04:16",
	.updated = "2024-10-01",
	.reports = MARLIN_REPORTS_2_0_9,
	.free_memory_bytes = 5201,
	.advanced_ok = true,
	.emergency_parser = true,
	.host_actions = true,
	.position_report = true,
	.resend_ok = MARLIN_RESEND_OK,
	.drop_repeats = true,
};

const struct sim_firmware sim_marlin = { .name = "marlin",
	.what = "Marlin 2.0.9.5 with ADVANCED_OK, EMERGENCY_PARSER, host actions, M154",
	.variant = &full_2095,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_stock = { .name = "marlin-stock",
	.what = "Marlin 2.0.9.5 as it comes: plain ok, no emergency parser",
	.variant = &stock_2095,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_116 = { .name = "marlin-1.1.6",
	.what = "Marlin 1.1.6: a checksum without a number is an error and nothing else",
	.variant = &stock_116,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_119 = { .name = "marlin-1.1.9",
	.what = "Marlin 1.1.9 with ADVANCED_OK: behind Resend the ok of whatever is queued, or "
		"none",
	.variant = &full_119,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_205 = { .name = "marlin-2.0.5",
	.what = "Marlin 2.0.5 with ADVANCED_OK, EMERGENCY_PARSER: the same",
	.variant = &full_205,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_208 = { .name = "marlin-2.0.8",
	.what = "Marlin 2.0.8 as it comes: no ok behind Resend",
	.variant = &stock_208,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_marlin_212 = { .name = "marlin-2.1.2",
	.what = "Marlin 2.1.2.5, full: silent drop of repeated lines",
	.variant = &full_2125,
	MARLIN_FUNCTIONS };
