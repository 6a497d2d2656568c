# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make                  build/vfio-bind, build/vfio-bootcfg and build/vfio-bind-boot, the program of the image
#   make demo             see it work: a VM booted without and with vfio-bind
#   make check            every test; installs what the tests need first (NO_INSTALL=1: only names it)
#   make install          the whole of it; DESTDIR=, PREFIX=
#   make CROSS=PREFIX-    for another machine (CROSS=aarch64-linux-gnu-), by its tools
#   make help             all of this and the rest

# ---- settings: make NAME=VALUE ------------------------------------------------------------------
CC           ?= cc
CLANG        ?= clang
# Another machine's tools: CROSS=aarch64-linux-gnu- is CC, AR and OBJCOPY of that name, and of pkg-config where there is one.
# The libraries of that machine are where its compiler and pkg-config look: Debian's packages NAME:arm64, or a tree named
# by CPPFLAGS, PKG_CONFIG_LIBDIR, PKG_CONFIG_SYSROOT_DIR and CC='aarch64-linux-gnu-gcc -B/TREE/usr/lib/aarch64-linux-gnu'.
CROSS        ?=
ifneq ($(CROSS),)
ifeq ($(origin CC),default)
CC           = $(CROSS)gcc
endif
ifeq ($(origin AR),default)
AR           = $(CROSS)ar
endif
endif
OBJCOPY      ?= $(CROSS)objcopy
PKG_CONFIG   ?= $(or $(if $(CROSS),$(shell command -v $(CROSS)pkg-config)),pkg-config)
# What each compiler calls small: clang's -Os is a good deal larger.
CFLAGS       ?= $(if $(findstring clang,$(CC)),-Oz,-Os) -g
LDFLAGS      ?=
BUILD        ?= build
# yes: vfio-bind-boot is static, as an initramfs wants it.  no: shared libkmod and inih for it, too
STATIC       ?= yes
# The C library of a static vfio-bind-boot: musl makes it a quarter of the size. musl wants musl-gcc, and the sources of
# kmod, xz, zstd and inih: KMOD_SRC, XZ_SRC, ZSTD_SRC and INIH_SRC, or through apt
LIBC         ?= $(if $(CROSS)$(findstring clang,$(CC)),glibc,$(if $(shell command -v musl-gcc),musl,glibc))
# Where a static libkmod comes from; neither: kmod's source package through apt (tools/kmod-static)
KMOD_STATIC_LIB ?=
KMOD_SRC     ?=
XZ_SRC       ?=
ZSTD_SRC     ?=
INIH_SRC     ?=
# A directory with the archives that tools/vendor.sha256 names, checked and unpacked: the four of them at once, offline
VENDOR       ?=
# Stripped size of a static vfio-bind-boot that a build may not exceed, in bytes
SIZE_MAX     ?= $(if $(filter musl,$(LIBC)),330000,1000000)
# no: programs keep their symbols, for packages that split them off
STRIP        ?= yes
# yes: warnings are errors (make check-cc sets it)
WERROR       ?= no
# 1: a test that had to be skipped is a failure.   1: name missing packages, install nothing
MUST_WORK    ?=
NO_INSTALL   ?=
V            ?=
# Generators of initramfs images look for hooks below /usr only, so /usr/local would not work
PREFIX       ?= /usr
SYSCONFDIR   ?= /etc
DESTDIR      ?=

# What the programs say they are; the packages of packaging/ are of the same (make check-tools).
VERSION = 0.2.0

