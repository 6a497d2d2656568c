/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of modprobe.d as libkmod takes them: see conf_files_list in libkmod/libkmod-config.c.
 */
#include "host/other_tools.h"

#include "base/file.h"
#include "base/str.h"
#include "check.h"
#include "fake_sysfs.h"

#include <fcntl.h>

static int print_line(const struct modprobe_line *line, void *to)
{
	text_print(to, "%s:%u %s %s |", line->path, line->number, line->command, line->module);
	for (char *ids, *rest = line->rest; (ids = other_tools_ids(&rest));)
		text_print(to, " %s", ids);
	text_print(to, "\n");
	return 0;
}

static void expect(const char *want)
{
	_cleanup_(fd_close) int root = open(top, O_DIRECTORY | O_PATH | O_CLOEXEC);
	_cleanup_(text_done) struct text said = {0};

	CHECK_INT(other_tools_modprobe(root, print_line, &said), 0);
	CHECK_STR(said.data ? said.data : "", want);
}

int main(void)
{
	fake_sysfs_begin("tools");
	check_case("modprobe.d: no directory");
	expect("");

	check_case("modprobe.d: blanks before a line, a comment, a continued line, quotes");
	must_shell("mkdir -p %s/etc/modprobe.d %s/run/modprobe.d %s/lib/modprobe.d", top, top, top);
	must_shell(
		"printf '  options\\tvfio-pci ids=1:2 x=y ids=\\n#options a ids=3:4\\nblacklist\\n' >%s/etc/modprobe.d/a.conf",
		top);
	must_shell(
		"printf 'options vfio-pci \\\\\\nids=\"5:6,7:8\" \\\\\\n\\nsoftdep nvidia pre: vfio-pci' >%s/etc/modprobe.d/b.conf",
		top);
	expect("/etc/modprobe.d/a.conf:1 options vfio-pci | 1:2\n"
	       "/etc/modprobe.d/b.conf:1 options vfio-pci | 5:6,7:8\n"
	       "/etc/modprobe.d/b.conf:4 softdep nvidia |\n");

	check_case(
		"modprobe.d: of one name the first directory counts, with an empty or dangling file, too");
	must_shell("rm %s/etc/modprobe.d/* && ln -s /nowhere %s/etc/modprobe.d/a.conf", top, top);
	must_shell(
		"cd %s && for d in run lib; do for f in a b c; do echo options $d ids=$f >$d/modprobe.d/$f.conf; done; done",
		top);
	must_shell("cd %s && : >run/modprobe.d/b.conf && rm run/modprobe.d/c.conf", top);
	expect("/lib/modprobe.d/c.conf:1 options lib | c\n");

	check_case("modprobe.d: files come by their names, whatever their directories");
	must_shell("cd %s && echo options early ids=z >run/modprobe.d/z.conf", top);
	expect("/lib/modprobe.d/c.conf:1 options lib | c\n/run/modprobe.d/z.conf:1 options early | z\n");
	must_shell("rm %s/run/modprobe.d/z.conf", top);

	check_case("modprobe.d: hidden files and other names are none of it");
	must_shell(
		"cd %s/lib/modprobe.d && mv c.conf .c.conf && cp .c.conf c.off && cp c.off .conf",
		top);
	expect("");
	return check_done();
}
