/* Reading the reports of a Marlin-like printer: temperatures, M115's identity and capabilities.
 * Pure, over one line; nothing is parsed by locale. */
#ifndef DRIVERS_REPORT_H
#define DRIVERS_REPORT_H

#include "drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>

/* "T:20.0 /0.0 B:…", with or without "ok" cut off before. */
bool report_is_temperature(const char *text, size_t length);

/* "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:…" */
bool report_is_position(const char *text, size_t length);

/* X, Y and Z of such a line; false: not all three. */
bool report_position(const char *text, size_t length, double position_mm[3]);

/* Fills names, readings and powers (time_us is left alone).  The first of two equal names counts;
 * "T" is dropped where "T0", "T1", … are listed beside it, and an only hot end is "T".  False:
 * nothing readable, and *heaters is untouched. */
bool report_temperatures(const char *text, size_t length, struct driver_heaters *heaters);

/* Firmware calls an only hot end "T", "T0" or both, and "T" alone while it waits for its heat: here
 * it has one name. */
void report_name_the_only_tool(struct driver_heaters *heaters);

/* M115's first line.  Writes what it finds, escaped and cut; a version that is told apart from the
 * firmware's name follows it there. */
void report_identity(const char *text, size_t length, struct driver_identity *identity);

/* What follows "Cap:". */
void report_capability(const char *text, size_t length, struct driver_identity *identity);

/* Printable ASCII as it is, anything else as '.', cut to size - 1 bytes, NUL-terminated. */
void report_escape(const char *text, size_t length, char *out, size_t size);

#endif
