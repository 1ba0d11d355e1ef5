/* Sentences about what went wrong; see error.h. */
#include "base/error.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf */
#include <string.h> /* memcpy */

void error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
}

void error_prefix(struct error *error, const char *format, ...)
{
	char old[ERROR_TEXT_MAX];
	va_list arguments;

	if (!error)
		return;
	memcpy(old, error->text, sizeof old);
	va_start(arguments, format);
	int used = vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	if (used < 0 || (size_t)used + sizeof ": " > sizeof error->text)
		return;
	int room = (int)sizeof error->text - used - (int)sizeof ": ";
	snprintf(error->text + used, sizeof error->text - (size_t)used, ": %.*s", room, old);
}
