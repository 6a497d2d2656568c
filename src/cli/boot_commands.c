/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot/boot.h"
#include "cli/bind_args.h"
#include "cli/cmd.h"
#include "cli/plan_table.h"
#include "cli/sysroot.h"
#include "host/hostdevs.h"
#include "host/variants.h"

#include <errno.h>
#include <stdlib.h>

static int record_open(struct sysroot *w, void **ret, struct err *err)
{
	struct sysroot_record *record = malloc(sizeof(*record));

	if (!record)
		return err_set(err, ENOMEM, "out of memory");
	*ret = record;
	return sysroot_unfold(w, record, err);
}

static void record_close(void *record)
{
	if (record)
		sysroot_done(record);
	free(record);
}

static int refuse_in_use(struct plan *p, struct sysfs *s, bool live, struct err *err)
{
	return held_refuse(p, s, (struct held_rules){.live = live}, err);
}

/* What this host can do beyond the program of an image. */
static const struct boot_host host = {.find = hostdevs_find,
	.variants = variants_of_host,
	.record_open = record_open,
	.record_close = record_close,
	.print_plan = plan_table_print,
	.refuse_in_use = refuse_in_use};

enum cmd_result cmd_boot(int argc, char **argv, struct err *err)
{
	return boot_run(argc, argv, &host, err);
}

enum cmd_result cmd_plan(int argc, char **argv, struct err *err)
{
	return plan_run(argc, argv, &host, err);
}

enum cmd_result cmd_hotplug(int argc, char **argv, struct err *err)
{
	return hotplug_run(argc, argv, &host, err);
}
