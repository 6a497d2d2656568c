/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/format/uki.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILES_MAX 1024

void uki_done(struct uki *u)
{
	free(u->cmdline);
	free(u->uname);
	free(u->title);
	free(u->sort_key);
	free(u->version);
	for (size_t i = 0; i < u->profiles; i++) {
		free(u->profile[i].id);
		free(u->profile[i].title);
		free(u->profile[i].cmdline);
	}
	free(u->profile);
	*u = (struct uki){0};
}

bool uki_wants(const char *name)
{
	static const char *const names[] = {
		".cmdline", ".profile", ".osrel", ".uname", ".sdmagic", ".linux", ".initrd", NULL};

	for (const char *const *n = names; *n; n++)
		if (str_equal(name, *n))
			return true;
	return false;
}

/* Control characters become blanks, and blanks at the end are cut (mangle_stub_cmdline). */
static char *cmdline_clean(const char *text, size_t len)
{
	char *line = strndup(text, len);
	size_t n = line ? strlen(line) : 0;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] <= 0x1f)
			line[i] = ' ';
	while (n > 0 && line[n - 1] == ' ')
		line[--n] = '\0';
	return line;
}

/* NAME=value of os-release and of .profile, without its quotes: allocated; NULL: none. */
static char *value_of(const char *text, size_t len, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; at < len;) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t end = nl ? (size_t)(nl - text) : len, begin = at + n + 1;
		bool found = end - at > n && memcmp(text + at, name, n) == 0 && text[at + n] == '=';
		at = end + 1;
		if (!found)
			continue;
		if (end > begin && text[end - 1] == '\r')
			end--;
		if (end - begin >= 2 && strchr("\"'", text[begin]) && text[begin] &&
			text[end - 1] == text[begin]) {
			begin++;
			end--;
		}
		return strndup(text + begin, end - begin);
	}
	return NULL;
}

static int profile_add(struct uki *u, const char *text, size_t len)
{
	struct uki_profile *v = u->profiles < PROFILES_MAX
					? realloc(u->profile, (u->profiles + 1) * sizeof(*v))
					: NULL;

	if (!v)
		return -ENOMEM;
	u->profile = v;
	v[u->profiles++] = (struct uki_profile){
		.id = value_of(text, len, "ID"), .title = value_of(text, len, "TITLE")};
	return 0;
}

static int cmdline_take(struct uki *u, const char *text, size_t len)
{
	char **to = u->profiles > 0 ? &u->profile[u->profiles - 1].cmdline : &u->cmdline;

	if (*to)
		return 0; /* of several the first counts */
	*to = cmdline_clean(text, len);
	return *to ? 0 : -ENOMEM;
}

/* As systemd-boot sorts its images (boot_entry_add_unified). */
static void osrel_take(struct uki *u, const char *text, size_t len)
{
	if (u->profiles > 0 || u->title || u->sort_key || u->version)
		return;
	u->title = value_of(text, len, "PRETTY_NAME");
	u->sort_key = value_of(text, len, "IMAGE_ID");
	if (!u->sort_key)
		u->sort_key = value_of(text, len, "ID");
	u->version = value_of(text, len, "IMAGE_VERSION");
	if (!u->version)
		u->version = value_of(text, len, "VERSION_ID");
	if (!u->version)
		u->version = value_of(text, len, "BUILD_ID");
}

/* #### LoaderInfo: systemd-stub 257.13 #### */
static unsigned stub_version(const char *text, size_t len)
{
	_cleanup_(str_free) char *copy = strndup(text, len);
	const char *at = copy ? strstr(copy, "systemd-stub ") : NULL;
	unsigned version = 0;

	return at && sscanf(at, "systemd-stub %4u", &version) == 1 ? version : 0;
}

int uki_section(struct uki *u, const char *name, const char *text, size_t len)
{
	if (str_equal(name, ".profile"))
		return profile_add(u, text, len);
	if (str_equal(name, ".cmdline"))
		return cmdline_take(u, text, len);
	if (str_equal(name, ".osrel"))
		osrel_take(u, text, len);
	if (str_equal(name, ".linux"))
		u->is_image = true;
	if (str_equal(name, ".initrd") && u->profiles == 0)
		u->has_initrd = true;
	if (str_equal(name, ".sdmagic"))
		u->stub = stub_version(text, len);
	if (str_equal(name, ".uname") && u->profiles == 0 && !u->uname) {
		u->uname = strndup(text, len);
		return u->uname ? 0 : -ENOMEM;
	}
	return 0;
}

unsigned uki_profile_chosen(const char *options, const char **ret_rest)
{
	const char *at = options;
	unsigned long number = 0;
	size_t digits = *at == '@' ? strspn(at + 1, "0123456789") : 0;

	*ret_rest = options;
	if (digits == 0 || digits > 4 || (at[1 + digits] && at[1 + digits] != ' '))
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (unsigned long)(at[1 + i] - '0');
	*ret_rest = at + 1 + digits + strspn(at + 1 + digits, " ");
	return (unsigned)number;
}
