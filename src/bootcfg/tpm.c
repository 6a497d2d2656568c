/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/tpm.h"

#include "base/file.h"
#include "bootcfg/format/luks2.h"
#include "bootcfg/loader/loader.h"
#include "shared/tabfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The registers that this edit changes, and how they are called in a message: the numbers in it. */
struct measured {
	uint32_t pcrs;
	char by[160];
	const char *predict; /* the command that tells the TPM what to expect */
};

/* The numbers in "8, by GRUB, or 12, by systemd-boot". */
static uint32_t numbers_in(const char *text)
{
	uint32_t pcrs = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			continue;
		char *end;
		unsigned long n = strtoul(text, &end, 10);
		pcrs |= n < 24 ? 1U << n : 0;
		text = end - 1;
	}
	return pcrs;
}

/*
 * Whatever starts the kernel, its EFI stub measures the line into 9 (efi-stub-helper.c), and its
 * IMA begins 10 with a hash of 0 to 9 (ima_init.c). An image measures its own line, which is a part
 * of what the firmware measures of the image; nothing is in 12 then. tests/bootcfg/tpm boots them.
 */
static struct measured measured_by(const struct loaders *l)
{
	const struct loader *first = l->found_n > 0 ? l->found[0] : NULL;
	struct measured m = {.predict = first ? first->predict : NULL};
	const char *by = l->image ? "4, by the firmware, 11, by systemd-stub"
			 : first  ? first->measured
				  : NULL;

	(void)snprintf(m.by, sizeof(m.by), "%s, and 9 and 10, by the kernel",
		by ? by : "8, by GRUB, or 12, by systemd-boot or systemd-stub");
	m.pcrs = numbers_in(m.by);
	return m;
}

/* ---- a device -----------------------------------------------------------------------------------
 */

/* UUID=… and its like in crypttab, as a path below the root; false for what is none. */
static bool device_path(const char *device, char *buf, size_t size)
{
	static const char *const tags[] = {"UUID", "PARTUUID", "LABEL", "PARTLABEL", NULL};
	static const char *const dirs[] = {"uuid", "partuuid", "label", "partlabel"};

	if (device[0] == '/')
		return snprintf(buf, size, "%s", device + 1) < (int)size;
	for (size_t i = 0; tags[i]; i++) {
		size_t n = strlen(tags[i]);
		if (strncmp(device, tags[i], n) == 0 && device[n] == '=')
			return snprintf(buf, size, "dev/disk/by-%s/%s", dirs[i], device + n + 1) <
			       (int)size;
	}
	return false;
}

