"""The stroke skeletons: the ways in which people write each digit.

All were set down by hand, from looking at handwriting. `strokes` says how to read them; what all
digits vary in, slant and width, trembling and the pen, is added by `handwriting`.
"""

from mnist_scratch.data.synthetic.strokes import Skeleton, read_skeletons

ZERO = """
an oval, begun and ended at the top (5)
    pen: start 36,2; left_top 11,20; left 2,52; left_bottom 12,84; bottom 35,98;
        right_bottom 58,82; right 68,48; right_top 57,15; end 36,2
    gap or overlap: start 8,1; end -8,0
    one end lower: start 0,6; end 0,-5
    egg: left_top 6,0; right_top -6,0; left_bottom -4,0; right_bottom 4,0
    squareness: left_top -4,-5; right_top 4,-5; left_bottom -4,5; right_bottom 4,5
    lean: left_top 6,0; right_top 6,0; left_bottom -6,0; right_bottom -6,0
    narrowness: left 9,0; right -9,0; left_top 6,0; right_top -6,0; left_bottom 6,0;
        right_bottom -6,0

an oval whose end hooks into the inside (1.5)
    pen: start 50,8; crown 36,1; left_top 12,18; left 2,52; left_bottom 12,85; bottom 34,99;
        right_bottom 57,84; right 67,50; right_top 58,18; closing 42,5; hook 30,16
    depth of the hook: hook -4,14; closing 0,4
    wide hook: hook -10,-6
    narrowness: left 8,0; right -8,0; left_top 5,0; right_top -5,0; left_bottom 5,0;
        right_bottom -5,0
    lean: right_top 6,0; left_top 5,0; left_bottom -6,0; right_bottom -6,0

begun inside, at the top (1)
    pen: start 38,22; rise 32,6; left_top 12,18; left 2,54; left_bottom 12,86; bottom 34,98;
        right_bottom 58,82; right 68,50; right_top 60,18; end 40,4
    depth of the start: start 4,12
    where it closes: end -12,2
    narrowness: left 8,0; right -8,0; left_bottom 5,0; right_bottom -5,0

left unclosed at the upper right (0.7)
    pen: start 54,8; crown 36,2; left_top 12,20; left 2,54; left_bottom 14,86; bottom 38,98;
        right_bottom 60,80; right 66,50; end 60,20
    gap: start -6,-2; end 2,8
    crossing: start 4,-2; end -6,-14
    narrowness: left 8,0; right -8,0; left_bottom 5,0; right_bottom -5,0

two brackets that meet above and below (0.5)
    pen: left_start 36,3; left_top 12,18; left 3,50; left_bottom 12,84; left_end 36,98
    pen: right_start 30,2; right_top 54,14; right 67,48; right_bottom 56,84; right_end 32,98
    gap: right_start 4,3; left_end -5,0
"""

ONE = """
a plain stroke (9)
    pen: top 0,0; bottom 0,100

a stroke that bows or waves (3)
    pen: top 0,0; upper 0,33; lower 0,66; bottom 0,100
    bow: upper 3,0; lower 3,0
    wave: upper 3,0; lower -3,0

with a flag (1.5)
    pen: flag -16,20; peak! 0,0; middle 0,50; bottom 0,100
    length of the flag: flag -9,6
    droop of the flag: flag 0,8
    bow: middle 3,0

with a flag and a foot (0.9)
    pen: flag -18,18; peak! 0,0; middle 0,50; bottom 0,97
    pen: foot_left -22,98; foot 0,98; foot_right 24,98
    length of the flag: flag -12,4
    length of the foot: foot_left -8,0; foot_right 8,0
    tilt of the foot: foot_left 0,3; foot_right 0,-3

with a little hook at the foot (0.4)
    pen: top 0,0; middle -1,50; low -1,88; toe 10,97
    length of the hook: toe 5,-2
    bow: middle 3,0

with a long flag that falls far (0.6)
    pen: flag -22,42; peak! 0,0; middle 0,50; bottom 0,100
    length of the flag: flag -9,10
    bend of the flag: flag -6,-10
    bow: middle 3,0

the flag is a short bar on the top (0.4)
    pen: flag -16,6; peak! 2,0; middle 0,50; bottom 0,100
    length of the flag: flag -8,0
    tilt of the flag: flag 0,8
    bow: middle 3,0
"""

