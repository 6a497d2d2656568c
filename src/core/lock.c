/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lock.h"

#include "base/file.h"
#include "core/report.h"
#include "core/steps.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#define LOOK_MS 20

int lock_open(const char *run_dir, struct err *err)
{
	_cleanup_(fd_close) int dir = report_dir_open(run_dir, err);

	return dir < 0 ? dir : file_open_lock(dir, LOCK_NAME, err);
}

int lock_take(const char *run_dir, unsigned milliseconds, struct err *err)
{
	int64_t deadline = steps_now() + milliseconds;
	int fd = lock_open(run_dir, err);

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (steps_now() >= deadline) {
			fd_close(&fd);
			return err_set(err, ETIMEDOUT,
				"%s/" LOCK_NAME ": another vfio-bind has been at work for %u s",
				run_dir, milliseconds / 1000);
		}
		(void)usleep(LOOK_MS * 1000);
	}
	return fd;
}

void lock_done(int *lock)
{
	if (*lock >= 0)
		(void)flock(*lock, LOCK_UN);
	fd_close(lock);
}
