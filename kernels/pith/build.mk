# SPDX-License-Identifier: GPL-3.0-or-later
# -mgeneral-regs-only: SSE registers are the program's. -mno-red-zone: an interrupt of the idle CPU goes on on the
# stack that is in use. No loop-to-memcpy: memcpy is a loop.
# -fno-tree-ch, -fno-tree-pre, -mbranch-cost: less to translate under TCG, where the condition of a loop then stands once,
# and fewer blocks. -mstringop-strategy: no `rep stos`, which is slow there.
# -fbuiltin: a copy of a few bytes is a move, not a call, which -ffreestanding would make it.
# -flto: what is called from one place only becomes part of it, across files and lwIP as well.
PITH_CFLAGS := $(CSTD) $(WARN) -O2 -flto -fno-tree-ch -fno-tree-pre -mbranch-cost=5 -g -ffreestanding -fbuiltin \
    -mcmodel=kernel -fno-pic -fno-pie -mstringop-strategy=libcall -mgeneral-regs-only -mno-red-zone -fno-tree-loop-distribute-patterns -fno-stack-protector \
    -fcf-protection=none -fno-asynchronous-unwind-tables -fno-strict-aliasing \
    -ffunction-sections -fdata-sections
# The rooms, the lowest first (CI/rooms.txt), and what is wired up above them.
PITH_ROOMS   := lib vdso cpu memory sched virtio net linux socket
PITH_SOURCES := $(filter-out %/vdso.c,$(wildcard $(addsuffix *.[cS],$(PITH_ROOMS:%=kernels/pith/%/) kernels/pith/)))
PITH_INCLUDE := -iquote . -iquote kernels/pith
PITH_OBJECTS := $(PITH_SOURCES:%=$(B)/obj/%.o)

# lwIP, unmodified, from the distribution's source package; net/ has its options and our port.
LWIP         := $(B)/cache/lwip
LWIP_SOURCES := $(addprefix core/,def init inet_chksum ip mem memp netif pbuf raw tcp tcp_in tcp_out udp \
    $(addprefix ipv4/,dhcp etharp icmp ip4 ip4_addr ip4_frag) \
    $(addprefix ipv6/,ethip6 icmp6 ip6 ip6_addr ip6_frag mld6 nd6)) netif/ethernet
LWIP_OBJECTS := $(LWIP_SOURCES:%=$(B)/obj/lwip/%.o)
LWIP_INCLUDE := $(PITH_INCLUDE) -Ikernels/pith/net -isystem $(LWIP)/source/src/include

$(LWIP)/package: kernels/pith/net/fetch.sh
	$< lwip $(@D)

