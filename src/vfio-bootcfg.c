/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "bootcfg/edit.h"
#include "bootcfg/journal.h"
#include "bootcfg/loaders.h"
#include "bootcfg/regen.h"
#include "bootcfg/request.h"
#include "bootcfg/root.h"
#include "bootcfg/running.h"
#include "bootcfg/show.h"
#include "bootcfg/traces.h"
#include "bootcfg/tuning.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

/* EXIT STATUS in vfio-bootcfg(8). */
enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_OWNED = 3,
	EXIT_AMBIGUOUS = 4,
	EXIT_BROKEN = 5,
	EXIT_DIFFERS = 10
};

struct options {
	const char *root, *loader, *entry, *cpu, *ids, *hugepages, *isolate, *acs;
	bool framebuffer;
	bool iommu, no_pt, status, check, undo, history, dry_run, exit_code, json, no_regen, yes,
		force;
	bool quiet, verbose, help, version;
	struct strings sets;
	struct request words; /* of --add, --remove, --set, in their order */
};

static int add_take(void *to, const char *value, struct err *err)
{
	return request_add(&((struct options *)to)->words, value, err);
}

static int remove_take(void *to, const char *value, struct err *err)
{
	return request_remove(&((struct options *)to)->words, value, err);
}

static int set_take(void *to, const char *value, struct err *err)
{
	return strings_add(&((struct options *)to)->sets, value) < 0
		       ? err_set(err, ENOMEM, "out of memory")
		       : 0;
}

static int usage(const struct err *err)
{
	log_print(LOG_ERROR, "%s", err->text);
	return EXIT_USAGE;
}

static int failure(int rc, const struct err *err)
{
	log_print(LOG_ERROR, "%s", err->text[0] ? err->text : strerror(-rc));
	switch (rc) {
	case LOADERS_OWNED:
		return EXIT_OWNED;
	case LOADERS_AMBIGUOUS:
		return EXIT_AMBIGUOUS;
	case -ENOTRECOVERABLE:
		return EXIT_BROKEN;
	default:
		return EXIT_FAILED;
	}
}

static void notes_print(const struct strings *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		log_print(LOG_NOTICE, "%s", notes->v[i]);
}

/* What the journal calls this change: the command line without the root. */
static char *change_name(const struct request *r)
{
	static const char *const verbs[] = {[WANT_ADD] = "--add",
		[WANT_SET] = "--set",
		[WANT_REMOVE_WORD] = "--remove",
		[WANT_REMOVE_KEY] = "--remove"};
	struct text t = {0};

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind != WANT_REMOVE_ELEMENT)
			text_print(&t, "%s%s %s", t.len > 0 ? " " : "", verbs[r->v[i].kind],
				r->v[i].text);
	return t.data;
}

static void commands_print(const struct options *o, const struct root *r, const struct loaders *l)
{
	bool ours = r->host && !o->no_regen && geteuid() == 0;

	for (size_t i = 0; i < l->next.n; i++)
		printf("%s: %s%s\n", ours ? "done" : "next", l->next.v[i],
			r->host ? "" : "  (inside that system)");
	if (l->next.n == 0)
		printf("nothing else to do\n");
}

/* The words of all places, once each: what generated files have to hold afterwards. */
static int words_added(const struct plan *p, struct strings *ret)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->set[i].added.n; k++)
			if (!strings_have(ret, p->set[i].added.v[k]) &&
				strings_add(ret, p->set[i].added.v[k]) < 0)
				return -ENOMEM;
	return 0;
}

/* A tool has failed: the sources are put back. Boot files it has touched are made again from them.
 */
static int regenerate_back(const struct root *r, const struct loaders *l, unsigned id, bool touched)
{
	_cleanup_(strings_done) struct strings paths = {0}, none = {0};
	struct err err = {0};

	if (journal_undo(r, id, false, &paths, &err) < 0) {
		log_print(LOG_ERROR,
			"the edit is in place, and putting it back failed, too: %s; see "
			"vfio-bootcfg "
			"--history and --undo",
			err.text);
		return EXIT_BROKEN;
	}
	if (touched && regen_run(r, l, &none, &err) < 0) {
		log_print(LOG_ERROR,
			"the sources are as they were before, the boot files are not: %s; when "
			"that "
			"works again, run: %s",
			err.text, l->next.v[0]);
		return EXIT_BROKEN;
	}
	log_print(LOG_NOTICE, "everything is as it was before");
	return EXIT_FAILED;
}

