/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/script_file.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/qemu_script.h"
#include "shared/spawn.h"
#include "shared/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1U << 20)
#define SECONDS 10

/* ---- the shell ------------------------------------------------------------------------------- */

bool script_file_is(const char *text, size_t len)
{
	return len > 2 && memcmp(text, "#!", 2) == 0;
}

/* The shell of the first line, `#!/usr/bin/env bash` too; NULL for another program. */
static const char *shell_of(const char *text, size_t len)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"};
	char line[128];
	char *rest = line, *word;

	size_t n = strcspn(text, "\r\n");
	if (!script_file_is(text, len) || n >= sizeof(line))
		return NULL;
	memcpy(line, text + 2, n - 2);
	line[n - 2] = '\0';
	while ((word = strsep(&rest, " \t"))) {
		const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
		if (name[0] == '\0' || name[0] == '-' || str_equal(name, "env"))
			continue;
		for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
			if (str_equal(shells[i], name))
				return shells[i];
		return NULL;
	}
	return NULL;
}

/* zsh reads a file of its own even then, unless -f. */
static int shell_parses(const char *shell, const char *name, const char *path, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	const char *const argv[] = {shell, str_equal(shell, "zsh") ? "-fn" : "-n", path, NULL};
	const struct spawn_job job = {.argv = argv, .name = shell, .in = -1, .seconds = SECONDS};
	int r = spawn_bounded(&job, &result, err);

	if (r < 0)
		return r;
	if (r == 127)
		return err_set(err, ENOENT,
			"%s: line 1: %s is not installed, and only it can tell whether the script is whole",
			name, shell);
	if (r == 0)
		return 0;
	char *end = result.said.data ? strchr(result.said.data, '\n') : NULL;
	if (end)
		*end = '\0';
	return err_set(err, EINVAL, "%s: not a script that %s understands: %s", name, shell,
		result.said.data ? result.said.data : "it fails");
}

static int text_parses(const struct script_file *s, const struct text *edited, struct err *err)
{
	_cleanup_(tmpdir_done) struct tmpdir dir = {.fd = -1};
	char path[sizeof(dir.path) + sizeof("/script")];
	int r = tmpdir_make(&dir, err);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/script", dir.path);
	r = tmpdir_write(&dir, "script", 0, edited->data, edited->len);
	if (r < 0)
		return err_set(err, -r, "%s: can't write it: %s", path, strerror(-r));
	return shell_parses(s->shell, s->path, path, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

int script_file_read(struct script_file *ret, const char *path, struct err *err)
{
	*ret = (struct script_file){.path = path};
	int r = file_read(AT_FDCWD, path, SCRIPT_MAX, &ret->text, &ret->len, err);

	if (r < 0)
		return r;
	ret->shell = shell_of(ret->text, ret->len);
	if (!ret->shell)
		return err_set(err, EINVAL,
			"%s: line 1: not a script of a shell: it does not begin with #!/bin/sh, #!/bin/bash or the like",
			path);
	r = shell_parses(ret->shell, path, path, err);
	if (r == 0)
		r = script_functions(
			ret->list, &ret->n, &ret->roms, path, ret->text, ret->len, err);
	if (r == 0)
		r = script_edit(&ret->plain, path, ret->text, ret->len, NULL, 0, err);
	return r;
}

void script_file_done(struct script_file *s)
{
	str_free(&s->text);
	text_done(&s->plain);
	strings_done(&s->roms);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct words {
	const char **word;
	size_t n;
	bool failed;
};

static void words_done(struct words *w)
{
	for (size_t i = 1; i < w->n; i += 2)
		free((void *)(uintptr_t)w->word[i]);
	free(w->word);
}

static void add_word(const char *device, void *to)
{
	struct words *w = to;
	const char **grown = reallocarray(w->word, w->n + 2, sizeof(*grown));
	char *copy = strdup(device);

	if (grown)
		w->word = grown;
	if (!grown || !copy) {
		free(copy);
		w->failed = true;
		return;
	}
	w->word[w->n++] = "-device";
	w->word[w->n++] = copy;
}

static void print_by_hand(const struct words *w, bool to_log)
{
	char *line = NULL;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	for (size_t i = 0; f && i < w->n; i++) {
		if (i > 0)
			putc(' ', f);
		guest_quote(w->word[i], f);
	}
	if (!f || fclose(f) != 0)
		return; /* out of memory */
	if (to_log)
		log_print(LOG_NOTICE, "the words to add by hand: %s", line);
	else
		puts(line);
	free(line);
}

static int devices_are_free(
	const struct script_file *s, const struct guest_function *list, size_t n, struct err *err)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < n; i++) {
		unsigned line = script_has(
			s->plain.data ? s->plain.data : "", s->plain.len, list[i].addr);
		if (line > 0)
			return err_set(err, EEXIST,
				"%s:%u: %s is in this VM already, and not by vfio-bind; take it out there, or leave it",
				s->path, line, pci_addr_format(list[i].addr, address));
	}
	return 0;
}

static int result_check(const struct script_file *s, const struct text *edited,
	const struct guest_function *list, size_t n, struct err *err)
{
	_cleanup_(strings_done) struct strings roms = {0};
	struct guest_function now[GUEST_MAX];
	size_t n_now;
	int r = script_functions(
		now, &n_now, &roms, s->path, edited->data ? edited->data : "", edited->len, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (n != n_now || pci_addr_compare(now[i].addr, list[i].addr) != 0)
			r = err_set(err, EINVAL,
				"%s: the edited text would not be read as it is meant; nothing is changed",
				s->path);
	return r < 0 ? r : text_parses(s, edited, err);
}

static int make_text(struct text *ret, const struct script_file *s,
	const struct guest_function *list, size_t n, const struct words *words, struct err *err)
{
	int r = devices_are_free(s, list, n, err);

	if (r == 0 && words->failed)
		r = err_set(err, ENOMEM, "out of memory");
	if (r == 0 && n > 0 && script_machine(s->plain.data, s->plain.len) == SCRIPT_UNKNOWN)
		r = err_set(err, ENOTSUP,
			"%s: the machine is in a variable: q35 or i440fx (pc) is not known",
			s->path);
	if (r == 0)
		r = script_edit(ret, s->path, s->text, s->len, words->word, words->n, err);
	return r < 0 ? r : result_check(s, ret, list, n, err);
}

enum cmd_result script_file_edit(struct text *ret, const struct script_file *s,
	const struct guest_function *list, size_t n, struct err *err)
{
	_cleanup_(words_done) struct words words = {0};

	guest_qemu(list, n,
		s->plain.len > 0 && script_machine(s->plain.data, s->plain.len) != SCRIPT_PCI,
		add_word, &words);
	int r = make_text(ret, s, list, n, &words, err);
	if (r == -ENOMEM)
		return CMD_SYSTEM;
	if (r == 0)
		return CMD_AS_ASKED;
	if (n > 0 && r != -EEXIST)
		print_by_hand(&words, s->log_words);
	return CMD_NOT_ALL;
}