TWO = """
a round head and a flat base (4)
    pen: tip 3,20; crown_left 14,4; crown 31,0; shoulder 54,22; waist 38,58; heel! 5,96;
        base 35,95; toe 69,94
    size of the head: shoulder 0,8; waist 4,6
    width of the head: shoulder 7,0; crown 4,0
    hang of the tip: tip -2,9
    length of the base: toe 14,0; base 7,0
    tilt of the base: toe 0,7; base 0,3
    wave of the base: base 0,5
    belly of the neck: waist 8,4

a loop at the heel (4)
    pen: tip 4,25; crown_left 15,5; crown 33,0; shoulder 56,29; waist 45,64; loop_bottom 17,93;
        loop_left 4,84; loop_top 17,74; base 44,86; toe 77,92
    size of the loop: loop_left -6,-3; loop_top 0,-7; loop_bottom 0,3
    flatness of the loop: loop_top 3,7; loop_left 0,4
    hang of the tip: tip -3,10
    width of the head: shoulder 11,0; crown 5,0
    size of the head: shoulder 0,8; waist 3,7
    rise of the toe: toe 4,-10
    length of the toe: toe 12,0; base 5,0

angular, like a Z (1.2)
    pen: tip 1,8; crown 27,2; shoulder! 55,6; waist 32,48; heel! 5,96; base 33,95; toe 65,95
    droop of the tip: tip 0,9
    arch of the head: crown 0,-5; shoulder 0,5
    length of the base: toe 10,0; base 5,0
    tilt of the base: toe 0,7; base 0,3
    bend of the neck: waist 8,4

a swan: the heel is a soft turn (1.5)
    pen: tip 4,18; crown_left 15,3; crown 33,1; shoulder 54,22; waist 37,60; heel 10,90;
        sole 25,95; base 46,90; toe 73,96
    hang of the tip: tip -3,8
    width of the head: shoulder 11,0; crown 5,0
    size of the head: shoulder 0,7; waist 3,6
    curl of the toe: toe 4,-8
    wave of the base: base 0,-5; sole 0,2
    length of the toe: toe 10,0; base 5,0

the tip curls into the head (0.8)
    pen: curl 19,26; tip 5,20; crown_left 13,4; crown 31,0; shoulder 52,22; waist 37,60;
        heel! 6,94; base 33,92; toe 67,95
    size of the curl: curl 4,6
    width of the head: shoulder 11,0; crown 5,0
    length of the base: toe 12,0; base 5,0
    wave of the base: base 0,5

a big round loop at the heel, crossed by the base (6)
    pen: tip 4,27; crown_left 13,6; crown 33,0; shoulder 58,29; waist 48,62; loop_bottom 25,96;
        loop_left 2,86; loop_top 17,72; crossing 42,78; base 58,88; toe 79,96
    size of the loop: loop_left -8,-5; loop_top 0,-11; loop_bottom 0,5
    where the base crosses: crossing -4,6; loop_top -3,4
    fall of the toe: toe 0,10; base 0,3
    length of the toe: toe 12,0; base 5,0
    hang of the tip: tip -2,15; crown_left -3,4
    size of the head: shoulder 2,12; waist 4,9
    width of the head: shoulder 12,0; crown 6,0

a small head high above a long base (1.2)
    pen: tip 6,20; crown 25,2; shoulder 44,20; waist 30,54; heel! 2,88; base 42,86; toe 94,84
    hang of the tip: tip -4,9
    size of the head: shoulder 6,6; waist 4,6
    length of the base: toe 16,0; base 8,0
    tilt of the base: toe 0,-12; base 0,-4
    wave of the base: base 0,6

the head curls far in, almost a circle (1)
    pen: curl 13,38; tip 2,24; crown_left 11,5; crown 31,0; shoulder 56,24; waist 45,60;
        heel 14,90; base 43,92; toe 75,92
    size of the curl: curl 8,4
    loop of the heel: heel -8,4; base 0,-6
    width of the head: shoulder 11,0; crown 5,0
    length of the toe: toe 10,0; base 4,0
    tilt of the base: toe 0,8

a steep neck and a short base (0.8)
    pen: tip 2,14; crown 19,1; shoulder 40,16; waist 30,58; heel! 13,97; toe 47,96
    hang of the tip: tip -3,8
    length of the base: toe 9,0
    tilt of the base: toe 0,6
    width of the head: shoulder 7,0; crown 3,0
    bend of the neck: waist 6,4

a flat loop from which the base falls to the right (2)
    pen: tip 4,25; crown_left 16,4; crown 34,0; shoulder 56,29; waist 42,64; loop_bottom 16,90;
        loop_left 0,84; loop_top 12,74; base 44,86; toe 74,100
    size of the loop: loop_left -6,-2; loop_top 0,-7; loop_bottom 2,5
    place of the loop: loop_bottom 0,-6; loop_left 0,-8; loop_top 0,-8
    fall of the toe: toe 0,8
    length of the toe: toe 10,0; base 5,0
    hang of the tip: tip 0,12; crown_left -3,3
    width of the head: shoulder 12,0; crown 6,0
    size of the head: shoulder 0,7; waist 4,5
"""

