/* Listening Unix sockets of the streamer. */
#ifndef DAEMON_STREAM_UNIX_SOCKET_H
#define DAEMON_STREAM_UNIX_SOCKET_H

#include "base/error.h"

/* Binds and listens, non-blocking, mode 0660; `group` NULL or unknown: the process's own.  A socket
 * file that nobody serves any more is replaced; one that somebody serves is refused.  Returns the
 * descriptor or a negative errno value. */
int unix_socket_listen(const char *path, const char *group, struct error *error);

/* The next client, non-blocking; -EAGAIN: none; -EMFILE and its kind: no descriptors left, pause.
 */
int unix_socket_accept(int listener);

#endif
