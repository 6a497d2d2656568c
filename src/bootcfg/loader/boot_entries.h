/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_BOOT_ENTRIES_H
#define BOOTCFG_LOADER_BOOT_ENTRIES_H

#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/karg_sources.h"

#include <stdio.h>

/*
 * The boot entries as their readers see them: the one answer to "which words does the kernel get?".
 * --status, --check, the check after the generator ran, --entry and the ways back all ask it, and
 * none of them reads a menu itself.
 *
 * It reads the files as they are at that moment, with nothing kept in between: reading before and
 * after an edit shows what the edit did. An entry is named by (reader, path, id); where a menu has
 * an id more than once, the order counts.
 */

/* A file that an entry names. */
enum boot_file_state {
	BOOT_FILE_UNKNOWN, /* on a partition that is not looked at */
	BOOT_FILE_THERE,
	BOOT_FILE_MISSING,
};
struct boot_file {
	char *path; /* THERE: below the root, without a leading slash; else as the entry has it.
		       NULL: the entry names none */
	enum boot_file_state state;
};

struct boot_entry {
	const struct loader *reader; /* the loader that shows it */
	char *id;    /* what --entry and the loader's `default` call it; never NULL */
	char *title; /* as in the menu; never NULL. May hold any byte but NUL */
	char *path;  /* the file of the entry, below the root, without a leading slash */
	size_t line; /* where the entry begins in it; 0: it is the whole file */

	/* What it starts: a kernel, or an image (UKI, another EFI program), or neither: a menu's
	 * own command, the firmware's setup. */
	struct boot_file kernel, image;
	struct boot_file *initrds;
	size_t initrds_n;
	/* It starts no Linux: it has no words, and that is exact. */
	bool no_linux;

	/*
	 * Of this system. `reason` says why not, or what proves that it is (its machine-id, the
	 * root= of fstab); NULL: nothing was found that could be compared, so it counts as ours.
	 */
	bool ours;
	char *reason;
	bool is_default; /* the loader starts it without a choice; false if that is not known */
	bool booted;     /* this boot of the running system came from it, as the loader reports */
	/* NULL, or which way back it is by its name: "fallback", "rescue", "safe mode", …
	 * (entry_way_back). Of this system or not. */
	const char *way_back;

	/* Why the words are not known for certain; NULL: they are exact. The words are then what is
	 * known of them, and may be none. */
	char *unknown;
	/* If the only doubt is whether some of these words are there besides: they. */
	struct strings maybe;
	bool only_maybe;
	/* The kernel command line word by word, in order, as the kernel gets it. Each has its
	 * source: "/FILE:LINE", of a generated entry where its generator has the word from; "by
	 * GENERATOR, in /FILE:LINE", "by the loader", "in the image /FILE", "in the addon /FILE".
	 */
	struct strings words, sources;
	struct strings notes; /* what the reader leaves out of the line, and why */

	char *sort_key, *version; /* how systemd-boot orders its menu, or NULL */
};
struct boot_entries {
	struct boot_entry *v;
	size_t n;
};

/*
 * Reads the entries of the loaders that were found, and of those that read what they make; without
 * any (l is NULL or has none) those of every loader there is. An entry that cannot be read is in
 * the list as unknown, so the only error is -ENOMEM. *ret is to be emptied only on success.
 */
int boot_entries_read(
	const struct root *r, const struct loaders *l, struct boot_entries *ret) _must_check_;
void boot_entries_done(struct boot_entries *o);

/*
 * Is this word in effect: would `--add WORD` have nothing to do? A later word that undoes it, or a
 * `--` before it, counts, and so does a list that holds it. BOOT_HAS_UNKNOWN: the words are not
 * exact, and among those known it is not in effect. -ENOMEM counts as unknown.
 */
enum boot_has { BOOT_HAS_NOT, BOOT_HAS, BOOT_HAS_UNKNOWN };
enum boot_has boot_entry_has(const struct boot_entry *e, const char *word);
/* The same of a whole request: would that edit have nothing to do on this line? */
enum boot_has boot_entry_meets(const struct boot_entry *e, const struct karg_ops *req);

