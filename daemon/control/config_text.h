/* The configuration's text before libconfig sees it.  Pure. */
#ifndef CONTROL_CONFIG_TEXT_H
#define CONTROL_CONFIG_TEXT_H

#include <stddef.h>

enum config_text_result {
	CONFIG_TEXT_OK,
	CONFIG_TEXT_NO_MEMORY,
	CONFIG_TEXT_TOO_LARGE, /* a whole number of more digits than any may have; *line says where
				*/
	CONFIG_TEXT_NUL,       /* a NUL byte in *line */
};

/* libconfig 1.5 reads a whole number beyond 32 bits without the suffix L as another number, and
 * says nothing.  Gives such numbers the suffix.  *wide is NUL-terminated, to be freed by the
 * caller; its lines are those of the text. */
enum config_text_result config_text_widen(
	const char *text, size_t length, char **wide, size_t *line);

#endif
