/* The report of `printfarm check` for people, in 80 columns. */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

struct analysis;

/* `name` is safe to print. */
void check_report(const char *name, const struct analysis *analysis);

/* The table of rules for files: name, what it does unless a profile says otherwise, where it holds.
 */
void check_report_rules(void);

#endif
