#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: fetch.sh FOLDER PACKAGE[=VERSION]...
# Download packages of this machine's distribution and unpack them in FOLDER; FOLDER/package says
# which they were. Nothing is installed, no privilege is needed, and apt verifies the signatures. A
# meta-package such as linux-image-cloud-amd64 stands for the versioned one it depends on.
set -eu
folder=$1
shift

die() {
    echo "$0: $1" >&2
    exit 1
}

# The package that NAME stands for.
real_of() {
    kind=$(echo "$1" | cut -d - -f 1,2)
    real=
    case $1 in
    "$kind"-[0-9]*) ;;
    *)
        real=$(apt-cache depends --important "$1" 2>/dev/null |
            sed -n "s/^ [ |]Depends: \($kind-[0-9].*\)/\1/p" | head -n 1)
        ;;
    esac
    echo "${real:-$1}"
}

rm -rf "$folder"
mkdir -p "$folder"
for package; do
    version=${package#"${package%%=*}"} # with its =
    real=$(real_of "${package%%=*}")
    # Where there is no such package, apt takes a bare name for a pattern, and brings what it matches.
    exact="^$(echo "$real" | sed 's/[.+]/\\&/g')\$$version"
    # Where root runs this, apt would drop its rights to a user who may not write here, and warn.
    (cd "$folder" && apt-get -q -o APT::Sandbox::User=root download "$exact") ||
        die "cannot download $real$version; are apt's lists there and fresh? apt-get update"
    came=$(for file in "$folder"/*.deb; do dpkg-deb -f "$file" Package; done)
    [ "$came" = "$real" ] || die "asked for $real, apt brought $came"
    dpkg-deb -x "$folder"/*.deb "$folder"
    dpkg-deb -f "$folder"/*.deb Package Version >>"$folder/packages"
    rm "$folder"/*.deb
done
mv "$folder/packages" "$folder/package" # by this make knows that all is there
