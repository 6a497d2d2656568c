/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * One failure, described where it occurs. Functions that can fail return 0 (or a count) or a
 * negative errno, and take a `struct err *` last, which they fill before they return it. Only the
 * two mains print it. The text names the place, what is wrong and what to do; it has no final
 * newline.
 */
struct err {
	char text[512];
};

#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _must_check_ __attribute__((warn_unused_result))
#define _cleanup_(done) __attribute__((cleanup(done)))

/*
 * Fills err (which may be NULL) and returns -code, so that a caller writes
 * `return err_set(err, EINVAL, ...)`. code is positive. An overlong text is cut.
 */
int err_set(struct err *err, int code, const char *fmt, ...) _printf_(3, 4);

#endif
