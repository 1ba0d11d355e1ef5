"""The demo: its screen, what its keys say, its summary, and that it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import BUILD, PATIENCE, ROOT, UNDER, Skip, check, equal, main, pids_naming, wait

sys.path.insert(0, str(ROOT / "demo"))

from sceptic import KEYS, Sceptic  # noqa: E402  pylint: disable=wrong-import-position
from view import CODE, View  # noqa: E402  pylint: disable=wrong-import-position

PROGRAMS = ("printfarm", "printfarmd", "printfarm-stream", "printfarm-sim")


def printer(name, **facts):
    return dict({"name": name, "link": "online", "bed": "empty", "lock": None, "activity": "idle", "job": None,
                 "progress": None, "heaters": [{"name": "T", "celsius": 25.0, "target_celsius": 0.0}]}, **facts)


def printing(name):
    return printer(name, bed="occupied", activity="printing", job=1, progress=0.5,
                   heaters=[{"name": "T", "celsius": 210.0, "target_celsius": 210.0}])


class FakeProcesses:
    """Takes every command and counts it."""

    speed = 400

    def __init__(self):
        self.simulator, self.commands = self, []

    def ask(self, command):
        self.commands.append(command)
        return "ok"

    def kill_control(self):
        self.commands.append("kill")

    def spawn_control(self):
        self.commands.append("start")

    def control_answers(self):
        return True


def test_keys():
    """every press says exactly one sentence, whatever the farm is doing, also twice in a row"""
    farms = {"idle": [printer(f"p{n}") for n in range(3)],
             "printing": [printing(f"p{n}") for n in range(8)],
             "one prints": [printing("p0"), printer("p1", link="offline")],
             "printed": [printer(f"p{n}", bed="occupied") for n in range(2)],
             "locked": [dict(printing("p0"), lock={"fault": "silent", "text": "x"})]}
    for name, printers in farms.items():
        for order in ("".join(KEYS), "".join(reversed(KEYS)), "kkk", "uunnooff" * 3):
            said, processes = [], FakeProcesses()
            sceptic = Sceptic(processes, said.append, 1)
            for count, key in enumerate(order, 1):
                before = len(processes.commands)
                sceptic.press(key, {"printers": printers}, 1.0)
                equal(len(said), count, f"{name}, {order}: sentences after {count} presses ({said})")
                check(len(processes.commands) - before <= 1, f"{name}, {key} did {processes.commands[before:]}")
                check(len(said[-1]) < 78, f"one line of a terminal: {said[-1]}")
            sceptic.tick(3.0)    # control is started again
            sceptic.tick(100.0)  # and everything put right
            check(sceptic.is_quiet() and not sceptic.touched, f"{name}, {order}: something is left undone")


def test_screen():
    """a screen never has more lines or columns than the terminal, and always the same number of lines"""
    status = {"farm": "Demo farm", "printers": [printing("ender-1")] * 7 + [
        printer("deltiq-2", lock={"fault": "a very long name of a fault that nobody expects", "text": ""})]}
    order = {"id": 1, "design": "visor", "good": 3, "units": 40, "printing": 9, "printed": 0}
    for columns, rows in ((80, 24), (100, 30), (60, 18), (20, 10), (300, 90)):
        view, heights = View("k: kill control  " * 5), set()
        for n in range(30):
            lines = view.lines(status, order, n, "promised 3 h 52 min of printer time", columns, rows)
            heights.add(len(lines))
            check(len(lines) <= rows, f"{len(lines)} lines on {rows}")
            check(all(len(CODE.sub("", line)) <= columns for line in lines), f"wider than {columns}: {lines}")
            view.news.append(f"sentence {n} " + "of some words " * (n % 12))
        equal(len(heights), 1, f"heights at {columns}x{rows}: {heights}")


def build_folder():
    """The demo writes its summary below the folder of the programs."""
    if UNDER:
        raise Skip("the demo runs the programs as they are")
    folder = Path(tempfile.mkdtemp(prefix="d"))
    for program in PROGRAMS:
        os.symlink(BUILD / program, folder / program)
    return folder


def demo(folder, *words):
    return subprocess.Popen([str(ROOT / "demo" / "run"), "--build", str(folder), *words], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def left_over(folder):
    return [pid for program in PROGRAMS for pid in pids_naming(program, folder)]


def test_summary():
    """a small order into a pipe: everything good, the summary has its fields, no process is left"""
    folder = build_folder()
    output, _ = demo(folder, "--units", "2", "--speed", "800").communicate(timeout=80 * PATIENCE)
    summary = json.loads((folder / "demo" / "summary.json").read_text(encoding="utf-8"))
    fields = {"units_good", "units_scrap", "attempts", "lines", "resends", "speed", "seconds"}
    check(fields <= set(summary), f"fields missing: {fields - set(summary)}")
    check(summary["units_good"] >= 2 and summary["units_lost"] == summary["units_doubled"] == summary["stated_stops"] == 0 and
          summary["differences"] == 0, f"{summary}\n{output}")
    check("\x1b" not in output and "killed with -9" in output and "switched off and on" in output, output)
    equal(left_over(folder), [], "processes left")


def test_interrupted():
    """ended by a signal, or its reader gone, it leaves no process"""
    folder = build_folder()
    for number in (signal.SIGTERM, signal.SIGINT):
        process = demo(folder)
        wait(lambda: len(pids_naming("printfarm-stream", folder)) == 8, "its streamers run")
        process.send_signal(number)
        output, _ = process.communicate(timeout=20 * PATIENCE)
        equal(process.returncode, 128 + number, f"exit code ({output})")
        equal(left_over(folder), [], "processes left")
    process = demo(folder)
    wait(lambda: len(pids_naming("printfarm-stream", folder)) == 8, "its streamers run")
    process.stdout.close()
    process.wait(timeout=30 * PATIENCE)
    time.sleep(0.1)
    equal(left_over(folder), [], "processes left when nobody reads")


main(test_keys, test_screen, test_summary, test_interrupted)
