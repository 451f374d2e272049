# SPDX-License-Identifier: GPL-3.0-or-later
# One read-execute segment at 1 MiB, the first address that is RAM on every machine: the floor of
# memory is measured too, so nothing may be linked higher than needed.
$(SHARE)/kernels/floor/floor.elf: kernels/floor/floor.c scenarios/marker.h kernels/floor/build.mk
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -m32 -Os -ffreestanding -fno-pic -fno-stack-protector \
	    -fcf-protection=none -fno-asynchronous-unwind-tables -mgeneral-regs-only -nostdlib \
	    -static -no-pie -s -Wl,-Ttext-segment=0x100000,-z,noseparate-code,--build-id=none \
	    -Wl,-e,start -o $@ $<

$(SHARE)/kernels/floor/target.json: kernels/floor/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_floor += $(addprefix $(SHARE)/kernels/floor/,floor.elf target.json)
