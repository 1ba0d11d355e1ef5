/* A bad disk, for programs that are not built for it: preloaded, it delays or fails calls on files
 * whose path matches.
 *
 *     LD_PRELOAD=build/tests/shim/slow_disk.so PF_FAULT='RULE;RULE' PROGRAM
 *
 * RULE is CALL:KEY=VALUE:KEY=VALUE...
 *   CALL      fdatasync, fsync, pread (pread64 too), pwrite (pwrite64 too), read, write, or sync
 * for both kinds of syncing delay_ms  sleep so long before the call error     fail with this
 * instead of calling: EIO, ENOSPC, EROFS, EDQUOT, ENOMEM or a number path      shell pattern that
 * the file's path must match ('*' matches '/'); default: any regular file or directory while only
 * while this file exists: lets a test switch the fault on and off skip      leave the first N
 * matching calls alone count     then act on N of them only
 *
 * "fdatasync delayed by 2 s":        PF_FAULT='sync:delay_ms=2000:path=*ledger.sqlite*'
 * "pread64 fails from now on":       PF_FAULT='pread:error=EIO:path=*.gcode:while=/tmp/x/on'
 * "the third write finds no room":   PF_FAULT='pwrite:error=ENOSPC:skip=2:count=1'
 *
 * The first rule that matches acts.  A rule that cannot be understood ends the program with 99: a
 * test must not pass because its fault was misspelt. */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { RULES_MAX = 8 };

enum call {
	CALL_FDATASYNC = 1,
	CALL_FSYNC = 2,
	CALL_PREAD = 4,
	CALL_PWRITE = 8,
	CALL_READ = 16,
	CALL_WRITE = 32,
};

static struct rule {
	int calls; /* bits of enum call */
	long delay_ms, skip, count;
	int error;
	char path[PATH_MAX], while_there[PATH_MAX];
	atomic_long seen;
} rules[RULES_MAX];
static int rule_count;

static void give_up(const char *what)
{
	fprintf(stderr,
		"slow_disk: PF_FAULT: \"%s\" is not understood; see tests/shim/slow_disk.c\n",
		what);
	_exit(99);
}

static int error_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EROFS", EROFS },
		{ "EDQUOT", EDQUOT }, { "ENOMEM", ENOMEM } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].number;
	if (atoi(name) <= 0)
		give_up(name);
	return atoi(name);
}

static int call_bits(const char *name)
{
	static const struct {
		const char *name;
		int calls;
	} names[] = { { "fdatasync", CALL_FDATASYNC }, { "fsync", CALL_FSYNC },
		{ "sync", CALL_FDATASYNC | CALL_FSYNC }, { "pread", CALL_PREAD },
		{ "pread64", CALL_PREAD }, { "pwrite", CALL_PWRITE }, { "pwrite64", CALL_PWRITE },
		{ "read", CALL_READ }, { "write", CALL_WRITE } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].calls;
	give_up(name);
	return 0;
}

static void set_field(struct rule *rule, char *field)
{
	char *value = strchr(field, '=');

	if (!value)
		give_up(field);
	*value++ = '\0';
	if (strcmp(field, "delay_ms") == 0)
		rule->delay_ms = atol(value);
	else if (strcmp(field, "error") == 0)
		rule->error = error_number(value);
	else if (strcmp(field, "path") == 0)
		snprintf(rule->path, sizeof rule->path, "%s", value);
	else if (strcmp(field, "while") == 0)
		snprintf(rule->while_there, sizeof rule->while_there, "%s", value);
	else if (strcmp(field, "skip") == 0)
		rule->skip = atol(value);
	else if (strcmp(field, "count") == 0)
		rule->count = atol(value);
	else
		give_up(field);
}

__attribute__((constructor)) static void read_rules(void)
{
	const char *text = getenv("PF_FAULT");
	char *copy = strdup(text ? text : ""), *rest = copy, *part;

	while ((part = strsep(&rest, ";"))) {
		struct rule *rule = &rules[rule_count];
		char *field = strsep(&part, ":");

		if (!*field)
			continue;
		if (rule_count == RULES_MAX)
			give_up("more than 8 rules");
		rule->calls = call_bits(field);
		rule->count = LONG_MAX;
		while ((field = strsep(&part, ":")))
			set_field(rule, field);
		rule_count++;
	}
	free(copy);
}

static bool matches(struct rule *rule, enum call call, const char *path)
{
	if (!(rule->calls & (int)call))
		return false;
	if (*rule->path && fnmatch(rule->path, path, 0) != 0)
		return false;
	if (*rule->while_there && access(rule->while_there, F_OK) != 0)
		return false;
	long seen = atomic_fetch_add(&rule->seen, 1);

	return seen >= rule->skip && seen - rule->skip < rule->count;
}

/* Sleeps if a rule says so; true: fail, errno is set. */
static bool act(enum call call, int descriptor)
{
	char link[64], path[PATH_MAX];

	if (rule_count == 0)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, path, sizeof path - 1);

	if (length <= 0 || path[0] != '/') /* pipes and sockets have no path */
		return false;
	path[length] = '\0';
	for (int i = 0; i < rule_count; i++) {
		if (!matches(&rules[i], call, path))
			continue;
		struct timespec left = { rules[i].delay_ms / 1000,
			rules[i].delay_ms % 1000 * 1000000 };

		while (nanosleep(&left, &left) != 0 && errno == EINTR)
			;
		errno = rules[i].error;
		return rules[i].error != 0;
	}
	return false;
}

int fdatasync(int descriptor)
{
	int kept = errno;

	if (act(CALL_FDATASYNC, descriptor))
		return -1;
	errno = kept;
	return (int)syscall(SYS_fdatasync, descriptor);
}

int fsync(int descriptor)
{
	int kept = errno;

	if (act(CALL_FSYNC, descriptor))
		return -1;
	errno = kept;
	return (int)syscall(SYS_fsync, descriptor);
}

ssize_t pread(int descriptor, void *bytes, size_t length, off_t offset)
{
	int kept = errno;

	if (act(CALL_PREAD, descriptor))
		return -1;
	errno = kept;
	return syscall(SYS_pread64, descriptor, bytes, length, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off64_t offset)
{
	return pread(descriptor, bytes, length, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset)
{
	int kept = errno;

	if (act(CALL_PWRITE, descriptor))
		return -1;
	errno = kept;
	return syscall(SYS_pwrite64, descriptor, bytes, length, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
	return pwrite(descriptor, bytes, length, offset);
}

ssize_t read(int descriptor, void *bytes, size_t length)
{
	int kept = errno;

	if (act(CALL_READ, descriptor))
		return -1;
	errno = kept;
	return syscall(SYS_read, descriptor, bytes, length);
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	int kept = errno;

	if (act(CALL_WRITE, descriptor))
		return -1;
	errno = kept;
	return syscall(SYS_write, descriptor, bytes, length);
}
