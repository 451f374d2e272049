# SPDX-License-Identifier: GPL-3.0-or-later
TUNED     := $(SHARE)/kernels/linux-tuned
TUNED_SRC := $(B)/cache/linux-source

$(TUNED_SRC)/package: | kernels/linux/fetch.sh
	kernels/linux/fetch.sh $(@D) linux-source

$(TUNED)/vmlinux: kernels/linux-tuned/build.sh kernels/linux-tuned/config kernels/linux-tuned/devices \
    $(wildcard $(addprefix kernels/linux-tuned/,patches/*.patch later/* compile/*)) $(TUNED_SRC)/package
	@mkdir -p $(@D)
	$< $(TUNED_SRC) kernels/linux-tuned/config $(B)/cache/linux-tuned $@

$(B)/obj/kernels/linux-tuned/init: kernels/linux-tuned/init.c kernels/linux/payload.h \
    kernels/linux/network.h scenarios/marker.h
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

$(TUNED)/init.cpio: scenarios/mkpayload.sh $(B)/obj/kernels/linux-tuned/init
	@mkdir -p $(@D)
	$< $@ init=$(B)/obj/kernels/linux-tuned/init

$(TUNED)/target.json: kernels/linux-tuned/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_linux-tuned += $(addprefix $(TUNED)/,vmlinux init.cpio target.json)
