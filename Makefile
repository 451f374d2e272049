# SPDX-License-Identifier: GPL-3.0-or-later
# tare: one Makefile. Everything generated goes under $(B) (build/) and results/runs/.
# Each kernel and scenario folder brings its own build.mk, so that adding one is adding a folder.

B       ?= build
SHARE   := $(B)/share/tare
PREFIX  ?= /usr/local
CC      := gcc

# `make bench`: which scenario, which targets (comma-separated, or all), how many repetitions, how
# many before those that do not count, and anything else for `tare run`. Every test of iperf and latency
# warms up by itself.
SCENARIO ?= all
TARGETS  ?= all
REPEAT   ?= $(if $(filter density,$(SCENARIO)),2,$(if $(filter memory,$(SCENARIO)),3,$(if $(filter all iperf latency,$(SCENARIO)),6,10)))# below 6: no 95 % interval
WARMUP   ?= $(if $(filter density iperf latency memory,$(SCENARIO)),0,1)
ARGS     ?=
RUN      := $(or $(RUN),results/runs/$(shell date -u +%Y%m%d-%H%M%S)-$(SCENARIO))

comma := ,

# Every build of tare has directories of its own. SANITIZE=1: with ASan and UBSan; COVERAGE=1: for gcov.
SANITIZE ?=
COVERAGE ?=
KIND     := $(if $(SANITIZE),-sanitize)$(if $(COVERAGE),-coverage)
O        := $(B)/obj$(KIND)
BIN      := $(B)/bin$(KIND)
KINDFLAGS := $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined \
                          -fno-omit-frame-pointer) \
             $(if $(COVERAGE),--coverage -O0 -fprofile-abs-path -fprofile-update=atomic)
KINDLIBS := $(if $(COVERAGE),-Wl$(comma)--wrap=_exit)

PACKAGES := libvirt libcjson gsl libnl-3.0 libnl-route-3.0 libpcap smartcols libarchive nettle openssl
CSTD     := -std=gnu11 -D_GNU_SOURCE=
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wno-format-truncation# messages and names are cut on purpose, always terminated
CFLAGS   ?= -O2 -g
TARE_CFLAGS = -I. $(CSTD) $(WARN) $(CFLAGS) $(KINDFLAGS) $(shell pkg-config --cflags $(PACKAGES))
TARE_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm

SOURCES  := $(wildcard bench/*.c bench/*/*.c scenarios/*/scenario_*.c) \
            $(filter-out drivers/halts.c,$(wildcard drivers/*.c))# halts.c is QEMU's
OBJECTS  := $(SOURCES:%.c=$(O)/%.o) $(if $(SANITIZE),$(O)/tests/sanitize.o) $(if $(COVERAGE),$(O)/tests/coverage.o)

# tests/unit/base/error.c becomes test-base-error: two folders may hold a file of the same name.
UNIT_SOURCES := $(wildcard tests/unit/*.c tests/unit/*/*.c)
unit_program  = $(BIN)/test-$(subst /,-,$(1:tests/unit/%.c=%))
UNITS        := $(foreach source,$(UNIT_SOURCES),$(call unit_program,$(source)))

# What the build.mk files add to. The files that tare needs at run time: ARTIFACTS_NAME the target kernels/NAME,
# ARTIFACTS_scenario_NAME the scenario, ARTIFACTS every run.
# NOT_IN_ALL are targets that take minutes to build, and are built only where they are named. DEPS_NAME is the group of
# CI/deps that the target needs besides.
NOT_IN_ALL :=
ARTIFACTS  := $(SHARE)/halts.so $(SHARE)/schema.json $(SHARE)/target.schema.json $(SHARE)/built.json
UNIT_TESTS :=# host test programs, each run by `make check`
FUZZERS    :=# libFuzzer programs, each run for a while by `make check`
E2E_TESTS  := $(sort $(wildcard tests/e2e/*.sh))

.DEFAULT_GOAL := all
include $(sort $(wildcard kernels/*/build.mk scenarios/*/build.mk))
ARTIFACTS += $(patsubst plots/%,$(SHARE)/plots/%,$(wildcard plots/*))

# The artifacts of a comma-separated list of targets, and of scenarios, or all. A name that does not exist has none;
# tare says so.
folders = $(if $(filter all,$1),$(filter-out $(NOT_IN_ALL),$(notdir $(patsubst %/build.mk,%,$(wildcard $2/*/build.mk)))),$1)
artifacts_of = $(ARTIFACTS) \
    $(foreach name,$(call folders,$(subst $(comma), ,$1),kernels),$(ARTIFACTS_$(name))) \
    $(foreach name,$(call folders,$(subst $(comma), ,$2),scenarios),$(ARTIFACTS_scenario_$(name)))

