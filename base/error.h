/* A sentence for humans about what went wrong.
 *
 * Code that does input or output returns 0 or a negative errno value and, when it fails,
 * fills a struct error with a sentence that names the thing, the value and what would be
 * accepted.  Whoever can act on it logs or shows it, once. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum { ERROR_TEXT_MAX = 1024 };

struct error {
	char text[ERROR_TEXT_MAX]; /* NUL-terminated; empty: no error */
};

/* Writes the sentence (printf-style), cut at ERROR_TEXT_MAX - 1 bytes.  `error` may be NULL. */
void error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the sentence that is there already.  `error` may be NULL. */
void error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
