# SPDX-License-Identifier: Apache-2.0
# gnuplot -e "dir='DIR'; out='FILE.svg'" plot.gp: draws what `fleet --plots DIR` wrote for the slow CDC.
set terminal svg size 760,460 font 'sans,12' background '#ffffff'
set output out
set multiplot layout 2,1
set lmargin 11
set grid lc '#dddddd'
set xrange [0:35]
set xtics format ''
set key right bottom
set ylabel 'hosts that have everything'
plot dir.'/slow-ours.settled' every 5 using ($1/60):2 with lines lw 2 lc '#1f6fb4' title 'ours', \
     dir.'/slow-2.4.1.settled' every 5 using ($1/60):2 with lines lw 2 lc '#c8553d' title 'fixed 60 s, as in 2.4.1'
set xtics format '%g'
set key right top
set ylabel 'connects at the CDC / s'
set xlabel 'minutes after 10,000 hosts were powered up (CDC: 100 requests/s)'
plot dir.'/slow-2.4.1.load' every 3 using ($1/60):2 with lines lw 1 lc '#c8553d' title 'fixed 60 s', \
     dir.'/slow-ours.load' every 3 using ($1/60):2 with lines lw 1 lc '#1f6fb4' title 'ours'
