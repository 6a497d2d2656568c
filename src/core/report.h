/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "core/apply.h"
#include "core/plan.h"

#include <stdio.h>

#define REPORT_DIR "/run/vfio-bind"
#define REPORT_NAME "report.json"
/* Where a report outlives an /init that mounts a /run of its own: all instances of devtmpfs are one
 * file system. Read where REPORT_DIR has none. */
#define REPORT_KEPT_DIR "/dev/.vfio-bind"
#define LOCK_NAME "lock" /* flock(2): locked during the work */

/*
 * Writes plan or report as JSON, the format that `plan --json` and report.json share. outcomes
 * NULL: nothing was carried out, "after" and "usec" are null. `error` is one more error, or NULL.
 * Adds the data about the image from the record beside the config (core/imageinfo).
 */
void report_print(
	const struct plan *p, const struct apply_result *outcomes, const char *error, FILE *f);

/*
 * Logs the results of the plan to the kernel log (or standard error): errors first, then bound
 * devices, one message per device up to a limit.
 */
void report_log(const struct plan *p, const struct apply_result *outcomes);

/* Logs the effect of an interrupt; nothing if none arrived. */
void report_log_interrupt(
	const struct plan *p, const struct apply_result *outcomes, const struct interrupt *i);

/*
 * Opens the directory of reports and lock, which must not be a symlink; creates it if missing,
 * readable by all. From then on the process creates files with exactly the modes given (umask 022).
 * The caller owns the descriptor; or -errno.
 */
int report_dir_open(const char *dir, struct err *err) _must_check_;

/* Logs what a plan binds without knowing that it is safe; report_log does so, too. */
void report_log_unverified(const struct plan *p);

/*
 * Reads the text of DIR/report.json, for a reader of one word of it (cli/report_parse reads all).
 * *ret is allocated. 0 or -errno, -ENOENT if there is none.
 */
int report_load(const char *dir, char **ret, struct err *err) _must_check_;

/*
 * Reads a file of the directory of reports; of REPORT_DIR also where only REPORT_KEPT_DIR has it.
 * As file_read.
 */
int report_file_read(const char *dir, const char *name, size_t max, char **ret, size_t *ret_len,
	struct err *err) _must_check_;

/* Copies what boot has left in REPORT_DIR to REPORT_KEPT_DIR. What can't be copied is logged. */
void report_keep(void);

/* Writes report.json into an open directory (report_dir_open). */
int report_save(int dir, const struct plan *p, const struct apply_result *outcomes,
	const char *error, struct err *err) _must_check_;

/* The same for a device that was bound after the boot: DIR/ADDRESS/report.json, in a directory that
 * is made where it is missing. */
int report_save_of(const char *dir, struct pci_addr addr, const struct plan *p,
	const struct apply_result *outcomes, struct err *err) _must_check_;

#endif
