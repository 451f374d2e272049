# SPDX-License-Identifier: GPL-3.0-or-later
# glibc's, since Debian's libiperf is; libiperf needs libssl's and libsctp's names though nothing
# here uses them. The linker would warn that getaddrinfo() of a static program looks names up by
# shared libraries; the only name here is a port number.
$(SHARE)/payloads/iperf3d: scenarios/iperf/iperf3d.c scenarios/iperf/iperf3d.h scenarios/payload.h \
    scenarios/marker.h scenarios/iperf/build.mk
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -static -no-pie -fno-pie -s -Wl,--wrap=listen -Wl,--no-warnings \
		-o $@ $< -liperf -lssl -lcrypto -lsctp -lm

ARTIFACTS_scenario_iperf += $(addprefix $(SHARE)/payloads/,iperf3d iperf3d.cpio)
