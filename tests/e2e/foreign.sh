#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Systems that others made, by target.json alone: iPXE and GRUB of Debian's, and a kernel of a few lines by
# multiboot. How they boot, are reached, end and are judged; that a user's disk stays as it was.
. tests/lib.sh

mkdir -p "$tmp/data/kernels"
ln -s "$share/payloads" "$tmp/data/payloads"
ln -s "$share/kernels/floor" "$tmp/data/kernels/floor"
gcc -m32 -Os -ffreestanding -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -nostdlib -static \
    -fno-asynchronous-unwind-tables -mgeneral-regs-only -Wl,-Ttext-segment=0x100000,-z,noseparate-code \
    -Wl,--build-id=none,-e,start -o "$tmp/guest32" tests/e2e/foreign/guest.c || exit
# The same as a 64-bit ELF, which QEMU refuses.
python3 - "$tmp/guest32" "$tmp/guest64" <<'PY' || exit
import struct, sys
data = open(sys.argv[1], "rb").read()
entry, phoff, _, _, _, size, count = struct.unpack_from("<IIIIHHH", data, 24)
heads, at = b"", 4096
for i in range(count):
    kind, offset, address, _, in_file, in_memory, flags, align = struct.unpack_from("<8I", data, phoff + i * size)
    heads += struct.pack("<IIQQQQQQ", kind, flags, offset + at, address, address, in_file, in_memory, align)
header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, entry, 64, 0, 0, 64, 56, count, 0, 0, 0)
open(sys.argv[2], "wb").write((header + heads).ljust(at, b"\0") + data)
PY

target() { # target NAME FIELDS: one whose image is the user's
    mkdir -p "$tmp/data/kernels/$1"
    printf '{"name":"%s","summary":"test","driver":"libvirt","payload":"baked","image":true,%s}\n' \
        "$1" "$2" >"$tmp/data/kernels/$1/target.json"
}

boot() { # boot TARGETS OPTION...: once each
    local targets=$1
    shift
    rm -f "$tmp/r.json"
    TARE_IMAGES=$tmp/images run_tare run --data "$tmp/data" --target "$targets" --accel tcg --repeat 1 \
        --warmup 0 --memory 64 --out "$tmp/r.json" "$@"
}

of() { # of PYTHON: of the targets t, by name, of the result d
    python3 -c "import json; d = json.load(open('$tmp/r.json')); t = {x['name']: x for x in d['targets']}
print($1)"
}

samples_of() { # samples_of TARGET METRIC
    samples "$tmp/r.json" boot "$2" "$1" | wc -l
}

# --- multiboot: how a guest ends, by both drivers
multiboot='"boot":"multiboot","kernel":"kernel","ready":"console:^up$"'
target exits "$multiboot"',"cmdline":"say=up exit=41","end":"debug-exit","end_status":83'
target wrong "$multiboot"',"cmdline":"say=up exit=1","end":"debug-exit","end_status":83'
target off "$multiboot"',"machines":["q35"],"cmdline":"say=up say=done off","end":"power-off","success":"^done$"'
target lies "$multiboot"',"machines":["q35"],"cmdline":"say=up off","end":"power-off","success":"^done$"'
target panics "$multiboot"',"cmdline":"say=up say=panic: exit=41","end":"debug-exit","end_status":83,"failure":"panic"'
target halts "$multiboot"',"cmdline":"say=up say=done halt","end":"halt","success":"^done$"'
target serves "$multiboot"',"cmdline":"say=up halt","end":"never"'
target grub '"boot":"grub","kernel":"guest64","ready":"console:^up$","machines":["pc"],"end":"halt","success":"^a=b,c$"
    ,"cmdline":"say=up say=a=b,c {args} halt"'
for name in exits wrong off lies panics halts serves; do
    mkdir -p "$tmp/images/$name"
    ln "$tmp/guest32" "$tmp/images/$name/kernel"
done
boot exits,wrong,off,lies,panics,halts,serves,grub,exits:qemu,grub:qemu --image "grub=$tmp/guest64"
ok "exit status" is "$status" 1
for name in exits exits:qemu off halts serves grub grub:qemu; do
    ok "$name: measured" is "$(samples_of $name app)" 1
