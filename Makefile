# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                    build everything into build/
# make install            DESTDIR= PREFIX=/usr SYSCONFDIR=/etc SECUREDIR= (where pam modules live)
# make SANITIZE=address,undefined BUILD=build/asan      another build beside it
# V=1 shows the commands.

VERSION    := 0.1.0
PREFIX     ?= /usr
SYSCONFDIR ?= /etc
BUILD      ?= build

CC         ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS     ?= -O2 -g
WARNINGS   := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	      -Wvla -Wformat=2 $(if $(WERROR),-Werror)
HARDENING  := -fPIC -fvisibility=hidden -fstack-protector-strong \
	      $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
CPPFLAGS   += -D_GNU_SOURCE -Ihelper -I. -I$(BUILD) -DCARREL_VERSION='"$(VERSION)"' \
	      -DCARREL_PREFIX='"$(PREFIX)"' -DCARREL_SYSCONFDIR='"$(SYSCONFDIR)"'
COMPILE     = $(CC) -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(WARNINGS) $(HARDENING) -MMD -MP
LDFLAGS    += -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))

NETLINK_LIBS := -lnftnl -lmnl
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s%s\n' '$(1)' '$(2)')

# Everything but the three main files goes into one archive; the linker takes what each needs.
MAINS    := helper/helper.c helper/cli/carrel.c pam/pam_carrel.c
SOURCES  := $(filter-out $(MAINS),$(wildcard helper/*/*.c helper/*.c pam/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
ARCHIVE  := $(BUILD)/libcarrel.a

PROGRAMS := $(BUILD)/carrel-helper $(BUILD)/carrel $(BUILD)/pam_carrel.so

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<

$(ARCHIVE): $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/carrel-helper: $(BUILD)/helper/helper.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(NETLINK_LIBS) -lcap

$(BUILD)/carrel: $(BUILD)/helper/cli/carrel.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(NETLINK_LIBS) -lcap

$(BUILD)/pam_carrel.so: $(BUILD)/pam/pam_carrel.o $(ARCHIVE) pam/pam_carrel.map
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,--version-script=pam/pam_carrel.map \
		-Wl,--gc-sections -Wl,-z,defs -o $@ $(filter %.o %.a,$^) -lpam -lcap

include tests/tests.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
