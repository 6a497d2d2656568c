/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_CPIO_WRITE_H
#define HOST_CPIO_WRITE_H

#include "base/str.h"
#include "base/strings.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes a cpio archive in the format newc, which the kernel unpacks into its first root
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Files and directories are root's,
 * and of no time: the same content makes the same bytes. Zero-initialised is empty.
 *
 * Names have no slash at their beginning. The directories above a file are put before it, once and
 * with mode 0755: without them the kernel drops the file (init/initramfs.c). A directory in an
 * archive replaces a link of its name, and gives one that is there its mode and owner.
 */
struct cpio_write {
	struct text out; /* `failed`: out of memory; the caller empties it with cpio_write_done */
	struct strings directories;
	unsigned inode;
};

void cpio_add_file(
	struct cpio_write *w, const char *name, mode_t mode, const char *data, size_t len);
void cpio_add_link(struct cpio_write *w, const char *name, const char *target);
/* Ends the archive. Its length is a multiple of 512 then: one that is not compressed may follow,
 * which begins at a multiple of four bytes. */
void cpio_end(struct cpio_write *w);
void cpio_write_done(struct cpio_write *w);

#endif
