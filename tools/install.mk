# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is installed where, and what removes it. A row is SOURCE:DESTINATION:MODE; a source that is
# not there (manuals without scdoc, say) is left out, which install and uninstall both see.

LIBDIR      = $(PREFIX)/lib
DATADIR     = $(PREFIX)/share
MANDIR      = $(DATADIR)/man
INITCPIODIR = $(LIBDIR)/initcpio
DRACUTDIR   = $(LIBDIR)/dracut/modules.d
UNITDIR     = $(LIBDIR)/systemd/system
BASHDIR     = $(DATADIR)/bash-completion/completions
ZSHDIR      = $(DATADIR)/zsh/site-functions
FISHDIR     = $(DATADIR)/fish/vendor_completions.d

# $(call tree,DIRECTORY,DESTINATION,MODE): each file below DIRECTORY, at its place below DESTINATION
tree = $(foreach f,$(patsubst $1/%,%,$(shell find $1 -type f 2>/dev/null)),$1/$f:$2/$f:$3)

programs_rows = $(BUILD)/vfio-bind:$(PREFIX)/bin/vfio-bind:755 $(BUILD)/vfio-bootcfg:$(PREFIX)/bin/vfio-bootcfg:755 \
	$(BUILD)/vfio-bind-boot:$(LIBDIR)/vfio-bind/vfio-bind-boot:755 \
	systemd/initrd/vfio-bind.service:$(LIBDIR)/vfio-bind/vfio-bind.service:644
initcpio_rows = \
	initcpio/install/vfio-bind:$(INITCPIODIR)/install/vfio-bind:644 \
	initcpio/hooks/vfio-bind:$(INITCPIODIR)/hooks/vfio-bind:644
dracut_rows = $(call tree,dracut,$(DRACUTDIR),755) \
	systemd/initrd/vfio-bind.service:$(DRACUTDIR)/50vfio-bind/vfio-bind.service:644
