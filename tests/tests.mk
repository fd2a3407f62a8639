# SPDX-License-Identifier: GPL-2.0-or-later
#
# make demo               see it work in a throwaway host (root)
# make check              every test (root); make unit: those that need no privilege
# make lint               what tools say of the sources
# make check-vm           the doors and the kernel's part again on Debian's own kernel, in a virtual machine (root)
# make fuzz               look for input that breaks what reads it: SECONDS=600 for each target, TARGET=policy
#
# Test programs: tests/unit needs no privilege, tests/kernel and tests/faults run as root in
# namespaces of their own, tests/login in the test host, tests/model by spin. See tests/run.

UNIT_TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
KERNEL_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/kernel/test_*.c))
FAULT_TESTS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/faults/*.c))
FUZZ_REPLAYS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

FUZZERS      := $(patsubst tests/%.c,$(BUILD)/tests/%.fuzzer,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS      ?= 600

.PHONY: demo check check-vm unit lint fuzz unit-tests kernel-tests fault-tests fuzz-replays fuzzers
demo:
	@BUILD=$(BUILD) tests/demo
check:
	@BUILD=$(BUILD) tests/run
check-vm:
	@BUILD=$(BUILD) tests/vm/check
lint:
	@BUILD=$(BUILD) tests/run lint
fuzz:
	@BUILD=$(BUILD) tests/fuzz/fuzz $(SECONDS) $(TARGET)
unit: unit-tests
	@set -e; for test in $(UNIT_TESTS); do $$test; done

unit-tests: $(UNIT_TESTS)
kernel-tests: $(KERNEL_TESTS)
fault-tests: $(FAULT_TESTS)
fuzz-replays: $(FUZZ_REPLAYS)
fuzzers: $(FUZZERS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(NETLINK_LIBS) -lpam -lseccomp

# The differential test's packets, wires and chance.
$(BUILD)/tests/kernel/test_differential: \
	$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/differential/*.c))

# Everything that can happen to a helper, one after the other.
$(BUILD)/tests/faults/every_fault: $(patsubst %,$(BUILD)/tests/faults/every/%.o,deed ways world)
$(BUILD)/tests/faults/crowd: $(BUILD)/tests/faults/every/world.o
$(BUILD)/tests/faults/tracer: $(patsubst %,$(BUILD)/tests/faults/every/%.o,tracee ways)

# What fuzzers found, and what they start from, is replayed by a main of our own.
$(FUZZ_REPLAYS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NETLINK_LIBS)

# libFuzzer's main; tests/fuzz/fuzz builds these with clang.
$(FUZZERS): $(BUILD)/%.fuzzer: $(BUILD)/%.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(NETLINK_LIBS)

-include tests/bench/bench.mk

.SECONDARY:
