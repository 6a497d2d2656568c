/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_REPORT_PARSE_H
#define CLI_REPORT_PARSE_H

#include "base/err.h"
#include "core/bootcount.h"

#include <stdbool.h>
#include <stddef.h>

/* A report of 16,000 devices is about as large. */
#define REPORT_MAX (4U << 20)

/* One row of "devices". Only address and action are never NULL. */
struct report_dev {
	char *address;
	char *asked; /* FILE:LINE */
	char *action;
	char *driver; /* it shall have, NULL unless action is "bind" */
	char *reason;
	char *before, *after; /* its driver, NULL for none, and where nothing was carried out */
	long long usec;       /* -1: it was not tried */
};

/* What a boot, or `added`, has told. */
struct report {
	char *off;
	struct report_dev *devices;
	size_t n;
	char **errors;
	size_t n_errors;
	char *config;            /* the file, NULL where the report does not say */
	long long config_errors; /* how many it had */
	char *digest;            /* of the config in the image, or NULL */
	char *kernel;            /* that the image was made for, or NULL */
	bool has_image;          /* does it say what the image has recorded? */
	char *program; /* the version of vfio-bind that made the image; NULL: 0.2.0 or older */
	bool has_bootcount;
	struct bootcount bootcount;
};

/*
 * Reads what report_print wrote. It may have been another version of this program: keys that are
 * not known are passed over, those that are missing leave NULL; only a "version" that is greater,
 * which means that keys have changed their meaning, is an error. 0, or -EINVAL with the reason. To
 * be emptied with report_done after success.
 */
int report_parse(struct report *ret, const char *data, size_t len, struct err *err) _must_check_;

/* The same for DIR/report.json; -ENOENT where there is none. */
int report_read(struct report *ret, const char *dir, struct err *err) _must_check_;

void report_done(struct report *p);

#endif
