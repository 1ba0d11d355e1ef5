"""Compares what a simulated printer executed with what the files say.

`DIR/NAME.executed` holds one line a command, `N<TAB>command`, N the line number it arrived
with or `-`.  The farm adds lines of its own (docs/wire-lines.md): un-numbered ones that have no
effect (reports, barriers, probes), and numbered ones around a print (M110, waiting for the end of
motion, heaters off, parking).  Everything else must be the files' commands, in order, once each."""

import re
from dataclasses import dataclass, field
from itertools import combinations, islice

# Identification, reports, barriers, probes, emergency lines and the way out of a heat wait.
HOST_UNNUMBERED = re.compile(
    r"(M115|M105|M118 E1 \w+|M155 S\d+|M114|M112|M108|M410|M876 S\d+)$")
# Numbered: between prints, around pauses and at their ends.
HOST_NUMBERED = re.compile(
    r"(M110 N\d+|M105|M155 S\d+|M400|M10[49]( T\d+)? S\d+(\.\d+)?|M1[49]0 S\d+(\.\d+)?"
    r"|G90|G91|M82|M83|G92 E-?[\d.]+|G[01] [XYZEF\d. -]+|M85 S\d+)$")
# May stand anywhere in a print: the numbers begin again, a reading is asked for.
HOST_ANYWHERE = re.compile(r"(M110 N\d+|M105)$")
PROBLEMS_MAX = 10
WALKS_MAX = 64


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
    """Where in the attempts of a printer the executed commands have got to."""

    def __init__(self, attempts):
        self.attempts, self.turn, self.at = attempts, 0, 0
        self.executed = [0] * len(attempts)

    def current(self):
        while self.turn < len(self.attempts) and self.at == len(self.attempts[self.turn].commands):
            self.turn, self.at = self.turn + 1, 0
        return self.attempts[self.turn] if self.turn < len(self.attempts) else None

    def expected(self):
        attempt = self.current()
        return attempt.commands[self.at] if attempt else None

    def take(self, command):
        attempt = self.current()
        if attempt is None:
            return False
        if command == attempt.commands[self.at]:
            self.at += 1
            self.executed[self.turn] += 1
            return True
        # An attempt that was cut short ends where a later one begins.
        for later in range(self.turn + 1, len(self.attempts)):
            if self.attempts[later - 1].complete:
                return False
            if self.attempts[later].commands[:1] == [command]:
                self.turn, self.at = later, 1
                self.executed[later] = 1
                return True
        return False

    def inside_undisturbed(self):
        attempt = self.current()
        return attempt is not None and self.at > 0 and attempt.complete and not attempt.paused


def compare(executed, attempts):
    """Walks the executed commands along the attempts of one printer, oldest first.

    An attempt that stopped may have executed nothing.  When a later one prints the same file, its
    commands look like those of the first: then the walk is tried without stopped attempts, and an
    explanation in which everything fits counts."""
    verdict = _compare(executed, attempts)
    stopped = [i for i, attempt in enumerate(attempts) if not attempt.complete]
    for left_out in islice((chosen for count in range(1, len(stopped) + 1)
                            for chosen in combinations(stopped, count)), WALKS_MAX):
        if verdict.ok:
            break
        kept = [i for i in range(len(attempts)) if i not in left_out]
        other = _compare(executed, [attempts[i] for i in kept])
        if other.ok:
            done = dict(zip(kept, other.by_attempt))
            other.by_attempt = [done.get(i, 0) for i in range(len(attempts))]
            verdict = other
    return verdict


def _compare(executed, attempts):
    walk = _Walk(attempts)
    verdict = Verdict(by_attempt=walk.executed)
    for row, (number, command) in enumerate(executed, 1):
        if len(verdict.problems) >= PROBLEMS_MAX:
            return verdict
        if number is None:
            if HOST_UNNUMBERED.match(command):
                verdict.host += 1
            else:
                verdict.problems.append(f"line {row}: '{command}' ran without a line number")
        elif walk.take(command):
            verdict.executed += 1
        elif HOST_NUMBERED.match(command) and (
                HOST_ANYWHERE.match(command) or not walk.inside_undisturbed()):
            verdict.host += 1
        else:
            verdict.problems.append(f"line {row}: executed 'N{number} {command}', "
                                    f"expected '{walk.expected() or 'nothing more'}'")
    for turn in range(walk.turn, len(attempts)):
        done = walk.at if turn == walk.turn else 0
        if attempts[turn].complete and done < len(attempts[turn].commands):
            verdict.problems.append(f"attempt {turn + 1} executed {done} "
                                    f"of {len(attempts[turn].commands)} commands")
    return verdict
