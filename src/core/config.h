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
#define CONFIG_LINE_MAX 198  /* bytes of a line: fits any build of inih (INI_MAX_LINE 200) */
#define CONFIG_ERRORS_MAX 64 /* more are counted, not stored */

#define SELECTOR_TEXT_MAX 80
#define PCI_PATH_MAX 8
#define DRIVER_NAME_MAX 32
#define REBAR_MAX 6
#define RESET_METHODS_MAX                                                                          \
	64 /* bytes of all names; those of Linux 7.0 have 46 with their blanks                     \
	    */

#define ACCOUNT_NAME_MAX 33 /* LOGIN_NAME_MAX is 256; useradd and groupadd take 32 */
#define PROFILE_NAME_MAX 33 /* 32 characters of a to z, 0 to 9 and - */
#define PROFILES_MAX 16
#define PROFILE_NONE "none" /* reserved: binds nothing */

enum selector_kind { SELECT_ID, SELECT_ADDRESS, SELECT_PATH, SELECT_SERIAL, SELECT_GPUS };

/* One value of [bind] or [exclude], or of a profile in their place, with its line. */
struct selector {
	enum selector_kind kind;
	bool exclude;
	uint8_t profile; /* 0: of [bind], [exclude]; else a number in `profiles`, from 1 on */
	unsigned line;
	char text[SELECTOR_TEXT_MAX]; /* as written */
	struct pci_id id;             /* SELECT_ID; for others the id after '=', if has_id */
	bool has_id;
	bool any_function;    /* "0a:00.*", and the last step of a path */
	struct pci_addr addr; /* SELECT_ADDRESS */
	uint64_t serial;
	/* SELECT_PATH: the bridges from the root bus down, then the device, as device.function. */
	uint32_t domain;
	uint8_t bus;
	unsigned steps;
	struct {
		uint8_t device, function;
	} step[PCI_PATH_MAX];
};

/* [device ADDRESS], or of a profile, which overrides it key by key */
struct device_settings {
	struct pci_addr addr;
	uint8_t profile; /* as in struct selector */
	unsigned line;
	char driver[DRIVER_NAME_MAX]; /* "" if not set */
	struct rebar {
		uint8_t bar, size; /* resourceN_resize: exponent of the size in MiB */
	} rebar[REBAR_MAX];
	unsigned rebars;
	char reset[RESET_METHODS_MAX]; /* as reset_method takes it: "flr bus"; "" if not set */
	enum { D3COLD_UNSET, D3COLD_YES, D3COLD_NO } d3cold;
	/* Of the nodes by which a VM opens it, set by udev on the host (host/access_rules). */
	char owner[ACCOUNT_NAME_MAX], group[ACCOUNT_NAME_MAX]; /* names or numbers; "" if not set */
	unsigned short mode;                                   /* if has_mode */
	bool has_mode;
};

/* [profile NAME]: what a boot binds in place of what [bind] and [exclude] say (core/profile). */
struct profile {
	char name[PROFILE_NAME_MAX];
	unsigned line;    /* of its first section */
	bool has_bind;    /* [profile NAME] itself was read */
	bool has_exclude; /* [profile NAME exclude] was */
	bool companions;
};

/* The content of /etc/vfio-bind.conf, with all defaults filled in. */
struct config {
	const char *path; /* its path in messages, by reference */
	const char *file; /* the file that is read, by reference: the same path, except for a
			   * recorded one */
	/* The first n_selectors are in effect; those of other profiles are behind them. */
	struct selector *selectors;
	size_t n_selectors, n_all_selectors, size_selectors;
	struct device_settings *settings; /* of all profiles, for config_settings */
	size_t n_settings, size_settings;
	struct device_settings *merged; /* those that the profile in effect overrides */
	size_t n_merged;
	struct profile *profiles;
	size_t n_profiles, size_profiles;
	char default_profile[PROFILE_NAME_MAX]; /* [profiles] default, or "" */
	/* The name of the profile in effect, PROFILE_NONE included; "": [bind] is. */
	char profile[PROFILE_NAME_MAX];
	bool companions;
	bool bind_companions; /* of [bind] */
	bool may_take_boot_vga;
	bool may_take_last_display;
	bool may_take_network;  /* the NIC of the host's default route */
	bool may_take_keyboard; /* the keyboard for a passphrase */
	bool strict_groups;
	bool hold_on_failure;
	unsigned failed_boots; /* after so many of them nothing is bound; 0: never */
	bool load_efivarfs;    /* load the module, if the kernel cannot count boots without it */
	bool load_in_background;
	char **before; /* modules to load first, in order */
	size_t n_before, size_before;
	char options[CONFIG_LINE_MAX + 1]; /* module options for vfio-pci, "a=1 b=2" */

	char **errors; /* "FILE:LINE: what, and what to write instead", in the file's order */
	size_t n_errors, size_errors;
	size_t more_errors; /* found after CONFIG_ERRORS_MAX */
	bool no_memory;
	bool unread;  /* nothing was read: missing, not a file, too large, or not trusted */
	bool missing; /* the file does not exist */
};

/*
 * Parses a whole file's bytes (data[len] is a NUL that does not belong to it). Returns 0, -EINVAL
 * with all errors in the config, or -ENOMEM. A config with errors must not be acted on. In effect
 * is the default profile (profile_choose). The caller empties it with config_done in each case.
 */
int config_parse(struct config *ret, const char *path, const char *data, size_t len) _must_check_;

/* The same for a text of our own, which may name each device of a large machine. */
int config_parse_own(
	struct config *ret, const char *name, const char *data, size_t len) _must_check_;

/*
 * Reads and parses the file; a file that cannot be read is one error in the config, and -errno.
 * With `to_do` (root acts on the config, it is not only displayed) a file that users other than
 * root (and the caller) may have written is an error, too: see file_read_trusted.
 */
int config_read(struct config *ret, const char *path, bool to_do) _must_check_;

/* The same for a config in a record of a machine; messages have the path it had there. */
int config_read_copy(struct config *ret, const char *file, const char *path) _must_check_;

void config_done(struct config *c);

/* The settings for one function under the profile in effect, or NULL. */
const struct device_settings *config_settings(const struct config *c, struct pci_addr addr);

/* True if the config has a selector to bind other than addresses and paths, so that all devices
 * must be listed. */
bool config_must_search(const struct config *c);

#endif