done
errors='sorted({s["error"] for m in d["metrics"] for s in m["samples"] if "error" in s
    and m["target"].split(":")[0] == "%s"})'
ok "another status" is "$(of "${errors/\%s/wrong}")" "['the guest ended with status 3, not 83']"
ok "status 0 is no success" is "$(of "${errors/\%s/lies}")" \
    "['no line of the console matched \"success\": \"^done\$\"']"
ok "a line of failure" is "$(of "${errors/\%s/panics}")" "['the console said \"panic:\"']"
ok "fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "verifies" "$tare" verify "$tmp/r.json"
ok "the loader is recorded" is "$(of "len(t['grub']['loader']['sha256'])")" 64
ok "says how its machine differs" is "$(of "t['exits']['differs'] + ', ' + t['grub']['differs']")" \
    "isa-debug-exit, machine pc; 1 disk"

# --- a disk: what is written dies with the guest
truncate -s 1M "$tmp/disk.img"
untouched=$(sha256sum <"$tmp/disk.img")
target writes "$multiboot"',"machines":["pc"],"cmdline":"say=up write halt","end":"halt","success":"^wrote$",
    "disks":[{"file":"disk.img","bus":"ide"}]'
cp "$tmp/guest32" "$tmp/data/kernels/writes/kernel"
cp "$tmp/disk.img" "$tmp/data/kernels/writes/"
boot writes
ok "writes to its disk: exit status" is "$status" 0
ok "the user's file is as it was" is "$(sha256sum <"$tmp/data/kernels/writes/disk.img")" "$untouched"
ok "the disk is recorded" is "$(of "t['writes']['disks'][0]['sha256']")" "${untouched%  -}"
# A qcow2 image below.
qemu-img create -q -f qcow2 "$tmp/data/kernels/writes/disk.img" 1M
sed -i 's/"bus"/"format":"qcow2","bus"/' "$tmp/data/kernels/writes/target.json"
boot writes
ok "writes to a qcow2 disk: exit status" is "$status" 0

# --- Debian's: iPXE by Linux's protocol, and from a disk by GRUB; Memtest86+ by its screen alone
script='"set net0/ip {ip} && set net0/netmask {netmask} && ifopen net0 && sleep 1000"'
target ipxe '"boot":"linux","kernel":"ipxe.lkrn","machines":["pc"],"ready":"ping","end":"never","cmdline":'"$script"
target fixed '"boot":"disk","disks":[{"file":"disk.img"}],"machines":["q35"],"nics":["virtio-transitional"],
    "address":"10.0.7.7","ready":"ping","end":"never"'
mkdir -p "$tmp/mem" "$tmp/images/fixed"
cp /boot/ipxe.lkrn "$tmp/mem/"
cat >"$tmp/grub.cfg" <<'CFG'
linux16 (memdisk)/ipxe.lkrn set net0/ip 10.0.7.7 && set net0/netmask 255.255.0.0 && ifopen net0 && sleep 1000
boot
CFG
tar -C "$tmp/mem" -cf "$tmp/mem.tar" ipxe.lkrn
grub-mkimage -O i386-pc -p / -m "$tmp/mem.tar" -c "$tmp/grub.cfg" -o "$tmp/core.img" memdisk tar linux16 biosdisk
cat /usr/lib/grub/i386-pc/boot.img "$tmp/core.img" >"$tmp/images/fixed/disk.img"
truncate -s 2M "$tmp/images/fixed/disk.img"
target memtest '"boot":"linux","kernel":"memtest.bin","machines":["pc"],"ready":"console:Memtest86\\+","end":"never",
    "cmdline":"console=ttyS0"'
memtest=$(find "$B/cache/memtest86+/boot" -name '*x64*' ! -name '*.efi') # its releases call it otherwise
boot ipxe,fixed,memtest,floor --image "ipxe=/boot/ipxe.lkrn" --image "memtest=$memtest"
ok "iPXE: exit status" is "$status" 0
ok "iPXE: answers ping, by Linux's protocol and from a disk" is "$(samples_of ipxe reply) $(samples_of fixed reply)" "1 1"
ok "Memtest86+: draws its screen" is "$(samples_of memtest app)" 1
ok "iPXE: verifies" "$tare" verify "$tmp/r.json"

