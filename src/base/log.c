/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A kernel log record has less than 1 KiB (kernel/printk/printk.c, PRINTKRB_RECORD_MAX). */
#define RECORD_MAX 960
#define NARROW 40 /* the smallest width assumed for a terminal */

static struct {
	const char *name;
	enum log_target target;
	bool debug;
	int fd;
	unsigned columns; /* of the terminal, 0: messages are not wrapped */
	unsigned records;
	unsigned dropped;
} the_log = {.name = "vfio-bind", .target = LOG_TO_STDERR, .fd = STDERR_FILENO};

void log_open(const char *name, enum log_target target, bool debug)
{
	the_log.name = name;
	the_log.target = target;
	the_log.debug = debug;
	the_log.fd = target == LOG_TO_KMSG ? -1 : STDERR_FILENO;
}

/* Opens the kernel log at the first message: urgent work at boot comes first. */
static void open_kmsg(void)
{
	the_log.fd = open("/dev/kmsg", O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	if (the_log.fd < 0) { /* no /dev yet: standard error is better than nothing */
		the_log.target = LOG_TO_STDERR;
		the_log.fd = STDERR_FILENO;
	}
}

/* Breaks a line that is wider than the terminal at a blank, not within a word. */
static void fold(char *line, unsigned width)
{
	char *start = line, *blank = NULL;

	for (char *at = line; *at && width > 0; at++) {
		if ((size_t)(at - start) > width && blank) {
			*blank = '\n';
			start = blank + 1;
			blank = NULL;
		}
		if (*at == ' ')
			blank = at;
	}
}

static void record_write(enum log_level level, const char *text)
{
	char line[RECORD_MAX];
	int n;

	if (the_log.fd < 0)
		open_kmsg();
	if (the_log.target == LOG_TO_KMSG)
		n = snprintf(line, sizeof(line), "<%d>%s: %s\n", (int)level, the_log.name, text);
	else
		n = snprintf(line, sizeof(line), "%s: %s%s\n", the_log.name,
			level == LOG_ERROR     ? "error: "
			: level == LOG_WARNING ? "warning: "
					       : "",
			text);
	if (n < 0)
		return;
	size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	line[len - 1] = '\n';
	if (the_log.target == LOG_TO_STDERR && len > NARROW)
		fold(line, the_log.columns);
	while (write(the_log.fd, line, len) < 0 && errno == EINTR)
		;
	/* The kernel counts per open file, and drops records after the tenth. */
	if (the_log.debug && the_log.target == LOG_TO_KMSG)
		fd_close(&the_log.fd);
}

void log_print(enum log_level level, const char *fmt, ...)
{
	if (level == LOG_DEBUG && !the_log.debug)
		return;
	if (the_log.target == LOG_TO_KMSG && !the_log.debug &&
		the_log.records >= LOG_KMSG_MAX - 1) {
		the_log.dropped++; /* the last record is reserved for the count */
		return;
	}

	int saved = errno;
	char text[RECORD_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0) {
		the_log.records++;
		record_write(level, text);
	}
	errno = saved;
}

void log_wrap(unsigned columns)
{
	the_log.columns = columns;
}

void log_close(void)
{
	if (the_log.dropped > 0) {
		char text[96];
		(void)snprintf(text, sizeof(text),
			"%u more messages are left out here; the report has all", the_log.dropped);
		record_write(LOG_WARNING, text);
		the_log.dropped = 0;
	}
	if (the_log.target == LOG_TO_KMSG)
		fd_close(&the_log.fd);
	the_log.target = LOG_TO_STDERR;
	the_log.fd = STDERR_FILENO;
	the_log.records = 0;
}
