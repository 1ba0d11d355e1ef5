/* The report of `printfarm check` for people, in 80 columns. */
#ifndef CLI_CHECK_REPORT_H
#define CLI_CHECK_REPORT_H

struct analysis;

/* `name` is safe to print. */
void check_report(const char *name, const struct analysis *analysis);

#endif
