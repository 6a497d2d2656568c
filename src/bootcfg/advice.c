/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/advice.h"

#include "bootcfg/kword.h"

#include <errno.h>
#include <string.h>

static int say(struct strings *to, const char *text)
{
	return strings_have(to, text) ? 0 : strings_add(to, text);
}

static bool asks_for(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if ((r->v[i].kind == WANT_ADD || r->v[i].kind == WANT_SET) &&
			kword_same_name(r->v[i].k.name, name))
			return true;
	return false;
}

/* --remove iommu takes the flag away; somebody may have meant every iommu=. */
static int left_over(const struct kword *k, const struct request *r, struct strings *to)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct want *w = &r->v[i];
		if (w->kind != WANT_REMOVE_WORD || w->k.value || !k->value ||
			!kword_same_name(w->k.name, k->name))
			continue;
		_cleanup_(text_done) struct text t = {0};
		text_print(&t, "%s=%s stays; --remove %s= would take it away, too", k->name,
			k->value, k->name);
		if (t.failed || say(to, t.data) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int off_word(const struct kword *k, const struct request *r, struct strings *to)
{
	bool off = k->value && kword_list_has(k->value, "off", 3);
	bool about = asks_for(r, "iommu") || asks_for(r, "intel_iommu") || asks_for(r, "amd_iommu");
	bool iommu = kword_same_name(k->name, "iommu") || kword_same_name(k->name, "intel_iommu") ||
		     kword_same_name(k->name, "amd_iommu");

	if (!off || !about || !iommu)
		return 0;
	_cleanup_(text_done) struct text t = {0};
	text_print(&t, "%s=%s is on the line and switches the IOMMU off%s; --iommu takes it away",
		k->name, k->value,
		kword_same_name(k->name, "intel_iommu") ? " unless a later word switches it on"
							: "");
	return t.failed ? -ENOMEM : say(to, t.data);
}

int advice_words(const struct strings *before, const struct strings *after, const struct request *r,
	struct strings *to)
{
	const struct strings *line = after->n > 0 ? after : before;
	int rc = 0;

	for (size_t i = 0; i < line->n && rc == 0; i++) {
		_cleanup_(kword_done) struct kword k = {0};
		if (str_equal(line->v[i], "--"))
			break;
		rc = kword_read(line->v[i], &k);
		if (rc == 0)
			rc = left_over(&k, r, to);
		if (rc == 0)
			rc = off_word(&k, r, to);
		/* drivers/iommu/amd/init.c, parse_amd_iommu_options: "Unknown option - 'on'". */
		if (rc == 0 && kword_same_name(k.name, "amd_iommu") && k.value &&
			str_equal(k.value, "on"))
			rc = say(to,
				"amd_iommu=on is no option of the kernel's and does nothing: AMD's "
				"IOMMU is on when the firmware enables it");
		/* drivers/video/cmdline.c: everything behind the first `:` is that driver's. */
		if (rc == 0 && str_equal(k.name, "video") && k.value && strstr(k.value, ":off,"))
			rc = say(to,
				"video= is for one driver each: what stands behind the comma does "
				"not switch a second one off");
	}
	return rc;
}

int advice_system(const struct root *r, struct strings *to)
{
	if (!root_holds(r, "etc/crypttab", "tpm2-device") && !root_is_dir(r, "var/lib/pcrlock.d"))
		return 0;
	return say(to,
		"a disk's key is in the TPM here; where it is bound to the kernel command line "
		"(PCR 8, 11 or 12), the next boot asks for the passphrase: have it at hand");
}
