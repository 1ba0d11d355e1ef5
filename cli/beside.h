/* Runs another program of the package instead of this one. */
#ifndef CLI_BESIDE_H
#define CLI_BESIDE_H

/* The one that stands beside this program belongs to it; otherwise the one in the PATH.  words[0]
 * is its name; ended by NULL.  Returns only when it cannot be run: an exit code, after a sentence.
 */
int beside_run(char **words);

/* Runs it and waits: what it wrote to standard output, to be freed, and its exit status.  NULL: it
 * could not be run, or wrote more than a megabyte; a sentence was said. */
char *beside_read(char **words, int *status);

#endif
