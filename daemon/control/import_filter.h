/* The system calls that the import child may still make once it has its descriptors: it reads,
 * writes and allocates.  A call that opens a file fails; any other ends the process. */
#ifndef CONTROL_IMPORT_FILTER_H
#define CONTROL_IMPORT_FILTER_H

#include <stdbool.h>

/* For good, for all threads to come; needs PR_SET_NO_NEW_PRIVS before.  False: the kernel does not
 * want it.  True and nothing done where the numbers of the calls are not known. */
bool import_filter_install(void);

#endif
