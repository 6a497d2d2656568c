/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/udev_rules.h"

#include "base/dir.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int udev_rules_put(
	const char *dir, const char *name, const struct text *rules, bool some, struct err *err)
{
	if (rules->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (some && dir_make(dir, err) < 0)
		return -EIO;
	_cleanup_(fd_close) int fd = open(dir, O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (fd < 0)
		return some ? err_set(err, errno, "%s: can't open it: %s", dir, strerror(errno))
			    : 0;
	int r = some ? file_replace_volatile(fd, name, rules->data, rules->len, 0644, err) : 0;
	if ((!some || r < 0) && unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		return err_set(
			err, errno, "%s/%s: can't remove it: %s", dir, name, strerror(errno));
	return r;
}
