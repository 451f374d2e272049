#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What CI/rooms finds in a tree of a few files, and what it lets pass.
. tests/lib.sh
tree=$tmp/tree

plant() { # plant FILE LINE...: a file of the tree
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "${@:2}" >"$tree/$1"
}

# finds [COMPLAINT...]: the script complains about that and nothing else
finds() {
    CI/rooms "$tree" >"$tmp/err"
    is "$?" $(($# > 0)) && is "$(wc -l <"$tmp/err")" $# && says "$@"
}

plant CI/rooms.txt '# lowest first' '' 'low:' 'kernels/pith/cpu:' 'kernels/pith: low kernels/pith/cpu'
plant low/a.h
plant low/a.c '#include "a.h"' '#include "low/a.h"' '#include <none.h>'
plant none/x.c '#include "what/ever.h"'
plant kernels/pith/cpu/cpu.h
plant kernels/pith/cpu/cpu.c '#include "cpu/cpu.h"' '#include "../cpu/cpu.h"' '#include "cpu.h"'
plant kernels/pith/main.c '#include "cpu/cpu.h"' '#include "../../low/a.h"'
ok 'allowed: its own room, one below, system headers, a file in no room' finds

plant kernels/pith/trap.h
plant kernels/pith/cpu/up.c '' '#include "../trap.h"'
plant low/out.S '# include "kernels/pith/cpu/cpu.h"' '#include "../none/x.c"' '#include "cpu/cpu.h"'
ok 'not allowed: of a room above, of no room, what is not there' finds \
    '^kernels/pith/cpu/up.c:2: kernels/pith/cpu may not include "../trap.h" of kernels/pith; .* no other$' \
    '^low/out.S:1: low may not include "kernels/pith/cpu/cpu.h" of kernels/pith/cpu' \
    '^low/out.S:2: low may not include "../none/x.c" of no room' \
    '^low/out.S:3: there is no "cpu/cpu.h"'
rm "$tree/low/out.S" "$tree/kernels/pith/cpu/up.c"

plant CI/rooms.txt 'low: kernels/pith' 'kernels/pith: low' 'low:'
ok 'a table that names a room above its line, or one twice' finds \
    '^CI/rooms.txt:1: kernels/pith is no room' '^CI/rooms.txt:3: .*low for a second time'

ok 'this tree keeps its rules' CI/rooms .
finish
