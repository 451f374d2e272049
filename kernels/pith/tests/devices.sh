#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every way in which a machine offers a device: over each of them a guest answers pings of all sizes,
# returns data unharmed and then rests, since no interrupt stays up for ever; and a CPU without entropy gets it from virtio-rng.
set -u
. kernels/pith/tests/alone.sh
. kernels/pith/tests/lib.sh
network=$B/tests/pith-network
guest=10.0.0.2
boots=0

"$network" lan tap tap0 && "$network" lan address tap0 10.0.0.1/24 || exit 1
# What nobody has written reads as ones, as it may in memory that was used before.
head -c 64M /dev/zero | tr '\0' '\377' >"$tmp/ram"
compile musl kernels/pith/tests/guest/echod.c "$tmp/echod"
pack "$tmp/echod.cpio" "$tmp/echod"

# It returns what it is sent, and answers all pings, as the one whose address the device gave it.
answers() {
    "$network" wait $guest 120 && "$network" echo $guest 4M && "$network" ping $guest 21 &&
        grep "^$guest .* $mac " /proc/net/arp
}

# pings NAME WORDS MACHINE DEVICE [QEMU OPTION...]: WORDS are the command line's, for the kernel
pings() {
    local name=$1 words=$2 machine=$3 device=$4
    shift 4
    boots=$((boots + 1))
    mac=52:54:00:00:01:$(printf %02x $boots)
    qemu-system-x86_64 -accel tcg -cpu max,-erms,-fsrm -display none -nodefaults -no-user-config \
        -name guest,debug-threads=on -no-reboot -M "$machine,memory-backend=ram" -m 64 \
        -object "memory-backend-file,id=ram,size=64M,mem-path=$tmp/ram,share=off" -serial "file:$tmp/console" -kernel "$pith" \
        -initrd "$tmp/echod.cpio" -netdev tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off \
        -append "quiet $words ip=$guest::10.0.0.1:255.255.255.0::eth0:off rdinit=/app" \
        "$@" -device "$device,netdev=n,mac=$mac" </dev/null 2>"$tmp/qemu" &
    qemu=$!
    if { answers && idle 0.5; } >"$tmp/said" 2>&1 && ! grep -q pith: "$tmp/console"; then
        passed=$((passed + 1))
        echo "ok: $name: $(head -n 2 "$tmp/said" | paste -sd " ")"
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        sed 's/^/  | /' "$tmp/said" "$tmp/qemu" "$tmp/console"
    fi
    kill -KILL "$qemu" 2>/dev/null
    wait "$qemu" 2>/dev/null
}

micro=microvm,acpi=off,auto-kernel-cmdline=off
word=virtio_mmio.device=512@0xfeb00e00:12
pci=virtio-net-pci,romfile=
port=(-device "pcie-root-port,id=root,chassis=1")
bare=mrg_rxbuf=off,csum=off,guest_csum=off,gso=off,guest_tso4=off,guest_tso6=off,host_tso4=off,\
host_tso6=off

pings "MMIO, legacy" $word $micro virtio-net-device
pings "MMIO, modern" $word $micro virtio-net-device -global virtio-mmio.force-legacy=false
pings "MMIO, no offload" $word $micro virtio-net-device,$bare
pings "q35, behind a port" "" q35 $pci,bus=root "${port[@]}"
pings "q35, transitional behind a port, by a line" "" q35 \
    $pci,bus=root,disable-legacy=off,vectors=0 "${port[@]}"
pings "q35, no event index, no ioeventfd" "" q35 $pci,event_idx=off,ioeventfd=off
pings "pc, transitional" "" pc $pci
pings "pc, modern, no offload" "" pc $pci,disable-legacy=on,$bare
pings "pc, modern, no merged buffers" "" pc $pci,disable-legacy=on,mrg_rxbuf=off
pings "pc, modern" "" pc $pci,disable-legacy=on,packed=on
pings "pc, legacy, large queue" "" pc $pci,disable-modern=on,rx_queue_size=1024
pings "pc, legacy, no offload, by a line" "" pc $pci,disable-modern=on,$bare,vectors=0
pings "pc, behind a bridge" "" pc $pci,bus=bridge,addr=1 -device pci-bridge,id=bridge,chassis_nr=1

compile musl kernels/pith/tests/guest/random.c "$tmp/random"
pack "$tmp/random.cpio" "$tmp/random"

# asks MACHINE [QEMU OPTION...]: boot it on a CPU that has neither RDSEED nor RDRAND
asks() {
    machine=$1
    shift
    boot "$pith" "$tmp/random.cpio" "quiet rdinit=/app" -cpu qemu64 "$@"
}

given=('getrandom\(.*: 104 E0$' 'read\(.*: 104 E0$' '^same: 0$')
none=('AT_RANDOM.* is predictable' 'getrandom\(.*: -1 E5$' 'read\(.*: -1 E5$' 'no entropy to give')

asks microvm,acpi=off -device virtio-rng-device
check "entropy over MMIO" 0 "${given[@]}"
asks pc -device virtio-rng-pci,disable-modern=on
check "entropy over PCI, legacy" 0 "${given[@]}"
asks q35 "${port[@]}" -device virtio-rng-pci,bus=root
check "entropy over PCI, modern" 0 "${given[@]}"
asks pc -object rng-builtin,id=r -device virtio-rng-pci,rng=r,max-bytes=3,period=1
check "entropy in small portions" 0 "${given[@]}"
# Beyond the room that is kept for 600 GiB of memory, and so beyond 512 GiB.
far=(-device "virtio-rng-pci,disable-legacy=on" -device "pci-testdev,membar=8G")
for cpu in qemu64 max,-rdrand,-rdseed; do
    for machine in q35 pc; do
        memory=64M,maxmem=600G,slots=1 asks $machine "${far[@]}" -cpu $cpu,phys-bits=46
        check "entropy over PCI, a BAR beyond 512 GiB, $machine, $cpu" 0 "${given[@]}"
    done
done
asks microvm,acpi=off
check "no entropy" 1 "${none[@]}"
asks pc -chardev null,id=c -object rng-egd,id=r,chardev=c -device virtio-rng-pci,rng=r
check "a source of entropy that is silent" 1 "${none[@]}"

finish
