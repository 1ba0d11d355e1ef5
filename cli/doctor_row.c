#include "cli/doctor_row.h"

#include "cli/profile_match.h"
#include "cli/words.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 48, TAIL_BYTES = 256 };

/* A text of libconfig. */
static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar((unsigned char)*text < 0x20 ? '?' : *text);
	}
	putchar('"');
}

static void print_option(const char *name, const char *text)
{
	printf(" %s = ", name);
	print_text(text);
	putchar(';');
}

const double *doctor_row_size(const json_t *found, double size_mm[3])
{
	const json_t *list = json_object_get(found, "size_mm");

	if (json_array_size(list) != 3)
		return NULL;
	for (size_t i = 0; i < 3; i++)
		size_mm[i] = json_number_value(json_array_get(list, i));
	return size_mm;
}

/* libconfig wants a comma between two rows and none behind the last, so what is appended to a file
 * of rows begins with it. */
static void print_comma(void)
{
	struct stat info;
	char tail[TAIL_BYTES];
	ssize_t length = 0;
	int fd;

	if (fstat(STDOUT_FILENO, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
		return;
	/* Appending opens it for writing alone. */
	fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = pread(
		fd, tail, sizeof tail, info.st_size > TAIL_BYTES ? info.st_size - TAIL_BYTES : 0);
	close(fd);
	while (length > 0 && isspace((unsigned char)tail[length - 1]))
		length--;
	if (length > 0 && tail[length - 1] == '}')
		printf(",\n");
}

/* Two machines of a kind are not to have one name: the port's lasting name tells them apart. */
static void make_name(char name[NAME_BYTES], const char *what, const char *port)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *port; port++)
		hash = (hash ^ (unsigned char)*port) * 16777619u;
	snprintf(name, NAME_BYTES, "%.32s-%04x", what, (unsigned)((hash ^ (hash >> 16)) & 0xffff));
}

static void print_head(const struct doctor_row *row, const json_t *source)
{
	const char *machine = words_text(source, "machine"), *window = words_text(source, "window");

	printf("# %s%s%s, %s\n", words_text(source, "firmware"), *machine ? ", " : "", machine,
		row->port->is_by_path  ? "named by its socket: it has no serial number of its own"
		: row->port->is_stable ? "named by its serial number"
				       : "no lasting name was found");
	if (*window)
		printf("# the window at present: %s\n"
		       "# window = \"auto\" finds out at each connect what link and board allow\n",
			window);
}

/* What a person decided, and no machine tells. */
static void print_decisions(const json_t *printer)
{
	const json_t *tags = json_object_get(printer, "tags"), *tag;
	size_t index;

	/* A spool's material is the spool's. */
	if (*words_text(printer, "material") && words_is_null(printer, "spool"))
		print_option("material", words_text(printer, "material"));
	if (*words_text(printer, "color") && words_is_null(printer, "spool"))
		print_option("color", words_text(printer, "color"));
	if (strcmp(words_text(printer, "unattended"), "allowed") == 0)
		print_option("unattended", "allowed");
	if (json_array_size(tags) == 0)
		return;
	printf(" tags = [");
	json_array_foreach (tags, index, tag) {
		printf("%s", index ? ", " : "");
		print_text(json_string_value(tag));
	}
	printf("];");
}

static const char *kind_of(const struct doctor_row *row)
{
	if (!row->printer)
		return words_text(row->found, "machine_kind");
	return strcmp(words_text(row->printer, "kind"), "printer") == 0
		       ? ""
		       : words_text(row->printer, "kind");
}

static void print_remarks(const struct doctor_row *row, const struct profile_match *match,
	bool has_match, const char *kind)
{
	bool programs = words_is_true(row->found, "programs");

	if (has_match && !match->by_name)
		printf("# the profile was found by the size alone%s: check its limits\n",
			match->others ? ", of several" : "");
	else if (!has_match && programs)
		printf("# a laser or a mill does not say what it is: choose one of profiles/ with\n"
		       "# firmware = \"grbl\", such as laser400 or mill3018, or write one\n");
	else if (!has_match)
		printf("# no shipped profile is for it: choose one of profiles/, or write one\n");
	if (programs && *kind)
		printf("# $32 = %d says that it is a %s: change kind if that is not so\n",
			strcmp(kind, "laser") == 0, kind);
	else if (programs)
		printf("# it does not say whether it is a laser or a mill: write kind\n");
}

void doctor_row_print(const struct doctor_row *row)
{
	const json_t *source = row->printer ? row->printer : row->found;
	const char *profile = words_text(row->printer, "profile"), *kind = kind_of(row);
	bool programs = words_is_true(row->found, "programs");
	struct profile_match match = { 0 };
	double size_mm[3];
	/* What a laser or a mill says of itself is no name, and its travel is no size. */
	bool has_match = !*profile && !programs &&
			 profile_match(words_text(source, "machine"),
				 doctor_row_size(source, size_mm), &match);
	char name[NAME_BYTES];

	make_name(name,
		has_match  ? match.profile.name
		: *kind	   ? kind
		: programs ? "machine"
			   : "printer",
		row->port->stable);
	print_comma();
	print_head(row, source);
	if (!*profile)
		print_remarks(row, &match, has_match, kind);
	printf("{ name = ");
	print_text(row->printer ? words_text(row->printer, "name") : name);
	printf(";\n  port = ");
	print_text(row->port->stable);
	printf(";\n  dialect = ");
	print_text(row->dialect);
	printf("; baud = %lld; window = \"auto\";\n ", (long long)row->baud);
	print_option("profile", *profile ? profile : has_match ? match.profile.name : "CHOOSE");
	if (*kind || programs)
		print_option("kind", *kind ? kind : "CHOOSE");
	if (words_is_true(row->found, "resets"))
		printf(" reset_line = true;");
	if (row->printer)
		print_decisions(row->printer);
	printf(" }\n");
}
