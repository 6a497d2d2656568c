/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/grub.h"
#include "bootcfg/loader/table.h"

#include <errno.h>
#include <string.h>

/* The first line is the one that proxmox-boot-tool reads. */
static int cmdline_add(struct loader_search *q)
{
	struct karg_source *p = karg_source_add(q->to, plain_edit, 20, "etc/kernel/cmdline");
	if (p)
		p->format.first_line = true;
	return p ? 0 : -ENOMEM;
}

static int defaults_add(struct loader_search *q)
{
	struct karg_source *p = grub_defaults_add(q->to, "GRUB_CMDLINE_LINUX_DEFAULT");
	return p ? grub_dropins_add(q->s->root, p) : -ENOMEM;
}

#define ESPS "etc/kernel/proxmox-boot-uuids"

/* True if the tool has a partition to write to: `proxmox-boot-tool clean' leaves an empty list. */
static bool has_esps(const struct root *r)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	return root_read(r, ESPS, &text, &len, NULL) == 0 && text[strspn(text, " \t\r\n")] != '\0';
}

/* The entries are on partitions that the tool mounts for itself: each is one whose words are not
 * known. */
static int entries(struct boot_reading *q)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len, number = 0;
	int rc = 0;

	if (root_read(q->root, ESPS, &text, &len, NULL) < 0)
		return 0;
	char *rest = text;
	for (char *line; rc == 0 && (line = strsep(&rest, "\n"));) {
		char *uuid = line + strspn(line, " \t\r");
		number++;
		uuid[strcspn(uuid, " \t\r")] = '\0';
		if (!uuid[0])
			continue;
		struct boot_entry *e = boot_entry_add(
			q, &loader_proxmox, ESPS, number, strdup(uuid));
		rc = e ? boot_entry_set_unknown(e,
				 "the entries are on this EFI system partition, which proxmox-boot-tool mounts for itself")
		       : -ENOMEM;
	}
	return rc;
}

/* The ESPs are not mounted; only the tool knows which of them have systemd-boot or GRUB, so both
 * sources are kept the same. */
static int detect(struct loader_search *q, struct err *err)
{
	bool plain = root_is_file(q->s->root, "etc/kernel/cmdline");

	if (!has_esps(q->s->root))
		return 0;
	if (!plain && !q->s->grub_defaults)
		return err_set(err, ENOENT,
			"proxmox-boot-tool is in use, but neither /etc/kernel/cmdline nor /etc/default/grub is there");
	loader_found(q->to, &loader_proxmox);
	if (strings_add(&q->to->next, "proxmox-boot-tool refresh") < 0 ||
		(plain && cmdline_add(q) < 0) || (q->s->grub_defaults && defaults_add(q) < 0))
		return -ENOMEM;
	return 0;
}

const struct loader loader_proxmox = {
	.name = "proxmox-boot-tool",
	.called = (const char *const[]){"proxmox", NULL},
	.read_by = (const struct loader *const[]){&loader_systemd_boot, &loader_grub,
		&loader_grub_bls, NULL},
	.measured = "8, by GRUB, or 12, by systemd-boot",
	.owner = true,
	.detect = detect,
	.entries = entries,
};
