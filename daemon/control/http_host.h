/* By which names a request may call us.  A foreign web page can have its own name resolve to an
 * address where somebody has put our socket (ssh -L, a proxy); the browser then takes us for that
 * page's own server, and only the name in the Host field tells.  Such names are public ones. */
#ifndef CONTROL_HTTP_HOST_H
#define CONTROL_HTTP_HOST_H

#include "daemon/control/records.h"

#include <stdbool.h>
#include <stddef.h>

/* `field` as in the Host field, with or without a port.  Addresses, names without a dot and those
 * under .localhost lead to no foreign page; others must be among `hosts`, in any case of letters.
 */
bool http_host_is_ours(const char *field, const char (*hosts)[NAME_MAX_BYTES], size_t count);

#endif
