"""Recorded conversations with real firmware, both ways: played by the simulator, and fed to the driver."""

import json
import os
import re
import select
import subprocess
import tempfile
import time
from pathlib import Path

from harness import BUILD, ROOT, Farm, check, equal, main, wait

TRANSCRIPTS = sorted((ROOT / "tests/transcripts").glob("*.txt"))
ROW = re.compile(rb"^ *[0-9.]+ ([<>#]) ?(.*)$")


def unescape(data):
    return re.sub(rb"\\(n|r|x([0-9a-fA-F]{2}))",
                  lambda match: {b"n": b"\n", b"r": b"\r"}.get(match[1]) or bytes([int(match[2], 16)]), data)


def rows_of(path):
    for line in path.read_bytes().splitlines():
        match = ROW.match(line)
        yield match[1].decode(), unescape(match[2]) if match[1] != b"#" else match[2]


class Player:
    """printfarm-sim --replay and a host that sends what it is told."""

    def __init__(self, path, folder):
        self.process = subprocess.Popen([str(BUILD / "printfarm-sim"), "--replay", str(path), "--dir", folder,
                                         "--speed", "2000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        port = self.process.stdout.readline().decode().strip()
        equal(port, f"{folder}/{path.stem}", "the port")
        self.fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = b""

    def hear(self, length):
        end = time.monotonic() + 20
        while len(self.heard) < length and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.heard += os.read(self.fd, 4096)
                except OSError:
                    return

    def end(self):
        os.close(self.fd)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, json.loads(out), err.decode()


def test_printers_side():
    """each transcript played to a host that does what the recorded one did gives the same bytes"""
    check(len(TRANSCRIPTS) >= 24, f"only {len(TRANSCRIPTS)} transcripts")
    with tempfile.TemporaryDirectory() as folder:
        for path in TRANSCRIPTS:
            player, said, sent = Player(path, folder), b"", 0
            for direction, data in rows_of(path):
                if direction == "<":
                    said += data
                elif direction == ">":
                    # Not before the printer has said what the recorded host had heard.
                    player.hear(len(said))
                    os.write(player.fd, data)
                    sent += len(data) > 0
            player.hear(len(said))
            code, summary, errors = player.end()
            equal(player.heard, said, f"{path.name}: what the printer said")
            equal((code, summary["same"], summary["different"], summary["bytes_too_many"]), (0, sent, 0, 0),
                  f"{path.name}: {errors}")


def test_another_host():
    """a host that says something else is told where, and one that leaves early too"""
    path = ROOT / "tests/transcripts/stock_m112.txt"
    with tempfile.TemporaryDirectory() as folder:
        player = Player(path, folder)
        os.write(player.fd, b"M9999\n")
        wait(lambda: select.select([player.fd], [], [], 0)[0], "an answer")
        code, summary, errors = player.end()
        equal((code, summary["different"]), (1, 1), "its verdict")
        check(summary["rows_left"] > 0 and 'sent "M9999\\n" instead of' in errors, f"{summary} {errors}")
        bad = Path(folder) / "bad.txt"
        bad.write_text("    0.0000 < ok\\n\nnonsense\n")
        result = subprocess.run([str(BUILD / "printfarm-sim"), "--replay", str(bad)], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=20)
        check(result.returncode == 65 and "bad.txt:2: no row of a recording" in result.stderr, f"{result}")


def test_senders_side():
    """what 'printer log' showed of a print is fed to the driver again and gives the same lines; a change is found"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        wait(lambda: farm.order(order)["printed"] == 1, "the part is printed")
        log = farm.dir / "p1.txt"
        log.write_text(farm.cli("printer", "log", "p1").stdout)
        result = farm.cli("replay", log)
        check("recorded by printfarm" in result.stdout and "print     done" in result.stdout, result.stdout[-1500:])
        changed = farm.dir / "changed.txt"
        rows = [row for row in log.read_text().splitlines() if " M140 S0*" not in row]
        changed.write_text("\n".join(rows) + "\n")
        check("too much" in farm.cli("replay", changed, expect=1).stdout, "a missing line was not told")
        farm.cli("replay", farm.dir / "none.txt", expect=66)
        for path in TRANSCRIPTS:
            check("recorded by another host" in farm.cli("replay", path).stdout, path.name)


def test_found_dialect():
    """the whole log of a printer whose dialect was found out replays: the questions are not missing"""
    with Farm(1, printer_options='dialect = "auto";') as farm:
        farm.ready()
        order = farm.simple_order(1)
        wait(lambda: farm.order(order)["printed"] == 1, "the part is printed")
        log = farm.dir / "p1.txt"
        log.write_text(farm.cli("printer", "log", "p1").stdout)
        text = farm.cli("replay", log).stdout
        check("lines that asked which firmware it is" in text and "print     done" in text, text[-1500:])


main(test_printers_side, test_another_host, test_senders_side, test_found_dialect)
