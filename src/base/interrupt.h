/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

/*
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM ask a process to end, and by default end it at any point.
 * They are blocked during work that must not end half-way: the kernel keeps them pending, and the
 * waiting code polls them. No handler runs.
 */
struct interrupt {
	int signal; /* the first that arrived, or 0 */
};

/*
 * Blocks them, SIGCHLD (for interrupt_wait), SIGPIPE, and the signals that stop a process at its
 * terminal (SIGTSTP, SIGTTIN, SIGTTOU). Children inherit the mask: a key pressed at a terminal
 * reaches all processes of a job.
 */
void interrupt_hold(void);

/* Blocks only SIGCHLD, for a caller that waits for a child and may end at any time. */
void interrupt_hold_children(void);

void interrupt_release_children(void);

/*
 * Waits until a child ends, an interrupt arrives, or `milliseconds` have passed. `i` may be NULL:
 * then interrupts stay pending. A signal that the process was started to ignore (nohup) does not
 * count as an interrupt.
 */
void interrupt_wait(struct interrupt *i, unsigned milliseconds);

/* Returns the signal that arrived, or 0. */
int interrupt_came(struct interrupt *i);

/* A descriptor for poll(2), readable while an interrupt is pending: interrupt_came takes it. -1
 * with errno. */
int interrupt_fd(void);

/* From here on the signals end the process again; SIGPIPE stays blocked, so that writes fail. */
void interrupt_release(void);

/* "SIGINT"; for a signal of `struct interrupt`. */
const char *interrupt_name(int signal);

#endif
