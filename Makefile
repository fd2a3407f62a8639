# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                    build everything into build/
# make install            put it in place: DESTDIR= PREFIX=/usr SYSCONFDIR=/etc, SECUREDIR= for PAM's modules
# make uninstall          the same variables; refuses while /etc/pam.d names the module
# make clean              remove what was built
# make BUILD=build/asan SANITIZE=address,undefined      another build beside it
# V=1 shows the commands.

VERSION    := 0.1.0
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BUILD      ?= build

CC         ?= cc
CFLAGS     ?= -O2 -g
WARNINGS   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	      -Wvla -Wformat=2 $(if $(WERROR),-Werror)
HARDENING  := -fPIC -fvisibility=hidden -fstack-protector-strong \
	      $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
CPPFLAGS   += -D_GNU_SOURCE -Ihelper -I. -I$(BUILD) -DCARREL_VERSION='"$(VERSION)"' \
	      -DCARREL_PREFIX='"$(PREFIX)"' -DCARREL_SYSCONFDIR='"$(SYSCONFDIR)"' \
	      -DCARREL_SECUREDIR='"$(SECUREDIR)"'
COMPILE     = $(CC) -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(WARNINGS) $(HARDENING) -MMD -MP
LDFLAGS    += -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))

NETLINK_LIBS := -lnftnl -lmnl
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2)')

# Everything but the main files goes into one archive; the linker takes what each needs.
MAINS    := helper/helper.c helper/cli/carrel.c pam/pam_carrel.c helper/kernel/sandbox-filter.c \
	    helper/resolver/resolver.c
