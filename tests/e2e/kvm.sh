#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The kernels on real KVM, in a guest that has it (tests/kvm/lib.sh): they boot, know the date, have a network
# and entropy on each machine type; and how often they leave the VM.
. tests/lib.sh
. tests/kvm/lib.sh

musl() { # musl NAME: a program of pith's tests, as /k/NAME.cpio
    mkdir -p "$tmp/$1"
    musl-gcc -static -no-pie -O1 -w -D_GNU_SOURCE -o "$tmp/$1/app" "kernels/pith/tests/guest/$1.c"
    (cd "$tmp/$1" && echo app | cpio -o -H newc --quiet) >"$root/k/$1.cpio"
}

begin_root
mkdir -p "$root/k"
cp "$share"/kernels/{floor/floor,pith/pith}.elf "$share"/payloads/{noop,hello}.cpio "$root/k/"
strip -o "$root/k/linux-tuned" "$share/kernels/linux-tuned/vmlinux"
for program in date random calls echod; do musl $program; done
cat "$root/k/date.cpio" "$share/kernels/linux-tuned/init.cpio" >"$root/k/linux-tuned.cpio"
gcc -static -O2 -I. -std=gnu11 -D_GNU_SOURCE -o "$root/prove" tests/kvm/prove.c bench/measure/{kvm,patience}.c bench/base/clock.c

pith() { # pith NAME MACHINE ARCHIVE ARGUMENTS...
    local name=$1 machine=$2 archive=$3
    shift 3
    list_vm "$name" 200 end -M "$machine" -kernel /k/pith.elf -initrd "/k/$archive.cpio" \
        -append "'quiet rdinit=/app -- $*'"
}

network() { # network NAME MACHINE WORD DEVICE
    list_vm "$1" 200 network -M "$2" -kernel /k/pith.elf -initrd /k/echod.cpio \
        -append "'quiet $3 ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off rdinit=/app'" \
        -netdev tap,id=n,ifname=tap0,script=/bin/up,downscript=no -device "$4,netdev=n"
}

list_vm floor-microvm 200 end -M microvm,acpi=off -kernel /k/floor.elf -initrd /k/noop.cpio
pith noop-microvm microvm,acpi=off noop
pith calls-10 microvm,acpi=off calls 10
pith calls-1000 microvm,acpi=off calls 1000
for machine in microvm,acpi=off q35 pc; do
    type=${machine%,*}
    pith "hello-$type" "$machine" hello
    pith "date-$type" "$machine" date
    pith "random-$type" "$machine" random
done
network network-microvm microvm,acpi=off,auto-kernel-cmdline=off virtio_mmio.device=512@0xfeb00e00:12 virtio-net-device
network network-q35 q35 "" virtio-net-pci,romfile=
network network-pc pc "" virtio-net-pci,romfile=
list_vm linux-tuned 200 end -M microvm,acpi=off -kernel /k/linux-tuned -initrd /k/linux-tuned.cpio \
    -append "'console=ttyS0 quiet clearcpuid=smap reboot=t panic=-1 rdinit=/init -- /app'"

boot_host 900
sed -n '/^\(kvm\|prove\|end\): /p' "$tmp/told"
began=$(sed -n 's/^kvm: .* date //p' "$tmp/told")
ok "nested paging" grep -q '^kvm: [1Y] ' "$tmp/told"
ok "the proof of KVM holds" grep -q '^prove: KVM: a loop with SSE' "$tmp/told"

ends_well() { # ends_well NAME: by itself, with status 0 and QEMU's
    [ "$(told_status "$1")" = 00 ] && ! says_on "$1" 'QEMU ended' >/dev/null || {
        sed -n "s/^$1> /  | /p" "$tmp/told"
        return 1
    }
}

knows_the_date() { # knows_the_date NAME: that of the machine that it is in
    local seconds
    seconds=$(sed -n "s/^$1> date: \([0-9]*\)\$/\1/p" "$tmp/told")
    [ $((seconds - began)) -ge 0 ] && [ $((seconds - began)) -lt 1800 ] || {
        echo "  the date is $seconds, here it was $began"
        return 1
    }
}

for name in $(cut -d '|' -f 1 "$root/vms"); do ok "$name ends well" ends_well "$name"; done
for type in microvm q35 pc; do
    ok "hello on $type" says_on hello-$type hello
    ok "the date on $type" knows_the_date date-$type
    ok "a deadline in the past on $type" says_on date-$type 'sem_timedwait.*E110'
    ok "entropy on $type" says_on random-$type 'getrandom.*: 104 E0' 'read.*: 104 E0' 'same: 0'
    ok "pings and 1 MB each way on $type" says_on network-$type pinged echoed
done
ok "linux-tuned has the same date" knows_the_date linux-tuned

at_most() { # at_most NAME NUMBER BASE: so many exits more than BASE
    local more=$(($(told_exits "$1") - $(told_exits "$3")))
    [ $more -le "$2" ] || {
        echo "  $more exits more than $3"
        return 1
    }
}

echo "exits, without those by interrupts of the host:"
told_table
ok "noop: at most 80 exits more than floor" at_most noop-microvm 80 floor-microvm
ok "hello: at most 115 exits more than floor" at_most hello-microvm 115 floor-microvm
ok "1,000 rounds of calls, 4 MB of random numbers among them: no more exits than 10" \
    at_most calls-1000 10 calls-10
ok "1 MB each way: fewer exits than one for each KB" at_most network-microvm 2048 floor-microvm
finish
