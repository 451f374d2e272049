# SPDX-License-Identifier: GPL-3.0-or-later
# The look of every figure. Colours: Okabe and Ito's palette, readable by the colour-blind.
set style line 1 lc rgb "#0072b2" pt 7 ps 0.5
set style line 2 lc rgb "#d55e00" lw 2.5 pt 7 ps 1.1
set style line 3 lc rgb "#dddddd" lw 1
set border 3 lc rgb "#666666"
set tics nomirror textcolor rgb "#333333"
set grid x ls 3
set key off
font = "sans,11"
