#!/usr/bin/env python3
"""Ports on which no printer is, or one that has gone mad: each is offline with a reason, nothing of their bytes
gets out raw, and the printer beside them prints.

time limit: 180 s"""

import os
import threading
import time

from harness import box_gcode, check, equal, main
from stream_bench import Bench

RUBBISH = {
    "garbage": bytes((7 * i * i + 13 * i + 128) % 256 for i in range(4096)),
    "nul": bytes(512),
    "ff": b"\xff" * 512,
    "escapes": b"\x1b[31m\x1b]0;owned\x07login: \r\n" * 20,
    "endless": b"a" * 100000,
    "modem": b"NO CARRIER\r\nERROR\r\n",
    "silent": b"",
}


class Liar:
    """The other end of a pseudo-terminal: says its bytes, and again whenever it hears something."""

    def __init__(self, words):
        self.words = words
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        self.path, self.ended = os.ttyname(self.slave), False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def say(self):
        for at in range(0, len(self.words), 1024):
            for _ in range(200):
                try:
                    os.write(self.master, self.words[at:at + 1024])
                    break
                except BlockingIOError:
                    time.sleep(0.005)

    def run(self):
        while not self.ended:
            self.say()
            for _ in range(20):
                try:
                    os.read(self.master, 4096)
                except OSError:
                    pass
                time.sleep(0.02)

    def close(self):
        self.ended = True
        self.thread.join()
        os.close(self.master)
        os.close(self.slave)


def test_no_printers():
    """garbage, NUL, 0xFF, escapes, 100 kB without a line end, a modem, nothing: a reason for each, for auto and for marlin"""
    with Bench(speed=50) as bench:
        liars = {}
        for dialect in ("auto", "marlin"):
            for name, words in RUBBISH.items():
                liars[f"{name}-{dialect}"] = Liar(words)
        path = box_gcode(bench.dir / "box.gcode", layers=4, lines_per_layer=60)
        bench.ready()
        for name, liar in liars.items():
            answer = bench.control.ask("set_printer", printer=name, port=liar.path, dialect=name.rsplit("-", 1)[1],
                                       hotend_max_celsius=280.0, bed_max_celsius=110.0)
            equal(answer["error"], 0, f"set_printer {name}")
        bench.start(path, "a1")
        seen = {}

        def all_told():
            for name in liars:
                report = bench.report(name)
                check(report["link"] != "online", f"{name} is online")
                equal(report["fault"], 0, f"{name} is locked: {report['reason']}")
                if report["link"] == "offline" and report["reason"]:
                    seen[name] = report["reason"]
            return len(seen) == len(liars)
        bench.control.until(all_told, f"a reason for each", 120)
        for name, reason in seen.items():
            check(all(" " <= letter <= "~" for letter in reason), f"{name}: {reason!r}")
        for name in ("garbage-auto", "nul-auto", "ff-auto", "ff-marlin"):
            check("unreadable" in seen[name], f"{name}: {seen[name]}")
        for name in ("silent-auto", "silent-marlin"):
            check("nobody answers" in seen[name], f"{name}: {seen[name]}")
        equal(bench.end("a1", 120)["result"], "printed", "the printer beside them")
        bench.compare([(path, True)])
        log = (bench.dir / "stream.log").read_bytes()
        check(b"\x1b" not in log and b"\xff" not in log and b"\0" not in log, "raw bytes are in the log")
        for liar in liars.values():
            liar.close()


main(test_no_printers)
