"""Compares what a simulated printer executed with what the files say.

`DIR/NAME.executed` holds one line a command, `N<TAB>command`, N the line number it arrived
with or `-`.  The farm adds lines of its own (docs/wire-lines.md): un-numbered ones that have no
effect (reports, barriers, probes), and numbered ones around a print (M110, waiting for the end of
motion, heaters off, parking).  Everything else must be the files' commands, in order, once each."""

import re
from dataclasses import dataclass, field

# Identification, reports, barriers, probes, the way out of a heat wait, and after a fault heat off.
# Firmware that takes no bytes of a line back executes the question whether it does, backspaces included.
HOST_UNNUMBERED = re.compile(
    r"(M115|M105|M118 (E1 )?\w+(\\x08)*|M155 S\d+|M114|M112|M108|M410|M876 S\d+|M104( T\d+)? S0|M140 S0)$")
# Numbered: between prints, around pauses and at their ends.  No host line extrudes.
HOST_NUMBERED = re.compile(
    r"(M110 N\d+|M105|M155 S\d+|M400|M10[49]( T\d+)? S\d+(\.\d+)?|M1[49]0 S\d+(\.\d+)?|G20|G21|G90|G91|M82|M83"
    r"|G92 E-?[\d.]+|G1 Z-?[\d.]+ F600|G1 X-?[\d.]+ Y-?[\d.]+ F6000|G1 F[\d.]+|M85 S\d+)$")
# May stand anywhere in a print: the numbers begin again, a reading is asked for.
HOST_ANYWHERE = re.compile(r"(M110 N\d+|M105)$")
# To dialects without line numbers: Klipper, RepRapFirmware.
HOST_PLAIN = re.compile(
    r"(M115|M105|M112|M400|STATUS|ECHO PF=pf\w+|TURN_OFF_HEATERS|(SAVE|RESTORE)_GCODE_STATE NAME=printfarm.*|RESUME"
    r"|FIRMWARE_RESTART|M999|M555 P2|M118 P1 S\"pf\w+\"|M408 S0|M409 K\"state\.\w+\"|M292 P0|M10[49]( T\d+)? S\d+(\.\d+)?"
    r"|M1[49]0 S\d+(\.\d+)?|M141 S0|G2[01]|G9[01]|M8[23]|G1 Z-?[\d.]+ F600|G1 X-?[\d.]+ Y-?[\d.]+ F6000|G1 F[\d.]+)$")
PROBLEMS_MAX = 10


@dataclass
class Attempt:
    """One try of a file on a printer, as the ledger tells it."""
    commands: list          # the file's commands, in order
    complete: bool          # must have been executed to the last command
    paused: bool = False    # was paused: host lines may stand in the middle


@dataclass
class Verdict:
    executed: int = 0       # commands of files that were executed
    host: int = 0           # lines that the host added
    by_attempt: list = field(default_factory=list)  # commands executed of each
    problems: list = field(default_factory=list)

    @property
    def ok(self):
        return not self.problems


def read_executed(path):
    """[(number or None, command)]"""
    out = []
    with open(path, encoding="utf-8", errors="backslashreplace") as stream:
        for line in stream:
            number, _, command = line.rstrip("\n").partition("\t")
            out.append((None if number == "-" else int(number), command))
    return out


class _Walk:
    """Where in the attempts of a printer the executed commands may have got to.

    An attempt that was cut short may have executed anything between nothing and all of its file, and
    files begin alike: so there may be several places at once, and all of them are followed.  A place
    is (attempt, commands of it executed); with it go the numbers of the attempts before."""

    def __init__(self, attempts):
        self.attempts, self.places = attempts, {(0, 0): ()}

    def _next(self, place, earlier):
        """The places from which the next command of a file may be taken."""
        turn, at = place
        while turn < len(self.attempts):
            if at < len(self.attempts[turn].commands):
                yield turn, at, earlier
                if self.attempts[turn].complete:
                    return
            turn, at, earlier = turn + 1, 0, earlier + (at,)

    def _may_be_host(self, place, command):
        turn, at = place
        undisturbed = turn < len(self.attempts) and 0 < at < len(self.attempts[turn].commands) and \
            self.attempts[turn].complete and not self.attempts[turn].paused
        return HOST_NUMBERED.match(command) and (HOST_ANYWHERE.match(command) or not undisturbed)

    def step(self, command):
        """False when the command fits nowhere; then nothing moves."""
        places = {}

        def may_be(place, earlier):
            if place not in places or sum(earlier) > sum(places[place]):
                places[place] = earlier
        for place, before in self.places.items():
            for turn, at, earlier in self._next(place, before):
                if self.attempts[turn].commands[at] == command:
                    may_be((turn, at + 1), earlier)
            if self._may_be_host(place, command):
                may_be(place, before)
        self.places = places or self.places
        return bool(places)

    def executed(self, place):
        turn, at = place
        counts = list(self.places[place]) + [at]
        return (counts + [0] * len(self.attempts))[:len(self.attempts)]

    def expected(self):
        furthest = max(self.places, key=lambda place: (sum(self.executed(place)), place))
        for turn, at, _ in self._next(furthest, ()):
            return self.attempts[turn].commands[at]
        return "nothing more"

    def unfinished(self, place):
        """Attempts that must be complete and are not, when the end is here."""
        return [turn for turn, done in enumerate(self.executed(place))
                if self.attempts[turn].complete and done < len(self.attempts[turn].commands)]

    def end(self):
        """The best place to have ended at."""
        return min(self.places, key=lambda place: (len(self.unfinished(place)), -sum(self.executed(place))))


def compare(executed, attempts, plain=False):
    """Walks the executed commands along the attempts of one printer, oldest first.  plain: a dialect
    without line numbers, where a command is known by its text alone."""
    verdict, walk = Verdict(), _Walk(attempts)
    for row, (number, command) in enumerate(executed, 1):
        if len(verdict.problems) >= PROBLEMS_MAX:
            break
        if plain:
            if not walk.step(command) and not HOST_PLAIN.match(command):
                verdict.problems.append(f"line {row}: executed '{command}', expected '{walk.expected()}'")
        elif number is None:
            if not HOST_UNNUMBERED.match(command):
                verdict.problems.append(f"line {row}: '{command}' ran without a line number")
        elif not walk.step(command):
            verdict.problems.append(f"line {row}: executed 'N{number} {command}', expected '{walk.expected()}'")
    end = walk.end()
    verdict.by_attempt = walk.executed(end)
    verdict.executed = sum(verdict.by_attempt)
    verdict.host = len(executed) - verdict.executed - len(verdict.problems)
    if len(verdict.problems) < PROBLEMS_MAX:
        verdict.problems += [f"attempt {turn + 1} executed {verdict.by_attempt[turn]} of "
                             f"{len(attempts[turn].commands)} commands" for turn in walk.unfinished(end)]
    return verdict
