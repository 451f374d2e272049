#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the build takes of the distribution's packages: that apt brought what was asked for, and which modules of a
# kernel are needed. The packages are made here; apt-get and apt-cache are programs of this test.
. tests/lib.sh
mkdir "$tmp/bin" "$tmp/mirror"
export MIRROR=$tmp/mirror

# package NAME VERSION: in the mirror, with a file
package() {
    mkdir -p "$tmp/$1/DEBIAN" "$tmp/$1/usr"
    echo "$2" >"$tmp/$1/usr/$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: none\nDescription: none\n' "$1" "$2" \
        >"$tmp/$1/DEBIAN/control"
    dpkg-deb --build --root-owner-group "$tmp/$1" "$tmp/mirror/$1.deb" >/dev/null
}
# Like apt-get, which downloads what a regular expression matches where no package has that very name.
cat >"$tmp/bin/apt-get" <<'F'
#!/bin/sh
for asked; do :; done
name=${asked%%=*}
[ ! -e "$MIRROR/$name.deb" ] || name="^$(echo "$name" | sed 's/[.+]/\\&/g')$"
for file in "$MIRROR"/*.deb; do
    ! echo "${file##*/}" | sed 's/\.deb$//' | grep -qE -e "$name" || { cp "$file" . && came=1; }
done
[ -z "${PLANT:-}" ] || cp "$MIRROR/$PLANT.deb" .
[ -n "${came:-}" ]
F
cat >"$tmp/bin/apt-cache" <<'F'
#!/bin/sh
[ "$3" != linux-image-cloud ] || printf '%s\n  Depends: linux-image-6.1.0-cloud\n' "$3"
F
chmod +x "$tmp/bin/"*

fetch() { # fetch PACKAGE...
    PATH=$tmp/bin:$PATH kernels/linux/fetch.sh "$tmp/folder" "$@" >"$tmp/out" 2>"$tmp/err"
    status=$?
}
came() { # came LINE...: the packages, and no other, are there
    is $status 0 && is "$(cat "$tmp/folder/package")" "$(printf 'Package: %s\nVersion: %s\n' "$@")" &&
        is "$(ls "$tmp/folder/usr")" "$(printf '%s\n' "$@" | sed 'n;d')"
}
refused() { # refused PATTERN
    is $status 1 && says "$1" && [ ! -e "$tmp/folder/package" ]
}

package linux-source-6.12 6.12.1
package linux-image-6.1.0-cloud 6.1.2
package linux-kbuild-6.1+x 6.1
package linux-kbuild-6.1+xy 6.1
fetch linux-source-6.12
ok 'fetches a package' came linux-source-6.12 6.12.1
fetch linux-source-6.1
ok 'there is none of that name, but one that it matches as a pattern' refused 'cannot download linux-source-6.1'
fetch linux-kbuild-6.1+x
ok 'two packages begin with the name: fetches the one' came linux-kbuild-6.1+x 6.1
fetch linux-image-cloud
ok 'a meta-package: fetches what it stands for' came linux-image-6.1.0-cloud 6.1.2
fetch linux-image-6.1.0-cloud linux-kbuild-6.1+x
ok 'fetches two packages' came linux-image-6.1.0-cloud 6.1.2 linux-kbuild-6.1+x 6.1
PLANT=linux-kbuild-6.1+xy fetch linux-kbuild-6.1+x
ok 'apt brought another one, too' refused 'apt brought'

# module FOLDER NAME DEPENDS: as modinfo reads it
module() {
    mkdir -p "$1"
    printf 'ELF\0license=GPL\0depends=%s\0retpoline=Y\0name=%s\0' "$3" "$2" >"$1/$2.ko"
}
kernel=$tmp/image/usr/lib/modules/6.12
module "$kernel/kernel/drivers/net" nic 'helper,bus'
module "$kernel/kernel/drivers/net" helper 'deep'
module "$kernel/kernel/lib" deep ''
module "$kernel/kernel/drivers" mmio 'bus,deep'
module "$kernel/kernel/drivers" other ''
xz "$kernel/kernel/drivers/net/helper.ko"
zstd -q --rm "$kernel/kernel/drivers/net/nic.ko"
gzip "$kernel/kernel/lib/deep.ko"
printf 'kernel/drivers/bus.ko\nkernel/drivers/pci.ko\n' >"$kernel/modules.builtin"

modules() { # modules NAME...
    kernels/linux/modules.sh "$tmp/image" "$tmp/modules" "$@" >"$tmp/out" 2>"$tmp/err"
    status=$?
}
modules mmio pci nic
ok 'modules: each after those it needs, none that is built in' is "$(tr '\n' ' ' <"$tmp/modules/list")" \
    'deep mmio helper nic '
ok 'modules: uncompressed' is "$(cat "$tmp/modules/"*.ko | tr '\0' '\n' | grep -c '^name=')" 4
modules mmio none
ok 'a module that there is not: no list' eval 'is $status 1 && [ ! -e "$tmp/modules/list" ]'
ok 'a module that there is not: says so' says 'none.ko is not in the package'
finish
