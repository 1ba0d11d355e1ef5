/* A production record as one folder that another lab can make the part from, and check without
 * printfarm.
 *
 *   README.txt            what lies here, how to verify it, how to make the part
 *   index.html            the record as a page; record.json: the same as data
 *   label.svg             the lot's label
 *   design.json           name, plates with hash and yield: what `design import` reads
 *   content.txt           one "SHA256 YIELD" a plate; its own hash is the design's content
 *   plates/NAME.gcode     as they were sent; NAME.png: pictures of them
 *   settings/NAME.txt     what the slicer has left in them
 *   profiles/NAME.cfg     of the machines that made it
 *   photos/SHA256.jpg     if the farm takes them
 *   approval/             message, signature and public key, where the approval was signed
 *   SHA256SUMS            of all of it, for sha256sum -c */
#ifndef CLI_RECORD_EXPORT_H
#define CLI_RECORD_EXPORT_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

enum { RECORD_EXPORT_VERSION = 1 }; /* of design.json */

/* Makes `folder`, which must not be there; whole or not at all.  Returns an exit code, after a
 * sentence where it is not CLI_DONE. */
int record_export(struct cli *cli, const json_t *record, const char *folder);

#endif
