/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOOTCFG_JOURNAL_H
#define BOOTCFG_JOURNAL_H

#include "shared/txn.h"

#define JOURNAL_DIR "var/lib/vfio-bootcfg"

/* A file to be written by a change. By reference. */
struct journal_file {
	const char *path;
	const char *old; /* NULL: the file is created */
	size_t old_len;
	const char *text;
	size_t len;
	const struct strings *added, *removed; /* the parameters, for undo after another edit */
	bool program;                          /* a file that is created has mode 0755, not 0644 */
};

/*
 * How far a change has come. Each state is on disk before the next step begins, so that after ^C, a
 * kill or a power loss the next run knows what is left to do.
 */
enum change_state {
	CHANGE_PREPARED,    /* the old bytes are stored; a file has its old or its new ones */
	CHANGE_WRITTEN,     /* all files are written; the boot files are not generated */
	CHANGE_REGENERATED, /* the boot files are generated, or there are none to generate */
	CHANGE_LEFT,        /* all files are written; the user generates the boot files */
	CHANGE_REVERTING,   /* it is being undone */
};

/* True if something is left to do. */
bool change_is_unfinished(enum change_state state);

/*
 * A change on disk: a directory with `change` (text, one fact per line), for file i the bytes
 * `i.old` and `i.new`, and `state`. Changes of earlier versions have no state; they are finished.
 */
struct backup {
	unsigned id;
	enum change_state state;
	char *when, *what;
	struct txn_file *file;
	struct backup_words {
		struct strings added, removed; /* parameters */
	} * words;                             /* of each file */
	size_t files;
};

/* Fills *ret with a change that writes these files, with the current mode and owner of each. */
int backup_fill(const struct root *r, const struct journal_file *files, size_t n, const char *what,
	struct backup *ret, struct err *err) _must_check_;
void backup_done(struct backup *s);

/* Writes *s into an empty directory, each file flushed; reads it back, -EBADMSG for an invalid
 * text. 0 or -errno. *s is to be emptied in each case. */
int backup_write(int dir, const struct backup *s) _must_check_;
int backup_read(int dir, struct backup *s) _must_check_;

/*
 * Changes that can be undone. A change is written to var/lib/vfio-bootcfg/NNNN (old bytes, new
 * bytes, mode, owner) and flushed before the first file is written: at any moment each file has its
 * old or its new bytes, and the journal has both. After the last change is undone the directory is
 * removed too: the tree is as before.
 */
struct journal {
	const struct root *root;
	int dir; /* -1: there is none */
};
#define JOURNAL_CLOSED                                                                             \
	{                                                                                          \
		.dir = -1                                                                          \
	}

/*
 * Locks the journal until journal_close. Another process that has it is named, and waited for at
 * most JOURNAL_WAIT seconds: -EBUSY. Without a journal *ret is closed.
 */
#define JOURNAL_WAIT 10
int journal_lock(const struct root *r, struct journal *ret, struct err *err) _must_check_;
/* Opens it to read, without a lock: a visible change is complete. */
int journal_look(const struct root *r, struct journal *ret, struct err *err) _must_check_;
void journal_close(struct journal *j);

/* The process that has the lock; 0: none, or it can't be seen. */
long journal_holder(const struct journal *j);

/*
 * Stores a change (CHANGE_PREPARED), then writes all files in order (CHANGE_WRITTEN). On failure
 * everything is undone and the tree is as before. Creates and locks the journal if *j is closed.
 * *ret_id is the number of the change.
 */
int journal_commit(struct journal *j, const struct root *r, const struct journal_file *files,
	size_t n, const char *what, unsigned *ret_id, struct err *err) _must_check_;

int journal_set_state(
	struct journal *j, unsigned id, enum change_state state, struct err *err) _must_check_;

/* The directory of a change; or -errno. */
int journal_open_change(const struct journal *j, unsigned id) _must_check_;

/*
 * The journal may be on a stranger's disk: what is in it is opened below its directory, is no link
 * (a link as "old bytes" would copy a file of the host into the edited system), and only its owner
 * may have written it. kind: S_IFREG or S_IFDIR. A descriptor, -ELOOP, -EINVAL, -EPERM, or another
 * negative errno.
 */
int journal_stored_open(int dir, const char *name, mode_t kind) _must_check_;
int journal_stored_read(
	int dir, const char *name, size_t max, char **ret, size_t *ret_len) _must_check_;

/* What an undo does to one file. */
enum undo_kind {
	UNDO_LEFT,     /* the file already is as before the change */
	UNDO_RESTORED, /* the old bytes are restored */
	UNDO_REMOVED,  /* the file was created by the change */
	UNDO_EDITED,   /* the file was edited since: that edit stays, the change is removed */
};
struct undone_file {
	char *path;
	enum undo_kind how;
	char *now, *to; /* bytes before and after; NULL: no file */
	size_t now_len, to_len;
};
struct undone {
	unsigned id;
	enum change_state state; /* before the undo */
	bool last;               /* no later change */
	struct undone_file *v;
	size_t n;
};
void undone_done(struct undone *u);

/* What a change did to one file. */
struct journal_words {
	const struct journal_file *file;
	const struct strings *added, *removed;
};

/*
 * Called for a file that was edited since: returns in *ret its text without the change. `now` is
 * its current text. -EBUSY with the reason if that cannot be determined.
 */
typedef int (*undo_edited)(void *with, const struct journal_words *change, const char *now,
	size_t now_len, char **ret, size_t *ret_len, struct err *err);
struct undo_how {
	bool dry;                  /* reports only what would be done */
	undo_edited changed_since; /* NULL: refused */
	/* True if a file that the change created is made anew by a tool at times: it is removed,
	 * whatever it holds by now. NULL: none is. */
	bool (*made_anew)(const char *now);
	void *with;
};

/*
 * Undoes the files of change `id` (0: the last one), or of one in the middle. A file with the
 * written bytes gets its old ones, a created file is removed; changed_since is called for a file
 * that was edited since. If one file is refused (-EBUSY) none is written. Until journal_forget the
 * change is CHANGE_REVERTING.
 */
int journal_undo(struct journal *j, unsigned id, const struct undo_how *how, struct undone *ret,
	struct err *err) _must_check_;

/* Removes a change from the journal, and with the last one the journal, which is closed then. */
int journal_forget(struct journal *j, unsigned id, struct err *err) _must_check_;

/* One change in --history. */
struct journal_entry {
	unsigned id;
	enum change_state state;
	char *when, *what;
	struct strings paths, added; /* added: parameters, once each */
};
struct journal_list {
	struct journal_entry *v;
	size_t n;
};
int journal_read(const struct journal *j, struct journal_list *ret, struct err *err) _must_check_;
void journal_list_done(struct journal_list *l);

#endif
