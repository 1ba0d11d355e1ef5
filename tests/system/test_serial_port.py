#!/usr/bin/env python3
"""A print through the real libserialport, on a pseudo terminal that a preload library dresses up.

time limit: 120 s"""

import os
import subprocess
import tempfile
from pathlib import Path

from harness import ROOT, UNDER, Skip, box_gcode, check, equal, main
from stream_bench import Bench, commands_of


def build_shim(directory):
    """The preload library, built with the compiler at hand."""
    library = Path(directory) / "serial_on_pty.so"
    done = subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", str(library),
                           str(ROOT / "tests/shim/serial_on_pty.c")], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, f"building the shim: {done.stderr}")
    return library


class SerialBench(Bench):
    """A bench whose streamer reaches its printer by libserialport."""

    def __init__(self, **more):
        self.shim_dir = tempfile.TemporaryDirectory(prefix="shim")
        self.lines = Path(self.shim_dir.name) / "lines"
        environment = {"LD_PRELOAD": str(build_shim(self.shim_dir.name)), "SERIAL_ON_PTY_LINES": str(self.lines),
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}
        super().__init__(stream_env=environment, **more)
        self.ports_of = {name: f"serial:{self.ports / name}" for name in self.names}


def test_print_through_libserialport():
    """a file printed through libserialport at 250000 baud is executed exactly, and the modem lines are up"""
    if UNDER:
        raise Skip("one preload at a time")
    with SerialBench(settings={"baud": 250000}, simulator="warm_start=yes baud=250000") as bench:
        path = box_gcode(bench.dir / "a.gcode", hotend=215, bed=60)
        bench.ready()
        bench.start(path, "a1")
        equal(bench.end("a1")["result"], "printed", "result")
        equal(bench.compare([(path, True)]).executed, len(commands_of(path)), "commands executed")
        equal(bench.lines.read_text(encoding="ascii").splitlines()[-1], "dtr=1 rts=1", "modem lines")


def test_hang_up_and_reset_line():
    """a hang-up of a serial port is noticed, and an emergency stop pulls DTR and RTS together"""
    if UNDER:
        raise Skip("one preload at a time")
    with SerialBench(settings={"can_reset_line": 1}) as bench:
        bench.ready()
        bench.sim("unplug p1")
        bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
        check("gone" in bench.report()["reason"], bench.report()["reason"])
        bench.sim("replug p1")
        bench.ready()
        before = len(bench.lines.read_text(encoding="ascii").splitlines())
        bench.stop_line("estop p1")
        bench.control.until(lambda: bench.report()["fault"] != 0, "locked")
        bench.control.until(lambda: len(bench.lines.read_text(encoding="ascii").splitlines()) >= before + 2, "a pulse")
        pulse = bench.lines.read_text(encoding="ascii").splitlines()[before:before + 2]
        equal(pulse, ["dtr=0 rts=0", "dtr=1 rts=1"], "the reset pulse")


def test_reset_before_the_first_word():
    """where it is wanted a board is reset at each connection, and at a person's wish: one pulse of both lines"""
    if UNDER:
        raise Skip("one preload at a time")
    with SerialBench(settings={"reset_on_connect": 1}) as bench:
        bench.ready()
        before = bench.lines.read_text(encoding="ascii").splitlines()
        equal(before[-2:], ["dtr=0 rts=0", "dtr=1 rts=1"], "the pulse")
        equal(bench.control.ask("connect", printer="p1", reset=1)["error"], 0, "connect with a reset")
        bench.control.until(lambda: bench.lines.read_text(encoding="ascii").splitlines()[len(before):][-2:]
                            == ["dtr=0 rts=0", "dtr=1 rts=1"], "the pulse of the wish")
        bench.ready()


def test_a_plain_pty_is_refused():
    """without the preload library libserialport refuses a pseudo terminal, and the reason is shown"""
    with Bench() as bench:
        bench.ready()
        bench.ports_of = {"p2": f"serial:{bench.ports / 'p1'}"}
        bench.set_printer("p2")
        bench.control.until(lambda: "not a serial port" in bench.report("p2")["reason"], "refused")


main(test_print_through_libserialport, test_hang_up_and_reset_line,
     test_reset_before_the_first_word, test_a_plain_pty_is_refused)
