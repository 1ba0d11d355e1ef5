#include "daemon/stream/port_find.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h> /* realpath */
#include <string.h>

enum { WALK_MAX = 6 /* folders from a port up to its USB device, at most */ };

/* One line of a file; the serial number of a device is a stranger's text. */
static bool read_line(const char *directory, const char *file, char *text, size_t size)
{
	char path[PATH_MAX];
	FILE *stream;

	text[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", directory, file) >= (int)sizeof(path))
		return false;
	stream = fopen(path, "re");
	if (!stream)
		return false;
	if (!fgets(text, (int)size, stream))
		text[0] = '\0';
	fclose(stream);
	text[strcspn(text, "\n")] = '\0';
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return text[0] != '\0';
}

static bool go_up(char *directory)
{
	char *slash = strrchr(directory, '/');

	if (!slash || slash == directory)
		return false;
	*slash = '\0';
	return true;
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

bool port_identify(const struct port_roots *roots, const char *tty, struct port_identity *identity)
{
	char link[PATH_MAX], directory[PATH_MAX], vendor[8], product[8];

	memset(identity, 0, sizeof(*identity));
	snprintf(identity->tty, sizeof(identity->tty), "%s", tty);
	if (snprintf(link, sizeof(link), "%s/class/tty/%s/device", roots->sys, tty) >=
			(int)sizeof(link) ||
		!realpath(link, directory))
		return false;
	for (int i = 0; i < WALK_MAX; i++) {
		if (!identity->interface[0])
			read_line(directory, "bInterfaceNumber", identity->interface,
				sizeof(identity->interface));
		if (read_line(directory, "idVendor", vendor, sizeof(vendor)) &&
			read_line(directory, "idProduct", product, sizeof(product))) {
			snprintf(identity->id, sizeof(identity->id), "%s:%s", vendor, product);
			lower(identity->id);
			read_line(directory, "serial", identity->serial, sizeof(identity->serial));
			snprintf(identity->path, sizeof(identity->path), "%.63s",
				strrchr(directory, '/') + 1);
			return true;
		}
		if (!go_up(directory))
			break;
	}
	return false;
}

/* ---- what is wanted --------------------------------------------------------------- */

static char *member(struct port_identity *identity, const char *key, size_t length, size_t *size)
{
	struct {
		const char *key;
		char *text;
		size_t size;
	} const members[] = { { "serial", identity->serial, sizeof(identity->serial) },
		{ "id", identity->id, sizeof(identity->id) },
		{ "path", identity->path, sizeof(identity->path) },
		{ "interface", identity->interface, sizeof(identity->interface) } };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strlen(members[i].key) == length && strncmp(members[i].key, key, length) == 0) {
			*size = members[i].size;
			return members[i].text;
		}
	return NULL;
}

static int read_wanted(const char *words, struct port_identity *wanted, struct error *error)
{
	memset(wanted, 0, sizeof(*wanted));
	for (const char *at = words; *at;) {
		size_t length = strcspn(at, ","), key_length = strcspn(at, "=,"), size = 0;
		char *text = member(wanted, at, key_length, &size);

		if (!text || at[key_length] != '=' || length == key_length + 1 ||
			length - key_length - 1 >= size) {
			error_set(error,
				"port usb:%s: \"%.*s\" is not understood; serial=, id=VVVV:PPPP, "
				"path= and interface= are, with commas between",
				words, (int)length, at);
			return -EINVAL;
		}
		memcpy(text, at + key_length + 1, length - key_length - 1);
		at += length + (at[length] == ',');
	}
	lower(wanted->id);
	if (wanted->serial[0] || wanted->id[0] || wanted->path[0])
		return 0;
	error_set(error, "port usb:%s: says nothing of the device; serial=, id= or path= does",
		words);
	return -EINVAL;
}

static bool fits_one(const char *wanted, const char *is)
{
	return !wanted[0] || strcmp(wanted, is) == 0;
}

static bool fits(const struct port_identity *wanted, const struct port_identity *is)
{
	return fits_one(wanted->serial, is->serial) && fits_one(wanted->id, is->id) &&
	       fits_one(wanted->path, is->path) && fits_one(wanted->interface, is->interface);
}

/* ---- what is there ---------------------------------------------------------------- */

struct search {
	const struct port_identity *wanted;
	struct port_identity found, other;
	int devices; /* that fit */
};

/* Of one device with several ports the first interface is meant. */
static void consider(struct search *search, const struct port_identity *is)
{
	if (!fits(search->wanted, is))
		return;
	if (search->devices == 0) {
		search->found = *is;
		search->devices = 1;
	} else if (strcmp(search->found.path, is->path) != 0) {
		search->other = *is;
		search->devices++;
	} else if (strcmp(is->interface, search->found.interface) < 0) {
		search->found = *is;
	}
}

static bool may_be_usb(const char *tty)
{
	return strncmp(tty, "ttyUSB", 6) == 0 || strncmp(tty, "ttyACM", 6) == 0;
}

static int look(const struct port_roots *roots, struct search *search, struct error *error)
{
	char directory[PATH_MAX];
	struct dirent *entry;
	DIR *entries;

	snprintf(directory, sizeof(directory), "%s/class/tty", roots->sys);
	entries = opendir(directory);
	if (!entries) {
		int code = errno;

		error_set(error, "%s: %s", directory, strerror(code));
		return -code;
	}
	while ((entry = readdir(entries))) {
		struct port_identity is;

		if (may_be_usb(entry->d_name) && port_identify(roots, entry->d_name, &is))
			consider(search, &is);
	}
	closedir(entries);
	return 0;
}

static int ambiguous(const char *locator, const struct search *search, struct error *error)
{
	error_set(error,
		"port %.100s: ambiguous: %s and %s are the same by it; bind the printer by its "
		"socket: "
		"\"usb:path=%s\" or \"usb:path=%s\"",
		locator, search->found.tty, search->other.tty, search->found.path,
		search->other.path);
	return -ENOTUNIQ;
}

static int find_usb(const struct port_roots *roots, const char *locator, const char *words,
	char *path, size_t size, struct error *error)
{
	struct port_identity wanted;
	struct search search = { .wanted = &wanted };
	int code = read_wanted(words, &wanted, error);

	if (code == 0)
		code = look(roots, &search, error);
	if (code < 0)
		return code;
	if (search.devices > 1)
		return ambiguous(locator, &search, error);
	if (search.devices == 0) {
		error_set(error, "port %.100s: no such device is plugged in", locator);
		return -ENOENT;
	}
	if (snprintf(path, size, "%s/%s", roots->dev, search.found.tty) >= (int)size) {
		error_set(error, "port %.100s: its name is too long", locator);
		return -ENAMETOOLONG;
	}
	return 0;
}

/* A name that udev makes of vendor, product and serial number belongs to whichever of two equal
 * devices came last. */
static int check_by_id(const struct port_roots *roots, const char *locator, struct error *error)
{
	char resolved[PATH_MAX];
	struct port_identity is, wanted;
	struct search search = { .wanted = &wanted };
	struct error ignored;

	if (!strstr(locator, "/by-id/") || !realpath(locator, resolved) ||
		!port_identify(roots, strrchr(resolved, '/') + 1, &is))
		return 0;
	wanted = is;
	wanted.path[0] = '\0';
	if (look(roots, &search, &ignored) < 0 || search.devices <= 1)
		return 0;
	return ambiguous(locator, &search, error);
}

int port_find(const struct port_roots *roots, const char *locator, char *path, size_t size,
	struct error *error)
{
	static const char usb[] = "usb:";

	if (strncmp(locator, usb, sizeof(usb) - 1) == 0)
		return find_usb(roots, locator, locator + sizeof(usb) - 1, path, size, error);
	if (snprintf(path, size, "%s", locator) >= (int)size) {
		error_set(error, "port %.100s: its name is too long", locator);
		return -ENAMETOOLONG;
	}
	return check_by_id(roots, locator, error);
}
