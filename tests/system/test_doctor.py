"""printfarm doctor: a port without the daemon, and a printer of the farm.  time limit: 300 s"""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import BUILD, Farm, check, equal, main, wait

FIRMWARES = {   # as the simulator calls it: dialect, how its name begins
    "marlin": ("marlin", "Marlin 2.0.9.5"), "marlin-1.1.9": ("marlin", "Marlin 1.1.9"),
    "prusa-mk3": ("prusa-mk3", "Prusa-Firmware 3.13"), "prusa-buddy": ("prusa-buddy", "Prusa-Firmware-Buddy"),
    "repetier": ("repetier", "Repetier"), "smoothie-uart": ("smoothie", "Smoothieware"), "grbl": ("grbl", "grbl 1.1h"),
    "grblhal": ("grblhal", "grblHAL"), "fluidnc": ("fluidnc", "FluidNC"), "klipper": ("klipper", "Klipper"),
    "rrf": ("rrf", "RepRapFirmware 3.5"),
}


class Ports:
    """Simulated printers without a farm."""

    def __init__(self, *rows):
        self.dir = tempfile.TemporaryDirectory(prefix="d")
        spec = Path(self.dir.name) / "spec"
        spec.write_text("".join(row + "\n" for row in rows))
        self.process = subprocess.Popen([str(BUILD / "printfarm-sim"), "--dir", f"{self.dir.name}/p", "--printers",
                                         str(spec)], stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def path(self, name):
        path = f"{self.dir.name}/p/{name}"
        wait(lambda: os.path.exists(path), f"the port of {name}")
        return path

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.dir.cleanup()


def doctor(*words, expect=0, env=None):
    result = subprocess.run([str(BUILD / "printfarm"), "doctor", *words], capture_output=True, text=True, timeout=180,
                            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    check(result.returncode == expect, f"doctor {words}: exit {result.returncode}: {result.stdout} {result.stderr}")
    return result


def words_of(text):
    return " ".join(text.split())


def test_each_firmware():
    """each firmware is told by its own words, its link measured, its row printed, without the daemon"""
    with Ports(*(f"{name} firmware={name}" for name in FIRMWARES)) as ports:
        paths = {name: ports.path(name) for name in FIRMWARES}
        with ThreadPoolExecutor(len(paths)) as pool:
            answers = dict(zip(paths, pool.map(
                lambda path: json.loads(doctor("--port", path, "--seconds", "1", "--json").stdout), paths.values())))
        for name, (dialect, firmware) in FIRMWARES.items():
            found = answers[name]
            equal((found["answers"], found["dialect"]), (True, dialect), f"{name}: {found}")
            check(found["firmware"].startswith(firmware), f"{name}: {found['firmware']}")
            equal(found["machine_kind"], {"grbl": "mill", "grblhal": "laser", "fluidnc": "laser"}.get(name),
                  f"{name}: what it is set up for")
            trips = found["round_trips_us"]
            check(len(trips) > 90 and trips == sorted(trips) and trips[0] > 0, f"{name}: round trips {trips[:5]}")
            equal((found["noise_damaged"], found["noise_lost"]), (0, 0), f"{name}: noise")
            if dialect in ("prusa-buddy", "klipper", "rrf"):
                equal(found["bytes_per_s"], 0, f"{name}: there is no wire")
            elif dialect != "repetier":   # which reports in between
                check(8000 < found["bytes_per_s"] < 16000, f"{name}: {found['bytes_per_s']} bytes/s at 115200 baud")


def test_report():
    """the report fits 80 columns, says what the port is called and what the board takes at once"""
    with Ports("p1 firmware=marlin", "p2 firmware=marlin-stock rx=64 bufsize=2") as ports:
        paths = [ports.path("p1"), ports.path("p2")]
        with ThreadPoolExecutor(2) as pool:
            large, small = pool.map(lambda path: doctor("--port", path, "--seconds", "1").stdout, paths)
        check("Marlin 2.0.9.5" in large and "by-id/usb-" in large and "round trip" in large, large)
        check(all(len(line) <= 80 or ports.dir.name in line for line in large.splitlines()), large)
        lost_at = int(re.search(r"bytes at once; of ([0-9]+) some are lost", small)[1])
        taken = int(re.search(r"takes ([0-9]+) bytes at once", large)[1])
        check(lost_at <= taken, f"a board with half the memory takes as much: {small} {large}")
        check("EMERGENCY_PARSER" in small and "EMERGENCY_PARSER" not in large, f"the stop: {small} {large}")


def test_noise():
    """a bad cable is told, with a rate"""
    with Ports("p1 firmware=marlin noise_up=0.001") as ports:
        text = doctor("--port", ports.path("p1"), "--seconds", "6").stdout
        damaged = int(re.search(r"(\d+) damaged", text)[1])
        check(damaged > 0 and "shielded cable" in words_of(text) and "per MB" in text, text)


def test_config():
    """--config prints a row that the daemon accepts, with the profile of the machine that M115 names"""
    with Ports("p1 firmware=marlin machine=Creality_Ender-3", "p2 firmware=marlin machine=Nobody_Knows") as ports:
        row = doctor("--port", ports.path("p1"), "--config").stdout
        check('profile = "ender3"' in row and "by-id/usb-" in row, row)
        folder = Path(ports.dir.name)
        config = folder / "printfarm.conf"
        config.write_text(f'state_dir = "{folder}/state"; socket = "{folder}/api.sock";\n'
                          f'profile_dir = "{Path.cwd()}/profiles";\nprinters = (\n{row});\n')
        result = subprocess.run([str(BUILD / "printfarmd"), "--check-config", "-c", str(config)], capture_output=True,
                                text=True, timeout=20)
        equal(result.returncode, 0, f"{row} {result.stderr}")
        check("no shipped profile" in doctor("--port", ports.path("p2"), "--config").stdout, "an unknown machine")


def check_config(folder, text):
    config = folder / "printfarm.conf"
    config.write_text(f'state_dir = "{folder}/state"; socket = "{folder}/api.sock";\n'
                      f'profile_dir = "{Path.cwd()}/profiles";\n{text}\n')
    result = subprocess.run([str(BUILD / "printfarmd"), "--check-config", "-c", str(config)], capture_output=True,
                            text=True, timeout=20)
    equal(result.returncode, 0, f"{text} {result.stderr}")


def test_rows_together():
    """rows appended to one file are a list that the daemon accepts: commas, names, the kind of lasers and mills"""
    kinds = {"c1": ("grbl", "mill"), "c2": ("grbl-laser", "laser"), "n1": ("marlin machine=Nobody_Knows", ""),
             "n2": ("marlin machine=Nobody_Knows", "")}
    with Ports(*(f"{name} firmware={what}" for name, (what, _) in kinds.items())) as ports:
        rows = Path(ports.dir.name) / "printers.txt"
        for name, (_, kind) in kinds.items():
            before = rows.read_text() if rows.exists() else ""
            with open(rows, "a") as out:
                subprocess.run([str(BUILD / "printfarm"), "doctor", "--port", ports.path(name), "--config"],
                               stdout=out, stdin=subprocess.DEVNULL, timeout=60, check=True)
            row = rows.read_text()[len(before):]
            equal(re.findall(r'kind = "(\w+)"', row), [kind] if kind else [], f"{name}: {row}")
            check(not kind or re.search(r"# .*" + kind, row), f"{name}: no remark: {row}")
        text = rows.read_text()
        names = re.findall(r'name = "([^"]+)"', text)
        equal(len(set(names)), len(kinds), f"different names: {names}")
        check_config(Path(ports.dir.name), "printers = (\n" + text.replace('"CHOOSE"', '"laser400"') + ");")


def test_trouble():
    """a missing port, a port that is held, something that is no printer: each with a sentence and an exit code"""
    with Ports("p1 firmware=marlin") as ports:
        path = ports.path("p1")
        check("No such file" in doctor("--port", path + "x", expect=66).stdout, "a missing port")
        check("no serial port" in doctor("--port", "/dev/null", expect=66).stdout, "a port that is none")
        with subprocess.Popen(["sleep", "60"], stdin=os.open(path, os.O_RDWR | os.O_NOCTTY)) as holder:
            text = doctor("--port", path, expect=75).stdout
            check(f"sleep (process {holder.pid})" in text, text)
            check("may say" not in text and "holds the port" in text, text)
            holder.kill()
    master, slave = os.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    text = doctor("--port", name, "--seconds", "1", expect=1).stdout
    os.close(master)
    check("not one byte came" in text and "is it a printer" in text.lower(), text)


def test_by_name():
    """a printer of the farm is looked at through its streamer, in mid-print too"""
    with Farm(1) as farm:
        farm.ready()
        time.sleep(3)
        text = farm.cli("doctor", "p1").stdout
        check("Marlin 2.0.9.5" in text and re.search(r"ms mostly.*\(of [1-9]", text), text)
        check("end it" not in text and "printfarm-stream (process" in text, f"its own streamer is blamed: {text}")
        text = words_of(doctor("--port", farm.printer("p1")["port"], expect=75).stdout)
        check("'printfarm doctor p1'" in text and "end it" not in text, f"its own streamer is blamed: {text}")
        row = farm.cli("doctor", "p1", "--config").stdout
        check("\n# the window at present: 3 lines, 127 bytes\n" in row, f"the window that is in use: {row}")
        check('name = "p1"' in row and 'profile = "box"' in row, row)
        check('dialect = "marlin"' in row and "baud = 115200" in row and 'material = "PLA"' in row, row)
        check("nobody" in farm.cli("doctor", "nobody", expect=1).stderr, "a printer that is not there")
        farm.cli("doctor", expect=0)


main(test_each_firmware, test_report, test_noise, test_config, test_rows_together, test_trouble, test_by_name)
