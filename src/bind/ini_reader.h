/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_INI_READER_H
#define BIND_INI_READER_H

#include "base/err.h"

#include <stddef.h>

/*
 * Reads INI text with inih, but hands it only lines that inih and we understand the same way.
 * inih takes an indented line for one more value of the key above, cuts section names at 49 bytes
 * and long lines at 199, and drops text behind " ;", all without an error: here each of those is an
 * error of its line.
 */
struct ini_reader {
	/* section and key are "" where the line stands before any section. */
	void (*value)(
		void *to, unsigned line, const char *section, const char *key, const char *value);
	void (*section)(void *to, unsigned line, const char *section);
	void (*error)(void *to, unsigned line, const char *what);
	void *to;
};

/* data[len] is NUL. Every line is read, whatever stands in it. 0 or -ENOMEM. */
int ini_reader_run(const struct ini_reader *r, const char *data, size_t len) _must_check_;

#endif
