/* One line of G-code as words: slices over the caller's bytes, no allocation, no locale.
 *
 * Reads everything that slicers and people write: with and without blanks, lower case, "E.028",
 * "+.5", "5.", N and checksum, both comment kinds, commands whose argument is text, Klipper macros.
 * It judges nothing: a number that is none is told by its form, and policy.h says what follows. */
#ifndef GCODE_LEXER_H
#define GCODE_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LEXER_WORDS_MAX = 24,
	LEXER_CODE_MAX = 99999, /* G, M and T codes above are cut to this; no firmware has them */
};

enum lexer_kind {
	LEXER_BLANK,	/* nothing but blanks and comments */
	LEXER_COMMAND,	/* G, M or T with a code */
	LEXER_TOOL,	/* T with something else than a number: "Tx", "Tc", "T?", bare "T" */
	LEXER_MACRO,	/* Klipper: NAME or NAME KEY=VALUE ...; arguments in `text` */
	LEXER_MARKER,	/* CNC: "%", program number "O1000" */
	LEXER_HASH,	/* "## ..." left in start code; a comment nowhere but in shells */
	LEXER_HOST,	/* "@...": a command to OctoPrint and its kind */
	LEXER_REALTIME, /* "!", "~", "?", "$...": grbl acts on these at once */
	LEXER_JUNK,	/* anything else: no G, M or T */
};

enum lexer_form {
	LEXER_NUMBER,
	LEXER_LIST,    /* "300:300", RepRapFirmware; value is the first */
	LEXER_MISSING, /* letter alone */
	LEXER_QUOTED,  /* "text" in double quotes; the slice holds what is between them */
	/* No numbers, whatever strtod says: */
	LEXER_SIGN_ONLY,
	LEXER_TWO_DOTS,
	LEXER_COMMA,
	LEXER_EXPONENT,
	LEXER_HEX,
	LEXER_NOT_FINITE, /* nan, inf */
	LEXER_HUGE,	  /* more than nine digits before the point */
	LEXER_GARBLED,	  /* other characters */
};

struct lexer_word {
	char letter; /* upper case */
	bool glued;  /* no blank before it */
	enum lexer_form form;
	double value;	  /* 0 unless NUMBER or LIST */
	const char *text; /* the value's characters, borrowed from the line */
	size_t text_length;
};

enum lexer_flag {
	LEXER_CONTROL = 1,	    /* a control byte outside comments (tab is a blank) */
	LEXER_NON_ASCII = 2,	    /* a byte from 0x80 up outside comments */
	LEXER_DUPLICATE = 4,	    /* a letter twice */
	LEXER_TOO_MANY = 8,	    /* words left out */
	LEXER_PAREN = 16,	    /* a (comment) */
	LEXER_PAREN_OPEN = 32,	    /* ( without ) */
	LEXER_PAREN_NESTED = 64,    /* ( inside (, or ) left over */
	LEXER_SECOND_COMMAND = 128, /* a G or M word behind the first */
	LEXER_ZERO_PADDED = 256,    /* M0104; G01 and the like are not counted */
	LEXER_STRAY = 512,	    /* characters that belong to no word */
	LEXER_IS_TEXT = 1024,	    /* `text` holds the argument; there are no words */
};

struct lexer_line {
	enum lexer_kind kind;
	char letter;	 /* 'G', 'M', 'T' of a command; 'P': Prusa XL parks a tool */
	int32_t code;	 /* 92 of G92.1; -1: T-1 */
	int32_t subcode; /* 1 of G92.1, else -1 */
	unsigned flags;	 /* enum lexer_flag */
	bool has_number; /* N... in front */
	int64_t number;
	bool has_checksum, checksum_good;
	/* The command without number, checksum and ; comment; (comments) are still inside. */
	const char *body;
	size_t body_length;
	/* The argument of text commands (M117 ...), macros and tools, trimmed. */
	const char *text;
	size_t text_length;
	const char *comment; /* behind the ; NULL: none */
	size_t comment_length;
	size_t word_count;
	uint32_t letters; /* bit (letter - 'A') for each word */
	struct lexer_word word[LEXER_WORDS_MAX];
};

/* Reads one line without its terminator.  Always fills *line; slices stay valid with `bytes`. */
void lexer_read(const char *bytes, size_t length, struct lexer_line *line);

/* The word with that letter (upper case), or NULL. */
const struct lexer_word *lexer_find(const struct lexer_line *line, char letter);

/* True and *value when the word is there with a number. */
bool lexer_value(const struct lexer_line *line, char letter, double *value);

static inline bool lexer_is(const struct lexer_line *line, char letter, int32_t code)
{
	return line->kind == LEXER_COMMAND && line->code == code && line->letter == letter;
}

/* A plain decimal number at the start of the text (sign, digits, one point; no exponent):
 * true, *value, and *used characters.  For comments and profile words too. */
bool lexer_number(const char *text, size_t length, double *value, size_t *used);

#endif
