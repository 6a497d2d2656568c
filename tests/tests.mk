# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that judges the tree. Each suite is a target check-NAME that prints lines of the
# protocol in tests/run ("ok - name"); `make check` runs them all through it.

# ---- the suites, in the order in which they begin: what is quick, then the longest, beside which the others run. One
# whose files are not in the tree is not in the list. --------------------------------------------------------------
suites = lint layers cc \
	$(if $(wildcard tests/boot/run),boot) tools kmod \
	$(if $(wildcard tests/unit/*.c),unit) \
	$(if $(wildcard fuzz/*.c),corpus) \
	$(if $(wildcard tests/bootcfg/run),bootcfg) \
	$(if $(wildcard tests/bench/run),bench) \
	$(if $(wildcard tests/boot/run),standdown) \
	$(if $(wildcard tests/boot/hands),hands) \
	$(if $(wildcard tests/images/run),images) \
	$(if $(wildcard tests/bench/faults),faults)
# It judges the machines of that one.
after_faults = boot

.PHONY: test-programs check-faults-all check-images-all check-mkinitcpio check-packages dist deps check lint format demo bench fuzz $(suites:%=check-%)

# Only what is missing; nothing at all when all is there.
deps:
	@NO_INSTALL='$(NO_INSTALL)' tools/deps build test lint boot images

# What several suites run is built before them, once: two that begin at a time would both build it. Where it can't be, a
# suite says so.
check: deps
	-@$(MAKE) --no-print-directory -k -j$(shell nproc) all test-programs
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@MUST_WORK='$(MUST_WORK)' MAKE='$(MAKE)' tests/run $(BUILD)/check \
		$(foreach suite,$(suites),$(suite)$(after_$(suite):%=:%))

demo:
	@NO_INSTALL='$(NO_INSTALL)' tools/deps build boot
	@$(MAKE) --no-print-directory all
	@tests/boot/demo

# What the README shows; tests/unit/docs holds it to the program.
.PHONY: pictures
pictures: all
	COLUMNS=80 $(BUILD)/vfio-bind list --sysfs tests/unit/trees/two-cards --color always | tools/picture 'vfio-bind list' >docs/list.svg

# ---- reading ------------------------------------------------------------------------------------
c_files  = $(sort $(wildcard src/*/*.[ch] src/*/*/*.[ch] tests/*/*.[ch] fuzz/*.[ch] tools/*.c))
sh_files = $(shell tools/shell-files)

format:
	clang-format -i $(c_files)

lint check-lint: $(kmod_lib)
	@tools/lint

check-layers:
	@tools/check-layers .
	@$(if $(unlisted),echo 'not ok - layers: in no program: $(unlisted)'; exit 1,\
		echo 'ok - layers: every source is part of a program')
unlisted = $(filter-out $(sort $(all_boot) $(bind_objects) $(bootcfg_objects)),$(patsubst src/%.c,%,$(wildcard src/*/*.c src/*/*/*.c)))

# The whole tree by both compilers, every warning an error, and by both C libraries: clang builds vfio-bind-boot with
# glibc. The libraries are built once.
check-cc: all $(if $(kmod_lib),$(BUILD)/kmod/libkmod.a)
	@for cc in gcc $(CLANG); do \
		log=$(BUILD)/cc-$$cc.log; \
		mkdir -p $(BUILD)/cc-$$cc; [ ! -d $(BUILD)/musl ] || ln -sfn ../musl $(BUILD)/cc-$$cc/musl; \
		if $(MAKE) --no-print-directory BUILD=$(BUILD)/cc-$$cc CC=$$cc WERROR=yes \
			$(if $(kmod_lib),KMOD_STATIC_LIB=$(abspath $(BUILD)/kmod/libkmod.a)) all compile-all >$$log 2>&1; \
		then echo "ok - $$cc: no warning in the whole tree"; \
		else cat $$log >&2; echo "not ok - $$cc: see the warnings in $$log"; rc=1; fi; \
	done; \
	if [ -z '$(filter cc gcc,$(CC))' ]; then :; \
	elif cmp $(BUILD)/vfio-bind $(BUILD)/cc-gcc/vfio-bind >&2 && cmp $(BUILD)/vfio-bind-boot $(BUILD)/cc-gcc/vfio-bind-boot >&2; \
	then echo 'ok - another build directory makes the same bytes'; \
	else echo 'not ok - another build directory makes other bytes'; rc=1; \
	fi; exit $${rc:-0}

