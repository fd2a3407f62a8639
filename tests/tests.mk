# SPDX-License-Identifier: GPL-2.0-or-later
#
# Test programs. tests/unit needs no privilege; tests/kernel runs in namespaces of its own.

UNIT_TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
KERNEL_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/kernel/test_*.c))

.PHONY: unit-tests kernel-tests
unit-tests: $(UNIT_TESTS)
kernel-tests: $(KERNEL_TESTS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lcmocka $(NETLINK_LIBS) -lcap -lpam

-include tests/bench/bench.mk

.SECONDARY:
