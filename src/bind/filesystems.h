/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BIND_FILESYSTEMS_H
#define BIND_FILESYSTEMS_H

#include "bind/hostdevs_search.h"

/* Needs what a mounted file system lies on: disks, a pool, layers, the network. */
void mount_look(struct hostdevs_search *f, const struct mount_row *m);

/* The same for the one on which an absolute path lies. */
void path_look(struct hostdevs_search *f, const char *path);

/* Needs the server of a network file system: what is mounted, and with which options. */
void need_server(struct hostdevs_search *f, const char *source, const char *options);

/* Is it one that comes over the network by its name alone? */
bool type_is_network(const char *type);

#endif
