# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/payloads/loopback: scenarios/loopback/loopback.c scenarios/loopback/loopback.h scenarios/payload.h \
    scenarios/marker.h scenarios/loopback/build.mk
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

ARTIFACTS_scenario_loopback += $(addprefix $(SHARE)/payloads/,loopback loopback.cpio)
