/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CORE_CONFIG_VALUES_H
#define CORE_CONFIG_VALUES_H

#include "core/config.h"

/*
 * The values of the config, one word each. All return true and fill *ret (whose line, text and
 * exclude are the caller's), or false with what is wrong and what to write instead in err.
 */
bool parse_id(const char *word, struct selector *ret, struct err *err);
bool parse_address(const char *word, struct selector *ret, struct err *err);
bool parse_path(const char *word, struct selector *ret, struct err *err);
bool parse_serial(const char *word, struct selector *ret, struct err *err);

bool parse_rebar(const char *word, struct rebar *ret, struct err *err);

/* vfio-pci, none, or a variant driver: every one of them has "vfio" in its name. */
bool parse_driver(const char *word, struct err *err);

/* A module's name, and "name=value" as a module takes it; neither may carry a quote or a slash. */
bool parse_module(const char *word, struct err *err);
bool parse_option(const char *word, struct err *err);

#endif
