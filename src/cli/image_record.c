/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/image_record.h"

#include "base/kcmdline.h"
#include "base/log.h"
#include "host/hostdevs.h"
#include "pci/sysfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Finds what the running system boots from, for the record of an image; logs what is unknown. */
static int find_protected(struct protected_list *ret, const struct sysroot *w, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};
	struct err reason = {""};

	*ret = (struct protected_list){0};
	if (sysfs_open(&s, w->sysfs, &reason) < 0)
		protected_set_unknown(ret, "%.150s", reason.text);
	else if (hostdevs_find(ret, w->root ? w->root : "/", w->cmdline, &s, err) == -ENOMEM)
		return -ENOMEM;
	if (ret->unknown[0])
		log_print(LOG_WARNING,
			"cannot find the devices the host boots from: %s; with this image, controllers of disks, networks and keyboards are bound only where the config names them by address",
			ret->unknown);
	return 0;
}

/* Of the kernel command line below the root; 0 if it can't be read. */
static uint64_t read_host_words(const struct sysroot *w)
{
	_cleanup_(str_free) char *line = NULL;

	if (!w->cmdline && kcmdline_read(&line, w->root) < 0)
		return 0;
	return boot_switch_parse(w->cmdline ? w->cmdline : line).host_words;
}

int image_record_make(struct text *ret, const struct sysroot *of, const struct config *c,
	const char *digest, const struct strings *kernels, const struct strings *missing,
	struct err *err)
{
	_cleanup_(protected_done) struct protected_list keep = {0};
	_cleanup_(str_free) char *sysfs = NULL;
	struct sysroot host = *of;

	if (of->root && !of->sysfs) {
		if (asprintf(&sysfs, "%s/sys", of->root) < 0)
			return err_set(err, ENOMEM, "out of memory");
		host.sysfs = sysfs;
	}
	const struct imageinfo_data data = {.config = c,
		.digest = digest,
		.kernels = kernels,
		.missing = missing,
		.protected = &keep,
		.host_words = read_host_words(&host)};
	int r = find_protected(&keep, &host, err);
	if (r < 0)
		return r;
	imageinfo_format(ret, &data);
	return ret->failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
