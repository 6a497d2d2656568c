/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "boot/boot.h"
#include "core/report.h"

#include <errno.h>
#include <string.h>

static enum cmd_result plan_show(const struct sysroot *w, const struct boot_switch *b, bool json,
	void (*print_plan)(const struct plan *, FILE *), struct err *err)
{
	_cleanup_(ctx_done) struct ctx s;
	int r = ctx_read(&s, w, b, err);

	if (r < 0 && r != -EINVAL)
		return CMD_SYSTEM;
	ctx_ask_crash(&s, w);
	ctx_log_errors(&s.config);
	probe_drivers(&s.host, &s.sysfs);
	if (r == 0 && !s.plan.off)
		ctx_read_groups(&s, GROUPS_HOST);
	if (json)
		report_print(&s.plan, NULL, NULL, stdout);
	else if (r == 0)
		print_plan(&s.plan, stdout);
	if (r == 0 && !s.plan.off) {
		report_log_unverified(&s.plan);
		groups_log(&s.groups);
	}
	if (s.plan.no_iommu)
		log_print(LOG_WARNING,
			"no device asked for has an IOMMU group: turn the IOMMU on in the firmware and with vfio-bootcfg --iommu");
	if (fflush(stdout) != 0) {
		(void)err_set(err, errno, "standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	if (r < 0)
		return CMD_CONFIG;
	return !s.profile_unknown && plan_is_whole(&s.plan) ? CMD_AS_ASKED : CMD_NOT_ALL;
}

enum cmd_result plan_run(int argc, char **argv, const struct boot_host *host, struct err *err)
{
	struct sysroot w = {
		.find = host ? host->find : NULL, .variants = host ? host->variants : NULL};
	static const struct command_info info = {
		.about = "Prints what boot will do with each device that is asked for, and why."};
	const char *profile = NULL;
	bool json = false, help = false;
	const struct option_row rows[] = {
		SYSROOT_OPTIONS(&w),
		{"profile", 0, "NAME", "plan for the profile NAME of the config, or none", &profile,
			NULL, NULL, NULL},
		{"json", 0, NULL, "print JSON instead of a table", NULL, &json, NULL, NULL},
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	enum cmd_result result;

	if (!command_parse(&info, rows, argc, argv, &help, NULL, &result, err))
		return result;
	void *record = NULL;
	result = CMD_SYSTEM;
	if (!host || host->record_open(&w, &record, err) == 0) {
		struct boot_switch b = sysroot_switch(&w);
		if (profile) {
			b.has_profile = true;
			(void)str_copy(b.profile, sizeof(b.profile), profile);
		}
		result = plan_show(&w, &b, json, host ? host->print_plan : plan_print, err);
	}
	if (host)
		host->record_close(record);
	return result;
}
