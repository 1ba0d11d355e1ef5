/* The functions behind the table of commands; one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int command_clear(struct cli *cli, int argc, char **argv);
int command_config_check(struct cli *cli, int argc, char **argv);
int command_design_add(struct cli *cli, int argc, char **argv);
int command_design_approve(struct cli *cli, int argc, char **argv);
int command_design_import(struct cli *cli, int argc, char **argv);
int command_design_key(struct cli *cli, int argc, char **argv);
int command_design_list(struct cli *cli, int argc, char **argv);
int command_design_revise(struct cli *cli, int argc, char **argv);
int command_design_revoke(struct cli *cli, int argc, char **argv);
int command_design_show(struct cli *cli, int argc, char **argv);
int command_estop(struct cli *cli, int argc, char **argv);
int command_help(struct cli *cli, int argc, char **argv);
int command_job_cancel(struct cli *cli, int argc, char **argv);
int command_job_hold(struct cli *cli, int argc, char **argv);
int command_job_inspect(struct cli *cli, int argc, char **argv);
int command_job_reassign(struct cli *cli, int argc, char **argv);
int command_job_redo(struct cli *cli, int argc, char **argv);
int command_job_release(struct cli *cli, int argc, char **argv);
int command_job_retry(struct cli *cli, int argc, char **argv);
int command_job_show(struct cli *cli, int argc, char **argv);
int command_jobs(struct cli *cli, int argc, char **argv);
int command_order_cancel(struct cli *cli, int argc, char **argv);
int command_order_create(struct cli *cli, int argc, char **argv);
int command_order_deliver(struct cli *cli, int argc, char **argv);
int command_order_hold(struct cli *cli, int argc, char **argv);
int command_order_list(struct cli *cli, int argc, char **argv);
int command_order_release(struct cli *cli, int argc, char **argv);
int command_order_reorder(struct cli *cli, int argc, char **argv);
int command_order_set(struct cli *cli, int argc, char **argv);
int command_order_show(struct cli *cli, int argc, char **argv);
int command_plan(struct cli *cli, int argc, char **argv);
int command_printer_confirm(struct cli *cli, int argc, char **argv);
int command_printer_connect(struct cli *cli, int argc, char **argv);
int command_printer_disable(struct cli *cli, int argc, char **argv);
int command_printer_enable(struct cli *cli, int argc, char **argv);
int command_printer_gcode(struct cli *cli, int argc, char **argv);
int command_printer_load(struct cli *cli, int argc, char **argv);
int command_printer_log(struct cli *cli, int argc, char **argv);
int command_printer_maintained(struct cli *cli, int argc, char **argv);
int command_printer_pause(struct cli *cli, int argc, char **argv);
int command_printer_resume(struct cli *cli, int argc, char **argv);
int command_printer_show(struct cli *cli, int argc, char **argv);
int command_printer_unlock(struct cli *cli, int argc, char **argv);
int command_printers(struct cli *cli, int argc, char **argv);
int command_doctor(struct cli *cli, int argc, char **argv);
int command_rehearse(struct cli *cli, int argc, char **argv);
int command_replay(struct cli *cli, int argc, char **argv);
int command_report(struct cli *cli, int argc, char **argv);
int command_reload(struct cli *cli, int argc, char **argv);
int command_spool_add(struct cli *cli, int argc, char **argv);
int command_quota(struct cli *cli, int argc, char **argv);
int command_spool_list(struct cli *cli, int argc, char **argv);
int command_spool_retire(struct cli *cli, int argc, char **argv);
int command_spool_set(struct cli *cli, int argc, char **argv);
int command_status(struct cli *cli, int argc, char **argv);
int command_submit(struct cli *cli, int argc, char **argv);
int command_version(struct cli *cli, int argc, char **argv);
int command_record(struct cli *cli, int argc, char **argv);
int command_watch(struct cli *cli, int argc, char **argv);
int command_why(struct cli *cli, int argc, char **argv);

#endif