all: tare $(call artifacts_of,all,all) ## build tare, the kernels and the payloads
needed: tare $(call artifacts_of,$(TARGETS),$(SCENARIO)) # what `make bench` will use
tare: $(BIN)/tare

$(BIN)/tare: $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(KINDFLAGS) -o $@ $^ $(KINDLIBS) $(TARE_LIBS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TARE_CFLAGS) -MMD -MP -c -o $@ $<

# Results say of which commit the tare was that made them.
COMMIT := $(shell git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null)
$(O)/bench/main.o: TARE_CFLAGS += $(if $(COMMIT),-DTARE_COMMIT='"$(COMMIT)"')
$(O)/bench/main.o: $(O)/commit
$(O)/commit: always
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' >$@
always:

# Of which a program takes what it needs: a test that is linked with all of it takes a second.
$(O)/tare.a: $(filter $(O)/bench/% $(O)/scenarios/% $(O)/drivers/%,$(filter-out %/main.o,$(OBJECTS)))
	rm -f $@
	ar rcsT $@ $^

$(foreach source,$(UNIT_SOURCES),$(eval $(call unit_program,$(source)): $(source:%.c=$(O)/%.o)))
$(UNITS): $(filter $(O)/tests/%,$(OBJECTS)) $(O)/tare.a
	@mkdir -p $(@D)
	$(CC) $(KINDFLAGS) -o $@ $(filter %.o,$^) $(O)/tare.a $(KINDLIBS) -Wl,--as-needed $(TARE_LIBS) -lcmocka

$(call unit_program,tests/unit/drivers/qemu.c): TARE_LIBS += -lvirt-qemu# to ask libvirt's QEMU

