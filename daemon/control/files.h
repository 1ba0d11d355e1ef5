/* The store of G-code texts: STATE/files/ab/<sha256 of the text>, opened by a directory descriptor
 * and a name of hex digits only.  Names that requests give are labels in the ledger, never paths.
 *
 * An upload goes to a temporary file in STATE/files/tmp with its SHA-256 running along, then
 * through the import child (import.h), which unpacks and checks it; what is kept is the plain
 * checked text, hashed again here, synced, renamed to its hash, the directory synced.  All that
 * waits for the disk is done on the ledger's writer thread, or in the child.  A temporary file is
 * removed on every failure, at start and when it is an hour old. */
#ifndef CONTROL_FILES_H
#define CONTROL_FILES_H

#include "daemon/control/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct files;
struct ledger;
struct upload;

enum {
	FILES_UPLOADS_MAX = 32, /* under way at once; more are told to come back (-EBUSY) */
	FILES_IMPORTS_MAX = 2,	/* children at work at once; the others wait */
	FILES_TEMPORARY_S = 3600,
};

struct files_settings {
	const char *directory;	    /* made when it is not there */
	struct event_base *base;    /* borrowed until files_close */
	struct ledger *ledger;	    /* borrowed; ledger_close comes after files_close and gives back
				       what is on the writer thread */
	const char *import_program; /* run with --import; NULL: this program */
	const char *rules;	    /* see import.h */
	int64_t upload_max_bytes, text_max_bytes;
	int64_t free_floor_bytes; /* uploads are refused below max(this, free_floor_percent) */
	int32_t free_floor_percent;
	/* Is there a file that came from an upload with this hash?  Fills *file.  May be NULL. */
	bool (*find_upload)(void *context, const char *upload_sha256, struct file_record *file);
	void *context;
};

/* Copies the settings.  0 or a negative errno and *error. */
int files_open(struct files **files, const struct files_settings *settings, struct error *error);
/* New limits after a reload; those of uploads under way too. */
void files_set_rules(struct files *files, const char *rules);
void files_set_limits(struct files *files, int64_t upload_max_bytes, int64_t text_max_bytes,
	int64_t free_floor_bytes, int32_t free_floor_percent);
/* Aborts what is under way without calling back.  Takes NULL. */
void files_close(struct files *files);

struct files_space {
	int64_t free_bytes, floor_bytes;
	bool is_full; /* below the floor, or short of inodes: uploads are refused */
};
/* 0 or a negative errno. */
int files_space(const struct files *files, struct files_space *space);

/* The absolute path of a stored text, for a streamer.  -ENOENT: not stored; -EINVAL: no hash. */
int files_path(const struct files *files, const char *sha256, char *path, size_t size);
/* A descriptor of a stored text, read only, or a negative errno as above. */
int files_open_text(const struct files *files, const char *sha256);

/* ---- uploads ------------------------------------------------------------------------------ */

/* `name` is a label; `expected_bytes` -1: not known.  Errors here and from upload_write:
 * -ENOSPC (507), -EFBIG (413), -EBUSY (503), others: the disk's trouble. */
int upload_begin(struct upload **upload, struct files *files, const char *name,
	int64_t expected_bytes, struct error *error);
/* The name as it is kept: no directories, nothing unprintable, at most FILE_NAME_MAX_BYTES - 1. */
const char *upload_label(const struct upload *upload);
/* Which plate of an archive is meant, from 1; before upload_finish. */
void upload_choose_plate(struct upload *upload, int32_t plate);
/* After a failure only upload_abort is left to do. */
int upload_write(struct upload *upload, const void *bytes, size_t length, struct error *error);

struct upload_result {
	/* 0: stored; the caller commits `file` and `analysis_json` to the ledger, then answers.
	 * -EBADMSG: the file is refused (422); `message` says why, with the line.
	 * -ENOSPC, -EFBIG, -EBUSY, others: as above. */
	int error;
	const char *message;		/* a sentence; "" when stored */
	bool is_known;			/* these very bytes came before: nothing was imported */
	const struct file_record *file; /* when stored */
	const char *format;		/* as inspector_format says; "" when known */
	/* As `printfarm check --json` prints it, also of a refused file if it could be read; NULL
	 * when known: ledger_file_analysis has it. */
	const char *analysis_json;
};

/* Takes the upload over and calls back from the loop, once, with what is borrowed for the call;
 * unless upload_abort is called before. */
void upload_finish(struct upload *upload,
	void (*on_done)(void *context, const struct upload_result *result), void *context);

/* Ends an upload in any state before its call-back (the client is gone).  Takes NULL. */
void upload_abort(struct upload *upload);

#endif
