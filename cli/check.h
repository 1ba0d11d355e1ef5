/* `printfarm check`: analyses files locally, without a daemon. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stdbool.h>

/* argv[0] is "check".  Returns the exit code (interfaces.md): 0 accepted, 65 refused, 66 a file
 * that cannot be read, 64 wrong usage. */
int command_check(int argc, char **argv, bool json);

#endif
