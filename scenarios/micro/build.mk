# SPDX-License-Identifier: GPL-3.0-or-later
$(SHARE)/payloads/micro: scenarios/micro/micro.c scenarios/micro/micro.h scenarios/payload.h \
    scenarios/marker.h scenarios/micro/build.mk
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

ARTIFACTS_scenario_micro += $(addprefix $(SHARE)/payloads/,micro micro.cpio)