THREE = """
two bowls that meet in a corner (3)
    pen: tip 0,13; crown 23,0; upper 52,20; waist! 23,46; lower 63,71; bottom 37,99; tail 6,87
    size of the upper bowl: upper 6,2; crown 3,0
    size of the lower bowl: lower 8,0; bottom 3,0
    height of the waist: waist 0,7; upper 0,4; lower 0,4
    depth of the waist: waist 9,0
    hang of the tip: tip -3,8
    length of the tail: tail -8,-5
    flat bottom: bottom -4,0; tail -5,7

a little loop at the waist (1.6)
    pen: tip 0,13; crown 25,0; upper 54,20; falling 37,43; loop_left 20,50; loop_under 25,56;
        rising 38,49; lower 63,72; bottom 37,99; tail 6,87
    size of the loop: loop_left -6,0; loop_under -3,4
    size of the upper bowl: upper 6,2; crown 3,0
    size of the lower bowl: lower 8,0; bottom 3,0
    hang of the tip: tip -3,8
    length of the tail: tail -8,-6

a soft waist (2)
    pen: tip 1,12; crown 23,0; upper 50,20; waist 31,45; lower 59,70; bottom 35,99; tail 8,90
    size of the upper bowl: upper 7,0; crown 3,0
    size of the lower bowl: lower 8,2; bottom 3,0
    depth of the waist: waist 6,0
    height of the waist: waist 0,6; upper 0,4; lower 0,3
    hang of the tip: tip -4,8
    length of the tail: tail -6,-8

a flat top (1.3)
    pen: tip -1,4; top_right! 47,3; waist! 27,40; lower 63,68; bottom 37,99; tail 5,88
    tilt of the top: tip 0,5; top_right 0,-3
    height of the waist: waist 0,6
    size of the lower bowl: lower 7,0; bottom 3,0
    length of the tail: tail -6,-6

the lower bowl ends in a long low tail (1)
    pen: tip 10,10; crown 33,0; upper 57,16; waist! 35,44; lower 58,66; bottom 32,94; tail -1,97
    size of the lower bowl: lower 8,0
    depth of the waist: waist 7,0
    length of the tail: tail -9,0
    rise of the tail: tail 0,-6
    hang of the tip: tip -5,6

a slanting line from the top into the lower bowl (1.6)
    pen: tip -4,8; top_right! 48,4; middle 28,38; shoulder! 25,44; lower 60,66; bottom 41,98;
        tail 10,92
    arch of the top: top_right 0,6; tip 0,-4
    height of the shoulder: shoulder 0,8; middle 0,6
    size of the lower bowl: lower 8,2; bottom 4,0
    length of the tail: tail -8,-5

small bowls, steep (0.9)
    pen: tip 2,10; crown 19,1; upper 38,20; waist! 23,46; lower 45,70; bottom 31,98; tail 10,92
    size of the upper bowl: upper 7,0; crown 3,0
    size of the lower bowl: lower 8,0; bottom 3,0
    depth of the waist: waist 6,0
    hang of the tip: tip -4,8
    length of the tail: tail -7,-5

both bowls curl far in (1)
    pen: tip 5,26; crown_left 6,8; crown 27,0; upper 56,22; waist! 27,46; lower 65,72;
        bottom 39,99; bottom_left 14,90; tail 7,74
    curl of the tip: tip 6,4
    curl of the tail: tail 5,-6
    size of the upper bowl: upper 5,0
    size of the lower bowl: lower 6,0
    depth of the waist: waist 8,0
    height of the waist: waist 0,6; upper 0,4; lower 0,4

the upper bowl wide, the lower small (0.6)
    pen: tip -6,10; crown 29,0; upper 62,18; waist! 30,50; lower 55,74; bottom 33,98; tail 8,92
    size of the lower bowl: lower 6,0
    depth of the waist: waist 8,0; upper 4,0
    hang of the tip: tip -3,8
    length of the tail: tail -8,-4

round bowls that meet in a short bar at the middle (3)
    pen: tip 3,16; crown_left 12,4; crown 30,0; upper 54,20; upper_back 44,41; waist! 22,47;
        lower_start 44,51; lower 62,74; bottom 34,99; bottom_left 12,95; tail 2,84
    length of the bar: waist 10,0
    tilt of the bar: waist 0,-6
    size of the upper bowl: upper 7,0; upper_back 5,0; crown 3,0
    size of the lower bowl: lower 7,0; lower_start 5,0; bottom 3,0
    height of the middle: upper_back 0,6; waist 0,6; lower_start 0,6; upper 0,3; lower 0,3
    hang of the tip: tip -2,8
    rise of the tail: tail 3,-8

a waist far inside, below a broad upper bowl (1.5)
    pen: tip 4,10; crown 28,1; upper 54,18; upper_back 50,36; waist! 36,46; lower_start 52,52;
        lower 62,72; bottom 34,99; tail 2,90
    depth of the waist: waist 8,0
    height of the middle: upper_back 0,6; waist 0,6; lower_start 0,6; upper 0,3; lower 0,3
    size of the upper bowl: upper 6,0; upper_back 5,0
    size of the lower bowl: lower 7,0; lower_start 4,0; bottom 3,0
    length of the tail: tail -8,-4
    hang of the tip: tip -4,8
"""

