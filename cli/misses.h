/* Why no printer can make an order: the daemon's list, as lines on standard error. */
#ifndef CLI_MISSES_H
#define CLI_MISSES_H

#include <jansson.h> /* json_t */

/* `printers`: rows of "printer", "plate" and "unmet"; may be NULL.  Printers with the same words
 * share a line. */
void misses_say(const json_t *printers);

#endif
