/* The status page: the files of web/, built into the program. */
#ifndef CONTROL_WEB_H
#define CONTROL_WEB_H

#include <stddef.h>

struct web_file {
	const char *path; /* "/web/style.css" */
	const char *type;
	const char *bytes;
	size_t length;
};

/* NULL: there is none at this path. */
const struct web_file *web_file_find(const char *path);

#endif