/* On the running system: the distribution's tools. When one fails everything is put back. */
static int regenerate(const struct options *o, const struct root *r, const struct loaders *l,
	const struct plan *p, unsigned id)
{
	_cleanup_(strings_done) struct strings added = {0};
	_cleanup_(text_done) struct text before = {0}, after = {0};
	struct err err = {0};

	if (!r->host || o->no_regen || geteuid() != 0 || l->next.n == 0)
		return 0;
	if (!o->quiet)
		for (size_t i = 0; i < l->next.n; i++)
			log_print(LOG_NOTICE, "running %s", l->next.v[i]);
	bool seen = traces_read(r, &l->boots, &before) == 0;
	int rc = words_added(p, &added);
	if (rc == 0)
		rc = regen_run(r, l, &added, &err);
	if (rc == 0)
		return 0;
	log_print(LOG_ERROR, "%s", err.text);
	seen = seen && traces_read(r, &l->boots, &after) == 0;
	return regenerate_back(r, l, id, !seen || !str_equal(before.data, after.data));
}

static void booted_check(const struct root *r, const struct loaders *l)
{
	_cleanup_(running_done) struct running now = {0};

	if (running_read(r, &now) < 0 || !now.loader)
		return;
	for (size_t i = 0; i < l->found.n; i++)
		if (str_starts(l->found.v[i], now.loader) || !str_equal(now.loader, "grub"))
			return;
	log_print(LOG_WARNING, "this edits %s, and it was %s that booted this system",
		l->found.n > 0 ? l->found.v[0] : "?", now.loader);
}

static int dry_run_print(const struct options *o, const struct loaders *l, const struct plan *p)
{
	if (o->json)
		plan_print_json(l, p, stdout);
	else if (o->check && !o->quiet)
		plan_print(p, stdout);
	else if (o->dry_run)
		plan_print_diff(p, stdout);
	if (plan_is_empty(p))
		return 0;
	return o->check || o->exit_code ? EXIT_DIFFERS : 0;
}

static int edit_run(const struct options *o, const struct root *r)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(plan_done) struct plan p = {0};
	struct loaders_options lo = {.loader = o->loader, .entry = o->entry, .request = &o->words};
	struct err err = {0};

	int rc = loaders_find(r, &lo, &l, &err);
	if (rc == 0)
		rc = plan_make(r, &l, &o->words, &p, &err);
	if (rc < 0)
		return failure(rc, &err);
	if (!o->quiet) {
		notes_print(&l.notes);
		notes_print(&p.notes);
		booted_check(r, &l);
	}
	if (o->check || o->dry_run)
		return dry_run_print(o, &l, &p);
	if (plan_is_empty(&p)) {
		if (!o->quiet)
			log_print(LOG_NOTICE, "nothing to do: it is so already");
		return 0;
	}
	_cleanup_(str_free) char *what = change_name(&o->words);
	unsigned id = 0;
	rc = plan_commit(r, &p, what ? what : "", &id, &err);
	if (rc < 0)
		return failure(rc, &err);
	int status = regenerate(o, r, &l, &p, id);
	if (status == 0 && o->json)
		plan_print_json(&l, &p, stdout);
	if (status == 0 && !o->quiet && !o->json) {
		plan_print(&p, stdout);
		commands_print(o, r, &l);
		printf("undo: vfio-bootcfg%s%s --undo\n", r->host ? "" : " --root ",
			r->host ? "" : o->root);
	}
	return status;
}

static int status_run(const struct options *o, const struct root *r)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(plan_done) struct plan p = {0};
	_cleanup_(running_done) struct running now = {0};
	struct loaders_options lo = {.loader = o->loader, .entry = o->entry, .request = &o->words};
	struct err err = {0};

	int rc = loaders_find(r, &lo, &l, &err);
	if (rc == 0)
		rc = plan_make(r, &l, &o->words, &p, &err);
	if (rc == 0)
		rc = running_read(r, &now);
	if (rc < 0)
		return failure(rc, &err);
	if (o->json)
		status_print_json(&l, &p, &now, stdout);
	else
		status_print(&l, &p, &now, stdout);
	return 0;
}

/* After the sources the boot files: the same tools, on the running system. */
static int undo_regenerate(const struct options *o, const struct root *r)
{
	_cleanup_(loaders_done) struct loaders l = {0};
	_cleanup_(strings_done) struct strings none = {0};
	struct request nothing = {0};
	struct loaders_options lo = {.loader = o->loader, .request = &nothing};
	struct err err = {0};

	if (!r->host || o->no_regen || geteuid() != 0)
		return 0;
	int rc = loaders_find(r, &lo, &l, &err);
	if (rc == 0)
		rc = regen_run(r, &l, &none, &err);
	if (rc < 0)
		log_print(LOG_ERROR, "the sources are restored, the boot files are not: %s",
			err.text);
	return rc < 0 ? EXIT_BROKEN : 0;
}

