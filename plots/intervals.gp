# SPDX-License-Identifier: GPL-3.0-or-later
# Every interval of every run over time: a panel for each metric, a colour for each target.
# By environment as targets.gp, and TARE_METRICS, the metrics' names.
stem = system("printenv TARE_STEM")
panels = system("printenv TARE_METRICS")
data = stem.".dat"
load system("dirname ".ARG0)."/style.gp"

stats data using 1:2 nooutput
rows = (words(panels) + 1) / 2
targets = int(STATS_blocks) / words(panels)

set xlabel "s"
set ylabel system("printenv TARE_UNIT") noenhanced
set xrange [0:*]
set yrange [0:*]
set grid xtics ytics ls 3
set key outside top right horizontal samplen 2 width -2 font "sans,8" noenhanced

do for [kind in "png svg"] {
    if (kind eq "png") {
        set terminal pngcairo size 1100,80 + 240 * rows font font
    } else {
        set terminal svg size 1100,80 + 240 * rows font font background "white"
    }
    set output stem.".".kind
    set multiplot layout rows,2 title system("printenv TARE_TITLE")."\n".system("printenv TARE_CAPTION")."\n" \
        font "sans,11" noenhanced
    do for [p = 0:words(panels) - 1] {
        set title word(panels, p + 1) noenhanced
        plot for [t = 0:targets - 1] data index p * targets + t using 1:2 with lines lw 1.5 \
            lc rgb color(t) title columnheader(1)
    }
    unset multiplot
}
