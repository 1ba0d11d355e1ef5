#include "cli/doctor_host.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h> /* getgrgid */
#include <stdio.h>
#include <stdlib.h> /* realpath */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h> /* access, readlink */

/* ---- small files ------------------------------------------------------------------- */

static bool read_word(const char *path, char word[HOST_WORD_MAX])
{
	FILE *file = fopen(path, "re");

	word[0] = '\0';
	if (!file)
		return false;
	if (!fgets(word, HOST_WORD_MAX, file))
		word[0] = '\0';
	fclose(file);
	word[strcspn(word, "\n")] = '\0';
	return word[0] != '\0';
}

static void last_of_link(const char *path, char word[HOST_WORD_MAX])
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);
	const char *slash;

	word[0] = '\0';
	if (length <= 0)
		return;
	target[length] = '\0';
	slash = strrchr(target, '/');
	snprintf(word, HOST_WORD_MAX, "%.63s", slash ? slash + 1 : target);
}

/* ---- names ------------------------------------------------------------------------- */

/* A link in `directory` that leads to the device. */
static bool find_link(const char *directory, const char *device, char found[PATH_MAX])
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX], target[PATH_MAX];
	bool any = false;

	while (stream && !any && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", directory,
						       entry->d_name) >= (int)sizeof path)
			continue;
		any = realpath(path, target) && strcmp(target, device) == 0;
		if (any)
			memcpy(found, path, sizeof path);
	}
	if (stream)
		closedir(stream);
	return any;
}

/* A simulator makes the links of udev beside its ports. */
static void find_stable(struct host_port *port)
{
	char beside[PATH_MAX], directory[PATH_MAX + 16];
	const char *roots[] = { "/dev/serial", beside };
	char *slash;

	snprintf(beside, sizeof beside, "%s", port->path);
	slash = strrchr(beside, '/');
	if (slash)
		*slash = '\0';
	snprintf(port->stable, sizeof port->stable, "%s", port->path);
	for (int kind = 0; kind < 2 && !port->is_stable; kind++)
		for (int root = 0; root < 2 && !port->is_stable; root++) {
			snprintf(directory, sizeof directory, "%s/%s", roots[root],
				kind ? "by-path" : "by-id");
			port->is_stable = find_link(directory, port->device, port->stable);
			port->is_by_path = port->is_stable && kind == 1;
		}
}

/* ---- the device -------------------------------------------------------------------- */

