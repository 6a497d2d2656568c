/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_FORMAT_UKI_H
#define BOOTCFG_FORMAT_UKI_H

#include "shared/pe.h"

#include <stdbool.h>

/*
 * What a unified kernel image, or an addon to one, says about its command line (UAPI.5,
 * systemd-stub(7)). The sections before the first .profile are those of the base; each .profile
 * begins the sections of one profile.
 */
struct uki_profile {
	char *id, *title; /* of .profile; NULL: none */
	char *cmdline;    /* its own, in place of the base's; NULL: none */
};
struct uki {
	bool is_image; /* has a kernel: not an addon, nor another program */
	bool is_signed;
	bool has_initrd;       /* in the base */
	char *cmdline, *uname; /* of the base; NULL: none */
	char *title;           /* PRETTY_NAME of .osrel */
	char *sort_key, *version;
	unsigned stub; /* its version; 0: not known */
	struct uki_profile *profile;
	size_t profiles;
};
void uki_done(struct uki *u);

/* No section of text that is read here is longer. */
#define UKI_TEXT_MAX 65536

/* True for the sections that uki_section wants to see. */
bool uki_wants(const char *name);

/* Takes one section, in the order of the table: text of this length. 0 or -ENOMEM. */
int uki_section(struct uki *u, const char *name, const char *text, size_t len) _must_check_;

/*
 * The number of the profile that a command line chooses by its first word, @N; *ret_rest: what is
 * behind it. 0 and the whole line without one (systemd-stub, parse_profile).
 */
unsigned uki_profile_chosen(const char *options, const char **ret_rest);

#endif
