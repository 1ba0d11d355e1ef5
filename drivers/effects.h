/* Writing effects: what the dialects share.  Nothing here fails; what does not fit is left out,
 * and room is kept so that only talk (DRIVER_SAID) can ever be left out. */
#ifndef DRIVERS_EFFECTS_H
#define DRIVERS_EFFECTS_H

#include "drivers/driver.h"

#include <stddef.h>
#include <stdint.h>

/* Only talk is limited to this many a call. */
enum { EFFECTS_SAID_MAX = 16 };

/* NULL when there is no room.  Fields not set by the caller are 0. */
struct driver_effect *effects_add(struct driver_effects *effects, enum driver_effect_kind kind);

/* Appends bytes; a write right behind another one is joined to it. */
void effects_write(struct driver_effects *effects, const char *bytes, size_t length);

/* The same on the side channel; what is written there reads nothing like the port's bytes, so the
 * two are never joined. */
void effects_side_write(struct driver_effects *effects, const char *bytes, size_t length);

/* text: escaped to printable ASCII and cut. */
void effects_text(struct driver_effects *effects, enum driver_effect_kind kind, const char *text,
	size_t length);

/* printf-style; the arguments are our own or escaped words. */
void effects_said(struct driver_effects *effects, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void effects_fault(struct driver_effects *effects, enum driver_effect_kind kind,
	enum driver_fault fault, const char *text);

#endif
