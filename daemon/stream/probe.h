/* printfarm-stream --probe PORT: what is on a port, as one JSON object on standard output. */
#ifndef DAEMON_STREAM_PROBE_H
#define DAEMON_STREAM_PROBE_H

/* Returns the exit status: 0 when a printer answered, 1 when not. */
int probe_run(const char *path);

#endif
