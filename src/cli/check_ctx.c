/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check_ctx.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TEXT_MAX (4096UL * 1024) /* /proc/interrupts of a large machine */

bool check_ctx_asks(const struct check_ctx *c)
{
	return c->ctx->config.n_selectors > 0;
}

bool check_ctx_path(
	const struct check_ctx *c, char buf[static CHECKED_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	if (!c->root)
		return false;
	size_t len = str_copy(buf, CHECKED_PATH_MAX, c->root);
	va_start(ap, fmt);
	int n = vsnprintf(buf + len, CHECKED_PATH_MAX - len, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < CHECKED_PATH_MAX - len;
}

bool check_ctx_exists(const struct check_ctx *c, const char *path)
{
	char full[CHECKED_PATH_MAX];

	return check_ctx_path(c, full, "%s", path) && faccessat(AT_FDCWD, full, F_OK, 0) == 0;
}

char *check_ctx_text(const struct check_ctx *c, const char *path)
{
	char full[CHECKED_PATH_MAX], *text = NULL;
	size_t len;

	if (!check_ctx_path(c, full, "%s", path) ||
		file_read(AT_FDCWD, full, TEXT_MAX, &text, &len, NULL) < 0)
		return NULL;
	return text;
}

static bool is_visible(const char *name)
{
	return name[0] != '.';
}

void check_ctx_each(const struct check_ctx *c, const char *directory,
	int (*order)(const char *a, const char *b),
	void (*each)(const struct check_ctx *c, const char *name, void *to), void *to)
{
	_cleanup_(dir_names_done) struct dir_names names = {0};
	char path[CHECKED_PATH_MAX];

	if (check_ctx_path(c, path, "%s", directory))
		(void)dir_list(&names, AT_FDCWD, path, is_visible, order);
	for (size_t i = 0; i < names.n; i++)
		each(c, names.at[i], to);
}

bool check_ctx_can_boot(const struct check_ctx *c, const char *kernel)
{
	struct utsname u;
	char path[CHECKED_PATH_MAX];

	if (c->live && uname(&u) == 0 && str_equal(u.release, kernel))
		return true;
	return (check_ctx_path(c, path, "/boot/vmlinuz-%s", kernel) && access(path, F_OK) == 0) ||
	       (check_ctx_path(c, path, "/lib/modules/%s/vmlinuz", kernel) &&
		       access(path, F_OK) == 0);
}

bool check_ctx_binds(const struct check_ctx *c, struct pci_addr addr)
{
	const struct verdict *v = plan_find(&c->ctx->plan, addr);

	return v && v->action == ACTION_BIND;
}