FOUR = """
open: an L, then a stem across it (4)
    pen: left_top 12,6; left 8,32; elbow! 4,56; bar_end 66,54
    pen: stem_top 48,4; stem 46,52; stem_bottom 44,100
    lean of the left arm: left_top 9,0; left 4,0
    height of the left arm: left_top 0,9
    height of the stem: stem_top 0,14
    height of the bar: elbow 0,8; bar_end 0,8; left 0,4
    tilt of the bar: bar_end 0,-8
    length of the bar: bar_end 12,0
    place of the stem: stem_top 6,0; stem 6,0; stem_bottom 6,0

open and round: a cup with a stem on its right side (3)
    pen: left_top 8,4; left 5,28; left_low 12,49; bowl 28,52; right 46,44
    pen: stem_top 54,2; stem 50,50; stem_bottom 46,100
    depth of the cup: left_low 0,6; bowl 0,7; right 0,4
    bar through the stem: right 14,0
    width of the cup: left_top -7,0; left -7,0; left_low -5,0
    height of the left arm: left_top 0,10
    height of the stem: stem_top 0,10
    lean of the stem: stem_bottom 8,0; stem 4,0

open, in one stroke like a y (2.2)
    pen: left_top 8,4; left 4,30; left_low 12,50; bowl 30,50; right 48,32; right_top! 54,6;
        stem 50,52; stem_bottom 44,100
    depth of the cup: left_low 0,6; bowl 0,7
    width of the cup: left_top -6,0; left -6,0; left_low -4,0
    height of the stem: right_top 0,10
    curl of the stem: stem_bottom -10,0; stem 2,0

closed: a triangle with a stem (1.6)
    pen: peak 44,2; arm 24,32; elbow! 2,63; bar 34,62; bar_end 68,61
    pen: stem_top 45,2; stem 44,50; stem_bottom 43,100
    height of the bar: elbow 0,9; bar 0,9; bar_end 0,9
    tilt of the bar: bar_end 0,-7; elbow 0,3
    length of the bar: bar_end 9,0
    bend of the arm: arm -7,-4
    gap at the peak: peak -7,0

closed at the top like a 9, with an angular head (0.35)
    pen: start 50,6; arm 22,16; elbow! 4,50; bar 28,52; bar_end 52,46
    pen: stem_top 52,4; stem 50,50; stem_bottom 46,100
    gap at the top: start -10,0; arm -4,0
    length of the bar: bar_end 9,-2
    depth of the head: elbow 0,7; bar 0,7; bar_end 0,5

the elbow is a small loop (0.8)
    pen: left_top 26,2; left 12,34; elbow 2,60; loop 8,66; bar 30,58; bar_end 68,50
    pen: stem_top 54,10; stem 44,54; stem_bottom 36,100
    size of the loop: elbow -5,0; loop 0,6
    length of the bar: bar_end 10,-3
    height of the stem: stem_top 3,-10
    lean of the left arm: left_top 8,0; left 4,0

the short stem begins at the bar's height (0.7)
    pen: left_top 30,0; left 16,30; elbow! 2,60; bar 32,58; bar_end 70,54
    pen: stem_top 52,32; stem 46,66; stem_bottom 40,100
    height of the stem: stem_top 2,12
    tilt of the bar: bar_end 0,-8
    lean of the left arm: left_top 9,0; left 5,0
    length of the bar: bar_end 12,0
"""

