/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/kmsg.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CONSOLE_EXT_LOG_MAX (kernel/printk/internal.h): a read of less fails. */
#define RECORD_MAX 8192

/* A log that is written faster than it is read must not block the caller. */
#define RECORDS_MAX 100000

bool kmsg_matches(const char *record, const char *driver, const char *address, long long *ret_usec)
{
	/* "6,339,5140900,-;nouveau 0000:09:00.0: …": level, number, time, flags. */
	const char *time = strchr(record, ',');
	const char *text = strchr(record, ';');

	time = time ? strchr(time + 1, ',') : NULL;
	if (!time || !text || time > text || !str_starts(text + 1, driver))
		return false;
	text += 1 + strlen(driver);
	if (*text != ' ' || !str_starts(text + 1, address) || text[1 + strlen(address)] != ':')
		return false;
	*ret_usec = strtoll(time + 1, NULL, 10);
	return true;
}

long long kmsg_first(const char *driver, const char *address)
{
	char record[RECORD_MAX];
	long long usec;
	_cleanup_(fd_close) int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < RECORDS_MAX; i++) {
		ssize_t n = read(fd, record, sizeof(record) - 1);
		/* EPIPE: the next record was overwritten; the following read continues after it. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		if (kmsg_matches(record, driver, address, &usec))
			return usec;
	}
	return -1;
}
