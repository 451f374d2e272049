# SPDX-License-Identifier: GPL-3.0-or-later
# glibc's, since Debian's libevent is. The linker would warn that a static program looks names up by
# shared libraries; none is looked up here.
HTTPD_SOURCES := $(addprefix scenarios/,latency/httpd.c latency/httpd.h latency/httpd_tls.h payload.h marker.h)
HTTPD_CC       = $(CC) $(CSTD) $(WARN) -O2 -static -no-pie -fno-pie -s -Wl,--no-warnings -o $@ $<
HTTPD_PEM     := $(B)/cache/httpd.pem

$(SHARE)/payloads/httpd: $(HTTPD_SOURCES) scenarios/latency/build.mk
	@mkdir -p $(@D)
	$(HTTPD_CC) -levent

$(SHARE)/payloads/httpsd: $(HTTPD_SOURCES) scenarios/latency/build.mk $(HTTPD_PEM)
	@mkdir -p $(@D)
	$(HTTPD_CC) -DHTTPD_TLS -DHTTPD_PEM='"$(HTTPD_PEM)"' -levent_openssl -levent -lssl -lcrypto

# A key, and a certificate signed by it, of this build tree's own.
$(HTTPD_PEM):
	@mkdir -p $(@D)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=10.0.0.2 \
		-keyout $@.key -out $@.certificate 2>/dev/null
	cat $@.key $@.certificate >$@
	rm $@.key $@.certificate

ARTIFACTS_scenario_latency += $(addprefix $(SHARE)/payloads/,httpd httpd.cpio httpsd httpsd.cpio)