static bool bytes_read(int fd, char *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = pread(fd, buf + at, len - at, (off_t)at);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* What the header says; false where it cannot be read, or the system is not the running one. */
static bool device_read(const struct root *r, const char *device, struct luks2_tpm *ret)
{
	char path[512], first[4096];

	if (!r->host || !device_path(device, path, sizeof(path)))
		return false;
	_cleanup_(fd_close) int fd = root_fd(r, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0 || !bytes_read(fd, first, sizeof(first)))
		return false;
	size_t size = luks2_size(first, sizeof(first));
	_cleanup_(str_free) char *header = size > 0 ? malloc(size) : NULL;
	return header && bytes_read(fd, header, size) && luks2_tpm_read(header, size, ret) == 0;
}

/* ---- warnings -----------------------------------------------------------------------------------
 */

static int note_take(struct strings *to, struct text *t)
{
	if (t->failed)
		return -ENOMEM;
	return strings_have(to, t->data) ? 0 : strings_add(to, t->data);
}

static void pcrs_print(uint32_t pcrs, const char *between, struct text *to)
{
	const char *before = "";

	for (unsigned i = 0; i < 24; i++) {
		if (!(pcrs >> i & 1))
			continue;
		text_print(to, "%s%u", before, i);
		before = between;
	}
}

/* The key of one device, by its header. */
static int header_warn(const struct root *r, const struct measured *m, const char *place,
	const char *device, const struct luks2_tpm *k, struct strings *to)
{
	_cleanup_(text_done) struct text t = {0}, hit = {0}, all = {0};

	pcrs_print(k->pcrs & m->pcrs, ", ", &hit);
	pcrs_print(k->pcrs, "+", &all);
	if (hit.failed || all.failed)
		return -ENOMEM;
	if (k->pcrlock) {
		text_print(&t,
			"%s: the key of %s is bound by systemd-pcrlock, and this edit changes the kernel command line (PCR %s): run `%s` before the next boot, and have the recovery key at hand",
			place, device, m->by,
			m->predict ? m->predict : "/usr/lib/systemd/systemd-pcrlock make-policy");
		return note_take(to, &t);
	}
	if (hit.len > 0) {
		text_print(&t,
			"%s: the key of %s is bound to PCR %s, which this edit changes (the kernel command line is measured into %s): the next boot asks for the passphrase or recovery key; after it run `systemd-cryptenroll --wipe-slot=tpm2 --tpm2-device=auto --tpm2-pcrs=%s %s`",
			place, device, hit.data, m->by, all.data, device);
		return note_take(to, &t);
	}
	if ((k->signed_pcrs & m->pcrs) && !root_holds(r, "etc/kernel/uki.conf", "PCRPrivateKey")) {
		text_print(&t,
			"%s: the key of %s opens with a signature for PCR 11: what builds the image anew has to sign it (PCRPrivateKey= in /etc/kernel/uki.conf), or the next boot asks for the passphrase or recovery key",
			place, device);
		return note_take(to, &t);
	}
	return 0;
}

static int unknown_warn(const struct measured *m, const char *what, struct strings *to)
{
	_cleanup_(text_done) struct text t = {0};

	text_print(&t,
		"%s: where a disk's key is bound to the measured command line (PCR %s), the next boot asks for the passphrase or recovery key: have it at hand%s%s%s",
		what, m->by, m->predict ? ", and run `" : "", m->predict ? m->predict : "",
		m->predict ? "` before it" : "");
	return note_take(to, &t);
}

/* *ret_known: the header of each device of the table was read, and there is one. */
static int crypttab_warn(const struct root *r, const struct measured *m, const char *path,
	size_t *ret_devices, size_t *ret_known, struct strings *to)
{
	_cleanup_(str_free) char *text = NULL;
	_cleanup_(text_done) struct text what = {0};
	struct crypttab_row row;
	char pcrs[128];
	size_t len;
	int rc = 0;

	if (root_read(r, path, &text, &len, NULL) < 0)
		return 0;
	text_print(&what, "/%s names the TPM", path);
	if (what.failed)
		return -ENOMEM;
	for (char *rest = text; rc == 0 && crypttab_next(&rest, &row);) {
		struct luks2_tpm key = {0};
		(*ret_devices)++;
		if (device_read(r, row.device, &key)) {
			(*ret_known)++;
			char place[64];
			(void)snprintf(place, sizeof(place), "/%s", path);
			rc = header_warn(r, m, place, row.device, &key, to);
		} else if (tabfile_option(row.options, "tpm2-device") &&
			   (!tabfile_option_value(row.options, "tpm2-pcrs", pcrs, sizeof(pcrs)) ||
				   (numbers_in(pcrs) & m->pcrs))) {
			rc = unknown_warn(m, what.data, to);
		}
	}
	return rc;
}

/* rd.luks.options=tpm2-device=auto, of a source or of the running kernel. */
static bool line_names_tpm(const struct root *r, const struct loaders *l)
{
	bool found = r->host && root_holds(r, "proc/cmdline", "tpm2-device");

	for (size_t i = 0; i < l->sources_n; i++)
		for (size_t k = 0; k < l->sources[i].paths.n; k++)
			found |= root_holds(r, l->sources[i].paths.v[k], "tpm2-device");
	return found;
}

int tpm_warnings(const struct root *r, const struct loaders *l, struct strings *to)
{
	struct measured m = measured_by(l);
	size_t devices = 0, known = 0, before = to->n;
	int rc = crypttab_warn(r, &m, "etc/crypttab", &devices, &known, to);

	if (rc == 0)
		rc = crypttab_warn(r, &m, "etc/crypttab.initramfs", &devices, &known, to);
	/* Each key is known, or a warning is there. */
	if (rc < 0 || to->n > before || (devices > 0 && known == devices))
		return rc;
	if (line_names_tpm(r, l))
		return unknown_warn(&m, "rd.luks.options= names the TPM", to);
	if (root_is_file(r, "var/lib/systemd/pcrlock.json") || root_is_dir(r, "var/lib/pcrlock.d"))
		return unknown_warn(&m, "systemd-pcrlock is in use", to);
	return root_is_file(r, "usr/bin/clevis-luks-unlock")
		       ? unknown_warn(&m, "clevis is installed", to)
		       : 0;
}
