# SPDX-License-Identifier: GPL-3.0-or-later
# The look of every figure. Colours: Okabe and Ito's palette, readable by the colour-blind.
set style line 1 lc rgb "#0072b2" pt 7 ps 0.5
set style line 2 lc rgb "#d55e00" lw 2.5 pt 7 ps 1.1
set style line 3 lc rgb "#dddddd" lw 1
set border 3 lc rgb "#666666"
set tics nomirror textcolor rgb "#333333"
set grid x ls 3
set key off
colors = "#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #000000"
color(i) = word(colors, 1 + int(i) % words(colors))
font = "sans,11"
