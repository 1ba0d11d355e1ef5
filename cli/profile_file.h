/* A machine's profile from a file, for `printfarm check --profile`: the keys are those of the
 * daemon's `profiles` list (interfaces.md). */
#ifndef CLI_PROFILE_FILE_H
#define CLI_PROFILE_FILE_H

struct error;
struct profile;

/* `name` is a path (it holds a "/" or ends in ".cfg"), or the name of a profile that is shipped:
 * looked for in $PRINTFARM_PROFILES, then beside the program.  A file with a list `profiles` of
 * several is asked as FILE:NAME.  0 or a negative errno and *error; *profile untouched then. */
int profile_file_read(const char *name, struct profile *profile, struct error *error);

/* Calls back for every shipped profile, from the first of the places above that holds any; one that
 * cannot be read is left out. */
void profile_file_each(void (*each)(void *context, const struct profile *profile), void *context);

#endif
