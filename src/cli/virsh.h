/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_VIRSH_H
#define CLI_VIRSH_H

#include "base/err.h"
#include "base/str.h"
#include "base/strings.h"

#include <stdbool.h>

/* The system's libvirt, which runs the VMs that get PCI devices. */
#define VIRSH_SYSTEM "qemu:///system"

/*
 * Domains of libvirt, by virsh(1), which is given at most 30 seconds for each question. `uri` is
 * the connection. Each returns 0; -ENOENT if virsh is not installed; -ENXIO, with virsh's words, if
 * it fails: the connection, or no domain of this name; or another negative errno.
 */
int virsh_names(const char *uri, struct strings *ret, struct err *err) _must_check_;

/* The persistent config, with its passwords, as XML. */
int virsh_read(const char *uri, const char *name, struct text *ret, struct err *err) _must_check_;

/* Replaces it. */
int virsh_define(const char *uri, const struct text *xml, struct err *err) _must_check_;

/* 1 if the domain runs now, or is paused. */
int virsh_runs(const char *uri, const char *name, struct err *err) _must_check_;

#endif
