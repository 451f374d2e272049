#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: build.sh FOLDER STARTER
# Make FOLDER with root.img, a Debian of this machine's release on ext4, its vmlinuz and its initrd.img, and packages,
# their list. Nothing is installed, and no privilege is needed where mmdebstrap needs none. The same packages give the
# same bytes. MIRROR names a mirror of Debian.
set -eu
folder=$1
starter=$2
here=${0%/*}
export SOURCE_DATE_EPOCH=1704067200 # the date that every guest is told
export LC_ALL=C.UTF-8
size=1G

die() {
    echo "linux-debian is not there: $1" >&2
    exit 1
}
for tool in mmdebstrap mke2fs debugfs fakeroot; do
    PATH=$PATH:/sbin:/usr/sbin command -v $tool >/dev/null || die "no $tool; it needs what CI/deps debian installs"
done
PATH=$PATH:/sbin:/usr/sbin
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[ -n "$suite" ] || die "/etc/os-release names no release of Debian"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Debian as its installer makes it, less what is merely usual; and what its images for clouds have for a kernel.
# shellcheck disable=SC2016 # $1 is the hook's
mmdebstrap --quiet --variant=important \
    --include=linux-image-cloud-amd64,systemd-sysv,dbus,udev,initramfs-tools,busybox,iproute2 \
    --aptopt='Acquire::Languages "none"' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/scripts/init-bottom" "$1/usr/lib/tare"' \
    --essential-hook="copy-in $here/take-payload.sh /etc/initramfs-tools/scripts/init-bottom" \
    --customize-hook="upload $starter /usr/lib/tare/payload" \
    --customize-hook="upload $here/tare.service /etc/systemd/system/tare.service" \
    --customize-hook='chmod 755 "$1/usr/lib/tare/payload"' \
    --customize-hook='mkdir "$1/etc/systemd/system/systemd-networkd-wait-online.service.d"' \
    --customize-hook='printf "[Unit]\nConditionKernelCommandLine=ip\n" \
        >"$1/etc/systemd/system/systemd-networkd-wait-online.service.d/tare.conf"' \
    --customize-hook='chroot "$1" systemctl -q enable tare systemd-networkd systemd-network-generator' \
    --customize-hook='echo debian >"$1/etc/hostname"' \
    --customize-hook='printf "/dev/vda / ext4 errors=remount-ro 0 1\n" >"$1/etc/fstab"' \
    --customize-hook='echo "$(printf tare | sha256sum | cut -c 1-32)" >"$1/etc/machine-id"' \
    "$suite" "$work/root.tar" ${MIRROR:-} || die "mmdebstrap failed, as said above"

# Owners and device files are of a pretended root.
mkdir "$work/root"
cat >"$work/make" <<'IMAGE'
set -e
tar -C "$work/root" -xf "$work/root.tar"
touch -d "@$SOURCE_DATE_EPOCH" "$work/root"
mke2fs -qF -t ext4 -L debian -U 6e2d7f5c-0c3b-4f3f-9a43-0d2b1c9f7a10 -d "$work/root" \
    -E hash_seed=6e2d7f5c-0c3b-4f3f-9a43-0d2b1c9f7a10,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 \
    "$work/root.img" "$size"
IMAGE
export work size E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
fakeroot sh "$work/make" || die "mke2fs failed, as said above"

# A file's time of access and of change are those of this build, and of its copy here.
dumpe2fs "$work/root.img" 2>/dev/null | awk -v epoch="@$SOURCE_DATE_EPOCH" '
    /^Inodes per group:/ { per = $4 }
    /^Group [0-9]+:/ { group = $2 + 0 }
    /^  Free inodes:/ {
        from = group * per + 1
        sub(/^  Free inodes: */, "")
        count = split($0, ranges, / *, */)
        for (i = 1; i <= count + 1; i++) {
            split(i <= count ? ranges[i] : "", ends, "-")
            to = i <= count && ends[1] != "" ? ends[1] + 0 : (group + 1) * per + 1
            for (; from < to; from++) list(from)
            from = (ends[2] != "" ? ends[2] : ends[1]) + 1
            if (to == (group + 1) * per + 1) break
        }
    }
    function list(inode) {
        if (inode != 2 && inode < 11) return
        for (field = 1; field <= 3; field++)
            print "sif <" inode "> " (field == 1 ? "atime" : field == 2 ? "ctime" : "crtime") " " epoch
    }' >"$work/times"
debugfs -w -f "$work/times" "$work/root.img" >"$work/log" 2>&1 || die "debugfs failed: $(tail -n 1 "$work/log")"

rm -rf "$folder"
mkdir -p "$folder"
cp "$work"/root/boot/vmlinuz-* "$folder/vmlinuz"
cp "$work"/root/boot/initrd.img-* "$folder/initrd.img"
chmod 644 "$folder/initrd.img"
cp --sparse=always "$work/root.img" "$folder/root.img"
sed -n 's/^Package: //p; s/^Version: //p' "$work/root/var/lib/dpkg/status" | paste -d ' ' - - >"$folder/packages"
