"""What the planner's plans are worth, and how long they take: the figures of `tests/bench/run plan`.

An independent judge (tests/scheduling/judge.py) looks at every schedule: one that breaks a rule is no
figure but an error.  Budgets are wall-clock milliseconds, so a busy machine has worse plans; what is
measured at scale is CPU time."""

import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "scheduling"
sys.path.insert(0, str(FOLDER))

import generate  # noqa: E402
import judge  # noqa: E402

# Schedules whose lateness has no useful lower bound, or whose bound is far from what can be reached.
OVER_BEST = ("mixed", "online", "failures", "overnight-op1", "overnight-mach")
# Changes of material by first in, first out; lateness by dispatch (ATC), and planned with all known before.
FIFO_CHANGES = {"materials-3": 14, "materials-5": 42, "materials-10": 99, "materials-16": 276}
LIST = {"online-5": 2486458, "online-11": 28936575, "failures-8": 2322102, "failures-14": 3708387}
CLAIRVOYANT = {"online-11": 13657435}
DECISION_MS = 20


class Bench:
    def __init__(self, build, note):
        self.program = [str(build / "printfarm"), "plan"]
        self.speed = build / "tests" / "bench" / "plan_speed"
        self.folder = build
        self.note = note
        self.known = {}
        for line in (FOLDER / "bounds.tsv").read_text().splitlines()[1:]:
            name, _, lower, _, best = line.split("\t")[:5]
            self.known[name] = float(lower), float(best)

    def plan(self, path, *arguments):
        """What the judge says of the plan."""
        target = self.folder / f"bench-{os.getpid()}.sch"
        done = subprocess.run([*self.program, "--instance", str(path), *map(str, arguments)],
                              capture_output=True, text=True, check=True)
        target.write_text(done.stdout)
        problems, values = judge.check(judge.Instance(str(path)), judge.read_schedule(str(target)))
        target.unlink()
        if problems:
            raise RuntimeError(f"{path.stem}: {problems[0]}")
        return values

    def over(self, name, value):
        """Percent over what the figure is held against."""
        lower, best = self.known[name]
        return 100 * (value / (best if name.startswith(OVER_BEST) else lower) - 1)

    def instances(self):
        for path in sorted((FOLDER / "instances").glob("*.pfi")):
            if path.stem in self.known:
                yield path

    def in_one_second(self):
        families, changes = {}, []
        for path in self.instances():
            name = path.stem
            values = self.plan(path, "--budget-ms", 1000)
            percent = self.over(name, values["primary"])
            against = "best known" if name.startswith(OVER_BEST) else "bound"
            self.note("plan_" + name.replace("-", "_"), [percent], "%", f"plan in one second, over the {against}")
            families.setdefault(name.split("-")[0], []).append(percent)
            if name in FIFO_CHANGES:
                changes.append(values["changes"] / FIFO_CHANGES[name])
        for family, runs in families.items():
            self.note(f"plan_{family}", runs, "%", "the same, median of the family")
            self.note(f"plan_{family}_worst", [max(runs)], "%", "and its worst")
        self.note("plan_rcmax_mean", [statistics.mean(families["rcmax"])], "%", "rcmax on average")
        self.note("plan_materials_changes", changes, "of fifo", "changes of material, a share of first in, first out's")

    def in_ten_milliseconds(self):
        for path in self.instances():
            if path.stem.startswith("visors") and path.stem != "visors-22-c":
                percent = self.over(path.stem, self.plan(path, "--budget-ms", 10)["primary"])
                self.note(f"plan_{path.stem.replace('-', '_')}_10ms", [percent], "%", "plan in 10 ms, over the bound")

    def closed_loop(self):
        moved = []
        for name, by_dispatch in LIST.items():
            path = FOLDER / "instances" / f"{name}.pfi"
            if not path.exists():
                continue
            subject = judge.Instance(str(path))
            failures = judge.load_faults(str(path.with_suffix(".faults")), len(subject.printers))
            world = judge.World(subject, failures)
            child = judge.External(subject, [*self.program, "--serve", "--budget-ms", str(DECISION_MS)])
            try:
                judge.drive(world, child)
            finally:
                child.close()
            problems, values = judge.check(subject, world.log, failures)
            if problems:
                raise RuntimeError(f"{name}: {problems[0]}")
            tag = "plan_loop_" + name.replace("-", "_")
            self.note(tag, [values["primary"] / by_dispatch], "of list", f"closed loop, {DECISION_MS} ms a decision")
            if name in CLAIRVOYANT:
                self.note(tag + "_known_before", [values["primary"] / CLAIRVOYANT[name]], "times",
                          "the same, over the best plan with all orders known before")
                self.note(tag + "_jain", [values["fair_jain"]], "",
                          "fairness between users (Jain); the search gives nothing up for it")
            moved.append(100 * child.moved / max(1, child.moved + child.kept))
            waits = sorted(1000 * wait for wait in child.t)
            self.note(tag + "_decision_p99", [waits[int(0.99 * (len(waits) - 1))]], "ms",
                      "from the event to the decision, seen from outside")
        self.note("plan_moved", moved, "%", "of the planned prints change printer at an event")
        self.note("plan_moved_worst", [max(moved)], "%", "and the worst")

    def scale_file(self, size, seed):
        path = self.folder / f"scale-{size}.pfi"
        generate.make("scale", size, seed, path.stem, str(path))
        return path

    def at_scale(self):
        full = {}
        for size, jobs, seed in (("100x10k", 10_000, 81), ("300x30k", 30_000, 83), ("1000x100k", 100_000, 84)):
            path = self.scale_file(size, seed)
            out = subprocess.run([str(self.speed), str(path)], stdout=subprocess.PIPE, check=True, text=True).stdout
            rows = {}
            for name, value in map(str.split, out.splitlines()):
                rows.setdefault(name, []).append(float(value))
            full[jobs] = statistics.median(rows["full"])
            self.note(f"plan_scale_{size}_full", rows["full"], "ms", "full plan from nothing, CPU time")
            for name, what in (("event", "from an event to the decision"), ("insert", "a new order finds its place")):
                runs = sorted(rows[name])
                self.note(f"plan_scale_{size}_{name}_p99", [runs[int(0.99 * (len(runs) - 1))]], "ms", f"{what}, CPU time")
            self.note(f"plan_scale_{size}", [self.over(path.stem, self.plan(path)["primary"])], "%",
                      "plan in one second, over the bound")
            path.unlink()
        exponent = math.log(full[100_000] / full[10_000]) / math.log(10)
        self.note("plan_growth_exponent", [exponent], "", "of the full plan's time, from 100 x 10,000 to 1,000 x 100,000")


def measure(build, note):
    bench = Bench(build, note)
    bench.in_one_second()
    bench.in_ten_milliseconds()
    bench.closed_loop()
    bench.at_scale()
