/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/virsh.h"

#include "shared/spawn.h"
#include "shared/tmpdir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECONDS 30
#define XML_MAX (1U << 20)

/* virsh's own words, in one line. */
static const char *words_of(struct text *said)
{
	if (!said->data)
		return "it printed nothing";
	for (char *p = said->data; *p; p++)
		if (*p == '\n')
			*p = p[1] && p[1] != '\n' ? ';' : ' ';
	return said->data;
}

static int virsh(const char *const argv[], struct text *ret, struct err *err)
{
	_cleanup_(spawn_result_done) struct spawn_result result = {0};
	static const char *const locale[] = {"LC_ALL=C.UTF-8", NULL};
	const struct spawn_job job = {.argv = argv,
		.name = "virsh",
		.in = -1,
		.locale = locale,
		.seconds = SECONDS,
		.max = XML_MAX};
	int r = spawn_bounded(&job, &result, err);

	if (r < 0)
		return r;
	if (r == 127)
		return err_set(err, ENOENT,
			"virsh is not installed; install it (libvirt-clients, libvirt-client or libvirt)");
	if (r != 0)
		return err_set(
			err, ENXIO, "virsh -c %s %s: %s", argv[2], argv[3], words_of(&result.said));
	if (ret) {
		*ret = result.out;
		result.out = (struct text){0};
	}
	return 0;
}

static int names_read(const char *uri, const char *which, struct strings *ret, struct err *err)
{
	const char *const argv[] = {"virsh", "-c", uri, "list", "--name", which, NULL};
	_cleanup_(text_done) struct text names = {0};
	char *rest;
	int r = virsh(argv, &names, err);

	rest = names.data;
	for (char *name; r == 0 && (name = strsep(&rest, "\n"));)
		if (name[0] && strings_add(ret, name) < 0)
			r = err_set(err, ENOMEM, "out of memory");
	return r;
}

int virsh_names(const char *uri, struct strings *ret, struct err *err)
{
	return names_read(uri, "--all", ret, err);
}

int virsh_read(const char *uri, const char *name, struct text *ret, struct err *err)
{
	const char *const argv[] = {"virsh", "-c", uri, "dumpxml", "--inactive", "--security-info",
		"--domain", name, NULL};

	return virsh(argv, ret, err);
}

int virsh_define(const char *uri, const struct text *xml, struct err *err)
{
	_cleanup_(tmpdir_done) struct tmpdir dir = {.fd = -1};
	char path[sizeof(dir.path) + sizeof("/domain.xml")];
	const char *const argv[] = {"virsh", "-c", uri, "define", "--file", path, NULL};
	int r = tmpdir_make(&dir, err);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/domain.xml", dir.path);
	r = tmpdir_write(&dir, "domain.xml", 0, xml->data, xml->len);
	if (r < 0)
		return err_set(err, -r, "%s: can't write it: %s", path, strerror(-r));
	return virsh(argv, NULL, err);
}

/* By the list, because virsh translates what `domstate` prints. */
int virsh_runs(const char *uri, const char *name, struct err *err)
{
	_cleanup_(strings_done) struct strings running = {0};
	int r = names_read(uri, NULL, &running, err);

	return r < 0 ? r : strings_have(&running, name);
}
