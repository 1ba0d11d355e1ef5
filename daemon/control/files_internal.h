/* What the store's files share; nobody else includes this. */
#ifndef CONTROL_FILES_INTERNAL_H
#define CONTROL_FILES_INTERNAL_H

#include "base/error.h"
#include "daemon/control/files.h"

#include <limits.h> /* PATH_MAX */
#include <sodium.h> /* crypto_hash_sha256_state */

struct drawing;
struct event;
struct import;

enum {
	FILES_TEMPORARY_NAME_MAX = 32, /* "tmp/123.upload" */
	FILES_SLICE_BYTES = 4 << 20,   /* hashed in one go on the writer thread */
	FILES_READ_BYTES = 256 * 1024,
};

struct files {
	struct files_settings settings; /* strings owned */
	char directory[PATH_MAX];	/* absolute */
	int root;			/* descriptor of it */
	int64_t next_number;		/* of temporary files */
	struct event *sweep;
	struct upload *first; /* all uploads, newest first */
	size_t upload_count, import_count;
	struct drawing *drawings; /* newest first */
	size_t drawing_count;
	bool is_closing;
};

/* In the order of a life; the last three belong to upload_finish. */
enum upload_state {
	UPLOAD_RECEIVING,
	UPLOAD_WAITING,	  /* for its turn to be imported */
	UPLOAD_IMPORTING, /* the child has it */
	UPLOAD_STORING,	  /* the writer thread has it */
	UPLOAD_SETTLED,	  /* the call-back is on its way */
};

struct upload {
	struct files *files;
	struct upload *next;
	enum upload_state state;
	bool is_aborted; /* while the writer thread has it */
	char name[FILE_NAME_MAX_BYTES];
	int32_t plate;	/* of an archive with several; 0: it has one */
	int descriptor; /* of the uploaded bytes */
	char temporary[FILES_TEMPORARY_NAME_MAX];
	int64_t bytes, checked_bytes; /* taken; when free space was looked at last */
	crypto_hash_sha256_state hash;
	char upload_sha256[SHA256_HEX_BYTES];
	struct import *import;
	int text; /* descriptor of the checked text */
	char text_temporary[FILES_TEMPORARY_NAME_MAX];
	int64_t text_bytes; /* as the child says */
	/* Writer thread, while storing. */
	int64_t hashed_bytes;
	/* The result. */
	struct event *settled;
	int error;
	char message[ERROR_TEXT_MAX];
	bool is_known;
	char format[16];
	struct file_record file;
	char *analysis_json; /* owned */
	void (*on_done)(void *context, const struct upload_result *result);
	void *context;
};

/* Makes and opens a new file in tmp for writing and reading; its name goes to `name`. */
int files_make_temporary(struct files *files, const char *kind, char *name);
/* Frees the store once it is closing and the writer thread has given back the last upload. */
void files_release(struct files *files);
bool files_is_hash(const char *sha256);
void files_hash_text(const unsigned char *hash, char *sha256);
/* "ab/<sha256>" */
void files_place(const char *sha256, char *place, size_t size);

/* What the child's line says: fills format, text_bytes, file and analysis_json of the upload.  0,
 * -EBADMSG (refused; message set), -ENOSPC, -EIO. */
int import_result_read(struct upload *upload, const char *line, size_t length);
/* Puts the text's hash where it is known only now: into file and analysis_json. -ENOMEM. */
int import_result_name(struct upload *upload, const char *sha256);

#endif
