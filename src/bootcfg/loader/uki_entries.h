/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_UKI_ENTRIES_H
#define BOOTCFG_LOADER_UKI_ENTRIES_H

#include "bootcfg/format/uki.h"
#include "bootcfg/loader/boot_entries.h"
#include "shared/tmpdir.h"

/*
 * Gives an entry that starts the image e->image the words that its kernel gets by the rules of
 * systemd-stub: the image's own line of the profile, or the options of the loader in its place (not
 * with Secure Boot), then those of the addons. `options` NULL: the loader passes none; `source`:
 * where they are. A program that is no such image gets the options, and starts no Linux without.
 */
int uki_words_add(struct boot_reading *q, struct boot_entry *e, const char *options,
	const char *source) _must_check_;

/* Adds the images in EFI/Linux of each boot partition, an entry a profile: Boot Loader
 * Specification, type 2. */
int uki_entries_read(struct boot_reading *q, const struct loader *reader) _must_check_;

/* Addons are read from this version of systemd-stub on. */
#define STUB_ADDONS 254
/* ... and an .initrd in them from this one on: NEWS of systemd, systemd-stub(7). */
#define STUB_INITRDS 257
/* ... and profiles. */
#define STUB_PROFILES 257

/* Reads what an image or an addon says. -EINVAL: not an EFI program; another negative errno. *ret
 * is to be emptied in each case. */
int uki_read(const struct root *r, const char *path, struct uki *ret) _must_check_;

/* The names of its sections, each once, in their order. *ret is to be emptied in each case. */
int uki_sections(const struct root *r, const char *path, struct strings *ret) _must_check_;

/* Copies the first section of this name into a file of its name. 0 or a negative errno. */
int uki_section_copy(const struct root *r, const char *path, const char *section,
	struct tmpdir *to) _must_check_;

/* True if the first sections of this name of two images have the same bytes. */
bool uki_section_same(const struct root *a, const char *path_a, const struct root *b,
	const char *path_b, const char *section);

/* True if a section of an image or addon has these bytes, and nothing else but zeros behind them.
 */
bool uki_holds(
	const struct root *r, const char *path, const char *section, const char *data, size_t len);

/* The length of the directory of its partition in the path of an image: what is before the last
 * EFI/, which a mount point may be called as well. 0: it is in none. */
size_t uki_partition(const char *path);

/* Adds the directory of an image's own addons, NAME.efi.extra.d beside it (systemd-stub(7)). */
void uki_addons_print(const char *image, struct text *to);

/* The length of NAME.efi without its extension and a boot counter. */
size_t uki_stem(const char *name);

#endif