static int undo_run(const struct options *o, const struct root *r, const char *id_text)
{
	_cleanup_(strings_done) struct strings paths = {0};
	struct err err = {0};
	unsigned long id = 0;

	if (id_text && (!str_decimal(id_text, 999999, &id) || id == 0)) {
		(void)err_set(&err, EINVAL, "%s: --undo takes the number of a change", id_text);
		return usage(&err);
	}
	int rc = journal_undo(r, (unsigned)id, o->dry_run, &paths, &err);
	if (rc < 0)
		return failure(rc, &err);
	for (size_t i = 0; i < paths.n && !o->quiet; i++)
		printf("%s  /%s\n", o->dry_run ? "would restore" : "restored", paths.v[i]);
	return o->dry_run ? 0 : undo_regenerate(o, r);
}

static int history_run(const struct root *r)
{
	_cleanup_(journal_list_done) struct journal_list l = {0};
	struct err err = {0};

	int rc = journal_read(r, &l, &err);
	if (rc < 0)
		return failure(rc, &err);
	for (size_t i = 0; i < l.n; i++) {
		printf("%u  %s  %s\n", l.v[i].id, l.v[i].when, l.v[i].what);
		for (size_t k = 0; k < l.v[i].paths.n; k++)
			printf("   /%s\n", l.v[i].paths.v[k]);
	}
	return 0;
}

static int cpu_find(const struct options *o, enum cpu *ret, struct err *err)
{
	if (!o->cpu) {
		*ret = CPU_UNKNOWN;
#if defined(__x86_64__) || defined(__i386__)
		if (__builtin_cpu_is("intel"))
			*ret = CPU_INTEL;
		else if (__builtin_cpu_is("amd"))
			*ret = CPU_AMD;
#endif
		return 0;
	}
	if (!str_equal(o->cpu, "intel") && !str_equal(o->cpu, "amd"))
		return err_set(err, EINVAL, "%s: --cpu takes intel or amd", o->cpu);
	*ret = str_equal(o->cpu, "intel") ? CPU_INTEL : CPU_AMD;
	return 0;
}

static int iommu_take(struct options *o, const struct root *r, struct err *err)
{
	enum cpu cpu = CPU_UNKNOWN;
	int rc = cpu_find(o, &cpu, err);

	if (rc == 0)
		rc = request_iommu(&o->words, cpu, o->no_pt, err);
	if (rc == 0 && !o->cpu && !r->host)
		log_print(LOG_WARNING,
			"taking the processor of this machine, %s, for that of %s; --cpu says "
			"otherwise",
			cpu == CPU_INTEL ? "Intel" : "AMD", o->root);
	return rc;
}

/* --set is read last: --force may stand behind it. */
static int words_take(struct options *o, const struct root *r, struct err *err)
{
	_cleanup_(strings_done) struct strings notes = {0};
	int rc = 0;

	for (size_t i = 0; i < o->sets.n && rc == 0; i++)
		rc = request_set(&o->words, o->sets.v[i], o->force, err);
	if (rc == 0 && o->iommu)
		rc = iommu_take(o, r, err);
	if (rc == 0 && o->ids)
		rc = tuning_ids(&o->words, o->ids, &notes, err);
	if (rc == 0 && o->hugepages)
		rc = tuning_hugepages(r, &o->words, o->hugepages, &notes, err);
	if (rc == 0 && o->isolate)
		rc = tuning_isolate(r, &o->words, o->isolate, &notes, err);
	if (rc == 0 && o->acs)
		rc = tuning_acs(&o->words, o->acs, &notes, err);
	if (rc == 0 && o->framebuffer)
		rc = tuning_framebuffer(r, &o->words, &notes, err);
	if (rc == 0 && !o->quiet)
		notes_print(&notes);
	return rc;
}

