/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "base/err.h"
#include "pci/address.h"
#include "pci/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH "/etc/vfio-bind.conf"
#define CONFIG_MAX 65536     /* bytes of a whole file */
#define CONFIG_LINE_MAX 198  /* bytes of a line: what fits any build of inih (INI_MAX_LINE 200) */
#define CONFIG_ERRORS_MAX 64 /* more are counted, not kept */

#define SELECTOR_TEXT_MAX 80
#define PCI_PATH_MAX 8
#define DRIVER_NAME_MAX 32
#define REBAR_MAX 6

enum selector_kind { SELECT_ID, SELECT_ADDRESS, SELECT_PATH, SELECT_SERIAL, SELECT_GPUS };

/* One value of [bind] or [exclude]: what is asked for, and where it stands. */
struct selector {
	enum selector_kind kind;
	bool exclude;
	unsigned line;
	char text[SELECTOR_TEXT_MAX]; /* as it was written */
	struct pci_id id; /* SELECT_ID; of the others what stands behind '=', if has_id */
	bool has_id;
	bool any_function;    /* "0a:00.*", and the last step of a path */
	struct pci_addr addr; /* SELECT_ADDRESS */
	uint64_t serial;
	/* SELECT_PATH: the bridges on the root bus and below, then the device, as device.function.
	 */
	uint32_t domain;
	uint8_t bus;
	unsigned steps;
	struct {
		uint8_t device, function;
	} step[PCI_PATH_MAX];
};

/* [device ADDRESS] */
struct device_settings {
	struct pci_addr addr;
	unsigned line;
	char driver[DRIVER_NAME_MAX]; /* "" where not set */
	struct rebar {
		uint8_t bar, size; /* resourceN_resize: exponent of the size in MiB */
	} rebar[REBAR_MAX];
	unsigned rebars;
};

/* Everything /etc/vfio-bind.conf says, with every default filled in. */
struct config {
	const char *path; /* that it is told by, by reference */
	const char *file; /* where it lies, by reference: the path, but for one of a record */
	struct selector *selectors;
	size_t n_selectors, size_selectors;
	struct device_settings *settings;
	size_t n_settings, size_settings;
	bool companions;
	bool may_take_boot_vga;
	bool may_take_last_display;
	bool may_take_network;  /* the NIC of the host's default route */
	bool may_take_keyboard; /* where a passphrase may be typed */
	bool strict_groups;
	bool hold_on_failure;
	unsigned failed_boots; /* after so many of them a boot stands down; 0: never */
	bool load_efivarfs;    /* the module, where the kernel can't count them without it */
	bool load_in_background;
	char **before; /* modules to load first, in order */
	size_t n_before, size_before;
	char options[CONFIG_LINE_MAX + 1]; /* module options for vfio-pci, "a=1 b=2" */

	char **errors; /* "FILE:LINE: what, and what to write instead", in the file's order */
	size_t n_errors, size_errors;
	size_t more_errors; /* found behind CONFIG_ERRORS_MAX */
	bool no_memory;
	bool unread;  /* not one byte was taken: it is not there, no file, too large, or not root's
		       */
	bool missing; /* it is not there */
};

/*
 * Parses a whole file's bytes (data[len] is a NUL that does not belong to it). Returns 0, -EINVAL
 * with all errors in the config, or -ENOMEM. A config with errors must not be acted on. To be
 * emptied with config_done in each case.
 */
int config_parse(struct config *ret, const char *path, const char *data, size_t len) _must_check_;

/*
 * Reads and parses the file; what can't be read is one error in the config, and -errno. With
 * `to_do` (it says what is done as root, and was not named by who runs this only to look) so is one
 * that others than root (and whoever runs this) may have written: see file_read_trusted.
 */
int config_read(struct config *ret, const char *path, bool to_do) _must_check_;

/* The same for one that lies in a record of a machine, and is told by the path it had there. */
int config_read_copy(struct config *ret, const char *file, const char *path) _must_check_;

void config_done(struct config *c);

/* The settings for one function, or NULL. */
const struct device_settings *config_settings(const struct config *c, struct pci_addr addr);

/* Is the config one of addresses, functions and paths alone, so that nothing has to be searched? */
bool config_must_search(const struct config *c);

#endif
