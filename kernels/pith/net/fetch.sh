#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: fetch.sh PACKAGE FOLDER
# Download the original source of a package of this machine's distribution and unpack it in
# FOLDER/source, unmodified; FOLDER/package says which. Machines list no source repositories by
# default: the list is made here from their own binary ones, and kept apart, so that nothing of the
# system changes. apt verifies the signatures. No privilege is needed.
set -eu
package=$1
folder=$2

rm -rf "$folder"
mkdir -p "$folder/apt/parts" "$folder/apt/lists/partial" "$folder/source"
folder=$(realpath "$folder")
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -e "$list" ] || sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$list"
done >"$folder/apt/parts/classic.list"
for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -e "$list" ] || { sed 's/^Types:.*/Types: deb-src/I' "$list" && echo; }
done >"$folder/apt/parts/stanzas.sources"

get() {
    # Where root runs this, apt would drop its rights to a user who may not write here, and warn.
    apt-get -q -o APT::Sandbox::User=root -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::Etc::sourceparts="$folder/apt/parts" -o Dir::State::lists="$folder/apt/lists" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
# A repository without sources is no failure: what counts is whether the package is found.
get update >"$folder/apt/log" 2>&1 || true
if ! (cd "$folder" && get source --download-only --only-source "$package" >>apt/log 2>&1); then
    cat "$folder/apt/log" >&2
    echo "$0: no source package $package in the repositories of /etc/apt" >&2
    exit 1
fi
tar -xf "$folder"/*.orig.tar.* -C "$folder/source" --strip-components=1
(cd "$folder" && echo *.dsc) >"$folder/package"
rm -rf "$folder/apt" "$folder"/*.orig.tar.* "$folder"/*.debian.tar.* "$folder"/*.dsc