FIVE = """
a body, then a bar on top (4)
    pen: neck_top 13,6; neck! 11,42; bowl_top 33,36; bowl 58,62; bottom 33,97; tail 3,88
    pen: bar_left 13,5; bar 35,4; bar_end 59,2
    length of the bar: bar_end 12,0; bar 6,0
    tilt of the bar: bar_end 0,-6; bar 0,-3
    gap between bar and body: bar_left 7,-4; bar 4,-3; bar_end 2,-2
    length of the neck: neck 0,7; bowl_top 0,6
    size of the bowl: bowl 9,0; bowl_top 4,0
    slope of the neck: neck -5,0
    curl of the tail: tail 3,-10
    length of the tail: tail -8,0

in one stroke, begun at the bar's right end (4)
    pen: bar_end 61,3; bar 37,5; bar_left! 15,6; neck! 11,42; bowl_top 33,38; bowl 57,62;
        bottom 33,97; tail 3,88
    length of the bar: bar_end 13,0; bar 6,0
    tilt of the bar: bar_end 0,-6; bar 0,-2
    wave of the bar: bar 0,4
    length of the neck: neck 0,7; bowl_top 0,6
    size of the bowl: bowl 9,0; bowl_top 4,0
    slope of the neck: neck -6,0
    curl of the tail: tail 3,-10
    length of the tail: tail -8,0

soft, like an S (1.4)
    pen: bar_end 59,5; bar 35,3; shoulder 15,12; neck 11,34; middle 34,45; bowl 56,66;
        bottom 33,97; tail 3,88
    length of the bar: bar_end 12,0; bar 5,0
    tilt of the bar: bar_end 0,-6
    length of the neck: neck 0,6; middle 0,6
    size of the bowl: bowl 8,0; bottom 3,0
    curl of the tail: tail 3,-10
    length of the tail: tail -8,0

a small bowl below a long slanting neck and bar (1.5)
    pen: bar_end 80,0; bar 57,5; bar_left! 37,8; neck! 26,48; bowl_top 42,46; bowl 53,66;
        bottom 31,94; tail -1,92
    length of the bar: bar_end 12,-3; bar 5,0
    size of the bowl: bowl 7,0; bowl_top 4,-2
    slope of the neck: neck -6,0
    length of the tail: tail -9,0
    rise of the tail: tail 0,-8

without a tail: the bowl falls and stops (0.8)
    pen: bar_end 59,4; bar 37,5; bar_left! 13,7; neck! 12,44; bowl_top 35,38; bowl 57,60;
        end 49,98
    length of the bar: bar_end 12,0; bar 6,0
    tilt of the bar: bar_end 0,-7; bar 0,-3
    end of the bowl: end -16,0
    slope of the neck: neck -5,0
    height of the bowl: neck 0,8; bowl_top 0,8

the bowl nearly closes below (1.6)
    pen: bar_end 57,4; bar 35,4; bar_left! 15,6; neck! 13,44; bowl_top 35,38; bowl 59,64;
        bottom 35,98; bottom_left 11,88; tail 11,70
    length of the bar: bar_end 11,0; bar 6,0
    tilt of the bar: bar_end 0,-7; bar 0,-3
    how far it closes: tail 5,-8
    slope of the neck: neck -5,0
    size of the bowl: bowl 7,0; bowl_top 4,-3

narrow and steep, with a bar on top (1)
    pen: neck_top 15,8; neck 11,36; bowl_top! 14,44; turn 30,46; bowl 41,68; bottom 27,96;
        tail 5,92
    pen: bar_left 15,8; bar_end 52,0
    length of the bar: bar_end 12,-2
    gap between bar and body: bar_left 5,-4; bar_end 3,-3
    size of the bowl: bowl 9,0; turn 4,0
    length of the tail: tail -8,0
    curl of the tail: tail 3,-10
    length of the neck: bowl_top 0,8; turn 0,7; neck 0,4
"""

SIX = """
a stem that bends into a closed loop (4)
    pen: top 34,0; stem 13,34; left 5,70; bottom 30,98; right 54,78; loop_top 34,54; closing 8,74
    lean of the stem: top 10,0; stem 4,0
    bend of the stem: stem -5,-3
    size of the loop: loop_top 0,-9; right 3,-4
    width of the loop: right 9,0; bottom 4,0; loop_top 4,0
    where it closes: closing 5,6
    gap: closing 6,-4

a curved top (2)
    pen: tip 49,8; crown 34,1; stem 10,28; left 3,64; bottom 30,98; right 56,76; loop_top 32,52;
        closing 8,72
    curl of the top: tip 4,6
    size of the loop: loop_top 0,-8; right 3,-4
    width of the loop: right 8,0; bottom 4,0; loop_top 3,0
    where it closes: closing 5,6

a spiral: the loop ends inside (2)
    pen: top 32,0; stem 12,34; left 5,70; bottom 32,98; right 58,76; loop_top 38,56; inside 22,72;
        end 27,86
    lean of the stem: top 12,0; stem 4,0
    size of the loop: loop_top 0,-8; right 3,-4
    width of the loop: right 8,0; bottom 4,0; loop_top 3,0
    how far it winds: end 8,6; inside 2,0
    how little it winds: end -2,-12; inside 4,-6

an upright stem and a small loop, like a b (1.2)
    pen: top 8,0; stem 5,40; left 6,76; bottom 26,98; right 45,82; loop_top 31,62; closing 8,76
    lean of the stem: top 10,0; stem 3,0
    size of the loop: loop_top 0,-8; right 3,-3
    width of the loop: right 8,0; bottom 3,0; loop_top 3,0
    where it closes: closing 6,6

a wide flat loop below a short stem (1.8)
    pen: top 22,2; stem 7,36; left 6,72; bottom 38,98; right 78,78; loop_top 57,58; closing 19,82
    lean of the stem: top 12,0; stem 3,0
    size of the loop: loop_top 0,-8; right 0,-4
    width of the loop: right 12,0; bottom 5,0; loop_top 6,0
    where it closes: closing -6,4

a big body whose end curls far in (2.5)
    pen: top 40,0; stem 12,26; left 3,60; bottom 30,98; right 62,74; loop_top 44,46; inside 25,58;
        end 24,76
    lean of the stem: top 10,0; stem 3,0
    size of the loop: loop_top 0,-9; right 4,-5; inside 0,-5
    how far it winds: end 8,8
    how little it winds: end 4,-14; inside 6,-4
    width of the loop: right 9,0; bottom 4,0; loop_top 4,0

an L whose foot turns back in a small loop (2)
    pen: top 12,0; stem 5,40; left 5,78; bottom 26,98; right 55,84; loop_top 47,62; inside 31,66;
        end 29,84
    lean of the stem: top 12,0; stem 4,0
    size of the loop: loop_top 0,-9; inside -4,-6
    width of the loop: right 9,0; bottom 4,0; loop_top 6,0
    where it ends: end -10,6
    openness: end 4,-10; inside 5,0
"""

