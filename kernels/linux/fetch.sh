#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: fetch.sh PACKAGE FOLDER
# Download a package of this machine's distribution and unpack it in FOLDER; FOLDER/package says
# which. Nothing is installed, no privilege is needed, and apt verifies the signature. A
# meta-package such as linux-image-cloud-amd64 stands for the versioned one it depends on.
set -eu
package=$1
folder=$2

kind=$(echo "$package" | cut -d - -f 1,2)
real=$(apt-cache depends --important "$package" 2>/dev/null |
    sed -n "s/^  Depends: \($kind-[0-9].*\)/\1/p" | head -n 1)
real=${real:-$package}

rm -rf "$folder"
mkdir -p "$folder"
# Where root runs this, apt would drop its rights to a user who may not write here, and warn.
if ! (cd "$folder" && apt-get -q -o APT::Sandbox::User=root download "$real"); then
    echo "$0: cannot download $real; are apt's lists there and fresh? apt-get update" >&2
    exit 1
fi
dpkg-deb -x "$folder"/*.deb "$folder"
dpkg-deb -f "$folder"/*.deb Package Version >"$folder/package"
rm "$folder"/*.deb
