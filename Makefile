# SPDX-License-Identifier: GPL-3.0-or-later
# tare: one Makefile. Everything generated goes under $(B) (build/) and results/runs/.
# Each kernel and scenario folder brings its own build.mk, so that adding one is adding a folder.

B       ?= build
SHARE   := $(B)/share/tare
PREFIX  ?= /usr/local
CC      := gcc

# `make bench`: which scenario, which targets (comma-separated, or all), how many repetitions, how
# many before those that do not count, and anything else for `tare run`. Every run of iperf warms up by
# itself.
SCENARIO ?= all
TARGETS  ?= all
REPEAT   ?= $(if $(filter all iperf,$(SCENARIO)),3,10)
WARMUP   ?= $(if $(filter iperf,$(SCENARIO)),0,1)
ARGS     ?=
RUN      := $(or $(RUN),results/runs/$(shell date -u +%Y%m%d-%H%M%S)-$(SCENARIO))

# SANITIZE=1 builds tare with ASan and UBSan, into its own directory.
SANITIZE ?=
O        := $(B)/obj$(if $(SANITIZE),-sanitize)
BIN      := $(B)/bin$(if $(SANITIZE),-sanitize)
SANFLAGS := $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined \
                          -fno-omit-frame-pointer)

PACKAGES := libvirt libcjson gsl libnl-3.0 libnl-route-3.0 libpcap smartcols libarchive nettle
CSTD     := -std=gnu11 -D_GNU_SOURCE=
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wno-format-truncation# messages and names are cut on purpose, always terminated
CFLAGS   ?= -O2 -g
TARE_CFLAGS = -I. $(CSTD) $(WARN) $(CFLAGS) $(SANFLAGS) $(shell pkg-config --cflags $(PACKAGES))
TARE_LIBS   = $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm

SOURCES  := $(wildcard bench/*.c bench/*/*.c scenarios/*/scenario_*.c) \
            drivers/guest.c drivers/instance.c drivers/machine.c drivers/libvirt.c drivers/process.c drivers/null.c
OBJECTS  := $(SOURCES:%.c=$(O)/%.o)

# tests/unit/base/error.c becomes test-base-error: two folders may hold a file of the same name.
UNIT_SOURCES := $(wildcard tests/unit/*.c tests/unit/*/*.c)
unit_program  = $(BIN)/test-$(subst /,-,$(1:tests/unit/%.c=%))
UNITS        := $(foreach source,$(UNIT_SOURCES),$(call unit_program,$(source)))

# What the build.mk files add to.
ARTIFACTS  := $(SHARE)/halts.so $(SHARE)/schema.json# files that tare needs at run time
UNIT_TESTS :=# host test programs, each run by `make check`
FUZZERS    :=# libFuzzer programs, each run for a while by `make check`
E2E_TESTS  := $(sort $(wildcard tests/e2e/*.sh))

.DEFAULT_GOAL := all
include $(sort $(wildcard kernels/*/build.mk scenarios/*/build.mk))
ARTIFACTS += $(patsubst plots/%,$(SHARE)/plots/%,$(wildcard plots/*))

all: tare $(ARTIFACTS) ## build tare, the kernels and the payloads
tare: $(BIN)/tare

$(BIN)/tare: $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) -o $@ $^ $(TARE_LIBS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TARE_CFLAGS) -MMD -MP -c -o $@ $<

$(foreach source,$(UNIT_SOURCES),$(eval $(call unit_program,$(source)): $(source:%.c=$(O)/%.o)))
$(UNITS): $(filter-out %/main.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) -o $@ $^ $(TARE_LIBS) -lcmocka

$(SHARE)/halts.so: drivers/halts.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -shared -fPIC -o $@ $<

$(SHARE)/schema.json: results/schema.json
	@mkdir -p $(@D)
	cp $< $@

$(SHARE)/plots/%: plots/%
	@mkdir -p $(@D)
	cp $< $@

# --- a fresh machine: one command each ------------------------------------------------------------

deps: ## install what is missing with apt (NO_INSTALL=1: only say what)
	@CI/deps

bench: deps ## measure: SCENARIO= TARGETS= REPEAT= WARMUP= ARGS=; table, results and plot
	@$(MAKE) --no-print-directory all
	@mkdir -p $(dir $(RUN))
	$(BIN)/tare run --scenario $(SCENARIO) --target $(TARGETS) --repeat $(REPEAT) \
		--warmup $(WARMUP) --out $(RUN).json $(ARGS)
	$(BIN)/tare plot $(RUN).json $(RUN)

check: deps ## run every test
	@$(MAKE) --no-print-directory check-built

check-built: all
	@$(MAKE) --no-print-directory SANITIZE=1 tare units
	@CI/check $(B)

units: $(UNITS) $(UNIT_TESTS) $(FUZZERS)

list-tests: # for CI/check
	@printf 'unit %s\n' $(UNITS) $(UNIT_TESTS)
	@printf 'fuzz %s\n' $(FUZZERS)
	@printf 'e2e %s\n' $(E2E_TESTS)

docs: tare $(patsubst plots/%,$(SHARE)/plots/%,$(wildcard plots/*)) ## fill tables and figures of the documents
	@CI/docs $(B)

format: ## format the C sources
	clang-format -i $(shell git ls-files '*.c' '*.h')

install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install $(BIN)/tare $(DESTDIR)$(PREFIX)/bin/
	cp -r $(B)/share/tare $(DESTDIR)$(PREFIX)/share/
	install -m 644 docs/tare.1 $(DESTDIR)$(PREFIX)/share/man/man1/

clean: ## delete everything generated but the results
	rm -rf $(B)

help: ## list these
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12
	@echo "variables: SCENARIO TARGETS REPEAT WARMUP ARGS (bench), NO_INSTALL=1, SANITIZE=1, B=build"

.PHONY: all tare deps bench check check-built units list-tests docs format install clean help
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B)/obj $(B)/obj-sanitize -name '*.d' 2>/dev/null)
