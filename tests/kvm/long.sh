#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What takes too long for tests/e2e/kvm.sh, on real KVM in a guest that has it: programs see on pith what they
# see on Linux; each way in which a machine offers a NIC; tare itself, with libvirt, and vhost-net.
. kernels/pith/tests/lib.sh
. tests/kvm/lib.sh
names=()

# expect NAME ARCHIVE [ARGUMENT...]: what the program prints on Linux, here, is what it is to print on pith there
expect() {
    local name=$1 archive=$2
    shift 2
    cat "$archive" "$linux/init.cpio" >"$tmp/linux.cpio"
    boot "$linux/vmlinux" "$tmp/linux.cpio" "console=ttyS0 loglevel=0 reboot=t no_timer_check nolapic_timer \
tsc_early_khz=1000000 VAR=value rdinit=/init -- /app $*"
    cp "$tmp/console" "$tmp/expected-$name"
    [ -s "$tmp/expected-$name" ] || echo "nothing from Linux" >"$tmp/expected-$name"
    cp "$archive" "$root/k/$name.cpio"
    list_vm "$name" 1800 end -M microvm,acpi=off -kernel /k/pith.elf -initrd "/k/$name.cpio" \
        -append "\"console=ttyS0 quiet VAR=value rdinit=/app -- $*\""
    names+=("$name")
}

program() { # program KIND SOURCE [ARGUMENT...]
    local kind=$1 source=$2
    shift 2
    compile "$kind" "kernels/pith/tests/guest/$source.c" "$tmp/$kind-$source"
    pack "$tmp/program.cpio" "$tmp/$kind-$source"
    expect "$kind-$source${1:+-${1%% *}}" "$tmp/program.cpio" "$@"
}

begin_root
mkdir -p "$root/k"
cp "$pith" "$root/k/pith.elf"
for kind in musl glibc; do
    for what in "tell one 'two'" pointers arguments memory time; do program $kind abi "$what"; done
    for what in files signals threads events protection ranges bounds sockets sockets_tcp sockets_udp \
        sockets_v6 sockets_options sockets_poll sockets_wait sockets_unix sockets_bulk sockets_lent; do
        program $kind $what
    done
done

# The NICs of kernels/pith/tests/devices.sh.
compile musl kernels/pith/tests/guest/echod.c "$tmp/echod"
pack "$root/k/echod.cpio" "$tmp/echod"
nics=()
nic() { # nic NAME WORD MACHINE DEVICE [OPTION...]
    local name=$1 word=$2 machine=$3 device=$4
    shift 4
    list_vm "$name" 1800 network -M "$machine" -kernel /k/pith.elf -initrd /k/echod.cpio \
        -append "'quiet $word ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off rdinit=/app'" \
        -netdev tap,id=n,ifname=tap0,script=/bin/up,downscript=no "$@" -device "$device,netdev=n"
    nics+=("$name")
}
micro=microvm,acpi=off,auto-kernel-cmdline=off
word=virtio_mmio.device=512@0xfeb00e00:12
pci=virtio-net-pci,romfile=
port=(-device "pcie-root-port,id=root,chassis=1")
bare=mrg_rxbuf=off,csum=off,guest_csum=off,gso=off,guest_tso4=off,guest_tso6=off,host_tso4=off,host_tso6=off
nic mmio-legacy $word $micro virtio-net-device
nic mmio-modern $word $micro virtio-net-device -global virtio-mmio.force-legacy=false
nic mmio-bare $word $micro virtio-net-device,$bare
nic q35-port "" q35 $pci,bus=root "${port[@]}"
nic q35-port-line "" q35 $pci,bus=root,disable-legacy=off,vectors=0 "${port[@]}"
nic q35-no-event-index "" q35 $pci,event_idx=off,ioeventfd=off
nic pc-transitional "" pc $pci
nic pc-bare "" pc $pci,disable-legacy=on,$bare
nic pc-unmerged "" pc $pci,disable-legacy=on,mrg_rxbuf=off
nic pc-modern "" pc $pci,disable-legacy=on,packed=on
nic pc-legacy "" pc $pci,disable-modern=on,rx_queue_size=1024
nic pc-legacy-line "" pc $pci,disable-modern=on,$bare,vectors=0
nic pc-bridge "" pc $pci,bus=bridge,addr=1 -device pci-bridge,id=bridge,chassis_nr=1

# tare, the libraries that it loads itself, and what libvirt reads.
libvirt=/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so
add_program "$B/bin/tare"
mv "$root$B/bin/tare" "$root/bin/tare"
add_program $libvirt
add_program /usr/bin/iperf3
add_program /usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so # by which libvirt asks QEMU what it can do
mkdir -p "$root/usr/share" "$root/share/tare/kernels" "$root/etc" "$root/var/lib" "$root/run"
cp -r /usr/share/libvirt "$root/usr/share/"
cp -r "$share"/kernels/{floor,pith,linux-tuned} "$root/share/tare/kernels/"
cp -r "$share/payloads" "$root/share/tare/"
add_modules llc stp bridge vhost_iotlb vhost tap vhost_net
cat >"$root/after" <<'AFTER'
#!/bin/sh
run() { # run NAME OPTION...: tare's words, and the result
    name=$1
    shift
    tare run --out /r.json "$@" 2>&1 | sed "s/^/$name> /"
    tr -d '\n' </r.json | fold -w 500 | sed "s/^/$name-json> /"
    rm -f /r.json*
}
echo "root:x:0:0::/:/bin/sh" >/etc/passwd
tare doctor 2>&1 | sed "s/^/doctor> /"
run tare-kvm --accel kvm --target floor,pith,linux-tuned --repeat 1 --warmup 0
run tare-auto --accel auto --target floor,pith --repeat 1 --warmup 0
run tare-iperf --accel kvm --scenario iperf --target pith --repeat 1 --warmup 0
run tare-vhost --accel kvm --scenario iperf --target pith --repeat 1 --warmup 0 --net-backend vhost
AFTER
chmod +x "$root/after"

boot_host 14400
for name in "${names[@]}"; do
    status=$(told_status "$name") qemu_status=0
    status=$((16#${status/-/fff}))
    console_of "$name" >"$tmp/console"
    check "$name" 0
    cp "$tmp/expected-$name" "$tmp/expected"
    equal "$name"
done
for name in "${nics[@]}"; do
    ok "$name: pings are answered, 1 MB comes back, the guest ends" \
        eval "says_on $name pinged echoed && [ \"\$(told_status $name)\" = 00 ]"
done
grep -E '^(kvm|prove|doctor|tare-[a-z]*|end)[:>]' "$tmp/told"
ok "doctor proves KVM" grep -q '^doctor>.*kvm.*a loop with SSE takes a guest' "$tmp/told"
for name in tare-kvm tare-auto tare-iperf tare-vhost; do
    ok "$name: by KVM" says_on $name 'accelerator: kvm'
    console_of $name-json | tr -d '\n' >"$tmp/$name.json"
    ok "$name: fits the schema" python3 -m jsonschema -i "$tmp/$name.json" results/schema.json
    ok "$name: every metric has a value" python3 -c "import json
d = json.load(open('$tmp/$name.json'))
assert d['run']['accel'] == 'kvm' and d['metrics']
assert all('value' in s for m in d['metrics'] for s in m['samples']), d['metrics']"
done
finish
