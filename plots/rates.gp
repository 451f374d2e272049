# SPDX-License-Identifier: GPL-3.0-or-later
# All rates of a scenario: a group of bars for each metric, in it a bar for each target, with the 95 %
# interval of its median. By environment as targets.gp, and TARE_METRICS: for each group its metric's name
# and title, which is that name again where it has none.
stem = system("printenv TARE_STEM")
data = stem.".dat"
load system("printenv TARE_STYLE")

metrics = system("printenv TARE_METRICS")
stats data using 4 nooutput
targets = int(STATS_blocks)
groups = words(metrics) / 2
name(g) = word(metrics, 2 * g - 1)
title_of(g) = word(metrics, 2 * g)
wide = 0.8 / targets
place(group, target) = group + wide * (target - (targets - 1) / 2.0)

set title system("printenv TARE_TITLE") font "sans,14" offset 0,1 noenhanced
set tmargin 5
set label 1 system("printenv TARE_CAPTION") at graph 0,1 offset 0,0.9 font "sans,9" \
    textcolor rgb "#666666" noenhanced
set ylabel system("printenv TARE_UNIT") noenhanced
set yrange [0:STATS_max * 1.12]
set xrange [-0.6:groups - 0.4]
set xtics noenhanced scale 0 ()
# A title breaks at its comma; the name stands small below.
comma(text) = strstrt(text, ", ")
broken(text) = comma(text) ? text[1:comma(text)]."\n".text[comma(text) + 2:*] : text
set for [g = 1:groups] xtics add (broken(title_of(g)) g - 1)
do for [g = 1:groups] {
    if (title_of(g) ne name(g)) {
        set label 1 + g name(g) at first g - 1, graph 0 offset 0,-3.2 center font "sans,8" \
            textcolor rgb "#666666" noenhanced
        set bmargin 5
        set xtics font "sans,9"
    }
}
set grid noxtics ytics ls 3
set key outside right top noenhanced
set style fill solid 0.85
set boxwidth wide * 0.92

do for [kind in "png svg"] {
    if (kind eq "png") {
        set terminal pngcairo size 300 + 130 * groups,480 font font
    } else {
        set terminal svg size 300 + 130 * groups,480 font font background "white"
    }
    set output stem.".".kind
    plot for [t = 0:targets - 1] data index t using (place($1, t)):2 \
             with boxes lc rgb color(t) title columnheader(1), \
         for [t = 0:targets - 1] data index t using (place($1, t)):3:(0):($4 - $3) skip 1 \
             with vectors heads size graph 0.004,90 lc rgb "#333333" lw 1.5 notitle, \
         for [t = 0:targets - 1] data index t using (place($1, t)):4:(sprintf("%.3g", $2)) skip 1 \
             with labels offset 0,0.5 font "sans,7" notitle
}
