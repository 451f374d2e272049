#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-3.0-or-later
# The first program of the guest in which tests/kvm/lib.sh has the real KVM: boots what /vms lists, a line
# each, `NAME | SECONDS | HOW | QEMU'S OPTIONS`, and tells of each on the console:
#   vm NAME: STATUS EXITS REASON:COUNT...   STATUS is that of the guest's end marker, - without one
#   NAME> LINE                              of its console
# HOW is `end`: it ends by itself; `network`: it has a server on a tap.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tracefs trace /sys/kernel/tracing
for module in $(cat /modules/order); do insmod "/modules/$module" || echo "no $module"; done
exits=/sys/kernel/tracing/events/kvm/kvm_exit

count_from_now() {
    echo '!hist:keys=exit_reason' >$exits/trigger
    echo 'hist:keys=exit_reason' >$exits/trigger
}

counts() { # all of the VM's exits, and those of each reason
    awk '/^[{]/ { gsub(/[{},:]/, " "); n[$2] = $4; sum += $4 }
        END { printf "%d", sum; for (reason in n) printf " %s:%d", reason, n[reason] }' $exits/hist
}

talk() { # pings, 1 MB there and back, and the end
    timeout 100 /network wait 10.0.0.2 500 && timeout 100 /network ping 10.0.0.2 11 && echo pinged
    timeout 100 /network echo 10.0.0.2 1M && echo echoed
    nc 10.0.0.2 13 </dev/null & # which does not see that the machine is gone
}

vm() { # vm NAME SECONDS HOW OPTIONS...
    name=$1 seconds=$2 how=$3
    shift 3
    rm -f /tmp/console /tmp/marker /tmp/said
    : >/tmp/said
    count_from_now
    eval "timeout $seconds /usr/bin/qemu-system-x86_64 -accel kvm -cpu host -display none -nodefaults \
        -no-user-config -no-reboot -m 128 -serial file:/tmp/console -chardev file,id=m,path=/tmp/marker \
        -device isa-debugcon,iobase=0xe9,chardev=m $*" </dev/null >/tmp/qemu 2>&1 &
    qemu=$!
    [ "$how" = end ] || talk >/tmp/said 2>&1
    wait $qemu
    status=$?
    killall nc 2>/dev/null
    [ $status = 0 ] || echo "QEMU ended with $status" >>/tmp/said
    echo "vm $name: $(sed -n 's/^E.\{16\}\(..\)$/\1/p' /tmp/marker | grep . || echo -) $(counts)"
    cat /tmp/console /tmp/said /tmp/qemu | tr -d '\r' | sed "s/^/$name> /"
}

cat >/bin/up <<'UP'
#!/bin/sh
ifconfig $1 10.0.0.1 netmask 255.255.255.0 up
UP
chmod +x /bin/up
echo "kvm: $(cat /sys/module/kvm_amd/parameters/npt) date $(date +%s)"
[ ! -x /prove ] || /prove
while IFS='|' read -r name seconds how options; do
    vm $name $seconds $how "$options"
done </vms
[ ! -x /after ] || /after
echo "end: $(cut -d ' ' -f 1 /proc/uptime) s"
poweroff -f
