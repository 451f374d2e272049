# SPDX-License-Identifier: GPL-3.0-or-later
# One metric over all targets: every sample as a point, the median with its 95 % interval on top, on
# a logarithmic axis, since targets differ by orders of magnitude.
# By environment, so that no text is part of a command: TARE_STYLE (the file style.gp), TARE_STEM (data in
# STEM.dat, figures to STEM.png and STEM.svg), TARE_TITLE, TARE_CAPTION, TARE_UNIT, and TARE_NAME, the
# metric's, which stands small beside its title.
stem = system("printenv TARE_STEM")
data = stem.".dat"
load system("printenv TARE_STYLE")

stats data index 0 using 1 name "T" nooutput
stats data index 1 using 2 name "V" nooutput
low = V_min; high = V_max
height = 180 + 56 * (T_max + 1)

set title system("printenv TARE_TITLE") font "sans,14" offset 0,1
set tmargin 5
set label 1 system("printenv TARE_CAPTION") at graph 0,1 offset 0,0.9 font "sans,9" \
    textcolor rgb "#666666" noenhanced
set label 2 system("printenv TARE_NAME") at graph 1,1 offset 0,2.2 right font "sans,9" \
    textcolor rgb "#666666" noenhanced
set xlabel system("printenv TARE_UNIT") noenhanced
set title noenhanced
set ytics noenhanced
set yrange [T_max + 0.6 : -0.6]
if (low > 0) {
    set logscale x
    set xrange [low / 1.6 : high * 2.2]
} else {
    set xrange [low < 0 ? low * 1.2 : 0 : high > 0 ? high * 1.15 : 1]
}
# Points of one target are spread by a fixed pattern, so that equal values show.
spread(i) = 0.22 * ((int(i) * 7 % 11) / 10.0 - 0.5)

do for [kind in "png svg"] {
    if (kind eq "png") {
        set terminal pngcairo size 900,height font font
    } else {
        set terminal svg size 900,height font font background "white"
    }
    set output stem.".".kind
    plot data index 1 using 2:($1 + spread($0)) with points ls 1, \
         data index 0 using 3:1:4:5:ytic(2) with xerrorbars ls 2, \
         data index 0 using 3:1:(sprintf("%.4g", $3)) with labels offset 0,1.1 font "sans,9"
}
