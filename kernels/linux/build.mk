# SPDX-License-Identifier: GPL-3.0-or-later
LINUX     := $(SHARE)/kernels/linux
LINUX_DEB := $(B)/cache/linux-image
LINUX_HDR := $(B)/cache/linux-headers
LINUX_OBJ := $(B)/obj/kernels/linux

# What a virtio NIC needs, each after those it depends on (both transports: microvm, and PCI), of the
# package; and what we add to it.
LINUX_MODULES := virtio_ring virtio virtio_mmio virtio_pci_modern_dev virtio_pci_legacy_dev \
                 virtio_pci failover net_failover virtio_net
LINUX_ADDED   := virtio_mmio_cmdline

# Once it is there it is kept: to follow the distribution's updates, delete the folder.
$(LINUX_DEB)/package: | kernels/linux/fetch.sh
	kernels/linux/fetch.sh linux-image-cloud-amd64 $(@D)

$(LINUX)/vmlinux: kernels/linux/extract-vmlinux.sh $(LINUX_DEB)/package
	@mkdir -p $(@D)
	$< $(LINUX_DEB)/boot/vmlinuz-* $@

$(LINUX_OBJ)/init: kernels/linux/init.c kernels/linux/payload.h kernels/linux/network.h \
    scenarios/marker.h kernels/linux/build.mk
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -DMODULES='"$(LINUX_MODULES) $(LINUX_ADDED)"' -o $@ $<

$(LINUX_OBJ)/%.ko: kernels/linux/%.c kernels/linux/module.sh $(LINUX_DEB)/package
	@mkdir -p $(@D)
	kernels/linux/module.sh $(LINUX_DEB) $(LINUX_HDR) $< $@

$(LINUX)/init.cpio: scenarios/mkpayload.sh $(LINUX_OBJ)/init $(LINUX_DEB)/package \
    $(LINUX_ADDED:%=$(LINUX_OBJ)/%.ko)
	@mkdir -p $(@D)
	modules=$$(for module in $(LINUX_MODULES); do \
	    find $(LINUX_DEB)/lib/modules -name $$module.ko -printf 'modules/%f=%p\n' | grep . || \
	    { echo "$$module.ko is not in the package" >&2; exit 1; }; done) && \
	$< $@ init=$(LINUX_OBJ)/init $$modules \
	    $(foreach module,$(LINUX_ADDED),modules/$(module).ko=$(LINUX_OBJ)/$(module).ko)

$(LINUX)/target.json: kernels/linux/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_linux += $(addprefix $(LINUX)/,vmlinux init.cpio target.json)
