# SPDX-License-Identifier: GPL-3.0-or-later
LINUX     := $(SHARE)/kernels/linux
LINUX_DEB := $(B)/cache/linux-image
LINUX_HDR := $(B)/cache/linux-headers
LINUX_OBJ := $(B)/obj/kernels/linux

# What a virtio NIC needs on each bus (microvm, and PCI), as far as it is not in the kernel; and what we add.
LINUX_MODULES := virtio_mmio virtio_pci virtio_net
LINUX_ADDED   := virtio_mmio_cmdline

# Once it is there it is kept: to follow the distribution's updates, delete the folder.
$(LINUX_DEB)/package: | kernels/linux/fetch.sh
	kernels/linux/fetch.sh $(@D) linux-image-cloud-amd64

$(LINUX)/vmlinux: kernels/linux/extract-vmlinux.sh $(LINUX_DEB)/package
	@mkdir -p $(@D)
	$< $(LINUX_DEB)/boot/vmlinuz-* $@

$(LINUX_OBJ)/modules/list: kernels/linux/modules.sh kernels/linux/build.mk $(LINUX_DEB)/package
	$< $(LINUX_DEB) $(@D) $(LINUX_MODULES)

$(LINUX_OBJ)/init: kernels/linux/init.c kernels/linux/payload.h kernels/linux/network.h \
    scenarios/marker.h kernels/linux/build.mk $(LINUX_OBJ)/modules/list
	@mkdir -p $(@D)
	names=$$(tr '\n' ' ' <$(LINUX_OBJ)/modules/list) && \
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -DMODULES="\"$${names}$(LINUX_ADDED)\"" -o $@ $<

$(LINUX_OBJ)/%.ko: kernels/linux/%.c kernels/linux/module.sh kernels/linux/fetch.sh $(LINUX_DEB)/package
	@mkdir -p $(@D)
	kernels/linux/module.sh $(LINUX_DEB) $(LINUX_HDR) $< $@

$(LINUX)/init.cpio: scenarios/mkpayload.sh $(LINUX_OBJ)/init $(LINUX_OBJ)/modules/list \
    $(LINUX_ADDED:%=$(LINUX_OBJ)/%.ko)
	@mkdir -p $(@D)
	$< $@ init=$(LINUX_OBJ)/init \
	    $$(sed 's|.*|modules/&.ko=$(LINUX_OBJ)/modules/&.ko|' $(LINUX_OBJ)/modules/list) \
	    $(foreach module,$(LINUX_ADDED),modules/$(module).ko=$(LINUX_OBJ)/$(module).ko)

$(LINUX)/target.json: kernels/linux/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_linux += $(addprefix $(LINUX)/,vmlinux init.cpio target.json)
