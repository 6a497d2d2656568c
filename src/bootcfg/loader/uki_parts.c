/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/loader/uki_parts.h"

#include "bootcfg/loader/own_entries.h"
#include "bootcfg/loader/uki_entries.h"

#include <errno.h>

static const struct uki_part parts[] = {{".linux", "--linux="}, {".initrd", "--initrd="},
	{".ucode", "--microcode="}, {".osrel", "--os-release=@"}, {".cmdline", "--cmdline=@"},
	{".splash", "--splash="}, {".dtb", "--devicetree="}, {".uname", NULL}, {".text", NULL},
	{".rodata", NULL}, {".data", NULL}, {".reloc", NULL}, {".sbat", NULL}, {".sdmagic", NULL},
	{".dynamic", NULL}, {".dynsym", NULL}, {".rela", NULL}, {".rel", NULL}, {".eh_frame", NULL},
	{".bss", NULL}, {".note", NULL}, {".profile", NULL}};

const struct uki_part *uki_part_find(const char *section)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (str_equal(parts[i].section, section))
			return &parts[i];
	return NULL;
}

static bool is_own(const struct uki_profile *p)
{
	return p->id && (str_equal(p->id, OWN_MAIN) || str_starts(p->id, OWN_PROFILE_TAIL));
}

static int sections_check(const struct root *r, const char *path, struct err *err)
{
	_cleanup_(strings_done) struct strings sections = {0};
	int rc = uki_sections(r, path, &sections);

	if (rc < 0)
		return err_set(err, -rc, "/%s: its sections can't be read", path);
	for (size_t i = 0; i < sections.n; i++)
		if (!uki_part_find(sections.v[i]))
			return err_set(err, EINVAL,
				"/%s: its %s would have to be made anew with each profile: have its builder add the profiles",
				path, sections.v[i]);
	return 0;
}

int uki_profiles_check(const struct root *r, const char *path, const struct uki *u, struct err *err)
{
	if (!u->is_image)
		return err_set(err, EINVAL, "/%s: is not a unified kernel image", path);
	if (u->stub < STUB_PROFILES)
		return err_set(err, EINVAL,
			"/%s: profiles are read by systemd-stub from %d on, and the image's is %s",
			path, STUB_PROFILES, u->stub > 0 ? "older" : "of an unknown version");
	for (size_t i = 0; i < u->profiles; i++)
		if (!is_own(&u->profile[i]))
			return err_set(err, EINVAL, "/%s: has profiles of its own", path);
	if (!u->cmdline || !u->cmdline[0])
		return err_set(err, EINVAL,
			"/%s: has no line of its own, which a profile could have with its words",
			path);
	return sections_check(r, path, err);
}
