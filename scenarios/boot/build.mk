# SPDX-License-Identifier: GPL-3.0-or-later
# Payloads: a static ELF at payloads/NAME, which a plain process runs as it is, and the initramfs
# payloads/NAME.cpio with the same bytes at /app, which every kernel boots. Another scenario's
# payload takes one rule that links payloads/NAME; its cpio comes by the pattern rule below, or by
# a rule of its own with more PATH=FILE pairs when the program needs more than itself.

PAYLOAD_CC     := musl-gcc
PAYLOAD_CFLAGS := $(CSTD) $(WARN) -O2 -static -no-pie -fno-pie -s

$(SHARE)/payloads/%: scenarios/boot/%.c scenarios/payload.h scenarios/marker.h \
    scenarios/boot/build.mk
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

$(SHARE)/payloads/%.cpio: $(SHARE)/payloads/% scenarios/mkpayload.sh
	scenarios/mkpayload.sh $@ app=$<

# noop is every scenario's: tare boots it to decide on the accelerator.
ARTIFACTS += $(addprefix $(SHARE)/payloads/,noop noop.cpio)
ARTIFACTS_scenario_boot += $(addprefix $(SHARE)/payloads/,hello hello.cpio listen listen.cpio)

$(SHARE)/payloads/listen: scenarios/boot/listen.h