SEVEN = """
a bar and a straight stem (4)
    pen: bar_left -4,8; bar 24,5; shoulder! 54,4; stem 42,50; bottom 33,100
    length of the bar: bar_left -9,0; bar -4,0
    tilt of the bar: bar_left 0,8; bar 0,4
    arch of the bar: bar 0,6
    lean of the stem: bottom 12,0; stem 6,0
    bend of the stem: stem 5,0

a serif at the bar's left end (2)
    pen: serif 0,24; bar_left! 0,6; bar 26,7; shoulder! 54,4; stem 42,50; bottom 35,100
    length of the serif: serif -2,8
    wave of the bar: bar 0,5
    tilt of the bar: serif 0,4; bar_left 0,5; bar 0,2
    lean of the stem: bottom 12,0; stem 6,0
    bend of the stem: stem 5,0

a round shoulder (3)
    pen: tip -2,18; rise 4,6; bar 27,3; shoulder 51,14; stem 43,54; bottom 35,100
    hang of the tip: tip -2,8
    roundness: shoulder 3,6
    lean of the stem: bottom 12,0; stem 6,0
    length of the bar: tip -6,0; rise -6,0; bar -3,0

crossed (1.3)
    pen: bar_left -4,9; bar 26,6; shoulder! 54,4; stem 42,50; bottom 35,100
    pen: cross_left 20,51; cross 42,50; cross_right 64,49
    length of the cross: cross_left -8,0; cross_right 8,0
    tilt of the cross: cross_left 0,4; cross_right 0,-4
    height of the cross: cross_left 0,7; cross -1,7; cross_right 0,7
    tilt of the bar: bar_left 0,7; bar 0,3
    wave of the bar: bar 0,5
    lean of the stem: bottom 10,0; stem 5,0

a stem that falls from the right end like a hook (1)
    pen: bar_left -3,12; bar 24,4; shoulder 50,8; stem 60,48; bottom 61,100
    sharpness of the shoulder: shoulder 4,-4
    lean of the stem: bottom 10,0; stem 5,0
    length of the bar: bar_left -8,2

a long serif: the head is a gate (1.2)
    pen: serif 1,40; bar_left! 2,8; bar 28,6; shoulder! 54,6; stem 46,52; bottom 41,100
    length of the serif: serif -3,10
    roundness: bar_left 3,4; shoulder -3,4
    wave of the bar: bar 0,6
    lean of the stem: bottom 12,0; stem 6,0
    bend of the stem: stem 6,0

the bar dips before it meets the stem (1)
    pen: bar_left -4,4; dip 22,20; shoulder! 56,6; stem 44,52; bottom 35,100
    depth of the dip: dip 0,8
    height of the left end: bar_left 0,8
    lean of the stem: bottom 12,0; stem 6,0
    bend of the stem: stem 5,0

a short bar, and the stem bows like a bracket (0.6)
    pen: bar_left -2,8; bar 11,2; shoulder 28,8; stem 37,46; low 32,76; bottom 15,100
    length of the bar: bar_left -10,2; bar -5,0
    bow: stem 6,0; low 4,0
    lean of the stem: bottom 8,0
    droop of the bar: bar_left 0,8

crossed, with a serif (0.7)
    pen: serif -1,26; bar_left 2,8; bar 28,8; shoulder! 56,4; stem 44,50; bottom 37,100
    pen: cross_left 17,54; cross_right 66,48
    length of the cross: cross_left -8,0; cross_right 8,0
    height of the cross: cross_left 0,8; cross_right 0,8
    tilt of the cross: cross_left 0,5; cross_right 0,-4
    length of the serif: serif -2,8
    lean of the stem: bottom 10,0; stem 5,0
"""

