/* Errors and alarms of the grbl family in words.  Numbers above those of grbl 1.1 mean different
 * things on grblHAL and FluidNC (serial-protocols.md 11.5, 11.6, 12). */
#ifndef DRIVERS_GRBL_WORDS_H
#define DRIVERS_GRBL_WORDS_H

#include <stdint.h>

enum grbl_flavour { GRBL_FLAVOUR_GRBL, GRBL_FLAVOUR_HAL, GRBL_FLAVOUR_FLUID };

/* Never NULL. */
const char *grbl_error_words(enum grbl_flavour flavour, int32_t number);
const char *grbl_alarm_words(enum grbl_flavour flavour, int32_t number);

#endif
