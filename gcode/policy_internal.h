/* What the parts of the policy share: policy.c (the line), policy_codes.c (which commands there
 * are), policy_arguments.c (their numbers), policy_macro.c (Klipper). */
#ifndef GCODE_POLICY_INTERNAL_H
#define GCODE_POLICY_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "gcode/policy.h"

/* Above what any desktop machine reaches; no profile speaks of chambers. */
enum { POLICY_CHAMBER_CELSIUS = 120 };

struct policy_check {
	const struct lexer_line *line;
	const struct profile *profile;
	struct policy_findings *findings;
};

/* What the code alone says: POLICY_COUNT when it is known and harmless. */
enum policy_id policy_find_code(char letter, int32_t code);

/* A bad number in this command's arguments is refused, not only warned of. */
bool policy_is_strict(const struct lexer_line *line);

void policy_check_arguments(const struct policy_check *check);
void policy_check_macro(const struct policy_check *check);

/* Hotter than the limit is refused. */
void policy_check_target(const struct policy_check *check, double target, double limit);
double policy_hotend_limit(const struct profile *profile);
double policy_bed_limit(const struct profile *profile);

#endif
