/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_REPORT_PARSE_H
#define CLI_REPORT_PARSE_H

#include "base/err.h"
#include "core/bootcount.h"

#include <stdbool.h>
#include <stddef.h>

/* One row of "devices". Only address and action are never NULL. */
struct report_dev {
	char *address;
	char *asked; /* FILE:LINE */
	char *action;
	char *driver; /* the requested driver, NULL unless action is "bind" */
	char *reason;
	char *before, *after; /* its driver, NULL for none, and if nothing was carried out */
	long long usec;       /* -1: not attempted */
};

/* The report of a boot, or of `hotplug`. */
struct report {
	char *off;
	struct report_dev *devices;
	size_t n;
	char **errors;
	size_t n_errors;
	char *config;            /* the file, NULL if the report does not have it */
	long long config_errors; /* their number */
	char *profile;           /* of the config, in effect at that boot; NULL: none was chosen */
	char *digest;            /* of the config in the image, or NULL */
	char *kernel;            /* for which the image was made, or NULL */
	bool has_image;          /* the report has the record of an image */
	char *program; /* the version of vfio-bind that made the image; NULL: 0.2.0 or older */
	bool has_bootcount;
	struct bootcount bootcount;
};

/*
 * Parses the output of report_print, possibly of another version of this program: unknown keys are
 * skipped, missing ones are NULL; only a greater "version", which means that keys have another
 * meaning, is an error. 0, or -EINVAL or -EFBIG with the reason. To be emptied with report_done
 * after success.
 */
int report_parse(struct report *ret, const char *data, size_t len, struct err *err) _must_check_;

/* The same for DIR/report.json; -ENOENT if there is none. */
int report_read(struct report *ret, const char *dir, struct err *err) _must_check_;

void report_done(struct report *p);

#endif
