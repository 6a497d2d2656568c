/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/known_trouble.h"

#include "base/kcmdline.h"

#include <stdint.h>

#define AMD 0x1002
#define INTEL 0x8086
#define NVIDIA 0x10de

/* A row's ids, the last one 0; its list may be shared. */
#define IDS (const uint16_t[])

/*
 * Chips whose reset is a procedure of their own, and their ids: those that the module vendor-reset
 * knows (src/device-db.h of gnif/vendor-reset). With it reset_method has device_specific.
 */
#define POLARIS                                                                                    \
	IDS                                                                                        \
	{                                                                                          \
		0x67c0, 0x67c1, 0x67c2, 0x67c4, 0x67c7, 0x67c8, 0x67c9, 0x67ca, 0x67cc, 0x67cf,    \
			0x67d0, 0x67df, 0x6fdf, 0x67e0, 0x67e1, 0x67e3, 0x67e7, 0x67e8, 0x67e9,    \
			0x67eb, 0x67ef, 0x67ff, 0x6980, 0x6981, 0x6985, 0x6986, 0x6987, 0x6995,    \
			0x6997, 0x699f, 0                                                          \
	}
#define VEGA                                                                                       \
	IDS                                                                                        \
	{                                                                                          \
		0x6860, 0x6861, 0x6862, 0x6863, 0x6864, 0x6867, 0x6868, 0x6869, 0x686a, 0x686b,    \
			0x686c, 0x686d, 0x686e, 0x686f, 0x687f, 0x66a0, 0x66a1, 0x66a2, 0x66a3,    \
			0x66a4, 0x66a7, 0x66af, 0                                                  \
	}
#define NAVI_1X                                                                                    \
	IDS                                                                                        \
	{                                                                                          \
		0x7310, 0x7312, 0x7318, 0x7319, 0x731a, 0x731b, 0x731e, 0x731f, 0x7340, 0x7341,    \
			0x7347, 0x734f, 0x7360, 0x7362, 0                                          \
	}

#define AMD_RESET                                                                                  \
	"after the VM ends the next one may find it dead until the host is powered off: install vendor-reset, write `before = vendor-reset` into [modules] and `reset = device_specific` into [device]"

struct row {
	struct known_trouble trouble;
	uint16_t vendor;
	const uint16_t *devices;
	const char *unless; /* a reset method with which the trouble is gone, or NULL */
};

static const struct row rows[] = {
	{{"amd-reset", "none of PCI's methods resets its Polaris chip", AMD_RESET, false}, AMD,
		POLARIS, "device_specific"},
	{{"amd-reset", "none of PCI's methods resets its Vega chip", AMD_RESET, false}, AMD, VEGA,
		"device_specific"},
	{{"amd-reset", "none of PCI's methods resets its Navi chip", AMD_RESET, false}, AMD,
		NAVI_1X, "device_specific"},
	/* Navi 10, 14, 21 and 23, without Apple's own boards: drivers of macOS refuse others
	 * (WhateverGreen, README: agdpmod). */
	{{"macos", "macOS shows no picture on a Navi card by itself",
		 "a macOS guest needs agdpmod=pikera among its boot arguments (WhateverGreen)",
		 true},
		AMD,
		IDS{0x7310, 0x7312, 0x731f, 0x7340, 0x7341, 0x7347, 0x734f, 0x73a3, 0x73a5, 0x73af,
			0x73bf, 0x73e3, 0x73ef, 0x73ff, 0},
		NULL},
	/* Navi 22, 24 and 31 to 33 are in no Macintosh (Dortania's GPU Buyers Guide, AMD). */
	{{"macos", "macOS has no driver for this Navi chip",
		 "a macOS guest has no acceleration with it; other guests do", true},
		AMD,
		IDS{0x73c3, 0x73df, 0x7421, 0x7422, 0x7423, 0x7424, 0x743f, 0x7448, 0x744c, 0x7470,
			0x747e, 0x7480, 0x7483, 0},
		NULL},
	/* NVIDIA Fabric Manager User Guide, "Virtualization Models". */
	{{"nvswitch", "is an NVSwitch: GPUs of its board work together only by it",
		 "a VM with such GPUs needs all NVSwitches of the board too and Fabric Manager in the guest, or a service VM that has the switches; one GPU alone needs none",
		 false},
		NVIDIA, IDS{0x1ac2, 0x1af1, 0x22a3, 0}, NULL},
	/* vfio_pci_dev_in_denylist in drivers/vfio/pci/vfio_pci.c; drivers/crypto/intel/qat. */
	{{"qat", "is the physical function of a QuickAssist accelerator",
		 "a guest can crash the host with it: let its driver have it, and give VMs its virtual functions",
		 false},
		INTEL, IDS{0x0435, 0x19e2, 0x37c8, 0x4940, 0x4942, 0x4944, 0x4946, 0}, NULL},
};

static const struct known_trouble bmc = {"bmc", "is a management controller's display",
	"the remote console of this machine shows nothing while a VM has it", false};

static bool concerns(const struct row *row, const struct device *d, const char *reset)
{
	if (d->error < 0 || row->vendor != d->id.vendor ||
		(row->unless && kcmdline_has(reset, row->unless)))
		return false;
	for (const uint16_t *id = row->devices; *id; id++)
		if (*id == d->id.device)
			return true;
	return false;
}

const struct known_trouble *known_trouble_next(
	const struct device *d, const char *reset, size_t *at)
{
	const size_t n = sizeof(rows) / sizeof(*rows);

	while (*at < n) {
		const struct row *row = &rows[(*at)++];
		if (concerns(row, d, reset))
			return &row->trouble;
	}
	return (*at)++ == n && device_is_bmc_display(d) ? &bmc : NULL;
}

bool known_trouble_is_arc_audio(const struct device *d)
{
	return d->id.vendor == INTEL && d->id.device >= 0x4f90 && d->id.device <= 0x4f92;
}