$(B)/obj/lwip/core/init.o: LWIP_INCLUDE += -DTCP_WND=0x100000
$(LWIP_OBJECTS): $(B)/obj/lwip/%.o: $(LWIP)/package kernels/pith/build.mk $(wildcard kernels/pith/net/*.h kernels/pith/net/arch/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -W%,$(PITH_CFLAGS)) $(LWIP_INCLUDE) -MMD -MP -c -o $@ $(LWIP)/source/src/$*.c

# The compiler's own calls to memcpy() and its kin come after linking by -flto would have dropped them.
$(B)/obj/kernels/pith/lib/string.c.o: PITH_CFLAGS += -fno-lto

$(B)/obj/kernels/pith/%.c.o: kernels/pith/%.c kernels/pith/build.mk | $(LWIP)/package
	@mkdir -p $(@D)
	$(CC) $(PITH_CFLAGS) $(LWIP_INCLUDE) -MMD -MP -c -o $@ $<

$(B)/obj/kernels/pith/%.S.o: kernels/pith/%.S kernels/pith/build.mk
	@mkdir -p $(@D)
	$(CC) $(PITH_INCLUDE) -MMD -MP -c -o $@ $<

# The vDSO is a program of its own, carried as bytes. Position-independent, no data but the page before.
PITH_VDSO := $(B)/obj/kernels/pith/vdso/vdso.so

$(PITH_VDSO): kernels/pith/vdso/vdso.c kernels/pith/vdso/data.h kernels/pith/vdso/vdso.ld
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) $(PITH_INCLUDE) -O2 -ffreestanding -fPIC -fno-stack-protector -fcf-protection=none \
	    -fno-asynchronous-unwind-tables -mno-sse -nostdlib -shared -s -o $@ $< \
	    -Wl,-T,kernels/pith/vdso/vdso.ld,-soname,linux-vdso.so.1,--hash-style=both,--build-id=none \
	    -Wl,-z,max-page-size=4096,-z,noexecstack,-Bsymbolic

$(B)/obj/kernels/pith/vdso/image.S.o: kernels/pith/vdso/image.S $(PITH_VDSO)
	@mkdir -p $(@D)
	$(CC) -DVDSO='"$(PITH_VDSO)"' -c -o $@ $<

$(B)/obj/kernels/pith/pith.debug: $(PITH_OBJECTS) $(LWIP_OBJECTS) kernels/pith/pith.ld
	$(CC) $(PITH_CFLAGS) -flto-partition=one -nostdlib -static -no-pie -Wl,-T,kernels/pith/pith.ld,--build-id=none \
	    -Wl,-z,max-page-size=4096,-z,noexecstack,--no-warn-rwx-segments,--gc-sections -o $@ \
	    $(PITH_OBJECTS) $(LWIP_OBJECTS)

$(SHARE)/kernels/pith/pith.elf: $(B)/obj/kernels/pith/pith.debug
	@mkdir -p $(@D)
	strip -o $@ $<

$(SHARE)/kernels/pith/target.json: kernels/pith/target.json
	@mkdir -p $(@D)
	cp $< $@

ARTIFACTS_pith += $(addprefix $(SHARE)/kernels/pith/,pith.elf target.json)

# --- tests: the parts that need no machine, on the host; the rest in QEMU --------------------------
PITH_PURE  := $(addprefix kernels/pith/,lib/number.c linux/cmdline.c linux/cpio.c linux/elf.c memory/pages.c \
    net/address.c virtio/mmio.c virtio/queue.c virtio/pci_layout.c cpu/pci.c tests/host.c)
PITH_UNITS := $(patsubst kernels/pith/tests/%.c,$(B)/tests/pith-%,$(wildcard kernels/pith/tests/unit*.c))

PITH_HOSTED := $(PITH_PURE:%.c=$(B)/obj/hosted/%.o)

$(B)/obj/hosted/%.o: %.c kernels/pith/build.mk
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) $(PITH_INCLUDE) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    -fno-builtin -MMD -MP -c -o $@ $<

$(PITH_UNITS): $(B)/tests/pith-%: $(B)/obj/hosted/kernels/pith/tests/%.o $(PITH_HOSTED)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

$(B)/tests/pith-fuzz: kernels/pith/tests/fuzz.c $(PITH_PURE) $(wildcard kernels/pith/*/*.h)
	@mkdir -p $(@D)
	clang $(CSTD) $(PITH_INCLUDE) -Wall -Wextra -Werror -g -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined -o $@ kernels/pith/tests/fuzz.c $(PITH_PURE)

# The host's side of the network tests.
PITH_NETWORK := $(sort $(wildcard kernels/pith/tests/net/*.c))

$(B)/tests/pith-network: $(PITH_NETWORK) $(wildcard kernels/pith/tests/net/*.h)
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -g -o $@ $(PITH_NETWORK) -lnettle -pthread

UNIT_TESTS += $(PITH_UNITS)
FUZZERS += $(B)/tests/pith-fuzz kernels/pith/tests/fuzz_calls.sh kernels/pith/tests/fuzz_code.sh
E2E_TESTS += $(addprefix kernels/pith/tests/,guest.sh protection.sh programs.sh sockets.sh devices.sh network.sh)

tests-built: $(B)/tests/pith-network
