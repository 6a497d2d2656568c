/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SAFE_KILL_H
#define SAFE_KILL_H

#include <signal.h>
#include <stdlib.h>

/* In the place of kill(2), by --wrap: a fault that signals a group, or all processes there are,
 * ends the test instead. */
int __wrap_kill(pid_t pid, int signal);
int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal)
{
	if (pid <= 0)
		abort();
	return __real_kill(pid, signal);
}

#endif
