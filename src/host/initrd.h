/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_INITRD_H
#define HOST_INITRD_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Finds one file in what the kernel unpacks into its first root (Documentation/driver-api/
 * early-userspace/buffer-format.rst): cpio archives in the format newc, one after the other, with
 * zero bytes between them. Of several files of one name the last counts, as it does there.
 */
struct cpio_search {
	const char *wanted;  /* its name in the archive, without "/" or "./" at its beginning */
	bool or_link;        /* a symbolic link of that name counts as well */
	size_t max;          /* more bytes of it are not read: then it is `too_large` */
	struct text content; /* of the last that was found, the target of a link; the caller empties
				it with text_done */
	bool found, too_large;
	bool is_link; /* what was found is a symbolic link */
	bool ended;   /* at least one archive has come to its end */

	/* where it is */
	enum { CPIO_BETWEEN, CPIO_HEADER, CPIO_NAME, CPIO_DATA } state;
	char part[256]; /* the header, or the beginning of the name */
	size_t have;    /* bytes of the part */
	uint64_t name_size, size, left;
	bool matches, link;
};

/*
 * Takes the next bytes; they may be cut anywhere. Returns how many of them belong to archives: less
 * than n means that something else begins there, between two archives (a compressed one, for
 * example). -EINVAL: an archive is damaged. -ENOMEM.
 */
ssize_t cpio_search_feed(struct cpio_search *s, const char *bytes, size_t n);
/* True if what was fed does not end within a file. */
bool cpio_search_is_whole(const struct cpio_search *s);

#define INITRD_MAX ((uint64_t)2 << 30)
#define INITRD_SECONDS 60

/*
 * The content of /etc/vfio-bind.image in an initramfs image, or in the .initrd sections of a
 * unified kernel image. Compressed archives are read by the program that unmkinitramfs(8) uses.
 * Returns 1, or 0 if the image does not have it. -ENOPKG if a program is missing that it takes to
 * tell, -ETIMEDOUT, -EFBIG or -EINVAL if the image can't be read to its end; all with a text.
 */
int initrd_record_read(int fd, const char *path, struct text *ret, struct err *err) _must_check_;

/*
 * Is systemd what runs as /init? 1 if /init is a link to its program, as dracut, mkinitcpio and
 * mkosi-initrd make it; 0 if not: an image may have the program for something else. Errors as
 * above.
 */
int initrd_is_systemd(int fd, const char *path, struct err *err) _must_check_;

#endif
