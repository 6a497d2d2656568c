/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/managed.h"

#include "bootcfg/loader/karg_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The request in the syntax of another tool: `add` or `remove` is put before each word. */
static void words_print(
	const struct karg_ops *r, const char *add, const char *remove, struct text *to)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct karg_op *w = &r->v[i];
		const char *before = karg_op_adds(w)                  ? add
				     : w->kind == KARG_OP_REMOVE_WORD ? remove
								      : NULL;
		if (before)
			text_print(to, " %s%s", before, w->text);
	}
}

static bool is_guix(const struct detect *s)
{
	/* The package manager runs on other distributions, too: the store alone proves nothing. */
	return str_equal(s->os_id, "guix") ||
	       (root_is_dir(s->root, "gnu/store") && s->os_id[0] == '\0');
}

static bool ostree_entries(const struct detect *s)
{
	for (size_t i = 0; i < s->boots.n; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		char dir[1024];
		(void)snprintf(dir, sizeof(dir), "%s/loader", s->boots.v[i]);
		if (root_is_link(s->root, dir))
			return true;
		(void)snprintf(dir, sizeof(dir), "%s/loader/entries", s->boots.v[i]);
		(void)!root_list(s->root, dir, ".conf", &names);
		for (size_t n = 0; n < names.n; n++) {
			char path[2048];
			(void)snprintf(path, sizeof(path), "%s/%s", dir, names.v[n]);
			if (str_starts(names.v[n], "ostree-") ||
				root_holds(s->root, path, " ostree="))
				return true;
		}
	}
	return false;
}

static bool is_ostree(const struct detect *s)
{
	static const char *const dirs[] = {"ostree/repo", "sysroot/ostree", "boot/ostree", NULL};

	for (const char *const *d = dirs; *d; d++)
		if (root_is_dir(s->root, *d))
			return true;
	return root_is_file(s->root, "run/ostree-booted") ||
	       root_is_dir(s->root, "usr/lib/bootc/kargs.d") || ostree_entries(s);
}

/* The entries of a hypervisor are generated from these files; Linux is its guest then. */
static bool is_xen(const struct detect *s)
{
	_cleanup_(strings_done) struct strings names = {0};

	if (str_equal(s->os_id, "qubes"))
		return true;
	(void)!root_list(s->root, "boot", ".gz", &names);
	for (size_t i = 0; i < names.n; i++)
		if (str_starts(names.v[i], "xen"))
			return true;
	return root_is_file(s->root, "proc/xen/capabilities") && s->root->host &&
	       root_holds(s->root, "proc/xen/capabilities", "control_d");
}

int managed_check(const struct detect *s, const struct karg_ops *r, struct err *err)
{
	_cleanup_(text_done) struct text words = {0};

	if (root_is_file(s->root, "etc/NIXOS") || str_equal(s->os_id, "nixos")) {
		words_print(r, "\"", "not \"", &words);
		err_set(err, EPERM,
			"NixOS makes its boot entries anew at every switch: put the words in configuration.nix instead, boot.kernelParams = [ … ]; (asked for:%s) and run `nixos-rebuild boot`",
			words.data ? words.data : " nothing");
		return LOADERS_OWNED;
	}
	if (is_guix(s)) {
		words_print(r, "", "not ", &words);
		err_set(err, EPERM,
			"Guix makes its boot entries anew: put the words in (kernel-arguments …) of the operating-system and run `guix system reconfigure`; asked for:%s",
			words.data ? words.data : " nothing");
		return LOADERS_OWNED;
	}
	if (is_ostree(s)) {
		bool bootc = root_is_dir(s->root, "usr/lib/bootc") &&
			     !root_is_file(s->root, "usr/bin/rpm-ostree");
		words_print(r, "--append-if-missing=", "--delete-if-present=", &words);
		err_set(err, EPERM,
			bootc ? "this system is an image (bootc): its kernel arguments are files in /usr/lib/bootc/kargs.d of that image; asked for:%s"
			      : "the deployments here own the kernel command line; run: rpm-ostree kargs%s",
			words.data ? words.data : "");
		return LOADERS_OWNED;
	}
	if (is_xen(s)) {
		err_set(err, EPERM,
			"this is a Xen dom0: VFIO does not work under Xen, which assigns devices itself (xen-pciback.hide= or, on Qubes, qvm-pci)");
		return LOADERS_OWNED;
	}
	return 0;
}