# --- what is not there is skipped
target partly "$multiboot"',"cmdline":"say=up halt","end":"never","initrd":["gone.cpio"]'
cp "$tmp/guest32" "$tmp/data/kernels/partly/kernel"
boot ipxe,partly,floor
ok "absent: exit status" is "$status" 0
ok "absent: fits the schema" python3 -m jsonschema -i "$tmp/r.json" results/schema.json
ok "absent: the other is measured" is "$(samples_of floor app)" 1
ok "absent: recorded" is "$(of "t['ipxe']['dropped']")" \
    "image not found: ipxe.lkrn; see kernels/ipxe/README.md"
ok "absent: verifies" "$tare" verify "$tmp/r.json"
mkdir -p "$tmp/few/kernels"
ln -s "$share/payloads" "$tmp/few/payloads"
ln -s "$share/kernels/floor" "$tmp/data/kernels/partly" "$tmp/few/kernels/"
boot all --data "$tmp/few"
ok "absent of all: exit status" is "$status" 0
ok "absent of all: one line says so" \
    is "$(grep -c partly "$tmp/err") $(grep -c '^no images of partly: left out; see kernels/README.md$' "$tmp/err")" "1 1"

# --- tare target check: what a target.json says, and what is wrong
run_tare target check "$tmp/data/kernels/writes/target.json"
ok "check: exit status" is "$status" 0
ok "check: explains" grep -q 'starts *its kernel, by multiboot' "$tmp/out"
ok "check: the machine" grep -q 'machine *machine pc; 1 disk' "$tmp/out"
sed -i 's/multiboot/pvh/' "$tmp/data/kernels/writes/target.json"
run_tare target check "$tmp/data/kernels/writes/target.json"
ok "check, wrong boot protocol: exit status" is "$status" 2
ok "check, wrong boot protocol: remedy" \
    says 'writes/target.json: field "kernel": .*no PVH entry note, but a multiboot header: "boot": "multiboot"'
for name in mirageos osv includeos unikraft nanos; do
    run_tare target check kernels/$name/target.json
    ok "$name: is well" is "$status" 0
    ok "$name: what is missing" grep -q 'left out *image not found: .*; see kernels/'$name'/README.md' "$tmp/out"
    ok "$name: fits the schema" python3 -m jsonschema -i kernels/$name/target.json kernels/target.schema.json
done
run_tare target check nanos.http
ok "check, one variant by its name" grep -q '^nanos.http: ' "$tmp/out"
ok "check, one variant: no other" is "$(grep -c ^nanos "$tmp/out")" 1

# --- tare target try: what to change
tries() { # tries TARGET: boot it once
    TARE_IMAGES=$tmp/images run_tare target try "$tmp/data/kernels/$1/target.json"
}
advises() { # advises DESCRIPTION TARGET PATTERN
    tries "$2"
    ok "try, $1: exit status" is "$status" 1
    ok "try, $1: says what to change" grep -Eq "advice .*$3" "$tmp/out"
}
tries halts
ok "try, well: exit status" is "$status" 0
ok "try, well: console and phases" grep -q '| done' "$tmp/out"
advises "another end" wrong '"debug-exit", "end_status": 3'
target memory "$multiboot"',"cmdline":"need=4096 say=up","end":"never","failure":"memory$"'
mkdir -p "$tmp/images/memory" && ln "$tmp/guest32" "$tmp/images/memory/kernel"
advises "too little memory" memory '"memory_min_mib"'
target nonic "$multiboot"',"cmdline":"say=up halt","end":"never","address":"10.0.0.9"'
mkdir -p "$tmp/images/nonic" && ln "$tmp/guest32" "$tmp/images/nonic/kernel"
advises "no driver for the NIC" nonic 'no driver for this NIC'
target deaf '"boot":"linux","kernel":"ipxe.lkrn","machines":["pc"],"ready":"ping","end":"never",
    "cmdline":"set net0/ip {ip} \u0026\u0026 set net0/netmask {netmask} \u0026\u0026 ifopen net0 \u0026\u0026 sleep 1 \u0026\u0026 ifclose net0 \u0026\u0026 sleep 1000"'
mkdir -p "$tmp/images/deaf" && cp /boot/ipxe.lkrn "$tmp/images/deaf/"
advises "deaf" deaf '"event_idx": false'
finish
