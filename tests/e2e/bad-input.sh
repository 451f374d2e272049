#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad input: each message names file, field and reason; the exit status is right; nothing is lost.
. tests/lib.sh

# A data directory of our own to spoil.
fresh() {
    rm -rf "$tmp/data"
    mkdir -p "$tmp/data"
    cp -r "$share/kernels" "$share/payloads" "$tmp/data/"
}

run_bad() { # run_bad TARGET [OPTION...]
    local target=$1
    shift
    run_tare run --data "$tmp/data" --target "$target" --repeat 1 --accel tcg \
        --out "$tmp/bad.json" "$@"
}

refused() { # refused DESCRIPTION STATUS PATTERN...
    local what=$1 want=$2
    shift 2
    ok "$what: exit status $want" is "$status" "$want"
    ok "$what: message" says "$@"
    ok "$what: no result" test ! -e "$tmp/bad.json" -a ! -e "$tmp/bad.json.journal"
    rm -f "$tmp"/bad.json*
}

fresh
sed -i 's/"driver"/"driver/' "$tmp/data/kernels/floor/target.json"
run_bad floor
refused "broken target.json" 2 'floor/target.json:[0-9]+: not valid JSON'

fresh
sed -i '/"driver"/d' "$tmp/data/kernels/floor/target.json"
run_bad floor
refused "missing field" 2 'floor/target.json: field "driver": missing'

fresh
sed -i 's/"built_in"/"builtin"/' "$tmp/data/kernels/floor/target.json"
run_bad floor
refused "unknown field" 2 'floor/target.json: field "builtin": unknown'

fresh
run_bad nosuch
refused "unknown target" 2 'target "nosuch": unknown' 'tare list'
run_bad floor --scenario nosuch
refused "unknown scenario" 2 'scenario: "nosuch": unknown' 'tare list'
run_bad floor --memory 1
refused "too little memory" 2 'memory: 1 MiB'
run_bad floor --memory 9999999
refused "more memory than there is" 2 'memory: 9999999 MiB is more'
run_bad floor --memory lots
refused "memory that is no number" 2 'memory: "lots"'
run_bad floor --connect qemu:///system
refused "a libvirt that cannot be sandboxed" 2 'connect qemu:///system'
run_bad floor --icount --accel kvm
refused "icount under KVM" 2 'icount.*kvm'

rm "$tmp/data/kernels/floor/floor.elf"
run_bad floor
refused "missing kernel" 2 'floor/target.json: field "kernel"' 'floor.elf: No such file'

fresh
echo "not a kernel" >"$tmp/data/kernels/floor/floor.elf"
run_bad floor
refused "kernel that is none" 2 'field "kernel"' 'neither an ELF kernel nor'

fresh
mkdir "$tmp/cpio"
echo "not a program" >"$tmp/cpio/app"
(cd "$tmp/cpio" && echo app | cpio -o -H newc --quiet) >"$tmp/data/payloads/noop.cpio"
run_bad floor
refused "payload that is no ELF" 2 'noop.cpio:/app: not an ELF program'

fresh
truncate -s 2000 "$tmp/data/payloads/noop.cpio"
run_bad floor
refused "truncated cpio" 2 'noop.cpio: .*(truncated|not a whole)'

fresh
run_tare run --data "$tmp/data" --target floor --repeat 1 --out "$tmp/no/such/dir.json"
ok "unwritable output: exit status" test "$status" -ne 0
ok "unwritable output: message" says 'no/such/dir.json.journal: No such file'

# A full disk: the run stops with the reason, and what was measured can be completed elsewhere.
cat >"$tmp/full.sh" <<SCRIPT
mount -t tmpfs -o size=12k tmpfs /mnt
"$tare" run --unjudged --data "$tmp/data" --target host --repeat 50 --out /mnt/full.json
echo "status \$?" >&2
ls -A /mnt >&2
SCRIPT
timeout 1800 unshare -Urm sh "$tmp/full.sh" >"$tmp/out" 2>"$tmp/err"
ok "full disk: says so and fails" says 'No space left' 'status 1'

# A host that forbids the sandbox.
timeout 1800 unshare -Ur sh -c "echo 0 >/proc/sys/user/max_user_namespaces
    '$tare' run --target floor --repeat 1 --out '$tmp/bad.json'; echo status \$? >&2" \
    >"$tmp/out" 2>"$tmp/err"
ok "sandbox forbidden: says the remedy, status 3" says 'forbids the sandbox' 'remedy' 'status 3'
ok "sandbox forbidden: no result" test ! -e "$tmp/bad.json" -a ! -e "$tmp/bad.json.journal"
ok "sandbox forbidden: one message" is "$(grep -c '^tare:' "$tmp/err")" 1
finish