.PHONY: compile-all
compile-all: $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/*/*.c src/*/*/*.c)) \
	$(patsubst %.c,$(BUILD)/tests/%.o,$(wildcard tests/*/*.c fuzz/*.c))
$(BUILD)/tests/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(COMPILE) -Itests/unit $(kmod_flags) $(CFLAGS) -c $< -o $@

check-tools: all
	@CC='$(CC)' BUILD='$(BUILD)' tests/tools/run
check-kmod:
	@CC='$(CC)' BUILD='$(BUILD)' tests/tools/kmod

# ---- running: the same sources with the sanitizers in -------------------------------------------
SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
san_c    = $(filter-out %/main.c %/pool.c,$(wildcard src/*/*.c src/*/*/*.c))
san_lib  = $(BUILD)/san/tree.a
san_libs = $(san_lib) $(bind_libs) -lblkid

units = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
fuzzers = $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard fuzz/*.c))

# One set of objects serves both: fuzzer-no-link only adds the counters that libFuzzer reads.
$(BUILD)/san/%.o: src/%.c $(BUILD)/flags | $(BUILD)/have-bind $(kmod_header)
	@mkdir -p $(@D)
	$(call say,CC)$(CLANG) $(COMPILE) $(kmod_flags) $(SANITIZE) -fsanitize=fuzzer-no-link -c $< -o $@

# A thin archive: two files of one name (core/release.o, cli/release.o) stay two.
$(san_lib): $(san_c:src/%.c=$(BUILD)/san/%.o)
	@rm -f $@
	$(call say,AR)$(AR) rcsT $@ $^

$(BUILD)/unit/%.o: tests/unit/%.c $(BUILD)/flags | $(BUILD)/have-bind $(kmod_header)
	@mkdir -p $(@D)
	$(call say,CC)$(CLANG) $(COMPILE) -Itests/unit $(kmod_flags) $(SANITIZE) -c $< -o $@
$(BUILD)/unit/%: $(BUILD)/unit/%.o $(san_lib)
	$(call say,UNIT)$(CLANG) $(SANITIZE) $< $(san_libs) $(link_$*) -o $@
.PRECIOUS: $(BUILD)/unit/%.o

# The fake kernel of a test is put between what it tests and the functions that this calls.
wrap = $(patsubst %,-Wl$(comma)--wrap=%,$(1))
link_boot_display = $(call wrap,file_read_small iomem_find)
link_config = $(call wrap,reallocarray strdup asprintf ini_parse_stream)
link_replace = $(call wrap,fstatfs fchown fchmod flistxattr fgetxattr fsetxattr fsync syncfs renameat write)
link_steps = $(call wrap,fork kill write)
link_apply = $(call wrap,sysfs_swap sysfs_write sysfs_probe sysfs_attach module_load module_load_iommu fork kill usable_look_at_bars \
	sysfs_release_framebuffer steps_shared steps_notify_ready)
link_release = $(call wrap,sysfs_swap sysfs_write sysfs_probe sysfs_attach module_load module_load_for module_load_iommu fork kill)
link_bootcount = $(call wrap,efivar_open fork steps_shared uname)
link_in_use_by = $(call wrap,file_read)
link_in_use = $(call wrap,open stat fstat mknod unlink sysfs_write reallocarray sysfs_path_each devnodes_find)
link_fuzz_undo = $(call wrap,sysfs_swap sysfs_write sysfs_probe sysfs_attach module_load module_load_iommu fork kill steps_shared)
link_dump = $(call wrap,sysfs_read sysfs_read_at sysfs_write)
comma = ,

$(BUILD)/fuzz/%: fuzz/%.c $(san_lib)
	@mkdir -p $(@D)
	$(call say,FUZZ)$(CLANG) $(COMPILE) -Itests/unit $(kmod_flags) $(SANITIZE) -fsanitize=fuzzer $< $(san_libs) $(link_fuzz_$*) -o $@

# Both programs have a plan: here it is that of vfio-bootcfg.
bootcfg_san = $(filter-out %/main.o,$(bootcfg_objects:%=$(BUILD)/san/%.o))
$(BUILD)/fuzz/bootcfg_%: fuzz/bootcfg_%.c $(wildcard fuzz/bootcfg_*.h) $(bootcfg_san)
	@mkdir -p $(@D)
	$(call say,FUZZ)$(CLANG) $(COMPILE) $(SANITIZE) -fsanitize=fuzzer $< $(bootcfg_san) $(bootcfg_libs) -o $@

# The whole program with the sanitizers in, for the cases that run it.
$(BUILD)/san/bin/vfio-bind: $(bind_objects:%=$(BUILD)/san/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)$(CLANG) $(SANITIZE) $^ $(bind_libs) -o $@

$(BUILD)/san/bin/vfio-bind-boot: $(filter-out %/pool.o,$(boot_objects:%=$(BUILD)/san/%.o))
	@mkdir -p $(@D)
	$(call say,LINK)$(CLANG) $(SANITIZE) $^ $(bind_libs) -o $@
sanitized = $(BUILD)/san/bin/vfio-bind $(BUILD)/san/bin/vfio-bind-boot $(BUILD)/san/bin/vfio-bootcfg

# `vfio-bind image` takes the program of the image, and its unit, from beside itself.
$(BUILD)/san/bin/vfio-bind.service: systemd/initrd/vfio-bind.service
	@mkdir -p $(@D)
	@cp $< $@

check-unit: all $(units) $(sanitized) $(BUILD)/san/bin/vfio-bind.service
	@VFIO_BIND='$(BUILD)/vfio-bind $(BUILD)/san/bin/vfio-bind' tests/unit/run tests/unit/records tests/unit/cases tests/unit/schemas tests/unit/checks $(units) tests/unit/status tests/unit/listing tests/unit/commands tests/unit/init tests/unit/imports tests/unit/setup tests/unit/setup-vm tests/unit/setup-image tests/unit/setup-choice tests/unit/setup-screens tests/unit/prompts tests/unit/setup-interrupts tests/unit/losses tests/unit/outcomes tests/unit/docs tests/unit/help tests/unit/writes tests/unit/roms tests/unit/hands tests/unit/guests tests/unit/vm tests/unit/scripts tests/unit/hook tests/unit/left-out tests/unit/modules tests/unit/variants tests/unit/image-owner tests/unit/image tests/unit/boot-images tests/unit/interrupts

# What a package tests while it is built: the C tests by the compiler at hand and without sanitizers, and the cases of both
# programs. No network, no root, no more than what building takes, python3 and jq; a minute at most.
# config counts allocations by names that fortified objects do not call; what apply and the journal do takes root.
offline_not = config apply journal
offline_units = $(patsubst tests/unit/%.c,$(BUILD)/offline/%,$(filter-out $(offline_not:%=tests/unit/%.c),$(wildcard tests/unit/*.c)))
$(BUILD)/offline/tree.a: $(san_c:src/%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR)$(AR) rcsT $@ $^
$(BUILD)/offline/%: tests/unit/%.c $(BUILD)/offline/tree.a
	$(call say,UNIT)$(CC) $(COMPILE) -Itests/unit $(kmod_flags) $(CFLAGS) -fPIE $< -pie $(LDFLAGS) $(BUILD)/offline/tree.a $(bind_libs) -lblkid $(link_$*) -o $@
.PHONY: check-offline
check-offline: all $(offline_units)
	@VFIO_BIND='$(BUILD)/vfio-bind' tests/unit/run tests/unit/cases $(offline_units) tests/unit/help
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/run

# Does this tree say what another commit says? JSON of both, on every tree and every case of vfio-bootcfg. Not part of check.
.PHONY: compare
compare: all $(BUILD)/kmod/libkmod.a
	@[ -n '$(BASE)' ] || { echo 'compare: name the commit to compare with: make compare BASE=COMMIT' >&2; exit 2; }
	@rm -rf $(BUILD)/compare && mkdir -p $(BUILD)/compare && git archive '$(BASE)' | tar -x -C $(BUILD)/compare
	@env -u MAKEFLAGS -u MAKEOVERRIDES $(MAKE) --no-print-directory -C $(BUILD)/compare BUILD=build LIBC=glibc \
		KMOD_STATIC_LIB=$(abspath $(BUILD)/kmod/libkmod.a) all >$(BUILD)/compare.log 2>&1 || { cat $(BUILD)/compare.log >&2; exit 1; }
	@tests/compare $(BUILD)/compare/build $(BUILD)

# Each fuzzer's corpus as plain input, once; and fuzzing itself, each for SECONDS.
SECONDS ?= 60
check-corpus: $(fuzzers)
	@tests/fuzz 0 $(BUILD)/fuzz $(fuzzers)
fuzz: $(fuzzers)
	@tests/fuzz $(SECONDS) $(BUILD)/fuzz $(fuzzers)

# Can the tests fail? Small changes of the sources that decide and act, one at a time, of which the tests have to notice
# nine in ten: up to half an hour. Of vfio-bootcfg these are the journal, and what reads and edits text. Not part of check.
mutant_sources = $(wildcard $(addprefix src/core/,guard.c plan.c probe.c apply.c steps.c bootcount.c config*.c in_use.c) \
	src/pci/boot_display.c src/base/replace.c)
mutant_sources_bootcfg = $(wildcard src/shared/txn.c src/shared/shell_lex.c src/bootcfg/journal.c src/bootcfg/kargs/*.c \
	$(addprefix src/bootcfg/format/,shell_edit.c bls.c menu.c plain.c grubenv.c))
mutant_units_bootcfg = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(shell grep -lE '"(bootcfg/|shared/(txn|shell_lex))' tests/unit/*.c))
mutants = BUILD='$(BUILD)' SAN_CC='$(CLANG) $(COMPILE) $(kmod_flags) $(SANITIZE) -fsanitize=fuzzer-no-link' \
	SAN_LINK='$(CLANG) $(SANITIZE)' SAN_LIBS='$(san_libs)' \
	UNIT_LINK='$(foreach u,$(notdir $(units)),$(if $(link_$(u)),$(u)=$(subst $() ,|,$(strip $(link_$(u))))))'
.PHONY: check-mutants check-mutants-bind check-mutants-bootcfg
check-mutants:
	@$(MAKE) --no-print-directory check-mutants-bind || rc=1; $(MAKE) --no-print-directory check-mutants-bootcfg || rc=1; exit $${rc:-0}
check-mutants-bind: $(units) $(sanitized)
	@$(mutants) UNITS='$(units)' PROGRAM_LIBS='$(bind_libs)' PROGRAM_OBJECTS='$(bind_objects:%=$(BUILD)/san/%.o)' \
		tests/mutants/run vfio-bind $(mutant_sources)
check-mutants-bootcfg: $(mutant_units_bootcfg) $(BUILD)/san/bin/vfio-bootcfg
	@$(mutants) UNITS='$(mutant_units_bootcfg)' PROGRAM_LIBS='$(bootcfg_libs)' PROGRAM_OBJECTS='$(bootcfg_objects:%=$(BUILD)/san/%.o)' \
		tests/mutants/run vfio-bootcfg $(mutant_sources_bootcfg)

# Every case by the program as it is installed, and by the one with the sanitizers in.
$(BUILD)/san/bin/vfio-bootcfg: $(bootcfg_objects:%=$(BUILD)/san/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)$(CLANG) $(SANITIZE) $^ $(bootcfg_libs) -o $@

check-bootcfg: all $(BUILD)/san/bin/vfio-bootcfg
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/run
	@VFIO_BOOTCFG=$(BUILD)/san/bin/vfio-bootcfg tests/bootcfg/run --label 'sanitizers: '
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg unshare --user --map-user=1000 --map-group=1000 tests/bootcfg/run --label 'not root: ' 'entry: *'
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/random --count 25
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/live
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/journal
	@VFIO_BOOTCFG='$(BUILD)/vfio-bootcfg $(BUILD)/san/bin/vfio-bootcfg' tests/bootcfg/own-entries
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/faults
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/vfat

# What --status says of unified kernel images against what their kernels get: some ten boots with UEFI.
# Not part of check.
.PHONY: check-uki
check-uki: all
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/uki

# The registers of a TPM before and after an edit, for GRUB, systemd-boot, an image and its addon: twelve boots with UEFI.
# Not part of check.
.PHONY: check-tpm
check-tpm: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot tpm
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/tpm

# Power losses at each flush of five edits on ext4, xfs and btrfs, and what shows that each fsync is needed: a guest, some ten
# minutes. Not part of check.
.PHONY: check-durability
check-durability: all $(BUILD)/guest/replay
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot durability
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg MUTANT_CC='$(CC) $(COMPILE) $(kmod_flags) $(HARDEN) $(LEAN) $(CFLAGS) -fPIE' \
		MUTANT_LINK='$(CC) $(CFLAGS) -fPIE -pie $(LINK) $(LDFLAGS)' MUTANT_LIBS='$(bootcfg_libs) $(LDLIBS)' \
		MUTANT_OBJECTS='$(bootcfg_objects:%=$(BUILD)/obj/%.o)' tests/bootcfg/durability $(DURABILITY)

# Debian's own grub-mkconfig, u-boot-update, kernel-install with ukify, dracut and mkrlconf, in an overlay of a Debian: they
# work, fail, hang and are killed. Three minutes, root, and a network the first time. Not part of check.
.PHONY: check-bootcfg-generators
check-bootcfg-generators: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/generators

# Whole Debians booted by GRUB (BIOS, UEFI), systemd-boot and as a unified kernel image: a quarter of an hour, and root.
# Not part of check.
.PHONY: check-bootcfg-boot
check-bootcfg-boot: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images loaders
	@VFIO_BOOTCFG=$(BUILD)/vfio-bootcfg tests/bootcfg/boot
# A plain Debian, set up at its terminal, bound, put back and mended; and its failed boots with UEFI: some twenty minutes,
# and root. Not part of check.
.PHONY: check-setup
check-setup: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images loaders
	@tests/setup/run || rc=1; tests/setup/uefi || rc=1; exit $${rc:-0}
# Of the boot display one config for each kind of machine; check-display has them all.
display_kinds = lit-0380-ids lit-0380-of-two-non-boot lit-0300-address unlit-address
check-boot: all
	@tests/boot/disks & tests/boot/run || rc=1; KERNELS=trixie tests/boot/run --table display $(display_kinds) || rc=1; \
		wait $$! || rc=1; exit $${rc:-0}
# The boot display: four kinds of machines, each config on Debian's three kernels. Some 65 boots, a quarter of an hour.
# Not part of check.
.PHONY: check-display
check-display: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot
	@tests/boot/run --table display
# The programs built for arm64, and booted there behind an SMMU on Debian's three kernels: some twenty boots. Not part of check.
.PHONY: check-arm64
check-arm64:
	@NO_INSTALL='$(NO_INSTALL)' tools/deps build boot arm64
	@BUILD='$(abspath $(BUILD))' tests/boot/foreign --make arm64 all
	@BOOT_ARCH=arm64 BUILD='$(abspath $(BUILD))' tests/boot/run --table arm64
# Disks that something in the kernel holds, on a running system, and the twin that does not ask the kernel: six boots.
# Not part of check.
.PHONY: check-inuse
check-inuse: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@KERNELS='bookworm trixie sid' tests/boot/inuse
# Thirteen boots with UEFI, some of which fail on purpose.
check-standdown: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot
	@tests/boot/standdown
# Seven boots: bind, release and rom on a running system, the hook of libvirt, a VM in the VM, and disks in use.
check-hands: all
	@printf '%s\n' hands hook nested 'inuse --quick' | xargs -P $(shell nproc) -I {} sh -c 'tests/boot/{}'
# The same on Debian's three kernels.
.PHONY: check-hands-all
check-hands-all: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot
	@KERNELS='bookworm trixie sid' $(MAKE) --no-print-directory check-hands
# Domains of a libvirtd that runs beside the machine's own. Root and some seconds. Not part of check.
.PHONY: check-vm
check-vm: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps vm
	@tests/vm/run
# The generators of Debian: a small set, with one more boot of its control, which has an archive now, and every generator,
# version and flavour. mkinitcpio is in no Debian: the one that is installed in the root tree MKINITCPIO_ROOT, where there is
# one. Where that tree is a Debian sid it takes bsdtar, busybox (as /usr/lib/initcpio/busybox), gawk, and what Arch has at
# other places: the programs of /usr/sbin in /usr/bin, /usr/lib/libkmod.so.2 and /etc/udev/hwdb.bin.
check-images: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@tests/images/run || rc=1; tests/images/any '^trixie +initramfs-tools +gzip +rdinit' || rc=1; exit $${rc:-0}
check-images-all: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@tests/images/run --all || rc=1; tests/images/layouts || rc=1; exit $${rc:-0}
# Images that know nothing of vfio-bind, of six generators (mkinitcpio's as above), with the archive of `vfio-bind image` and
# without, by themselves and as systemd-boot starts them from a disk: some thirty boots, and root. Not part of check.
.PHONY: check-image-any
check-image-any: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps test boot images
	@tests/images/ostree || rc=1; tests/images/any || rc=1; tests/images/installed || rc=1; exit $${rc:-0}
# The role of examples/ansible, by the Ansible of two Debians, on systems with images and boot entries. Root, two minutes
# and an archive for apt. Not part of check.
.PHONY: check-ansible
check-ansible: all
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@tests/images/ansible
check-packages:
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot images
	@tests/images/package --all
check-mkinitcpio: all
	@$(if $(MKINITCPIO_ROOT),MKINITCPIO_ROOT='$(MKINITCPIO_ROOT)' tests/images/run --mkinitcpio,\
		echo 'check-mkinitcpio: not run: no mkinitcpio; name a root tree it is installed in: MKINITCPIO_ROOT=DIRECTORY')

# What opens devices in the guests of the boot tests, as a virtual machine does. tests/boot/lib.sh asks for it.
$(BUILD)/guest/%: tests/boot/%.c
	@mkdir -p $(@D)
	$(call say,GUEST)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -static -s $< -o $@

$(BUILD)/guest/replay: tests/bootcfg/replay.c
	@mkdir -p $(@D)
	$(call say,GUEST)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -static -s $< -o $@

# The twin of tests/boot/inuse: the program, but for what it asks the kernel.
$(BUILD)/guest/vfio-bind-ungated: tests/boot/inuse-ungated.c $(bind_objects:%=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	$(call say,GUEST)$(CC) $(COMPILE) $(CFLAGS) -fPIE -pie $(LINK) -Wl,--wrap=in_use_ask,--wrap=in_use_look \
		$(LDFLAGS) $(filter %.c %.o,$^) $(bind_libs) $(LDLIBS) -s -o $@

# Static: floor and measure are for a guest without libraries, peak may not be larger than what it measures.
bench_programs = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BENCH)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -static $(bench_$*) $< -o $@
bench_nolibc = -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie

# What a fake tree shows, and the ratios on a machine of ten functions; `make bench` counts instructions in larger ones
# beside that, for minutes.
bench: all $(bench_programs)
	@BUILD='$(abspath $(BUILD))' tests/bench/run
check-bench: all $(bench_programs)
	@BUILD='$(abspath $(BUILD))' tests/bench/run size calls memory ten
# One row for each way to fail (tests/bench/faults). Behind check-boot, whose machines it judges; check-faults-all boots
# by itself those that are missing.
faults_need = all $(bench_programs) $(BUILD)/unit/apply $(BUILD)/unit/steps $(BUILD)/unit/release $(BUILD)/unit/file $(sanitized)
check-faults: $(faults_need)
	@BUILD='$(abspath $(BUILD))' tests/bench/faultmatrix
check-faults-all: $(faults_need)
	@NO_INSTALL='$(NO_INSTALL)' tools/deps boot
	@BUILD='$(abspath $(BUILD))' tests/bench/faultmatrix --all

test-programs: $(units) $(fuzzers) $(sanitized) $(bench_programs) $(BUILD)/guest/vfio-client

-include $(wildcard $(BUILD)/san/*/*.d $(BUILD)/san/*/*/*.d $(BUILD)/unit/*.d $(BUILD)/fuzz/*.d $(BUILD)/tests/*/*.d $(BUILD)/tests/*/*/*.d)
