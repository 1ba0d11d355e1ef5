/* printfarm-stream --probe PORT and --doctor PORT: what is on a port, and for the doctor how good
 * the way to it is, as one JSON object on standard output. */
#ifndef DAEMON_STREAM_PROBE_H
#define DAEMON_STREAM_PROBE_H

/* Returns the exit status: 0 when a printer answered, 1 when not. */
int probe_run(const char *path);
/* Looks for noise for so long; tells on standard error how far it is. */
int probe_doctor(const char *path, double noise_s);

#endif
