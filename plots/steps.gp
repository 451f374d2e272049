# SPDX-License-Identifier: GPL-3.0-or-later
# What many VMs at once cost: a panel for each quantity, a colour for each target, a point for each step of
# each run. Both axes are logarithmic. By environment as intervals.gp.
stem = system("printenv TARE_STEM")
metrics = system("printenv TARE_METRICS")
panels = words(metrics) / 2
name(p) = word(metrics, 2 * p - 1)
title_of(p) = word(metrics, 2 * p)
data = stem.".dat"
load system("printenv TARE_STYLE")

stats data using 1 nooutput
rows = (panels + 1) / 2
targets = int(STATS_blocks) / panels

set xlabel "VMs at once" noenhanced
set ylabel system("printenv TARE_UNIT") noenhanced
set logscale x 2
set logscale y
set grid xtics ytics ls 3
set key outside top right horizontal samplen 2 width -2 font "sans,8" noenhanced

do for [kind in "png svg"] {
    if (kind eq "png") {
        set terminal pngcairo size 1100,80 + 300 * rows font font
    } else {
        set terminal svg size 1100,80 + 300 * rows font font background "white"
    }
    set output stem.".".kind
    set multiplot layout rows,2 title system("printenv TARE_TITLE")."\n".system("printenv TARE_CAPTION")."\n" \
        font "sans,11" noenhanced
    do for [p = 1:panels] {
        set title title_of(p)."  (".name(p).")" font "sans,9" noenhanced
        plot for [t = 0:targets - 1] data index (p - 1) * targets + t using 1:2 with linespoints \
            pt 7 ps 0.5 lw 1.5 lc rgb color(t) title columnheader(1)
    }
    unset multiplot
}
