/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command.h"
#include "base/file.h"
#include "base/log.h"
#include "base/replace.h"
#include "cli/guest.h"
#include "cli/qemu_script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1U << 20)

static void print_argument(const char *device, void *to)
{
	FILE *f = to;

	fputs("-device ", f);
	guest_quote(device, f);
	putc('\n', f);
}

static void json_argument(const char *device, void *to)
{
	json_string(to, NULL, "-device");
	json_string(to, NULL, device);
}

static void json_arguments(struct json *j, const struct guest *g)
{
	json_open_array(j, "arguments");
	guest_qemu(g->list, g->n, json_argument, j);
	json_close_array(j);
}

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

static void log_append(const struct guest *g, enum script_place place, bool used)
{
	if (g->remove)
		log_print(LOG_INFO, "%s: the lines are out", g->append);
	else
		log_print(LOG_INFO, "%s: the lines for %zu functions are in", g->append, g->n);
	if (!g->remove && !used && place == SCRIPT_BEFORE)
		log_print(LOG_WARNING,
			"%s: they are no part of a command yet: write \"$@\" as the last word of the line that runs QEMU",
			g->append);
}

/* The script is replaced as a whole, and only if it changes. */
static enum cmd_result append(const struct guest *g, struct err *err)
{
	_cleanup_(words_done) struct words words = {0};
	_cleanup_(text_done) struct text edited = {0};
	_cleanup_(str_free) char *script = NULL;
	struct err reason = {""};
	enum script_place place;
	size_t len;
	bool used;

	if (!g->remove)
		guest_qemu(g->list, g->n, add_word, &words);
	if (words.failed) {
		(void)err_set(err, ENOMEM, "out of memory");
		return CMD_SYSTEM;
	}
	if (file_read(AT_FDCWD, g->append, SCRIPT_MAX, &script, &len, err) < 0)
		return CMD_SYSTEM;
	if (script_edit(&edited, script, len, words.word, words.n, &place, &used, &reason) < 0) {
		(void)err_set(err, EINVAL, "%s: %s", g->append, reason.text);
		return CMD_NOT_ALL;
	}
	if (edited.len != len || memcmp(edited.data ? edited.data : "", script, len) != 0)
		if (file_replace_path(
			    g->append, edited.data ? edited.data : "", edited.len, 0755, err) < 0)
			return CMD_SYSTEM;
	log_append(g, place, used);
	return CMD_AS_ASKED;
}

static enum cmd_result qemu(struct guest *g, char **operands, int n, struct err *err)
{
	if (g->remove)
		return append(g, err);
	enum cmd_result r = guest_look(g, operands, n, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g->append)
		/* A script with half of the devices would start a VM that was not requested. */
		return r == CMD_AS_ASKED ? append(g, err) : r;
	if (g->args.json)
		guest_print_json(g, json_arguments);
	else
		guest_qemu(g->list, g->n, print_argument, stdout);
	return guest_flush(r, err);
}

enum cmd_result cmd_qemu(int argc, char **argv, struct err *err)
{
	struct guest g = {.args.sysroot = SYSROOT_HOST};
	static const struct command_info info = {
		.about =
			"Prints QEMU's -device arguments for the devices that are bound (all of the config's, or those named).",
		.takes = "PCI addresses",
		.operands = "[ADDRESS...]"};
	bool help = false;
	const struct option_row rows[] = {
		{"append", 0, "FILE", "write the lines into the script FILE, between marks",
			&g.append, NULL, NULL, NULL},
		{"remove", 0, NULL, "take them out of it again", NULL, &g.remove, NULL, NULL},
		GUEST_OPTIONS(&g),
		SYSROOT_OPTIONS(&g.args.sysroot),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, &operands, &result, err))
		return result;
	if (g.remove && (!g.append || operands > 0)) {
		(void)err_set(err, EINVAL, "--remove goes with --append FILE and no address");
		return CMD_USAGE;
	}
	log_open("vfio-bind", LOG_TO_STDERR, false);
	return qemu(&g, argv + 1, operands, err);
}
