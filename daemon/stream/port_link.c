#include "daemon/stream/port_link.h"

#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* readlink */

enum { ANY_PRODUCT = -1 };

/* Chips that speak CDC to the host and have a UART behind them, on which bytes are damaged. */
static const struct {
	long vendor, first_product, last_product;
	const char *what;
} bridges[] = {
	{ 0x2341, ANY_PRODUCT, 0, "Arduino: the 16U2 of a Mega" },
	{ 0x2a03, ANY_PRODUCT, 0, "the same of arduino.org" },
	{ 0x2c99, 0x0001, 0x0002, "Prusa MK2 and MK3: the 32U2 of the Rambo and the Einsy" },
	{ 0x27b1, ANY_PRODUCT, 0, "UltiMachine: the Rambo" },
	{ 0x1a86, ANY_PRODUCT, 0, "WCH: CH343, CH9102" },
	{ 0x10c4, ANY_PRODUCT, 0, "Silicon Labs" },
	{ 0x0403, ANY_PRODUCT, 0, "FTDI" },
	{ 0x04d8, 0x00dd, 0x00dd, "Microchip: MCP2221" },
	{ 0x0483, 0x3740, 0x375f, "the port of an ST-Link" },
};

static bool is_bridge(long vendor, long product)
{
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++) {
		if (bridges[i].vendor != vendor)
			continue;
		if (bridges[i].first_product == ANY_PRODUCT ||
			(product >= bridges[i].first_product && product <= bridges[i].last_product))
			return true;
	}
	return false;
}

/* A number in hexadecimal; -1: none. */
static long read_id(const char *sysfs, const char *name, const char *file)
{
	char path[PATH_MAX], text[16] = "", *end;
	FILE *stream;
	long id;

	if (snprintf(path, sizeof(path), "%s/class/tty/%s/device/../%s", sysfs, name, file) >=
		(int)sizeof(path))
		return -1;
	stream = fopen(path, "re");
	if (!stream)
		return -1;
	if (!fgets(text, sizeof(text), stream))
		text[0] = '\0';
	fclose(stream);
	id = strtol(text, &end, 16);
	return end > text ? id : -1;
}

static bool has_driver(const char *sysfs, const char *name, const char *driver)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t length;

	if (snprintf(path, sizeof(path), "%s/class/tty/%s/device/driver", sysfs, name) >=
		(int)sizeof(path))
		return false;
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	last = strrchr(target, '/');
	return strcmp(last ? last + 1 : target, driver) == 0;
}

enum driver_link port_link(const char *sysfs, const char *device)
{
	static const char directory[] = "/dev/";
	const char *name = device + sizeof(directory) - 1;
	long vendor, product;

	if (strncmp(device, directory, sizeof(directory) - 1) != 0 || strchr(name, '/') ||
		!has_driver(sysfs, name, "cdc_acm"))
		return DRIVER_LINK_UART;
	vendor = read_id(sysfs, name, "idVendor");
	product = read_id(sysfs, name, "idProduct");
	return vendor < 0 || product < 0 || is_bridge(vendor, product) ? DRIVER_LINK_UART
								       : DRIVER_LINK_CDC;
}
