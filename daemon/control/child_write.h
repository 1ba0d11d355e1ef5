/* How the children that read strangers' bytes hand over what they found: through a pipe. */
#ifndef CONTROL_CHILD_WRITE_H
#define CONTROL_CHILD_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/* Waits until everything is written; false: nobody reads any more. */
bool child_write(int descriptor, const void *bytes, size_t length);

#endif