/* True if it starts this file, a path below the root, as an initrd. */
bool boot_entry_loads(const struct boot_entry *e, const char *file);

/* The entry whose words are exact and those of this line, apart from what a loader adds; the one
 * that booted comes first. NULL: there is none. */
const struct boot_entry *boot_entries_running(const struct boot_entries *o, const char *cmdline);

/* True if there are entries of this system, all of them are known, and none of them but ways back
 * meets the request: the files have it, and no menu does. */
bool boot_entries_lack(const struct boot_entries *o, const struct karg_ops *req);

/* True for an entry of the Boot Loader Specification, type 1, that is this system's. */
bool boot_entry_is_own_bls(const struct boot_entry *e);

/* The file without which it cannot boot, if that is missing (kernel, image, an initrd); or NULL. */
const char *boot_entry_missing(const struct boot_entry *e);

/* Prints for each entry that starts Linux whether its kernel gets all these words: `will have`,
 * `will not have`, `may not have`. */
void boot_entries_print(const struct boot_entries *o, const struct strings *words, FILE *f);

/* ---- for the readers, each in the file of its loader -------------------------------------------
 */

enum secure_boot { SECURE_BOOT_UNKNOWN, SECURE_BOOT_OFF, SECURE_BOOT_ON };
enum secure_boot secure_boot_read(const struct root *r);

/* What struct loader's `entries` reads, and where to. */
struct boot_reading {
	const struct root *root;
	const struct detect *facts;
	const struct loaders *loaders; /* or NULL */
	struct boot_entries *to;
	enum secure_boot secure_boot;
	bool images_read; /* those in EFI/Linux */
};

/*
 * Adds an entry of this system without words. Takes over the title, NULL: no memory; the id is the
 * title until it is set. NULL: no memory. Valid until the next call.
 */
struct boot_entry *boot_entry_add(struct boot_reading *q, const struct loader *reader,
	const char *path, size_t line, char *title);

/* Sets a text that the entry owns (id, reason, unknown). The first reason for `unknown` stays. */
int boot_entry_set_id(struct boot_entry *e, const char *id, size_t len) _must_check_;
int boot_entry_set_owner(struct boot_entry *e, bool ours, const char *reason) _must_check_;
int boot_entry_set_unknown(struct boot_entry *e, const char *fmt, ...) _must_check_ _printf_(2, 3);

int boot_entry_set_order(
	struct boot_entry *e, const char *sort_key, const char *version) _must_check_;
int boot_entry_add_note(struct boot_entry *e, const char *fmt, ...) _must_check_ _printf_(2, 3);

/* Adds words that may be there or not, of which only the loader can tell as it boots. */
int boot_entry_add_maybe(struct boot_entry *e, const char *text, const char *reason) _must_check_;

/* Adds one word, with its source formatted. */
int boot_entry_add_word(struct boot_entry *e, const char *word, const char *source_fmt,
	...) _must_check_ _printf_(3, 4);

/* Adds the words of l that count, whose text is that of the file at path. A word with an expansion
 * makes the entry unknown. */
int boot_entry_add_tokens(struct boot_entry *e, const struct tokens *l, const char *path,
	const char *text) _must_check_;

/* Adds the words of a text in the kernel's spelling, all with this source. */
int boot_entry_add_text(
	struct boot_entry *e, const char *text, size_t len, const char *source) _must_check_;

/*
 * Finds the file that an entry calls `name`: below `base` (a directory below the root, "" for the
 * root), or NULL: below each directory that may be a boot partition, then below the root.
 * Backslashes are slashes, as in EFI.
 */
int boot_file_find(const struct boot_reading *q, const char *base, const char *name, size_t len,
	struct boot_file *ret) _must_check_;
/* Takes over the file, also on failure. */
int boot_entry_take_initrd(struct boot_entry *e, struct boot_file *file) _must_check_;
int boot_entry_add_initrd(const struct boot_reading *q, struct boot_entry *e, const char *base,
	const char *name, size_t len) _must_check_;

/* The number of the line that text[at] is in, from 1. */
size_t boot_line_of(const char *text, size_t at);

#endif