EIGHT = """
in one stroke, an S that returns to its start (5)
    pen: start 45,10; crown 26,1; upper_left 8,20; crossing 30,46; lower_right 55,74;
        bottom 34,99; lower_left 7,76; recrossing 30,48; upper_right 51,22; end 41,6
    gap at the top: end 5,6; start -3,0
    overlap at the top: end -6,-3
    width of the upper loop: upper_left 6,0; upper_right -6,0
    width of the lower loop: lower_left 8,0; lower_right -8,0
    height of the crossing: crossing 0,7; recrossing 0,7
    lean: upper_left 5,0; upper_right 5,0; crown 6,0; start 6,0; end 6,0

two circles (1.2)
    pen: top 26,1; upper_left 10,22; upper_bottom 31,46; upper_right 47,22; top_end 26,1
    pen: low_top 31,47; lower_left 8,74; bottom 36,99; lower_right 60,74; low_end 31,47
    width of the upper circle: upper_left 6,0; upper_right -6,0
    width of the lower circle: lower_left 8,0; lower_right -8,0
    gap between the circles: upper_bottom 0,-4; low_top 0,4; low_end 0,4
    shift of the upper circle: top 7,0; top_end 7,0; upper_left 6,0; upper_right 6,0

open at the upper right, the ends stick out (2.5)
    pen: start 52,18; crown 30,4; upper_left 12,20; crossing 32,46; lower_right 49,74;
        bottom 30,99; lower_left 7,78; recrossing 28,50; rising 45,28; end 60,2
    gap at the top: start -8,-4
    length of the end: end 8,-7; rising 2,-2
    width of the lower loop: lower_left 8,0; lower_right -8,0
    width of the upper loop: upper_left 6,0
    height of the crossing: crossing 0,6; recrossing 0,6

begun in the middle (1)
    pen: start 34,46; upper_left 11,24; crown 28,1; upper_right 48,20; crossing 30,48;
        lower_left 7,76; bottom 34,99; lower_right 55,76; end 34,48
    gap in the middle: start -5,0; end 5,0
    width of the upper loop: upper_left 6,0; upper_right -6,0
    width of the lower loop: lower_left 8,0; lower_right -8,0
    height of the crossing: crossing 0,6; start 0,6; end 0,6

a small upper loop on a wide lower one (1.2)
    pen: start 42,14; crown 28,4; upper_left 16,20; crossing 31,40; lower_right 63,72;
        bottom 36,99; lower_left 3,74; recrossing 27,42; upper_right 45,24; end 37,8
    width of the lower loop: lower_left 9,0; lower_right -9,0
    width of the upper loop: upper_left -5,0; upper_right 5,0
    shift of the upper loop: start 8,0; crown 8,0; upper_left 7,0; upper_right 8,0; end 8,0
    height of the crossing: crossing 0,6; recrossing 0,6

a wide upper loop on a small lower one (2.6)
    pen: start 52,14; crown 28,1; upper_left 1,24; crossing 30,52; lower_right 49,78;
        bottom 34,99; lower_left 14,80; recrossing 34,54; upper_right 59,26; end 45,6
    width of the lower loop: lower_left 6,0; lower_right -6,0
    width of the upper loop: upper_left -6,0; upper_right 6,0
    gap at the top: end 6,6; start -4,-2
    height of the crossing: crossing 0,6; recrossing 0,6
    shift of the lower loop: lower_left -8,0; bottom -8,0; lower_right -8,0

an open cup above a loop, the ends apart (1)
    pen: start 53,12; crown 35,6; upper_left 10,14; middle 23,40; lower_right 47,72; bottom 28,99;
        lower_left 9,78; recrossing 30,52; end 57,22
    gap: start -10,-6
    flatness of the cup: upper_left -6,4; crown 0,4
    length of the end: end 8,-12
    width of the lower loop: lower_left 6,0; lower_right -6,0

begun with a long stroke from the right (1.2)
    pen: start 66,16; crown 38,3; upper_left 12,18; crossing 32,44; lower_right 54,74;
        bottom 32,99; lower_left 10,80; recrossing 34,52; end 54,22
    length of the start: start 9,0; crown 2,0
    tilt of the start: start 0,-9
    gap: end -5,6
    width of the lower loop: lower_left 8,0; lower_right -8,0
    width of the upper loop: upper_left 7,0
    height of the crossing: crossing 0,6; recrossing 0,6

round loops, each drawn with care (2.5)
    pen: start 44,4; crown 30,0; upper_left_high 14,9; upper_left 11,24; upper_left_low 18,38;
        crossing 32,47; lower_right_high 50,60; lower_right 54,78; lower_right_low 45,94;
        bottom 28,99; lower_left_low 11,94; lower_left 4,78; lower_left_high 11,60;
        recrossing 30,48; upper_right_low 46,38; upper_right 53,22; end 46,6
    size of the upper loop: upper_left_high -5,0; upper_left -7,0; upper_left_low -5,0;
        upper_right_low 5,0; upper_right 7,0
    size of the lower loop: lower_left_high -5,0; lower_left -8,0; lower_left_low -5,0;
        lower_right_high 5,0; lower_right 8,0; lower_right_low 5,0
    height of the crossing: crossing 0,7; recrossing 0,7; upper_left_low 0,5; upper_right_low 0,5;
        lower_left_high 0,5; lower_right_high 0,5
    gap at the top: end 4,5; start -5,-1
    shift of the upper loop: upper_left -6,0; upper_left_high -7,0; crown -7,0; start -7,0;
        upper_right -6,0; end -7,0
"""