initramfs-tools_rows = $(call tree,initramfs-tools,$(DATADIR)/initramfs-tools,755)
rest_rows = \
	$(foreach p,$(wildcard kernel-install/*.install),$p:$(LIBDIR)/kernel/install.d/$(notdir $p):755) \
	mkosi-initrd/mkosi-initrd:$(LIBDIR)/vfio-bind/mkosi-initrd:755 \
	$(foreach d,postinst postrm,kernel-install/vfio-bind:$(SYSCONFDIR)/kernel/$d.d/vfio-bind:755) \
	udev/70-vfio-bind.rules:$(LIBDIR)/udev/rules.d/70-vfio-bind.rules:644 \
	setup/setup:$(LIBDIR)/vfio-bind/setup:755 \
	setup/boot-end:$(LIBDIR)/vfio-bind/boot-end:755 \
	setup/one-card:$(LIBDIR)/vfio-bind/one-card:755 \
	setup/one-card.conf:$(LIBDIR)/vfio-bind/one-card.conf:644 \
	setup/mkinitcpio.conf:$(LIBDIR)/vfio-bind/mkinitcpio.conf:644 \
	$(foreach u,$(wildcard systemd/*.service systemd/*.path systemd/*.target),$u:$(UNITDIR)/$(notdir $u):644) \
	$(foreach m,$(manuals),$m:$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m):644) \
	$(foreach n,vfio-bind vfio-bootcfg,\
		completions/$n.bash:$(BASHDIR)/$n:644 \
		completions/_$n:$(ZSHDIR)/_$n:644 \
		completions/$n.fish:$(FISHDIR)/$n.fish:644) \
	$(ansible_rows) \
	$(foreach d,$(wildcard docs/*.md docs/schema/*.json),$d:$(DATADIR)/doc/vfio-bind/$(d:docs/%=%):644) \
	$(BUILD)/vfio-bind.spdx.json:$(DATADIR)/doc/vfio-bind/vfio-bind.spdx.json:644 \
	NEWS:$(DATADIR)/doc/vfio-bind/NEWS:644 \
	LICENSE:$(DATADIR)/licenses/vfio-bind/LICENSE:644 \
	$(BUILD)/kmod/COPYING:$(DATADIR)/licenses/vfio-bind/libkmod-LGPL-2.1:644

ansible_rows = $(foreach f,$(wildcard examples/ansible/*/*/*.yml),$f:$(DATADIR)/doc/vfio-bind/$f:644)

hook_sets = initcpio dracut initramfs-tools
all_rows  = $(programs_rows) $(foreach s,$(hook_sets),$($s_rows)) $(rest_rows)

source_of = $(word 1,$(subst :, ,$1))
target_of = $(DESTDIR)$(word 2,$(subst :, ,$1))
mode_of   = $(word 3,$(subst :, ,$1))

define newline


endef
put  = $(if $(wildcard $(call source_of,$1)),@echo '  INSTALL  $(call target_of,$1)' && \
	install -D -m $(call mode_of,$1) $(call source_of,$1) $(call target_of,$1)$(newline))
puts = $(foreach r,$1,$(call put,$r))

.PHONY: install $(hook_sets:%=install-%) install-mkinitcpio uninstall clean distclean
install: all
	$(call puts,$(all_rows))
	@$(install_config)

$(hook_sets:%=install-%): install-%: all
	$(call puts,$(programs_rows) $($*_rows) $(rest_rows))
	@$(install_config)
install-mkinitcpio: install-initcpio

# The config is the administrator's: never overwritten, never removed.
install_config = if [ ! -e '$(DESTDIR)$(SYSCONFDIR)/vfio-bind.conf' ] && [ -e conf/vfio-bind.conf ]; then \
	echo '  INSTALL  $(DESTDIR)$(SYSCONFDIR)/vfio-bind.conf'; \
	install -D -m 644 conf/vfio-bind.conf '$(DESTDIR)$(SYSCONFDIR)/vfio-bind.conf'; fi

uninstall:
	rm -f $(foreach r,$(all_rows),$(call target_of,$r))
	@rmdir -p $(sort $(foreach r,$(dracut_rows) $(ansible_rows),$(dir $(call target_of,$r)))) \
		'$(DESTDIR)$(DATADIR)/licenses/vfio-bind' '$(DESTDIR)$(DATADIR)/doc/vfio-bind/examples' \
		'$(DESTDIR)$(DATADIR)/doc/vfio-bind/schema' 2>/dev/null || :

# What the packages of packaging/ are built from: the newest commit, the same bytes wherever it is made.
DIST = vfio-bind-$(VERSION)
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=$(DIST)/ HEAD | gzip -9n >$(BUILD)/$(DIST).tar.gz.new
	@mv $(BUILD)/$(DIST).tar.gz.new $(BUILD)/$(DIST).tar.gz

# What a release has beside its tag (CONTRIBUTING.md, "A release"): the archive, its checksum, Arch's recipe with that
# checksum and what makepkg reads out of it, Fedora's, and what the programs are made of.
.PHONY: release
release: dist all
	@rm -rf $(BUILD)/release && mkdir -p $(BUILD)/release
	cp $(BUILD)/$(DIST).tar.gz packaging/PKGBUILD packaging/vfio-bind.install packaging/vfio-bind.spec \
		$(BUILD)/vfio-bind.spdx.json $(BUILD)/release
	cd $(BUILD)/release && sha256sum $(DIST).tar.gz >SHA256SUMS && \
		sed -i "s/^sha256sums=.*/sha256sums=($$(cut -d ' ' -f 1 SHA256SUMS))/" PKGBUILD && tools=$(CURDIR)/tools && \
		bash "$$tools/srcinfo" PKGBUILD >.SRCINFO

# clean keeps what came over the network; distclean keeps nothing.
clean:
	rm -rf $(filter-out $(BUILD)/apt $(BUILD)/kmod $(BUILD)/kernels $(BUILD)/chroots,$(wildcard $(BUILD)/*))
distclean:
	rm -rf $(BUILD)
