"""Devices and plain senders to measure our streamers beside: tests/bench/plain."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import BUILD, Farm, wait

PLAIN = BUILD / "tests" / "bench" / "plain"
SOURCES = Path(__file__).resolve().parent / "plain"


def gcode(lines, seed=1):
    """A generated file; made once."""
    path = BUILD / f"bench-{lines}.gcode"
    if not path.exists():
        text = subprocess.run([sys.executable, str(SOURCES / "gengcode.py"), str(lines), str(seed)],
                              stdout=subprocess.PIPE, check=True).stdout
        path.write_bytes(text)
    return path


@contextlib.contextmanager
def devices(count, *options):
    """devsim on `count` ptys: yields their paths and a function that ends it and gives what it saw."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        simulator = subprocess.Popen([str(PLAIN / "devsim"), "-n", str(count), "-l", folder, "-o", f"{folder}/seen",
                                      "-q", *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        paths = [f"{folder}/printer{n}" for n in range(count)]
        wait(lambda: all(os.path.lexists(path) for path in paths), "the devices are there", 20)

        def seen():
            simulator.send_signal(signal.SIGTERM)
            simulator.wait(20)
            return json.loads(Path(f"{folder}/seen").read_text(encoding="ascii"))["devices"]

        try:
            yield paths, seen
        finally:
            if simulator.poll() is None:
                simulator.kill()
                simulator.wait()


def send_plainly(paths, file, *options, processes=1):
    """csend: one process for all paths, or one for each.  CPU seconds of all."""
    groups = [paths] if processes == 1 else [[path] for path in paths]
    running = [subprocess.Popen([str(PLAIN / "csend"), *options, str(file), *group], stdout=subprocess.PIPE, text=True)
               for group in groups]
    outputs = [process.communicate(timeout=600)[0] for process in running]
    return sum(json.loads(output)["cpu_s"] for output in outputs)


class DeviceFarm(Farm):
    """A farm whose printers are devsim's."""

    def __init__(self, paths, **options):
        names = [f"p{n}" for n in range(1, len(paths) + 1)]
        super().__init__(len(paths), ports=dict(zip(names, paths)), **options)

    def start_simulator(self):
        pass

    def stop_simulator(self):
        return {}

    def check(self):
        pass  # devsim keeps no ground truth that the harness can read

    def print_once(self, file):
        """One print of the file on every printer; returns (CPU seconds of the streamers, wall seconds)."""
        wait(lambda: all(row["link"] == "online" for row in self.printers().values()), "all are online", 60)
        self.cli("clear", *self.names)
        self.add_design("file", (str(file), 1))
        pids = self.streamer_pids()
        before, began = cpu_exactly_s(pids), time.monotonic()
        order = self.add_order("file", len(self.names))
        wait(lambda: self.order(order)["printed"] == len(self.names), "all have printed", 900, 0.2)
        return cpu_exactly_s(pids) - before, time.monotonic() - began


def cpu_exactly_s(pids):
    """Nanoseconds that the scheduler gave to every thread, as seconds."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9
