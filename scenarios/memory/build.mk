# SPDX-License-Identifier: GPL-3.0-or-later
# hello is scenario boot's, httpd scenario latency's.
$(SHARE)/payloads/stay: scenarios/memory/stay.c scenarios/payload.h scenarios/marker.h scenarios/boot/build.mk
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

ARTIFACTS_scenario_memory += $(addprefix $(SHARE)/payloads/,stay stay.cpio hello hello.cpio httpd httpd.cpio)
