/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAKE_SYSFS_H
#define FAKE_SYSFS_H

/*
 * A directory of the test's own, `top`, in which a tree of tests/unit/trees is TOP/sys. It goes
 * when the program ends; a child leaves by _exit, and takes nothing with it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char top[64];

/* Runs a command of the test's own in a shell; the test can't go on where it fails. */
__attribute__((format(printf, 1, 2))) static inline void must_shell(const char *fmt, ...)
{
	char line[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (system(line) != 0) // NOLINT(cert-env33-c): the test's own words
		abort();
}

static inline void fake_sysfs_remove(void)
{
	must_shell("rm -rf '%s'", top);
}

/* Makes `top`, in memory where the tests have no directory of their own. */
static inline void fake_sysfs_begin(const char *test)
{
	const char *temp = getenv("TMPDIR");

	if (!temp)
		temp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(top, sizeof(top), "%.24s/vfio-bind-%.12s-XXXXXX", temp, test);
	if (!mkdtemp(top) || atexit(fake_sysfs_remove) != 0)
		abort();
}

/* Makes TOP/sys, in place of one that is there. */
static inline void fake_sysfs_make(const char *tree)
{
	must_shell(
		"rm -rf '%s/sys' && tests/unit/tree tests/unit/trees/%s '%s/sys'", top, tree, top);
}

/* No driver has a device any more; the name of its own is in the file "native". */
static inline void fake_sysfs_unbind_all(void)
{
	must_shell("cd '%s/sys/bus/pci/devices' && for d in *; do [ ! -e $d/driver ] || "
		   "{ basename $(readlink $d/driver) >$d/native; rm $d/driver; }; done",
		top);
}

#endif