SOURCES  := $(filter-out $(MAINS),$(wildcard helper/*/*.c helper/*.c pam/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
ARCHIVE  := $(BUILD)/libcarrel.a

PROGRAMS := $(BUILD)/carrel-helper $(BUILD)/carrel-resolver $(BUILD)/carrel $(BUILD)/pam_carrel.so

.PHONY: all
all: $(PROGRAMS)

# What was compiled for another PREFIX, or with other flags, is compiled again.
$(BUILD)/command: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(COMPILE) | cmp -s - $@ || printf '%s\n' $(COMPILE) >$@
.PHONY: FORCE

$(BUILD)/%.o: %.c $(BUILD)/command
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<

# The seccomp filter is compiled here, so that no login has to wait for libseccomp.
$(BUILD)/sandbox-filter: $(BUILD)/helper/kernel/sandbox-filter.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lseccomp

$(BUILD)/%-calls.inc: $(BUILD)/sandbox-filter
	$(call say,GEN,$@)
	$(Q)$< $* >$@.tmp && mv $@.tmp $@

$(BUILD)/helper/kernel/sandbox.o: $(BUILD)/helper-calls.inc $(BUILD)/resolver-calls.inc

$(ARCHIVE): $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/carrel-helper: $(BUILD)/helper/helper.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(NETLINK_LIBS)

# The only one that talks to the network: no capability, no netlink.
$(BUILD)/carrel-resolver: $(BUILD)/helper/resolver/resolver.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ -lcares

$(BUILD)/carrel: $(BUILD)/helper/cli/carrel.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(NETLINK_LIBS)

$(BUILD)/pam_carrel.so: $(BUILD)/pam/pam_carrel.o $(ARCHIVE) pam/pam_carrel.map
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,--version-script=pam/pam_carrel.map \
		-Wl,--gc-sections -Wl,-z,defs -o $@ $(filter %.o %.a,$^) -lpam

# Where PAM looks for modules, pam-auth-update for profiles and NetworkManager for its configuration
# has nothing to do with PREFIX.
# lib64 is Fedora's, the multiarch directory Debian's.
MULTIARCH  := $(shell $(CC) -print-multiarch 2>/dev/null)
SECUREDIR  ?= $(firstword $(wildcard $(addsuffix /security,/usr/lib64 /lib64 \
	      /usr/lib/$(MULTIARCH) /lib/$(MULTIARCH) /usr/lib)) /usr/lib/security)
PROFILEDIR ?= /usr/share/pam-configs
NMDIR      ?= /usr/lib/NetworkManager/conf.d
# What systemd's programs read, here and below PREFIX/lib under the same names.
SYSTEMD    := $(addsuffix /carrel.conf,sysusers.d tmpfiles.d) \
	      $(addprefix systemd/network/00-carrel.,network link) \
	      $(addprefix systemd/system/carrel-,gc.service gc.timer log.service refresh.service)
POLICIES   := $(wildcard conf/policies/*.policy)
MANPAGES   := $(wildcard man/*.[1-8])
INSTALL    := install

# What people read names the places where things are.
LOCALIZE   := sed -e 's|/usr/share/carrel|$(PREFIX)/share/carrel|g' \
	      -e 's|/usr/libexec/carrel|$(PREFIX)/libexec/carrel|g' \
	      -e 's|/usr/sbin/carrel|$(PREFIX)/sbin/carrel|g' \
	      -e 's|/etc/carrel|$(SYSCONFDIR)/carrel|g'
# localize FILE,TARGET
localize    = $(LOCALIZE) $(1) >$(2) && chmod 0644 $(2)

# An administrator's carrel.conf is never overwritten.
.PHONY: install uninstall
install: all
	$(call say,INSTALL,$(DESTDIR)$(PREFIX) $(DESTDIR)$(SYSCONFDIR)/carrel $(DESTDIR)$(SECUREDIR)/pam_carrel.so)
	$(Q)$(INSTALL) -d $(DESTDIR)$(PREFIX)/libexec/carrel $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(SECUREDIR)
	$(Q)$(INSTALL) -m 0755 $(BUILD)/carrel-helper $(DESTDIR)$(PREFIX)/libexec/carrel/carrel-helper
	$(Q)$(INSTALL) -m 0755 $(BUILD)/carrel-resolver $(DESTDIR)$(PREFIX)/libexec/carrel/carrel-resolver
	$(Q)$(INSTALL) -m 0755 $(BUILD)/carrel $(DESTDIR)$(PREFIX)/sbin/carrel
	$(Q)$(INSTALL) -m 0644 $(BUILD)/pam_carrel.so $(DESTDIR)$(SECUREDIR)/pam_carrel.so
	$(Q)$(INSTALL) -d $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf.d $(DESTDIR)$(SYSCONFDIR)/carrel/policies
	$(Q)test -e $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf || \
		{ $(call localize,conf/carrel.conf,$(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf); }
	$(Q)$(INSTALL) -d $(DESTDIR)$(PREFIX)/share/carrel/policies
	$(Q)for policy in $(notdir $(POLICIES)); do \
		$(call localize,conf/policies/$$policy,$(DESTDIR)$(PREFIX)/share/carrel/policies/$$policy) || \
			exit; \
	done
	$(Q)for file in $(SYSTEMD); do \
		$(INSTALL) -d $$(dirname $(DESTDIR)$(PREFIX)/lib/$$file) && \
		$(call localize,conf/$$file,$(DESTDIR)$(PREFIX)/lib/$$file) || exit; \
	done
	$(Q)$(INSTALL) -d $(DESTDIR)$(NMDIR)
	$(Q)$(INSTALL) -m 0644 conf/networkmanager/carrel.conf $(DESTDIR)$(NMDIR)/carrel.conf
	$(Q)$(INSTALL) -d $(DESTDIR)$(PROFILEDIR)
	$(Q)$(INSTALL) -m 0644 conf/pam/carrel $(DESTDIR)$(PROFILEDIR)/carrel
	$(Q)$(INSTALL) -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(Q)$(INSTALL) -m 0644 conf/completion/carrel.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/carrel
	$(Q)for page in $(notdir $(MANPAGES)); do \
		section=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; \
		$(INSTALL) -d $$section && $(call localize,man/$$page,$$section/$$page) || exit; \
	done
	$(Q)test -n "$(DESTDIR)" || conf/activate

# Leaves the configuration and the account: they are the administrator's now. A PAM line without
# its module would keep everybody out, root too.
uninstall:
	$(Q)test -n "$(DESTDIR)" || conf/deactivate
	$(call say,REMOVE,$(DESTDIR)$(PREFIX) $(DESTDIR)$(SECUREDIR)/pam_carrel.so)
	$(Q)rm -f $(DESTDIR)$(SECUREDIR)/pam_carrel.so $(DESTDIR)$(PREFIX)/sbin/carrel \
		$(addprefix $(DESTDIR)$(PREFIX)/lib/,$(SYSTEMD)) $(DESTDIR)$(NMDIR)/carrel.conf \
		$(DESTDIR)$(PROFILEDIR)/carrel \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/carrel
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/libexec/carrel $(DESTDIR)$(PREFIX)/share/carrel
	$(Q)for page in $(notdir $(MANPAGES)); do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; \
	done

.PHONY: help
help:
	@sed -n 's/^# \(make .*\)/\1/p' $(filter %akefile %.mk,$(MAKEFILE_LIST))

.PHONY: clean
clean:
	rm -rf $(BUILD)

include tests/tests.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
