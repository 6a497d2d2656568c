/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_LOADER_LOADER_H
#define BOOTCFG_LOADER_LOADER_H

#include "bootcfg/loader/boot_entries.h"
#include "bootcfg/loader/detect.h"
#include "bootcfg/loader/entries.h"
#include "bootcfg/loader/karg_sources.h"
#include "bootcfg/loader/own_entries.h"

/* The search for the boot loader of a system. */
struct loader_search {
	const struct detect *s;
	const struct loaders_options *o;
	struct loaders *to;     /* what is found so far */
	struct entries entries; /* of the Boot Loader Specification, which several loaders read; not
				   yet there for a loader that is an owner */
	char *hint;             /* why nothing is found: allocated, or NULL */
	const struct loader *asked; /* the last row whose detect was called */
};

/*
 * A command that writes its boot file in place, where a failure leaves a part of it: its output is
 * kept in memory, checked, and then replaces the file as a whole.
 */
struct loader_output {
	/* The program that prints the new text of *ret_path in place of this command; NULL: the
	 * command is run as it is. */
	const char *(*prints)(const struct loaders *l, const char *command, const char **ret_path);
	const char *syntax; /* a program in /usr/bin that reads the text and checks its syntax */
	/* -EIO if the new text can't be right, or lacks one of these parameters. */
	int (*check)(
		const char *old, const char *text, const struct strings *added, struct err *err);
};

/* One more archive that boot entries load, behind or before their initrd. */
struct initrd_job {
	const char *file; /* below the root, without a leading slash; letters, digits and ._+-/ */
	bool packed;      /* it is compressed */
	const struct karg_ops *words;       /* KARG_OP_ADD; of the same letters and = , : @ % */
	const struct boot_entries *entries; /* as they are */
	const char *pick;                   /* --entry, or NULL */
};
#define INITRD_TAIL "vfio-bind" /* in the name of an entry of its own, and its mark */

#define TRIAL_ID "vfio-trial" /* in the name of the entry of a trial */

/*
 * One boot loader, or one tool that writes the boot entries of others. All that this program knows
 * about it is in its own file; the commands walk loader_table and name none.
 *
 * What it does not have: an editor, for the files of one loader are of several formats (those of
 * GRUB of four), so each source has its own; and the commands that make the boot files, which
 * detect adds to l->next, for they depend on what it finds. A file has two rows where one loader is
 * found in two ways, from other files and at another time: GRUB by entries or by its menu, Limine
 * by a tool or by hand.
 */
struct loader {
	const char *name; /* in messages and JSON */
	/* What --boot-loader calls it, NULL-terminated; several may have the same name. */
	const char *const *called;
	/* Prefixes of the EFI variable LoaderInfo when it has booted, NULL-terminated; or NULL. */
	const char *const *loader_info;
	/* True if the command line of the running kernel has its marks; or NULL. */
	bool (*booted)(const char *cmdline);
	/* The loaders that start what it makes, NULL-terminated; or NULL. */
	const struct loader *const *read_by;
	/* The PCR of the TPM that it measures the command line into, and by what: "8, by GRUB";
	 * NULL: not known. */
	const char *measured;
	/* The command that tells the TPM what it will measure after an edit, or NULL. */
	const char *predict;
	/* Unified kernel images are entries of it: what builds them is then no second loader. */
	bool starts_images;
	/* It makes the entries of other loaders: if it is found, nothing else is searched for. */
	bool owner;
	/* Of an owner: true if boot entries of its making are there. If not, its files may be left
	 * over, and it only counts where no other loader is complete. NULL: what detect finds is
	 * proof. */
	bool (*made)(const struct detect *s);
	/* Adds itself and the files that hold its kernel parameters; adds nothing if it is not
	 * there. Only called if --boot-loader calls it so, or is not given. -ENOMEM without a
	 * message. */
	int (*detect)(struct loader_search *q, struct err *err);
	/* Adds the boot entries that it shows, each with its words (boot_entries.h). NULL: it shows
	 * none itself. What cannot be read is an entry of unknown words. 0 or -ENOMEM. */
	int (*entries)(struct boot_reading *q);
	/* It makes boot entries of sources (l->next is how): true if this one is of its making.
	 * NULL: it makes none whose words are looked at. */
	bool (*makes)(const struct root *r, const struct loaders *l, const struct boot_entry *e);
	/* … and which part of a source this entry has: changes the format of that, f. NULL: all. */
	void (*part)(const struct boot_entry *e, struct format *f);
	const struct loader_output *output; /* or NULL */
	/*
	 * One boot with other parameters, the default entry stays as it is: adds the file with a
	 * copy of that entry, edited, to s, and to l->next the command that sets the boot for one
	 * time. -EINVAL where that is not reliable. NULL: there is none.
	 */
	int (*oneshot)(const struct root *r, struct loaders *l, const struct karg_ops *req,
		struct file_edits *s, struct err *err);
	/* If the file at path is that of a trial, sets *ret_trial and adds the commands that are
	 * left to run when it is gone. 0 or -ENOMEM. */
	int (*oneshot_cancel)(
		const struct root *r, const char *path, struct strings *next, bool *ret_trial);
	/*
	 * Adds to s the files by which the entries that are edited load an archive, too. With words
	 * these stay as they are, and there is one more, a copy of the default entry, that has both
	 * archive and words: no state between two writes has an entry with the words alone. -EINVAL
	 * where it can't be done, with what to do instead. NULL: no way is known.
	 */
	int (*initrd)(const struct root *r, struct loaders *l, const struct initrd_job *job,
		struct file_edits *s, struct err *err);
	/*
	 * Adds to s the file by which this entry, of its own with an archive (initrd), is the
	 * default, and stays it while kernels come and go. -EINVAL where that is set by hand, or by
	 * something that no file can override, with what to do. NULL: no way is known.
	 */
	int (*prefer)(const struct root *r, struct loaders *l, const struct boot_entry *own,
		struct file_edits *s, struct err *err);
	/*
	 * Entries of our own beside those of each kernel (own_entries.h): -EINVAL where nothing has
	 * them follow their kernels, with what to do instead; else adds to s the files by which
	 * what makes the entries makes these, too. NULL: no way is known.
	 */
	int (*own)(const struct root *r, const struct loaders *l, const struct own_entries *list,
		struct file_edits *s, struct err *err);
	/* … and to s those that are files of their own, as they are and as they have to be. NULL:
	 * what makes the entries makes these, too. */
	int (*own_files)(const struct root *r, const struct loaders *l,
		const struct own_entries *list, struct file_edits *s, struct err *err);
	/* Adds an unchanged copy of the default entry to s: one more in the menu. */
	int (*keep)(const struct root *r, const struct loaders *l, struct file_edits *s,
		struct err *err);
};

/* Adds a loader to those found. */
void loader_found(struct loaders *to, const struct loader *l);

#endif