# What holds of the statistics, simulated: tests/simulate/NAME.c becomes simulate-NAME.
SIMULATORS := $(patsubst tests/simulate/%.c,$(BIN)/simulate-%,$(wildcard tests/simulate/*.c))
$(SIMULATORS): $(BIN)/simulate-%: $(O)/tests/simulate/%.o $(O)/tare.a
	@mkdir -p $(@D)
	$(CC) $(KINDFLAGS) -o $@ $^ $(KINDLIBS) $(TARE_LIBS)
tests-built: $(SIMULATORS)

# What reads and shows a result file, under libFuzzer.
READER := $(filter bench/base/% bench/result/% bench/report/%,$(SOURCES))
$(B)/tests/reader-fuzz: tests/fuzz/reader.c $(READER) $(wildcard bench/*/*.h)
	@mkdir -p $(@D)
	clang -I. $(CSTD) -Wall -Wextra -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
		$(shell pkg-config --cflags $(PACKAGES)) -o $@ tests/fuzz/reader.c $(READER) $(TARE_LIBS)
FUZZERS += tests/fuzz/reader.sh
tests-built: $(B)/tests/reader-fuzz

# Programs of Debian's that the tests run: unpacked, not installed.
UNPACKED := $(patsubst %,$(B)/cache/%/package,busybox-static libsqlite3-dev memtest86+)
$(UNPACKED): | kernels/linux/fetch.sh
	kernels/linux/fetch.sh $(@D) $(notdir $(@D))
tests-built: $(UNPACKED)

$(SHARE)/halts.so: drivers/halts.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -shared -fPIC -o $@ $<

# What the payloads are linked from.
$(SHARE)/built.json: scenarios/built.sh $(SHARE)/payloads/noop
	$< $(CC) $(PAYLOAD_CC) >$@

$(SHARE)/target.schema.json: kernels/target.schema.json
	@mkdir -p $(@D)
	cp $< $@

$(SHARE)/schema.json: results/schema.json
	@mkdir -p $(@D)
	cp $< $@

$(SHARE)/plots/%: plots/%
	@mkdir -p $(@D)
	cp $< $@

# --- a fresh machine: one command each ------------------------------------------------------------

# In a recipe: all processors, if the caller did not say how many.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

deps: ## install what is missing with apt (NO_INSTALL=1: only say what)
	@CI/deps run $(foreach name,$(call folders,$(subst $(comma), ,$(TARGETS)),kernels),$(DEPS_$(name)))
deps-test:
	@CI/deps run test

bench: deps ## measure: SCENARIO= TARGETS= REPEAT= WARMUP= ARGS=; table, results and plot
	@$(MAKE) --no-print-directory $(JOBS) needed
	@mkdir -p $(dir $(RUN))
	@CI/bench $(BIN)/tare $(RUN) --scenario $(SCENARIO) --target $(TARGETS) --repeat $(REPEAT) \
		--warmup $(WARMUP) $(ARGS)

compare: deps ## boot time across TARGETS: verdicts against COMPARE_BASE, and a picture
	@$(MAKE) --no-print-directory $(JOBS) needed SCENARIO=boot
	@mkdir -p $(dir $(RUN))
	@CI/bench $(BIN)/tare $(RUN) --scenario boot --target $(TARGETS) --repeat $(REPEAT) $(ARGS)
	$(BIN)/tare compare --base $(COMPARE_BASE) $(RUN).json || [ $$? = 1 ]
compared = $(subst $(comma), ,$(TARGETS))
COMPARE_BASE := $(if $(filter all linux-tuned,$(compared)),linux-tuned,$(or \
                    $(filter linux,$(compared)),$(firstword $(compared))))
compare: RUN := results/runs/$(shell date -u +%Y%m%d-%H%M%S)-compare
compare: REPEAT := 15# of some 20 comparisons no verdict is possible with fewer than 12 pairs (docs/method.md)

# The result to show: the newest, if none is named.
RESULT ?= $(shell ls -t results/runs/*.json 2>/dev/null | head -n 1)
result: deps
	@[ -n "$(RESULT)" ] || { echo "name a result, RESULT=; results/runs holds none: make bench" >&2; exit 2; }
	@$(MAKE) --no-print-directory -s $(JOBS) tare $(patsubst plots/%,$(SHARE)/plots/%,$(wildcard plots/*))
report: result ## RESULT= (or the newest) as one HTML page beside it
	$(BIN)/tare report $(RESULT) $(basename $(RESULT)).html
plots: result ## RESULT= (or the newest) as figures beside it
	$(BIN)/tare plot $(RESULT) $(basename $(RESULT))

demo: deps ## boot floor, pith, linux and host, 6 times: table and picture in a minute or so
	@echo "demo: building tare, pith and the floor; fetching Debian's kernel"
	@$(MAKE) --no-print-directory -s $(JOBS) needed SCENARIO=boot TARGETS=$(DEMO)
	@mkdir -p $(dir $(RUN))
	@CI/bench $(BIN)/tare $(RUN) --scenario boot --target $(DEMO) --repeat 6 --warmup 1
	@echo "demo: linux-tuned, the fair opponent, is not in it: its kernel takes minutes to compile."
	@echo "demo: with it: make bench SCENARIO=boot"
DEMO := floor,pith,linux,host
demo: RUN := results/runs/$(shell date -u +%Y%m%d-%H%M%S)-demo

# --- tests ----------------------------------------------------------------------------------------

check-kvm: ## of check what is on real KVM, in a guest that has it: docs/kvm.md
	@$(MAKE) --no-print-directory check ONLY='^e2e-kvm$$'

unit: deps-test ## the tests that boot no guest, in seconds
	@$(MAKE) --no-print-directory -s $(JOBS) SANITIZE=1 unit-programs
	@CI/unit $(patsubst $(B)/bin/%,$(B)/bin-sanitize/%,$(UNITS)) $(UNIT_TESTS)

check: deps-test ## run every test; ONLY=PATTERN: those whose name matches
	@$(MAKE) --no-print-directory $(JOBS) check-built

check-built: tests-built
	@ONLY='$(ONLY)' CI/check $(B)

tests-built: all # all that CI/check and CI/check-long run; more in build.mk files
	@$(MAKE) --no-print-directory SANITIZE=1 tare units

check-long: deps-test tests-built ## the tests that take hours; PARTS= names some
	@CI/check-long $(B) $(PARTS)

check-distro: ## README's commands on a fresh Debian: SUITE=bookworm or trixie; COMMANDS= names some; as root
	@CI/check-distro '$(SUITE)' $(COMMANDS)

coverage: deps-test all ## which lines of tare the tests run
	@$(MAKE) --no-print-directory -s $(JOBS) COVERAGE=1 tare unit-programs
	@CI/coverage $(B) $(patsubst $(B)/bin/%,$(B)/bin-coverage/%,$(UNITS))

unit-programs: $(UNITS) $(UNIT_TESTS)
units: unit-programs $(FUZZERS)

list-tests: # for CI/check
	@printf 'unit %s\n' $(UNITS) $(UNIT_TESTS)
	@printf 'fuzz %s\n' $(FUZZERS)
	@printf 'e2e %s\n' $(E2E_TESTS)

# --- source ---------------------------------------------------------------------------------------

lint: deps-test compile_commands.json ## formatting, shell scripts, clang-tidy, what includes what
	@CI/deps lint
	@CI/lint

# Of each source the command that compiles it, for clang-tidy and editors; without what clang does not know.
compile_commands.json: Makefile $(wildcard kernels/*/build.mk scenarios/*/build.mk) $(SOURCES) $(UNIT_SOURCES) ## for editors and clang-tidy
	@{ $(foreach source,$(SOURCES) $(UNIT_SOURCES) $(wildcard tests/simulate/*.c),$(call command_of,$(source),$(TARE_CFLAGS))) \
	   $(foreach source,$(filter %.c,$(PITH_SOURCES)),$(call command_of,$(source),$(PITH_CFLAGS) $(LWIP_INCLUDE))) \
	   $(foreach source,$(wildcard $(PAYLOADS)),$(call command_of,$(source),$(PAYLOAD_CFLAGS))) \
	} | sed '1s/^,/[/; $$s/$$/\n]/' >$@
not_clang = -W% -fno-tree-ch -fno-tree-pre -mbranch-cost=% -mstringop-strategy=% \
            -fno-tree-loop-distribute-patterns -flto -no-pie -s
command_of = printf ',{"directory": "%s", "file": "%s", "command": "cc %s"}\n' '$(CURDIR)' '$1' \
    '$(filter-out $(not_clang),$2) -c $1';
PAYLOADS := kernels/linux-tuned/init.c kernels/linux-debian/starter.c scenarios/boot/noop.c \
            scenarios/boot/hello.c scenarios/boot/listen.c scenarios/loopback/loopback.c scenarios/micro/micro.c \
            scenarios/iperf/iperf3d.c scenarios/latency/httpd.c scenarios/memory/stay.c

format: ## format the C sources
	clang-format-14 -i $(shell git ls-files '*.c' '*.h')

docs: tare $(patsubst plots/%,$(SHARE)/plots/%,$(wildcard plots/*)) ## fill tables and figures of the documents
	@CI/docs $(B)

install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install $(BIN)/tare $(DESTDIR)$(PREFIX)/bin/
	cp -r $(B)/share/tare $(DESTDIR)$(PREFIX)/share/
	install -m 644 docs/tare.1 $(DESTDIR)$(PREFIX)/share/man/man1/

clean: ## delete everything generated but the results
	rm -rf $(B)

help: ## list these
	@sed -n 's/^\([a-z][a-z_.-]*\):.*## /\1\t/p' Makefile | expand -t 23
	@echo "variables: SCENARIO TARGETS REPEAT WARMUP ARGS (bench), ONLY (check), PARTS (check-long),"
	@echo "           SUITE COMMANDS (check-distro), STRICT=1 (bench),"
	@echo "           NO_INSTALL=1, SANITIZE=1, COVERAGE=1, B=build"

.PHONY: always all needed tare deps deps-test bench compare result report plots demo unit check check-kvm check-built tests-built check-long check-distro coverage unit-programs units list-tests lint \
        format docs install clean help
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B)/obj $(B)/obj-sanitize $(B)/obj-coverage -name '*.d' 2>/dev/null)
