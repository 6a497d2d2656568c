/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/warnings.h"

#include "base/efivar.h"
#include "base/file.h"
#include "bootcfg/kargs/karg.h"
#include "bootcfg/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int say(struct strings *to, const char *text)
{
	return strings_have(to, text) ? 0 : strings_add(to, text);
}

static bool asks_for(const struct karg_ops *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (karg_op_adds(&r->v[i]) && karg_same_name(r->v[i].k.name, name))
			return true;
	return false;
}

/* --remove iommu removes the flag; the user may have meant every iommu=. */
static int left_over(const struct karg *k, const struct karg_ops *r, struct strings *to)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct karg_op *w = &r->v[i];
		if (w->kind != KARG_OP_REMOVE_WORD || w->k.value || !k->value ||
			!karg_same_name(w->k.name, k->name))
			continue;
		_cleanup_(text_done) struct text t = {0};
		text_print(&t, "%s=%s stays; --remove %s= would take it away, too", k->name,
			k->value, k->name);
		if (t.failed || say(to, t.data) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int off_word(const struct karg *k, const struct karg_ops *r, struct strings *to)
{
	bool off = k->value && karg_list_has(k->value, "off", 3);
	bool about = asks_for(r, "iommu") || asks_for(r, "intel_iommu") || asks_for(r, "amd_iommu");
	bool iommu = karg_same_name(k->name, "iommu") || karg_same_name(k->name, "intel_iommu") ||
		     karg_same_name(k->name, "amd_iommu");

	if (!off || !about || !iommu)
		return 0;
	_cleanup_(text_done) struct text t = {0};
	text_print(&t, "%s=%s is on the line and switches the IOMMU off%s; --iommu takes it away",
		k->name, k->value,
		karg_same_name(k->name, "intel_iommu") ? " unless a later word switches it on"
						       : "");
	return t.failed ? -ENOMEM : say(to, t.data);
}

/* The value of the last word of this name, or NULL. Allocated. */
static char *last_value(const struct strings *line, const char *name)
{
	char *value = NULL;

	for (size_t i = 0; i < line->n; i++) {
		struct karg k = {0};
		if (karg_read(line->v[i], &k) == 0 && k.value && karg_same_name(k.name, name)) {
			free(value);
			value = k.value;
			k.value = NULL;
		}
		karg_done(&k);
	}
	return value;
}

/* Programs that name no size (QEMU's hugetlbfs, libvirt) get pages of the default size. */
static int hugepages_default(const struct strings *before, const struct strings *line,
	const struct karg_ops *r, struct strings *to)
{
	_cleanup_(str_free) char *was = last_value(before, "default_hugepagesz");
	_cleanup_(str_free) char *is = last_value(line, "default_hugepagesz");

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].kind != KARG_OP_ADD_WEAK)
			continue;
		if (!was && is)
			return say(to,
				"default_hugepagesz=1G is added, for only 1G pages are asked for: without it a program that names no size gets 2M pages, of which there are none");
		if (!is || !str_equal(is, r->v[i].k.value))
			return say(to,
				"the default size of huge pages is not 1G: a program has to name the size (mount -t hugetlbfs -o pagesize=1G); --set default_hugepagesz=1G changes it");
	}
	return 0;
}

int warnings_words(const struct strings *before, const struct strings *after,
	const struct karg_ops *r, struct strings *to)
{
	const struct strings *line = after->n > 0 ? after : before;
	int rc = hugepages_default(before, line, r, to);

	for (size_t i = 0; i < line->n && rc == 0; i++) {
		_cleanup_(karg_done) struct karg k = {0};
		if (str_equal(line->v[i], "--"))
			break;
		rc = karg_read(line->v[i], &k);
		if (rc == 0)
			rc = left_over(&k, r, to);
		if (rc == 0)
			rc = off_word(&k, r, to);
		/* drivers/iommu/amd/init.c, parse_amd_iommu_options: "Unknown option - 'on'". */
		if (rc == 0 && karg_same_name(k.name, "amd_iommu") && k.value &&
			str_equal(k.value, "on"))
			rc = say(to,
				"amd_iommu=on is not known to the kernel and does nothing: AMD's IOMMU is on when the firmware enables it");
		/* drivers/video/cmdline.c: everything after the first `:` is for that driver. */
		if (rc == 0 && str_equal(k.name, "video") && k.value && strstr(k.value, ":off,"))
			rc = say(to,
				"video= is for one driver each: what follows the comma does not switch a second one off");
	}
	return rc;
}

/* A rebuilt image has another signature, or none. */
static int secure_boot_advice(const struct root *r, const struct loaders *l, struct strings *to)
{
	static const char variable[] =
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	bool on = false;
	uint8_t value;

	/* UEFI specification, section 3.3 */
	if (r->host && efivar_read(r->fd, variable, NULL, &value, sizeof(value), NULL) == 1)
		on = value == 1;
	on |= root_is_dir(r, "var/lib/sbctl/keys") || root_is_dir(r, "usr/share/secureboot/keys") ||
	      root_holds(r, "etc/kernel/uki.conf", "SecureBootPrivateKey");
	return l->image && on
		       ? say(to, "Secure Boot: the image that is built anew has to be signed again, or the firmware refuses it; see that what builds it signs it, too")
		       : 0;
}

int warnings_system(const struct root *r, const struct loaders *l, struct strings *to)
{
	int rc = tpm_warnings(r, l, to);
	return rc < 0 ? rc : secure_boot_advice(r, l, to);
}

int warnings_files(const struct root *r, const struct file_edits *s, struct strings *to)
{
	for (size_t i = 0; i < s->n; i++) {
		struct stat st;
		_cleanup_(fd_close) int fd = s->v[i].text && s->v[i].old
						     ? root_fd(r, s->v[i].path, O_PATH)
						     : -1;
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_nlink < 2)
			continue;
		_cleanup_(text_done) struct text t = {0};
		text_print(&t,
			"%s: has %ju names (hard links); the new text is under this one alone",
			s->v[i].name, (uintmax_t)st.st_nlink);
		if (t.failed || say(to, t.data) < 0)
			return -ENOMEM;
	}
	return 0;
}
