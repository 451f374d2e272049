# SPDX-License-Identifier: GPL-3.0-or-later
# tare: one Makefile. Everything generated goes under $(B) (build/) and results/runs/.
# Each kernel and scenario folder brings its own build.mk, so that adding one is adding a folder.

B     ?= build
SHARE := $(B)/share/tare
CC    := gcc

CSTD     := -std=gnu11
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CFLAGS   ?= -O2 -g

# What the build.mk files add to.
ARTIFACTS :=# files under $(SHARE) that tare needs at run time
UNIT_TESTS :=# host test programs, each run by `make check`

.DEFAULT_GOAL := all
include $(sort $(wildcard kernels/*/build.mk scenarios/*/build.mk))

all: $(ARTIFACTS)

clean:
	rm -rf $(B)

.PHONY: all clean
.DELETE_ON_ERROR:
.SECONDARY:
