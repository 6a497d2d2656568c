/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/rdinit.h"

#include "base/log.h"
#include "core/kmod.h"
#include "core/report.h"
#include "core/run_state.h"
#include "core/steps.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than the bounds of `boot` and of `boot --join` by themselves, 10 s each. */
#define BOOT_MS 20000

/* In the order in which they are mounted. /run stays: an /init that finds it mounted (systemd)
 * keeps it. The others are unmounted, so that /init finds what it is used to. */
static const struct place {
	const char *path, *type;
	unsigned long flags;
	const char *options;
	bool stays;
} places[] = {
	{"/dev", "devtmpfs", MS_NOSUID, "mode=0755", false},
	{"/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false},
	{"/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false},
	{"/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", true},
};
#define N_PLACES (sizeof(places) / sizeof(*places))

/* True if it was not, and now is. */
static bool mount_one(const struct place *p)
{
	struct stat root, st;

	if (mkdir(p->path, 0755) < 0 && errno != EEXIST)
		return false;
	if (stat("/", &root) == 0 && stat(p->path, &st) == 0 && st.st_dev != root.st_dev)
		return false;
	return mount(p->type, p->path, p->type, p->flags, p->options) == 0;
}

static void run(const char *const argv[])
{
	struct err err = {""};

	if (steps_program(argv, BOOT_MS, &err) < 0)
		log_print(LOG_ERROR, "%s; booting on", err.text);
}

/* Nothing of this can stop the boot: what can't be mounted, `boot` misses and says so. */
static void bind_all(void)
{
	static const char *const boot[] = {ARCHIVE_PROGRAM, "boot", NULL};
	static const char *const join[] = {ARCHIVE_PROGRAM, "boot", "--join", NULL};
	bool mounted[N_PLACES];

	for (size_t i = 0; i < N_PLACES; i++)
		mounted[i] = mount_one(&places[i]);
	log_open("vfio-bind", LOG_TO_KMSG, false);
	run(boot);
	run(join);
	report_keep();
	log_close();
	for (size_t i = N_PLACES; i-- > 0;)
		if (mounted[i] && !places[i].stays)
			(void)umount2(places[i].path, MNT_DETACH);
}

int rdinit_run(char **argv)
{
	static const char *const shell[] = {"/bin/sh", NULL};
	static char init[] = "/init";

	bind_all();
	argv[0] = init;
	steps_become((const char *const *)argv);
	steps_become(shell);
	return 1;
}