static int run(struct options *o, int operands, char **argv)
{
	struct err err = {0};
	struct root r = {.fd = -1};
	bool edits = o->iommu || o->words.n > 0 || o->sets.n > 0 || o->ids || o->hugepages ||
		     o->isolate || o->acs || o->framebuffer;
	int verbs = edits + o->undo + o->history + o->status;

	if (operands > (o->undo ? 1 : 0)) {
		(void)err_set(&err, EINVAL, "%s: is no option; a word is added with --add",
			argv[o->undo ? 2 : 1]);
		return usage(&err);
	}
	if (verbs != 1) {
		(void)err_set(&err, EINVAL,
			verbs == 0 ? "nothing asked for: --iommu is what most people want; --help "
				     "lists "
				     "the rest"
				   : "--iommu, --add, --remove and --set go together; --undo, "
				     "--history "
				     "and --status stand alone");
		return usage(&err);
	}
	int rc = root_open(&r, o->root ? o->root : "/", &err);
	if (rc < 0)
		return failure(rc, &err);
	int status = EXIT_FAILED;
	if (o->undo) {
		status = undo_run(o, &r, operands ? argv[1] : NULL);
	} else if (o->history) {
		status = history_run(&r);
	} else if (o->status) {
		status = status_run(o, &r);
	} else {
		rc = words_take(o, &r, &err);
		status = rc < 0 ? usage(&err) : edit_run(o, &r);
	}
	root_done(&r);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err err = {0};
	int operands = 0;
	const struct option_row rows[] = {
		{.name = "iommu",
			.help = "turn the IOMMU on: what most people want",
			.flag = &o.iommu},
		{.name = "no-pt", .help = "without iommu=pt", .flag = &o.no_pt},
		{.name = "cpu",
			.arg = "intel|amd",
			.help = "the processor of that system",
			.value = &o.cpu},
		{.name = "add",
			.arg = "WORD",
			.help = "add a kernel parameter",
			.add = add_take,
			.to = &o},
		{.name = "remove",
			.arg = "WORD",
			.help = "remove K, K=V, or with K= any value of K",
			.add = remove_take,
			.to = &o},
		{.name = "set",
			.arg = "K=V",
			.help = "make this the only K=",
			.add = set_take,
			.to = &o},
		{.name = "ids",
			.arg = "LIST",
			.help = "vfio-pci.ids=, merged: for a vfio-pci that is built in",
			.value = &o.ids},
		{.name = "hugepages",
			.arg = "SIZE:COUNT",
			.help = "reserve 1G or 2M pages at boot",
			.value = &o.hugepages},
		{.name = "isolate-cpus",
			.arg = "LIST",
			.help = "keep processors free of the host's work",
			.value = &o.isolate},
		{.name = "acs-override",
			.arg = "WHAT",
			.help = "split IOMMU groups; fakes isolation",
			.value = &o.acs},
		{.name = "release-framebuffer",
			.help = "free the boot display for a guest, where the kernel does not",
			.flag = &o.framebuffer},
		{.name = "status",
			.help = "what boots here, and with which parameters",
			.flag = &o.status},
		{.name = "check",
			.help = "change nothing, exit 10 where something would be",
			.flag = &o.check},
		{.name = "undo",
			.arg = NULL,
			.help = "take the last change back, or change N",
			.flag = &o.undo},
		{.name = "history",
			.help = "list the changes that can be taken back",
			.flag = &o.history},
		{.name = "dry-run",
			.letter = 'n',
			.help = "print a diff, write nothing",
			.flag = &o.dry_run},
		{.name = "exit-code",
			.help = "with --dry-run: exit 10 where something would change",
			.flag = &o.exit_code},
		{.name = "root", .arg = "DIR", .help = "the system below DIR", .value = &o.root},
		{.name = "boot-loader",
			.arg = "NAME",
			.help = "edit this loader",
			.value = &o.loader},
		{.name = "loader", .arg = "NAME", .help = "the same", .value = &o.loader},
		{.name = "entry",
			.arg = "ID",
			.help = "this entry only, or default, or all",
			.value = &o.entry},
		{.name = "no-regen",
			.help = "leave generated boot files alone",
			.flag = &o.no_regen},
		{.name = "force",
			.help = "let --set replace parameters that add up",
			.flag = &o.force},
		{.name = "yes", .letter = 'y', .help = "do not ask", .flag = &o.yes},
		{.name = "json", .help = "print data as JSON", .flag = &o.json},
		{.name = "quiet", .letter = 'q', .help = "only errors", .flag = &o.quiet},
		{.name = "verbose", .letter = 'v', .help = "more of the story", .flag = &o.verbose},
		{.name = "help", .letter = 'h', .help = "this text", .flag = &o.help},
		{.name = "version", .help = "the version of this program", .flag = &o.version},
		{0},
	};

	log_open("vfio-bootcfg", LOG_TO_STDERR, false);
	int status;
	if (options_read(rows, argc, argv, &operands, &err) < 0) {
		status = usage(&err);
	} else if (o.version) {
		puts("vfio-bootcfg " VERSION);
		status = 0;
	} else if (o.help) {
		printf("Usage: vfio-bootcfg --iommu | --add WORD | --remove WORD | --set K=V | "
		       "--status | "
		       "--undo [N] | --history\n");
		options_print(rows);
		status = 0;
	} else {
		status = run(&o, operands, argv);
	}
	request_done(&o.words);
	strings_done(&o.sets);
	/* Data that did not arrive is a failure; a tale of what was written is not: it was written.
	 */
	if (fflush(stdout) != 0 && status == 0 && (o.dry_run || o.check || o.status || o.history))
		status = EXIT_FAILED;
	return status;
}
