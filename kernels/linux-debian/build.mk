# SPDX-License-Identifier: GPL-3.0-or-later
# Not part of `all`: to make this image takes minutes. `make bench TARGETS=linux-debian` makes it.
DEBIAN     := $(SHARE)/kernels/linux-debian
DEBIAN_OBJ := $(B)/obj/kernels/linux-debian
NOT_IN_ALL += linux-debian
DEPS_linux-debian := debian

$(DEBIAN_OBJ)/starter: kernels/linux-debian/starter.c kernels/linux/payload.h scenarios/marker.h
	@mkdir -p $(@D)
	$(PAYLOAD_CC) $(PAYLOAD_CFLAGS) -o $@ $<

# Kept under a key, all that it is made of but the packages: to follow the distribution's updates, delete the folder.
# Where it cannot be made, make says so and goes on; the target is then skipped.
$(DEBIAN)/made: kernels/linux-debian/build.sh kernels/linux-debian/take-payload.sh kernels/linux-debian/tare.service \
    $(DEBIAN_OBJ)/starter
	@mkdir -p $(@D)
	kernels/linux-debian/cached.sh $(B)/cache/linux-debian $(@D) $^ || true

$(DEBIAN)/target.json: kernels/linux-debian/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_linux-debian += $(DEBIAN)/target.json $(DEBIAN)/made
