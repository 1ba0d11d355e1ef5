/* What kind of link a port is, by what the kernel says of its device: see enum driver_link. */
#ifndef DAEMON_STREAM_PORT_LINK_H
#define DAEMON_STREAM_PORT_LINK_H

#include "drivers/driver.h"

/* device: a path without symbolic links, such as /dev/ttyACM0; sysfs: "/sys".  Whatever is not
 * known for certain, and every pseudo terminal, is a UART. */
enum driver_link port_link(const char *sysfs, const char *device);

#endif
