/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

/*
 * SIGHUP, SIGINT, SIGQUIT and SIGTERM ask a process to end, and by default end it wherever it is.
 * While something is half done they are blocked: the kernel keeps them, and whoever waits is
 * told. No handler runs.
 */
struct interrupt {
	int signal; /* the first that came, or 0 */
};

/*
 * Blocks them, SIGCHLD, which interrupt_wait waits for, SIGPIPE, and what stops a process at its
 * terminal (SIGTSTP, SIGTTIN, SIGTTOU). Children inherit that: a key pressed at a terminal reaches
 * all processes of a job.
 */
void interrupt_hold(void);

/* Only SIGCHLD: for who waits for a child and may end at any time. */
void interrupt_hold_children(void);

/*
 * Waits until a child ends, an interrupt comes, or `milliseconds` have passed. `i` may be NULL:
 * interrupts stay where they are then. One that the process was started to ignore (nohup) is none.
 */
void interrupt_wait(struct interrupt *i, unsigned milliseconds);

/* Has one come? Returns the signal, or 0. */
int interrupt_came(struct interrupt *i);

/* From here on they end the process again; SIGPIPE stays blocked, so that writing fails. */
void interrupt_release(void);

/* "SIGINT"; for a signal of `struct interrupt`. */
const char *interrupt_name(int signal);

#endif
