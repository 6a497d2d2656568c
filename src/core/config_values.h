/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CONFIG_VALUES_H
#define CORE_CONFIG_VALUES_H

#include "core/config.h"

/*
 * The values of the config, one word each. Each returns true and fills *ret (the caller sets line,
 * text and exclude), or false with what is wrong and what is expected in err.
 */
bool parse_id(const char *word, struct selector *ret, struct err *err);
bool parse_address(const char *word, struct selector *ret, struct err *err);
bool parse_path(const char *word, struct selector *ret, struct err *err);
bool parse_serial(const char *word, struct selector *ret, struct err *err);

/* One that is not reserved; len bytes of name. */
bool parse_profile_name(const char *name, size_t len, struct err *err);

bool parse_rebar(const char *word, struct rebar *ret, struct err *err);

/* A name as the kernel's reset_method has them; which ones there are, the device says. */
bool parse_reset(const char *word, struct err *err);

/* The name or number of a user or a group; whether there is one, only the host knows. */
bool parse_account(const char *word, struct err *err);

/* Three octal digits, a 0 before them or not. */
bool parse_mode(const char *word, unsigned short *ret, struct err *err);

#define DRIVER_AUTO "auto" /* the one that the kernel's aliases name: core/variant */

/*
 * auto, vfio-pci, none, or a variant driver: each of those has "vfio" in its name. *ret is the name
 * that the driver has in sysfs, which driver_override compares: a module's file may be called
 * mlx5-vfio-pci, its driver is mlx5_vfio_pci.
 */
bool parse_driver(const char *word, char ret[static DRIVER_NAME_MAX], struct err *err);

/* A module's name, and "name=value" for a module; neither may contain a quote or a backslash. */
bool parse_module(const char *word, struct err *err);
bool parse_option(const char *word, struct err *err);

#endif
