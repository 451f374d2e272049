# SPDX-License-Identifier: GPL-3.0-or-later
# One series over the commits: median and interval of each, the median of each level, and where a level
# begins, green if that is better. By environment as targets.gp; the data are those of bench/report/history_plot.c.
stem = system("printenv TARE_STEM")
data = stem.".dat"
load system("printenv TARE_STYLE")

stats data index 0 using 1 name "I" nooutput
last = I_max
every_nth = int(last / 12) + 1

set title system("printenv TARE_TITLE") font "sans,14" offset 0,1 noenhanced
set tmargin 4
set label 1 system("printenv TARE_NAME") at graph 0,1 offset 0,0.8 font "sans,9" \
    textcolor rgb "#666666" noenhanced
set ylabel system("printenv TARE_UNIT") noenhanced
set xrange [-0.7:last + 0.7]
set xtics rotate by -35 font "sans,8" noenhanced
set rmargin 8
set offsets 0, 0, graph 0.08, graph 0.08
set grid noxtics ytics ls 3
set bmargin 8

do for [kind in "png svg"] {
    if (kind eq "png") {
        set terminal pngcairo size 900,420 font font
    } else {
        set terminal svg size 900,420 font font background "white"
    }
    set output stem.".".kind
    plot data index 2 using 1:3:($2 - $1):(0) with vectors nohead lc rgb "#e69f00" lw 2 notitle, \
         data index 0 using 1:2:3:4:xtic(int($1) % every_nth == 0 ? strcol(5) : "") \
             with yerrorbars ls 1 notitle, \
         data index 0 using 1:2 with lines lc rgb "#0072b2" dt 3 notitle, \
         data index 1 using 1:2:4 with points pt 6 ps 2.4 lw 2 lc rgb variable notitle, \
         data index 1 using 1:($5 > 0 ? $2 : NaN):3:4 with labels offset 0,1.4 font "sans,10" tc rgb variable notitle, \
         data index 1 using 1:($5 > 0 ? NaN : $2):3:4 with labels offset 0,-1.4 font "sans,10" tc rgb variable notitle
}
