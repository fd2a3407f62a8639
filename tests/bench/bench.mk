# SPDX-License-Identifier: GPL-2.0-or-later
#
# make bench                    as root: carrel beside the kernel's floor and beside scripts, and:
# make bench-rules              what policies of 10 to 10,000 rules cost
# make bench-scale              logins, list and gc beside CARRELS=5000 carrels (2 GB of memory); PINS=private
# make bench-packets            throughput and round trips through carrels, beside a masquerade alone
# make soak                     COUNT=20000 logins and logouts: does anything stay behind?
# make bench-floor              the same without carrel
# make bench-tests              the bench's own arithmetic and counting
# RUNS=80 rounds, SEED=1 for their order, JSON=FILE for the figures.

BENCH         := $(BUILD)/tests/bench
BENCH_MAINS   := $(addprefix tests/bench/,nothing.c rules_scale.c scale.c scale_report.c memory.c soak.c packets.c tally.c)
BENCH_SOURCES := $(filter-out $(BENCH_MAINS) tests/bench/test_%.c,$(wildcard tests/bench/*.c))
SOAK_SOURCES  := $(addprefix tests/bench/,command.c count.c login.c soak.c stats.c)
TALLY_SOURCES := $(addprefix tests/bench/,count.c login.c tally.c)
SCALE_SOURCES := $(addprefix tests/bench/,bare.c batch.c command.c count.c login.c memory.c mounts.c rules.c scale.c scale_report.c stats.c)
BENCH_TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/test_*.c))
BENCH_OPTIONS  = $(if $(RUNS),-r $(RUNS)) $(if $(SEED),-s $(SEED)) $(if $(JSON),-j '$(abspath $(JSON))')
bench_needed   = $$(readelf -d $(1) | sed -n 's/.*(NEEDED)//p')

.PHONY: soak bench bench-packets bench-rules bench-scale bench-programs bench-floor bench-tests
bench: $(PROGRAMS) $(BENCH)/carrel-bench $(BENCH)/nothing $(BENCH)/rules_scale
	$(Q)[ "$(call bench_needed,$(BUILD)/carrel-helper)" = "$(call bench_needed,$(BENCH)/nothing)" ] || \
		{ echo 'bench: tests/bench/nothing is not linked like carrel-helper' >&2; exit 1; }
	$(Q)tests/bench/world.sh '$(abspath $(BUILD))' -c $(BENCH_OPTIONS)
	@printf '\nPolicies of many rules, and of one rule with many destinations:\n'
	$(Q)unshare --net $(BENCH)/rules_scale

bench-rules: $(BENCH)/rules_scale
	$(Q)unshare --net $<

bench-scale: all fault-tests bench-programs
	$(Q)BUILD='$(BUILD)' tests/host/host run -- tests/bench/scale.sh $(if $(filter private,$(PINS)),-p) -n $(or $(CARRELS),5000) $(if $(RUNS),-r $(RUNS))

bench-packets: all fault-tests $(BENCH)/carrel-packets
	$(Q)BUILD='$(BUILD)' tests/host/host run -- tests/bench/packets.sh $(RUNS)

# What tests of the group "login" run.
bench-programs: $(BENCH)/carrel-scale $(BENCH)/carrel-soak $(BENCH)/carrel-tally

soak: all fault-tests bench-programs
	$(Q)BUILD='$(BUILD)' tests/host/host run -- tests/bench/soak.sh $(or $(COUNT),20000)

bench-floor: $(BENCH)/carrel-bench $(BENCH)/nothing
	$(Q)tests/bench/world.sh '$(abspath $(BUILD))' $(BENCH_OPTIONS)

bench-tests: $(BENCH_TESTS)
	$(Q)for test in $(BENCH_TESTS); do $$test || exit 1; done

$(BENCH)/carrel-bench: $(BENCH_SOURCES:%.c=$(BUILD)/%.o) $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(NETLINK_LIBS) -lpam -lm

$(BENCH)/carrel-packets: $(BENCH)/packets.o $(BENCH)/stats.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

$(BENCH)/carrel-soak: $(SOAK_SOURCES:%.c=$(BUILD)/%.o) $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpam -lm

$(BENCH)/carrel-tally: $(TALLY_SOURCES:%.c=$(BUILD)/%.o) $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lpam

$(BENCH)/carrel-scale: $(SCALE_SOURCES:%.c=$(BUILD)/%.o) $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(NETLINK_LIBS) -lpam -lm

$(BENCH)/rules_scale: $(BENCH)/rules_scale.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(NETLINK_LIBS)

$(BENCH)/test_%: $(BENCH)/test_%.o $(BENCH)/%.o $(ARCHIVE)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lm

# Needs none of its libraries, and is to load them all the same: as the helper does.
$(BENCH)/nothing: $(BENCH)/nothing.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--no-as-needed -pie -o $@ $^ $(NETLINK_LIBS)