# ---- what the programs are made of: folders -----------------------------------------------------
objects = $(patsubst src/%.c,%,$(sort $(foreach folder,$(1),$(wildcard src/$(folder)/*.c))))

all_boot        = $(call objects,boot core pci base)
# boot/pool is malloc for musl's quick processes; glibc's stays.
boot_objects    = $(if $(filter yes-musl,$(STATIC)-$(LIBC)),$(all_boot),$(filter-out boot/pool,$(all_boot)))
bind_objects    = $(filter-out boot/main boot/pool,$(all_boot)) $(call objects,host shared cli)
# /etc/vfio-bind.conf is read by one parser.
bootcfg_objects = $(call objects,bootcfg bootcfg/kargs bootcfg/format bootcfg/loader shared base) \
	core/config core/config_values core/profile pci/address pci/id

programs = $(BUILD)/vfio-bind $(BUILD)/vfio-bootcfg $(BUILD)/vfio-bind-boot
manuals  = $(if $(shell command -v scdoc),$(patsubst %.scd,$(BUILD)/%,$(wildcard man/*.scd)))

.PHONY: all
all: $(programs) $(BUILD)/vfio-bind.service $(manuals) $(BUILD)/vfio-bind.spdx.json

# ---- flags --------------------------------------------------------------------------------------
WARNINGS = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wformat=2 -Wvla \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef $(if $(filter yes,$(WERROR)),-Werror)
# The checks of the C library: the strictest level that it has (3 from glibc 2.35 on), unless the caller's flags name one.
fortify := $(shell echo '\#include <stdlib.h>' | $(CC) -O -Werror -D_FORTIFY_SOURCE=3 -E -x c - >/dev/null 2>&1 && echo 3 || echo 2)
FORTIFY  = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-D_FORTIFY_SOURCE=$(fortify))
HARDEN   = -fstack-protector-strong -fstack-clash-protection $(FORTIFY)
# Beside these, in what runs on the host and not at boot, where each instruction counts: no stack variable begins with
# what was there before, and jumps land only where one may (notes IBT and SHSTK, or BTI and PAC).
try      = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo '$(1)')
host_harden := $(call try,-ftrivial-auto-var-init=zero) $(or $(call try,-fcf-protection=full),$(call try,-mbranch-protection=standard))
HOST_HARDEN = $(HARDEN) $(host_harden)
LEAN     = -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
COMPILE  = -std=gnu11 -D_GNU_SOURCE -DVERSION=\"$(VERSION)\" -Isrc -MMD -MP $(WARNINGS) $(SAME) $(CPPFLAGS)
# The same sources make the same bytes, wherever they stand and wherever they are built.
SAME     = -ffile-prefix-map=$(CURDIR)=. $(kmod_flags:-I%=-ffile-prefix-map=%=kmod/)
LINK     = -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,--fatal-warnings
# Relative relocations packed (DT_RELR) where the linker can: 35 kB less to load at boot.
RELR     = $(if $(shell $(CC) -Wl,--help 2>/dev/null | grep -o pack-relative-relocs),-Wl$(,)-z$(,)pack-relative-relocs)
,       := ,

kmod_libs  = $(shell $(PKG_CONFIG) --libs libkmod inih)
bind_libs  = $(kmod_libs) -lmount $(shell $(PKG_CONFIG) --libs json-c libpci smartcols expat)
bind_needs = ini.h - libinih-dev libkmod.h - libkmod-dev libmount/libmount.h - libmount-dev \
	json-c/json.h - libjson-c-dev pci/pci.h - libpci-dev libsmartcols/libsmartcols.h - libsmartcols-dev \
	expat.h - libexpat1-dev
shared_flags = $(shell $(PKG_CONFIG) --cflags libkmod inih)
boot_dir   = obj
ifeq ($(STATIC)-$(LIBC),yes-musl)
kmod_lib   = $(BUILD)/musl/libkmod.a
kmod_flags = $(shared_flags)
musl_dir   = $(patsubst %/musl-gcc.specs,%,$(shell grep -o '/[^ "]*/musl-gcc.specs' "$$(command -v musl-gcc)"))
boot_dir   = musl-obj
boot_flags = -isystem $(BUILD)/musl/include -ffile-prefix-map=$(BUILD)/musl=musl
boot_libs  = $(kmod_lib) $(BUILD)/musl/libimage.a -L$(musl_dir) -lc $(shell $(CC) -print-libgcc-file-name) $(musl_dir)/crtn.o
# musl-gcc -static-pie would make a dynamic program: the start files by hand.
boot_link  = -static-pie -nostdlib -Wl,--no-eh-frame-hdr $(musl_dir)/rcrt1.o $(musl_dir)/crti.o
boot_needs = stdio.h - libc6-dev
else ifeq ($(STATIC)-$(LIBC),yes-glibc)
boot_dir   = boot-obj
kmod_lib   = $(or $(KMOD_STATIC_LIB),$(BUILD)/kmod/libkmod.a)
kmod_flags = -I$(dir $(kmod_lib))
# Beside the library. In all other cases what is not of the image's program has the system's.
kmod_header = $(kmod_lib)
boot_libs  = $(kmod_lib) -linih -llzma -lzstd
boot_link  = -static-pie $(RELR) -Wl,--no-eh-frame-hdr,-T,tools/no-unwind.ld
boot_no_unwind = $(BUILD)/obj/no-unwind.o
boot_needs = ini.h libinih.a libinih-dev lzma.h liblzma.a liblzma-dev zstd.h libzstd.a libzstd-dev
else ifeq ($(STATIC),no)
kmod_lib   =
kmod_flags = $(shared_flags)
boot_libs  = $(kmod_libs)
boot_link  = -pie
boot_needs = ini.h - libinih-dev libkmod.h - libkmod-dev
else
$(error STATIC=$(STATIC) LIBC=$(LIBC): yes or no, musl or glibc)
endif
bootcfg_libs  = -lblkid -lmount $(shell $(PKG_CONFIG) --libs inih json-c smartcols)
bootcfg_needs = blkid/blkid.h - libblkid-dev libmount/libmount.h - libmount-dev ini.h - libinih-dev \
	json-c/json.h - libjson-c-dev libsmartcols/libsmartcols.h - libsmartcols-dev

ifneq ($(VENDOR),)
vendored = $(BUILD)/vendor/complete
$(vendored): tools/vendor tools/vendor.sha256
	tools/vendor '$(VENDOR)' $(BUILD)/vendor
KMOD_SRC = $(BUILD)/vendor/kmod
XZ_SRC   = $(BUILD)/vendor/xz-utils
ZSTD_SRC = $(BUILD)/vendor/libzstd
INIH_SRC = $(BUILD)/vendor/libinih
endif

# Quiet rules: $(call say,WHAT) before the command, which V=1 shows instead.
say = $(if $(V),,@printf '  %-8s %s\n' $(1) '$(@:$(BUILD)/%=%)' &&)

# ---- building -----------------------------------------------------------------------------------
# A program is linked again when a source comes or goes.
$(BUILD)/%.objects: FORCE
	@mkdir -p $(BUILD)
	@echo '$($*_objects)' | cmp -s - $@ || echo '$($*_objects)' >$@
$(BUILD)/vfio-bind: $(BUILD)/bind.objects
$(BUILD)/vfio-bind-boot: $(BUILD)/boot.objects
$(BUILD)/vfio-bootcfg: $(BUILD)/bootcfg.objects

$(BUILD)/vfio-bind: $(bind_objects:%=$(BUILD)/obj/%.o)
$(BUILD)/vfio-bind: link = -pie
$(BUILD)/vfio-bind: libs = $(bind_libs)
$(BUILD)/vfio-bind-boot: $(boot_objects:%=$(BUILD)/$(boot_dir)/%.o) $(boot_no_unwind) $(kmod_lib)
$(BUILD)/vfio-bind-boot: link = $(boot_link)
$(BUILD)/vfio-bind-boot: libs = $(boot_libs)
$(BUILD)/vfio-bootcfg: $(bootcfg_objects:%=$(BUILD)/obj/%.o)
$(BUILD)/vfio-bootcfg: link = -pie
$(BUILD)/vfio-bootcfg: libs = $(bootcfg_libs)

# What runs is stripped; build/debug/ has the same program with its symbols, for gdb and callgrind.
$(programs): $(BUILD)/%: $(BUILD)/flags tools/check-elf
	@mkdir -p $(BUILD)/debug
	$(call say,LINK)$(CC) $(CFLAGS) -fPIE $(link) $(LINK) $(LDFLAGS) \
		$(filter %.o,$^) $(libs) $(LDLIBS) -o $(BUILD)/debug/$*
	$(if $(V),,@)$(if $(filter no,$(STRIP)),cp,$(OBJCOPY) --strip-all) $(BUILD)/debug/$* $@.new
	$(if $(V),,@)tools/check-elf $(if $(findstring -static-pie,$(link)),--static --size-max=$(SIZE_MAX)) $@.new
	$(if $(V),,@)mv $@.new $@

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(COMPILE) $(kmod_flags) $(HOST_HARDEN) $(LEAN) $(CFLAGS) -fPIE -c $< -o $@

$(BUILD)/musl-obj/%.o: src/%.c $(BUILD)/flags $(BUILD)/musl/libkmod.a
	@mkdir -p $(@D)
	$(call say,CC)musl-gcc $(COMPILE) $(boot_flags) $(HARDEN) $(LEAN) $(CFLAGS) -fPIE -c $< -o $@

# With glibc, where musl is not at hand: for size alone, most of which is glibc's.
$(BUILD)/boot-obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(COMPILE) $(kmod_flags) $(HARDEN) $(LEAN) $(CFLAGS) -fPIE -c $< -o $@

# What runs once for each function of the machine, before any is reserved, and in `list`.
each_function = base/str pci/address pci/id pci/sysfs
$(each_function:%=$(BUILD)/musl-obj/%.o) $(each_function:%=$(BUILD)/obj/%.o) $(BUILD)/obj/shared/term.o: CFLAGS += -O2

$(BUILD)/obj/no-unwind.o: tools/no-unwind.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(COMPILE) $(HARDEN) $(LEAN) $(CFLAGS) -fPIE -c $< -o $@

# A program's first object waits for its libraries to be there, so that what is missing is told in
# one line and not by the compiler.
$(boot_objects:%=$(BUILD)/$(boot_dir)/%.o): | $(BUILD)/have-boot $(kmod_lib)
$(bind_objects:%=$(BUILD)/obj/%.o): | $(BUILD)/have-bind $(kmod_header)
$(bootcfg_objects:%=$(BUILD)/obj/%.o): | $(BUILD)/have-bootcfg
$(BUILD)/have-%: $(BUILD)/flags tools/have
	$(if $(V),,@)CC='$(CC)' CPPFLAGS='$(CPPFLAGS) $(if $(KMOD_STATIC_LIB),,$(filter -I%,$(kmod_flags)))' tools/have $($*_needs) && touch $@

# Other flags or another compiler: everything is built again.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(COMPILE) $(kmod_flags) $(HOST_HARDEN) $(CFLAGS) $(boot_link) $(LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(COMPILE) $(kmod_flags) $(HOST_HARDEN) $(CFLAGS) $(boot_link) $(LDFLAGS)' >$@
FORCE:

# The one step that uses the network (unless KMOD_SRC or KMOD_STATIC_LIB is given).
$(BUILD)/kmod/libkmod.a: tools/kmod-static tools/fetch-source $(vendored)
	$(if $(filter install,$(MAKECMDGOALS)),@echo "libkmod is not there yet and install fetches nothing: run 'make' first" >&2; exit 1)
	$(call say,KMOD)KMOD_SRC='$(KMOD_SRC)' CC='$(CC) $(CPPFLAGS)' AR='$(AR)' OBJCOPY='$(OBJCOPY)' CFLAGS='$(CFLAGS) -fPIE $(HARDEN) $(LEAN) -ffile-prefix-map=$(CURDIR)=.' \
		tools/kmod-static $(BUILD)

$(BUILD)/musl/libkmod.a: tools/musl-libs tools/kmod-static tools/fetch-source $(vendored)
	$(if $(filter install,$(MAKECMDGOALS)),@echo "libkmod is not there yet and install fetches nothing: run 'make' first" >&2; exit 1)
	$(call say,MUSL)CFLAGS='$(CFLAGS) -fPIE $(HARDEN) $(LEAN)' KMOD_SRC='$(KMOD_SRC)' XZ_SRC='$(XZ_SRC)' ZSTD_SRC='$(ZSTD_SRC)' \
		INIH_SRC='$(INIH_SRC)' tools/musl-libs $(BUILD)

# `vfio-bind image` takes it from beside vfio-bind-boot, here as where both are installed.
$(BUILD)/vfio-bind.service: systemd/initrd/vfio-bind.service
	$(if $(V),,@)mkdir -p $(@D) && cp $< $@

# What the programs are made of, for who has to know: SPDX. It has the time of the newest commit, too.
$(BUILD)/vfio-bind.spdx.json: tools/sbom $(programs) FORCE
	$(if $(V),,@)tools/sbom $(BUILD) $(VERSION) >$@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Columns of a table are narrow: a line of theirs is not stretched to the edge.
$(BUILD)/man/%: man/%.scd
	@mkdir -p $(@D)
	$(call say,MAN){ printf "'\\\\\" t\n"; scdoc <$< | sed '/T{$$/a.na'; } >$@.new && mv $@.new $@

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/musl-obj/*/*.d $(BUILD)/boot-obj/*/*.d)

.PHONY: help
help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile
	@printf '%s\n' '' \
		'make install-mkinitcpio | install-dracut | install-initramfs-tools   programs and one hook' \
		'make uninstall             all that install put there, but the config' \
		'make clean | distclean     keep what came over the network | keep nothing' \
		'make format | lint         clang-format | every reader of sources' \
		'make fuzz SECONDS=60       each fuzzer for so long' \
		'make bench                 figures against their limits' \
		'make check-faults-all      each way to fail, its machines booted' \
		'make check-inuse           disks that something in the kernel holds, on a running system' \
		'make check-image-any       the archive of vfio-bind image with images that know nothing of it' \
		'make check-ansible         the role of examples/ansible, by the Ansible of two Debians' \
		'make check-arm64           cross-built, and booted behind an SMMU on three kernels' \
		'make check-display         the boot display: machines and configs on three kernels' \
		'make check-vm              VMs of a real libvirtd, which needs root' \
		'make check-tpm             registers of a TPM before and after an edit, of four ways to boot' \
		'make check-durability      power losses during edits on ext4, xfs and btrfs; what shows that each fsync is needed' \
		'make compare BASE=COMMIT   the JSON of all commands, against that of another commit' \
		'make check-mutants         can the tests fail? small changes of the sources, half an hour' \
		'make check-offline         what a package tests while it is built: no network, no root, a minute' \
		'make check-packages        the packages of packaging/, built in a clean Debian' \
		'make dist | release        the archive of the newest commit | and what a release has beside it' \
		'make check-NAME            one suite: $(suites)'

include tests/tests.mk
include tools/install.mk
