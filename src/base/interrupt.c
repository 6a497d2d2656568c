/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>

static void add_interrupts(sigset_t *set)
{
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGQUIT);
	(void)sigaddset(set, SIGTERM);
}

/* The signals that interrupt_release unblocks. */
static void fill(sigset_t *set)
{
	(void)sigemptyset(set);
	add_interrupts(set);
	(void)sigaddset(set, SIGTSTP);
	(void)sigaddset(set, SIGTTIN);
	(void)sigaddset(set, SIGTTOU);
}

void interrupt_hold(void)
{
	sigset_t set;

	fill(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void interrupt_hold_children(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The kernel keeps a blocked signal even if it is ignored (sig_ignored in kernel/signal.c). */
static int is_ignored(int signal)
{
	struct sigaction now;

	return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/* Waits for one signal for at most `milliseconds`. Returns it, or a negative number. */
static int take(struct interrupt *i, unsigned milliseconds)
{
	const struct timespec limit = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (i)
		add_interrupts(&set);
	int signal = sigtimedwait(&set, NULL, &limit);
	if (i && !i->signal && signal > 0 && signal != SIGCHLD && !is_ignored(signal))
		i->signal = signal;
	return signal;
}

void interrupt_wait(struct interrupt *i, unsigned milliseconds)
{
	(void)take(i, milliseconds);
}

int interrupt_came(struct interrupt *i)
{
	while (!i->signal && take(i, 0) > 0)
		;
	return i->signal;
}

int interrupt_fd(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	add_interrupts(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void interrupt_release(void)
{
	sigset_t set;

	fill(&set);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

const char *interrupt_name(int signal)
{
	switch (signal) {
	case SIGHUP:
		return "SIGHUP";
	case SIGINT:
		return "SIGINT";
	case SIGQUIT:
		return "SIGQUIT";
	default:
		return "SIGTERM";
	}
}

void interrupt_release_children(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}