static bool is_terminal(const char *device)
{
	static const char *const beginnings[] = { "/dev/tty", "/dev/pts/", "/dev/rfcomm" };

	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (strncmp(device, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static void look_at_rights(struct host_port *port)
{
	struct stat info;
	const struct group *group;

	if (stat(port->device, &info) != 0) {
		port->error = errno;
		return;
	}
	if (!S_ISCHR(info.st_mode) || !is_terminal(port->device))
		port->error = ENOTTY;
	port->mode = (int)(info.st_mode & 0777);
	group = getgrgid(info.st_gid);
	if (group)
		snprintf(port->group, sizeof port->group, "%s", group->gr_name);
	else
		snprintf(port->group, sizeof port->group, "%u", (unsigned)info.st_gid);
	port->may_open = access(port->device, R_OK | W_OK) == 0;
}

static void look_at_sysfs(struct host_port *port)
{
	const char *name = strrchr(port->device, '/');
	char path[PATH_MAX + 64], word[HOST_WORD_MAX];

	port->latency_ms = -1;
	if (!name || strncmp(port->device, "/dev/tty", 8) != 0)
		return;
	name++;
	snprintf(path, sizeof path, "/sys/class/tty/%s/device/driver", name);
	last_of_link(path, port->driver);
	snprintf(path, sizeof path, "/sys/class/tty/%s/device/latency_timer", name);
	if (read_word(path, word))
		port->latency_ms = (int)strtol(word, NULL, 10);
	/* The interface's parent, or one further up for usb-serial. */
	for (int up = 0; up < 2 && !port->vendor[0]; up++) {
		snprintf(path, sizeof path, "/sys/class/tty/%s/device/%s../idVendor", name,
			up ? "../" : "");
		read_word(path, port->vendor);
		snprintf(path, sizeof path, "/sys/class/tty/%s/device/%s../idProduct", name,
			up ? "../" : "");
		read_word(path, port->product);
	}
}

/* ---- other programs ---------------------------------------------------------------- */

static bool holds(int pid, const char *device)
{
	char directory[64], path[PATH_MAX], target[PATH_MAX];
	const struct dirent *entry;
	bool any = false;
	DIR *stream;

	snprintf(directory, sizeof directory, "/proc/%d/fd", pid);
	stream = opendir(directory);
	while (stream && !any && (entry = readdir(stream))) {
		ssize_t length;

		if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >=
			(int)sizeof path)
			continue;
		length = readlink(path, target, sizeof target - 1);
		if (length <= 0)
			continue;
		target[length] = '\0';
		any = strcmp(target, device) == 0;
	}
	if (stream)
		closedir(stream);
	return any;
}

/* A pseudo-terminal's other end belongs to the printer: a simulator, or Klipper. */
static bool is_far_end(const struct host_port *port, int pid)
{
	return strncmp(port->device, "/dev/pts/", 9) == 0 &&
	       (holds(pid, "/dev/ptmx") || holds(pid, "/dev/pts/ptmx"));
}

/* The system cuts names to 15 bytes; the words that a streamer was started with tell more. */
static void look_at_holder(struct host_holder *holder, int pid, const char *name)
{
	static const char streamer[] = "printfarm-stream";
	char path[64], words[1024];
	FILE *file;
	size_t length = 0, at;

	holder->pid = pid;
	snprintf(holder->name, sizeof holder->name, "%s", name);
	if (strncmp(name, streamer, 15) != 0)
		return;
	snprintf(holder->name, sizeof holder->name, "%s", streamer);
	holder->is_streamer = true;
	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (file) {
		length = fread(words, 1, sizeof words - 1, file);
		fclose(file);
	}
	words[length] = '\0';
	/* Its state directory is called as its printer. */
	for (at = 0; at < length; at += strlen(words + at) + 1)
		if (strcmp(words + at, "--state") == 0 && at + 8 < length) {
			const char *state = words + at + 8, *slash = strrchr(state, '/');

			snprintf(holder->printer, sizeof holder->printer, "%.60s",
				slash ? slash + 1 : state);
		}
}

static void look_at_process(struct host_port *port, int pid)
{
	char path[64], name[HOST_WORD_MAX];

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	if (!read_word(path, name))
		return;
	if (strcmp(name, "ModemManager") == 0)
		port->modem_manager = pid;
	if (strcmp(name, "brltty") == 0)
		port->brltty = pid;
	if (port->holder_count < HOST_HOLDERS_MAX && port->device[0] && !port->error &&
		holds(pid, port->device) && !is_far_end(port, pid))
		look_at_holder(&port->holder[port->holder_count++], pid, name);
}

static void look_at_processes(struct host_port *port)
{
	DIR *stream = opendir("/proc");
	const struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid > 0 && *end == '\0')
			look_at_process(port, (int)pid);
	}
	if (stream)
		closedir(stream);
}

void host_look(const char *path, struct host_port *port)
{
	memset(port, 0, sizeof *port);
	port->latency_ms = -1;
	snprintf(port->path, sizeof port->path, "%s", path);
	if (!realpath(path, port->device)) {
		port->error = errno;
		port->device[0] = '\0';
		memcpy(port->stable, port->path, sizeof port->stable);
	} else {
		find_stable(port);
		look_at_rights(port);
		look_at_sysfs(port);
	}
	look_at_processes(port);
}

/* The names under by-id; where two devices have the same serial number there is only one. */
void host_each_port(void (*each)(void *context, const char *path), void *context)
{
	static const char directory[] = "/dev/serial/by-id";
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", directory,
						       entry->d_name) >= (int)sizeof path)
			continue;
		each(context, path);
	}
	if (stream)
		closedir(stream);
}
