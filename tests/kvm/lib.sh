# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The real KVM, on any machine: QEMU's translator emulates AMD's SVM, and in a guest of it Debian's kernel, the
# same as of the target linux, loads kvm_amd and boots guests of its own (tests/kvm/init.sh). To be read after
# tests/lib.sh.
# shellcheck disable=SC2154 # tmp, share and B are its
image=$B/cache/linux-image
busybox=$B/cache/busybox-static/bin/busybox
qemu=/usr/bin/qemu-system-x86_64
root=$tmp/root

add() { # add FILE PATH: put it into the guest's root
    mkdir -p "$root$(dirname "$2")"
    cp -L "$1" "$root$2"
}

add_program() { # add_program FILE: at its own path, with the libraries it needs
    local file
    add "$1" "$1"
    while read -r file; do
        [ -e "$root$file" ] || add "$file" "$file"
    done < <(ldd "$1" | grep -o '/[^ ]*')
}

add_modules() { # add_modules NAME...: in the order in which they are loaded; those built in are not found
    local name file
    mkdir -p "$root/modules"
    for name; do
        file=$(find "$image" -name "$name.ko*" | head -n 1)
        case $file in
        *.ko.xz) xz -dc "$file" >"$root/modules/$name.ko" ;;
        *.ko) cp "$file" "$root/modules/$name.ko" ;;
        *) continue ;;
        esac
        echo "$name.ko" >>"$root/modules/order"
    done
}

# QEMU with the firmware of microvm, q35 and pc, and what init.sh needs
begin_root() {
    local file
    mkdir -p "$root"/{bin,dev,proc,sys,tmp}
    add "$busybox" /bin/busybox
    add tests/kvm/init.sh /init
    add_program $qemu
    for file in seabios/bios-256k.bin qemu/qboot.rom qemu/kvmvapic.bin qemu/linuxboot_dma.bin qemu/pvh.bin; do
        add "/usr/share/$file" "/usr/share/$file"
    done
    add_modules irqbypass ccp kvm kvm-amd tun
    add_program "$B/tests/pith-network"
    mv "$root$B/tests/pith-network" "$root/network"
    : >"$root/vms"
}

list_vm() { # list_vm NAME SECONDS HOW OPTION...: as init.sh takes them
    local name=$1 seconds=$2 how=$3
    shift 3
    echo "$name|$seconds|$how|$*" >>"$root/vms"
}

# boot_host SECONDS: the guest with KVM; what it tells goes to $tmp/told
boot_host() {
    (cd "$root" && find . | cpio -o -H newc --quiet) >"$tmp/initrd"
    timeout "$1" $qemu -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 1G -display none -nodefaults \
        -no-user-config -no-reboot -serial "file:$tmp/told" -kernel "$share/kernels/linux/vmlinux" \
        -initrd "$tmp/initrd" -append "console=ttyS0 quiet mitigations=off tsc=reliable no_timer_check \
panic=-1 rdinit=/init" </dev/null
    sed -i 's/\r$//' "$tmp/told"
    grep -q '^end: ' "$tmp/told" || {
        echo "the guest with KVM did not come to its end:"
        tail -n 20 "$tmp/told"
    }
}

console_of() { # console_of NAME: what stood on its console
    sed -n "s/^$1> //p" "$tmp/told"
}

told_status() { # told_status NAME: of the end of that guest
    sed -n "s/^vm $1: \([^ ]*\) .*/\1/p" "$tmp/told"
}

told_exits() { # told_exits NAME: how often it left the VM; interrupts of the host (96) are not its doing
    awk -v name="$1:" '$1 == "vm" && $2 == name {
        for (i = 5; i <= NF; i++) if (split($i, part, ":") && part[1] == 96) $4 -= part[2]
        print $4 }' "$tmp/told"
}

told_table() { # of all guests, by reason (AMD APM vol. 2, appendix C)
    awk 'BEGIN {
            split("1024 123 114 124 120 141 127 129 96", reason)
            split("memory ports cpuid msr hlt xsetbv shutdown hypercall interrupt", title)
            printf "%-18s %7s", "", "total"
            for (i = 1; i <= 8; i++) printf " %9s", title[i]
            print "     other"
        }
        $1 == "vm" {
            delete n
            for (i = 5; i <= NF; i++) { split($i, part, ":"); n[part[1]] = part[2] }
            other = total = $4 - n[96]
            printf "%-18s %7d", $2, total
            for (i = 1; i <= 8; i++) { printf " %9d", n[reason[i]]; other -= n[reason[i]] }
            printf " %9d\n", other
        }' "$tmp/told"
}

says_on() { # says_on NAME PATTERN...: on its console
    local name=$1 pattern
    shift
    for pattern; do
        grep -Eq -- "^$name> $pattern" "$tmp/told" || {
            echo "  $name did not say /$pattern/"
            return 1
        }
    done
}