NINE = """
a closed loop and a straight stem (4)
    pen: start 48,14; crown 27,2; left 4,26; loop_bottom 22,47; right 45,30; join! 51,6;
        stem 50,50; foot 47,100
    size of the loop: loop_bottom 0,8; left -4,4
    gap: start -8,-5
    height of the join: join 0,8; right 0,4
    lean of the stem: foot -12,0; stem -4,0
    bend of the stem: stem 5,0
    flat head: crown 4,5

a round loop that runs on into the stem (3)
    pen: start 49,26; loop_bottom 24,48; left 3,27; crown 27,1; right 52,22; stem 50,58;
        foot 43,100
    size of the loop: loop_bottom 0,7; left -4,3
    gap: start -6,6
    lean of the stem: foot -12,0; stem -4,0
    bend of the stem: stem 5,0
    where it begins: start 6,-6

a tail that curls to the left (1)
    pen: start 51,10; crown 27,2; left 4,25; loop_bottom 24,46; right 49,30; join! 52,8;
        stem 54,56; low 46,90; bottom 32,99; tail 16,92
    size of the loop: loop_bottom 0,7; left -4,3
    gap: start -3,-2
    length of the tail: tail -6,-5; bottom -3,0
    shortness of the tail: tail 10,5; bottom 4,0

a small loop on a long slanting stem (1.5)
    pen: start 50,12; crown 35,2; left 16,20; loop_bottom 25,38; right 44,24; join! 53,4;
        stem 42,52; foot 29,100
    size of the loop: loop_bottom 0,6; left -6,3
    height of the join: join 0,8
    lean of the stem: foot -10,0; stem -4,0
    bend of the stem: stem 4,0

open at the top (0.8)
    pen: start 37,4; upper_left 14,12; left 5,32; loop_bottom 24,48; right 45,32; join! 51,8;
        stem 50,54; foot 47,100
    gap: start -8,0
    size of the loop: loop_bottom 0,7; left -5,3
    lean of the stem: foot -10,0; stem -3,0

the crown begins as a beak to the right of the stem (1.5)
    pen: beak 63,6; crown 35,4; left 4,24; loop_bottom 20,44; right 43,32; join! 54,14;
        stem 50,56; foot 47,100
    length of the beak: beak 8,0
    tilt of the beak: beak 0,-7
    size of the loop: loop_bottom 0,8; left -4,3; right 0,4
    openness: right 5,4; join 3,4
    lean of the stem: foot -12,0; stem -5,0
    bend of the stem: stem 5,0

a wide head on an upright stem (1.5)
    pen: start 56,12; crown 31,1; left 0,24; loop_bottom 28,46; right 55,28; join 59,8;
        stem 62,54; foot 63,100
    size of the loop: loop_bottom 0,8; left -6,4
    gap: start -10,-4
    height of the join: join 0,9
    lean of the stem: foot -12,0; stem -4,0
    roundness: join 0,10; start 3,6; crown 4,-2

open at the right: the stem begins below the crown (1.3)
    pen: start 60,6; crown 36,2; left 6,22; loop_bottom 20,44; right 42,36; join! 54,22;
        stem 50,58; foot 44,100
    length of the crown: start 8,0
    openness: join 0,8; right 0,4
    size of the loop: loop_bottom 0,7; left -4,3
    lean of the stem: foot -12,0; stem -5,0
    bend of the stem: stem 6,0

a big head on a short stem (1.4)
    pen: start 56,12; crown 32,0; left 2,30; loop_bottom 26,60; right 54,34; join 60,10;
        stem 60,58; foot 56,100
    size of the head: loop_bottom 0,9; left -4,4; right 0,3
    gap: start -9,-3
    lean of the stem: foot -12,0; stem -4,0

a round head, drawn with care, and a straight stem (2)
    pen: start 52,10; crown_right 42,2; crown 30,0; left_high 12,8; left 5,24; left_low 11,40;
        loop_bottom 26,47; right_low 42,40; right 52,24; stem_top! 54,8; stem 51,54; foot 48,100
    size of the head: left_high -4,0; left -6,0; left_low -5,4; loop_bottom 0,7; right_low 0,4
    height of the stem: stem_top 0,7; start 0,2
    gap: start -8,-3; crown_right -4,0
    lean of the stem: foot -14,0; stem -6,0
    bend of the stem: stem 5,0
"""

# The skeletons of each digit, in the order of the digits.
SKELETONS: tuple[tuple[Skeleton, ...], ...] = tuple(
    map(read_skeletons, (ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE))
)
