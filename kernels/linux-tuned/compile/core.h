/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What nearly every file of the kernel includes, to be precompiled (gcc.sh). */
#include <linux/compiler-version.h>
#include <linux/kconfig.h>
#include <linux/compiler_types.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sched/signal.h>
#include <linux/sched/mm.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/interrupt.h>
#include <linux/syscalls.h>
#include <linux/device.h>
#include <linux/seq_file.h>
