#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: gcc.sh GCC_ARGUMENT...
# gcc for the kernel's build, which spends half its time on the same headers in each of 700 files. They are
# precompiled in the folder $PRECOMPILED. A file that defines something before it includes anything is compiled
# as ever, and so is one that does not compile this way.
kind=core source='' object='' previous=''
for argument; do
    case $argument in
    net/*.c) source=$argument kind=net ;;
    arch/x86/boot/* | arch/x86/entry/vdso/* | arch/x86/realmode/* | scripts/*) ;;
    [a-z]*.c) source=$argument ;;
    esac
    [ "$previous" != -o ] || object=$argument
    previous=$argument
done
case " $* " in
*" -D__KERNEL__ "*" -c "*) ;;
*) source= ;;
esac
[ -n "$source" ] || exec gcc "$@"
[ -e "${PRECOMPILED:-}/$kind.h.gch" ] || exec gcc "$@"

# Messages' prefix does no harm: headers use it in macros only.
early=$(sed -n '/^#[ \t]*include/q; /^#[ \t]*define[ \t]*\(pr\|dev\)_fmt/d; /^#[ \t]*\(define\|undef\)/p' "$source")
[ -z "$early" ] || exec gcc "$@"

# Names of the file, which gcc wants defined after the precompiled header. What it depends on is of no use:
# all is compiled once.
names=$object.names.h
previous=''
for argument; do
    shift
    case $previous=$argument in
    *=-include) ;;
    -include=*/compiler-version.h | -include=*/kconfig.h | -include=*/compiler_types.h) ;; # precompiled
    -include=*) set -- "$@" -include "$argument" ;;
    *=-DKBUILD_*=* | *=-D__KBUILD_*=*)
        argument=${argument#-D}
        echo "#define ${argument%%=*} ${argument#*=}"
        ;;
    *=-Wp,-MMD,*) echo "$object: $source" >"${argument#-Wp,-MMD,}" ;;
    *) set -- "$@" "$argument" ;;
    esac
    previous=$argument
done >"$names"

gcc -include "$PRECOMPILED/$kind.h" -include "$names" "$@" 2>/dev/null ||
    gcc -include include/linux/compiler-version.h -include include/linux/kconfig.h \
        -include include/linux/compiler_types.h -include "$names" "$@"
