/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "core/apply.h"
#include "core/plan.h"

#include <stdio.h>

#define REPORT_DIR "/run/vfio-bind"
#define REPORT_NAME "report.json"
#define LOCK_NAME "lock" /* flock(2): held by who is at work */

/*
 * Writes plan or report as JSON, the shape that `plan --json` and report.json share. outcomes NULL:
 * nothing was carried out, "after" and "usec" are null. `trouble` is one more error, or NULL. What
 * the record beside the config (core/imageinfo) has to say of the image is added.
 */
void report_print(
	const struct plan *p, const struct apply_result *outcomes, const char *error, FILE *f);

/*
 * Tells the kernel log (or standard error) what became of the plan: what is wrong first, then what
 * was bound, one message a device until there are too many.
 */
void report_tell(const struct plan *p, const struct apply_result *outcomes);

/* What an interrupt has come to; nothing where none came. */
void report_tell_interrupt(
	const struct plan *p, const struct apply_result *outcomes, const struct interrupt *i);

/*
 * Opens the directory of reports and lock, which is no symlink; makes it where it is missing, for
 * all to read. From then on the process makes files with the modes that it says (umask 022). The
 * descriptor is the caller's; or -errno.
 */
int report_dir_open(const char *dir, struct err *err) _must_check_;

/* What a plan binds although it is not known to be safe; report_tell tells it too. */
void report_tell_doubts(const struct plan *p);

/* Writes the report as DIR/report.json, DIR made if it is missing. */
int report_save(const char *dir, const struct plan *p, const struct apply_result *outcomes,
	const char *error, struct err *err) _must_check_;

#endif
