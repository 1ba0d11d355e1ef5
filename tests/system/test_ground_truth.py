"""The judge itself: what it must let pass and what it must notice."""

from ground_truth import Attempt, compare
from harness import equal, main

FILE = ["M104 S205", "G28", "G1 X1 Y1 E1", "G1 X2 Y2 E1", "G1 X3 Y3 E1", "M104 S0", "M84"]
OTHER = ["M104 S205", "G28", "G1 X9 Y9 E1", "M84"]
END = [(90, "M400"), (91, "M104 S0"), (92, "M140 S0"), (93, "M105")]


def numbered(commands, first=1):
    return list(enumerate(commands, first))


def problems(executed, *attempts):
    return len(compare(executed, list(attempts)).problems)


def test_passes():
    """a complete print between host lines passes, and so do cut ones that begin alike"""
    connect = [(None, "M115"), (2000, "M110 N2000"), (None, "M118 E1 pf00000001"), (2001, "M155 S2")]
    whole = connect + numbered(FILE) + END
    equal(problems(whole, Attempt(FILE, True)), 0, "a whole print")
    equal(compare(whole, [Attempt(FILE, True)]).executed, len(FILE), "commands of the file")
    cut = connect + numbered(FILE[:4]) + [(None, "M104 S0"), (None, "M140 S0")] + connect + numbered(OTHER) + END
    equal(problems(cut, Attempt(FILE, False), Attempt(OTHER, True)), 0, "a cut print before another")
    equal(problems(connect + numbered(OTHER) + END, Attempt(FILE, False), Attempt(OTHER, True)), 0,
          "an attempt that did not begin")
    equal(problems(connect + numbered(FILE[:2]) + numbered(FILE) + END, Attempt(FILE, False), Attempt(OTHER, False),
                   Attempt(FILE, True)), 0, "two cut ones before a whole one")
    paused = numbered(FILE[:3]) + [(8, "M400"), (9, "G91"), (10, "G1 Z5 F600"), (11, "G90"), (12, "M104 S120"),
                                   (13, "M109 S205"), (14, "G1 X1.5 Y2 F6000"), (15, "G1 Z0.2 F600")] + numbered(FILE[3:])
    equal(problems(paused, Attempt(FILE, True, paused=True)), 0, "a pause")


def test_notices():
    """a command that is lost, doubled, changed, swapped, added or without its number is noticed"""
    for what, commands in (("lost", FILE[:3] + FILE[4:]), ("doubled", FILE[:4] + FILE[3:]),
                           ("changed", FILE[:3] + ["G1 X2 Y2 E2"] + FILE[4:]),
                           ("swapped", FILE[:2] + [FILE[3], FILE[2]] + FILE[4:]),
                           ("added", FILE[:3] + ["G1 X5 Y5 F6000"] + FILE[3:]), ("cut", FILE[:5])):
        equal(problems(numbered(commands) + END, Attempt(FILE, True)) > 0, True, what)
    equal(problems(numbered(FILE) + [(None, "G1 X2 Y2 E1")], Attempt(FILE, True)) > 0, True, "a piece that ran")
    equal(problems(numbered(FILE) + numbered(FILE), Attempt(FILE, True)) > 0, True, "a print nobody booked")
    equal(problems(END, Attempt(FILE, True)) > 0, True, "a print that did not happen")
    equal(problems(numbered(FILE[:3]) + [(9, FILE[2])] + END, Attempt(FILE, False)) > 0, True,
          "doubled in a print that was cut short")
    equal(problems(numbered(OTHER) + numbered(FILE), Attempt(FILE, True), Attempt(OTHER, True)) > 0, True, "the order")


main(test_passes, test_notices)
