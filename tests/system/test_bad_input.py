"""Bad files, bad configuration, bad ports, a full disk, and second instances.  time limit: 240 s"""

import fcntl
import gzip
import io
import os
import subprocess
import time
import zipfile
from pathlib import Path

from harness import BUILD, Farm, Skip, box_gcode, check, equal, main, wait


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def stored(farm):
    """Every regular file below the state directory that is not the ledger's or the lock's."""
    return sorted(str(path.relative_to(farm.state)) for path in farm.state.rglob("*")
                  if path.is_file() and ("files" in path.parts or "blobs" in path.parts))


def zipped(*members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def bad_files(folder):
    """[(path, must the message name a line)]"""
    good = Path(box_gcode(folder / "good.gcode")).read_bytes()
    packed = gzip.compress(good)
    cases = [
        ("empty.gcode", b"", False),
        ("truncated.gcode.gz", packed[:len(packed) // 2], False),
        ("binary.gcode", bytes(range(256)) * 20, False),
        ("page.gcode", b"<!DOCTYPE html>\n<html><body>Not found</body></html>\n", False),
        ("disguised.gcode", zipped(("part.gcode", good)), False),
        ("model.3mf", zipped(("3D/3dmodel.model", b"<model/>")), False),
        ("cut.zip", zipped(("part.gcode", good))[:-200], False),
        ("cut.bgcode", b"GCDE\x01\x00\x00\x00\x01", False),
        ("long.gcode", good + b"G1 X1 " + b"Y1 " * 70000 + b"\n", True),
        ("nul.gcode", good.replace(b"M83", b"M8\x003"), True),
        ("hot.gcode", good.replace(b"M109 S205", b"M109 S500"), True),
        ("estop.gcode", good.replace(b"M83\n", b"M83\nM112\n"), True),
        ("eeprom.gcode", good.replace(b"M83\n", b"M83\nM502\nM500\n"), True),
        ("sd.gcode", good.replace(b"M83\n", b"M83\nM28 x.g\n"), True),
    ]
    for name, content, line in cases:
        (folder / name).write_bytes(content)
        yield folder / name, line


def test_files():
    """bad files are refused at submit with file, line and reason, exit 65, and nothing is stored"""
    with Farm(1) as farm:
        before = stored(farm)
        for path, names_line in bad_files(farm.dir):
            result = farm.cli("submit", path, expect=65)
            check(path.name in result.stderr, f"{path.name}: {result.stderr!r}")
            check(not names_line or "line" in result.stderr, f"{path.name}: no line in {result.stderr!r}")
            check(result.stderr.isprintable() or all(c.isprintable() or c in "\n" for c in result.stderr),
                  f"{path.name}: raw bytes reach the terminal: {result.stderr!r}")
        good = box_gcode(farm.dir / "good.gcode")
        for due in ("yesterday", "2020-01-01"):
            result = farm.cli("submit", "--due", due, good, expect=1)
            check("layers" not in result.stdout and result.stderr.strip(), f"{due}: {result}")
        hot = farm.http("POST", "/api/v1/printers/p1/gcode", {"command": "M104 S500"})
        check(b"500 (limit" in hot.body, f"a hot command: {hot.body!r}")
        equal(farm.get("/api/v1/files")["items"], [], "files known")
        equal(stored(farm), before, "files on disk")
        equal(farm.jobs(), [], "jobs")
        farm.cli("submit", "--quote", "--due", "tomorrow", good)
        farm.cli("submit", farm.dir / "not-there.gcode", expect=66)


def test_archives():
    """of an archive with several plates one is chosen, and just that one is printed"""
    with Farm(1) as farm:
        farm.ready()
        first, second = (Path(box_gcode(farm.dir / f"{name}.gcode", seed=seed)).read_bytes()
                         for seed, name in enumerate(("first", "second"), 7))
        path = farm.dir / "boxes.3mf"
        path.write_bytes(zipped(("Metadata/plate_1.gcode", first), ("Metadata/plate_2.gcode", second)))
        refused = farm.cli("submit", path, expect=65)
        check("2 plates" in refused.stderr and "--plate" in refused.stderr, refused.stderr)
        refused = farm.cli("submit", "--plate", "3", path, expect=65)
        check("no plate 3" in refused.stderr, refused.stderr)
        farm.files["boxes.3mf"] = str(farm.dir / "second.gcode")
        farm.cli("submit", "--plate", "2", path)
        order = farm.get("/api/v1/orders")["items"][-1]["id"]
        equal(farm.run_order(order)["good"], 1, "good units")
        farm.cli("design", "add", "both", "--plate", f"{path}#1:1", "--plate", f"{path}#2:1")
        equal(len(farm.get("/api/v1/designs/both")["plates"]), 2, "plates of the design")


def test_nobody_fits():
    """a file that fits no printer is refused with the nearest miss, or held where that is wanted"""
    with Farm(1) as farm:
        farm.ready()
        path = farm.dir / "outside.gcode"
        path.write_bytes(Path(box_gcode(path)).read_bytes().replace(b"M83\n", b"M83\nG1 X900 Y10 F3000 E1\n"))
        farm.files["outside.gcode"] = str(path)
        refused = farm.cli("submit", path, expect=1)
        check("900" in refused.stderr, "the refusal does not name the size")
        equal(farm.get("/api/v1/orders")["items"], [], "orders after the refusal")
        farm.cli("submit", "--hold", path)
        fits = farm.simple_order(1)
        equal(farm.run_order(fits)["good"], 1, "good units of the order that fits")
        job = [row for row in farm.jobs() if row["order"] != fits][0]
        equal(farm.job(job["id"])["attempts"], [], "attempts of the job that fits nobody")
        check("900" in farm.cli("why", job["id"]).stdout, "why does not name the size")


def test_configuration():
    """a wrong configuration is refused with file, line, key and what is accepted, exit 78"""
    farm = Farm(1)
    good = farm.config_text()
    cases = [
        (good.replace('socket =', 'sokcet ='), "sokcet"),
        (good.replace('clear_s = 60;', 'clear_s = "soon";'), "clear_s"),
        (good.replace('window = 3;', 'window = 4000;'), "window"),
        (good.replace('profile = "box";', 'profile = "ball";'), "ball"),
        (good.replace('streamers = "process"', 'streamers = "many"'), "streamers"),
        (good.replace('name = "p1"', 'name = "../p1"'), "../p1"),
        (good + "printers = ( ;\n", str(good.count("\n") + 1)),
    ]
    path = farm.dir / "bad.conf"
    for text, word in cases:
        check(text != good, f"the case of {word} changes nothing")
        path.write_text(text)
        for more in (["--check-config"], ["--foreground"]):
            result = run(BUILD / "printfarmd", "-c", path, *more)
            equal(result.returncode, 78, f"exit with a wrong {word} ({result.stderr!r})")
            check(str(path) in result.stderr and word in result.stderr, f"{word}: {result.stderr!r}")
    path.write_text(good)
    equal(run(BUILD / "printfarmd", "-c", path, "--check-config").returncode, 0, "exit with a good one")
    check(not farm.state.exists() or not any(farm.state.iterdir()), "--check-config made a state directory")
    check(run(BUILD / "printfarmd", "-c", farm.dir / "none.conf").returncode in (66, 78), "exit without a file")


def test_reload():
    """reload keeps the old configuration when the new one is wrong, and adds a printer when it is right"""
    with Farm(2) as farm:
        farm.wait_online()
        good = farm.config.read_text()
        farm.config.write_text(good.replace("clear_s", "claer_s"))
        result = farm.cli("reload", expect=None)
        check(result.returncode in (1, 78) and "claer_s" in result.stderr, f"reload: {result}")
        equal(farm.printer("p1")["link"], "online", "p1 after a refused reload")
        farm.config.write_text(good)
        farm.cli("reload")


def test_second_control():
    """a second printfarmd on the same state is refused, the first one goes on"""
    with Farm(1) as farm:
        farm.wait_online()
        result = run(BUILD / "printfarmd", "-c", farm.config, "--foreground")
        check(result.returncode not in (0, 78) and result.stderr.strip(), f"the second one: {result}")
        equal(farm.http("GET", "/api/v1/status").status, 200, "the first one's answer")
        # Another socket, the same state directory.
        other = farm.dir / "other.conf"
        other.write_text(farm.config.read_text().replace("api.sock", "api2.sock"))
        result = run(BUILD / "printfarmd", "-c", other, "--foreground")
        check(result.returncode not in (0, 78) and result.stderr.strip(), f"the second one: {result}")
        equal(farm.http("GET", "/api/v1/status").status, 200, "the first one's answer")


def test_second_streamer():
    """a second streamer on the same state is refused"""
    with Farm(1) as farm:
        farm.wait_online()
        pid = farm.streamer_pids("p1")[0]
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        first = words.index(next(word for word in words if word.endswith("printfarm-stream")))
        result = run(BUILD / "printfarm-stream", *words[first + 1:])
        check(result.returncode != 0 and result.stderr.strip(), f"the second one: {result}")
        state = words[words.index("--state") + 1]
        result = run(BUILD / "printfarm-stream", "--socket", farm.dir / "x.sock", "--state", state)
        check(result.returncode != 0 and result.stderr.strip(), f"the second one: {result}")
        equal(farm.streamer_pids("p1"), [pid], "streamers")
        equal(farm.printer("p1")["link"], "online", "the printer")


def test_disk_floor():
    """below the floor of free space uploads get 507, nothing stays, and printing goes on"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        farm.config.write_text(farm.config.read_text().replace("free_floor_bytes = 1048576",
                                                               "free_floor_bytes = 900000000000000"))
        farm.cli("reload")
        before, known = stored(farm), farm.get("/api/v1/files")
        other = box_gcode(farm.dir / "other.gcode", seed=9)
        reply = farm.http("PUT", "/api/v1/files/other.gcode", Path(other).read_bytes())
        equal(reply.status, 507, "status of the upload")
        check(reply.json["error"]["message"], "no message")
        farm.cli("submit", other, expect=1)
        equal((stored(farm), farm.get("/api/v1/files")), (before, known), "files after it")
        equal(farm.run_order(order)["good"], 1, "good units")


def test_disk_full():
    """a disk that fills up during an upload gives 507, the temporary file goes, the ledger is as before"""
    if os.geteuid() != 0:
        raise Skip("mounting a small file system needs root")
    farm = Farm(1, config='free_floor_bytes = 0;\nfree_floor_percent = 0;\nreserve_bytes = 262144;\n')
    farm.state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", farm.state], capture_output=True).returncode:
        raise Skip("mount is not permitted here")
    try:
        with farm:
            farm.ready()
            order = farm.simple_order(1)
            before, known = stored(farm), farm.get("/api/v1/files")
            big = Path(box_gcode(farm.dir / "big.gcode", layers=400, lines_per_layer=400)).read_bytes()
            reply = farm.http("PUT", "/api/v1/files/big.gcode", big)
            equal(reply.status, 507, f"status of an upload of {len(big)} bytes")
            equal((stored(farm), farm.get("/api/v1/files")), (before, known), "files after it")
            equal(farm.run_order(order)["good"], 1, "good units")
    finally:
        subprocess.run(["umount", "-l", farm.state], check=False)


def test_ports():
    """a port that is missing, busy or silent is offline with the reason, and retried"""
    # A printer whose board resets when the port is opened would not stay frozen.
    with Farm(4, start=False, simulator="reset_on_open=never") as farm:
        os.rename(farm.ports / "p1", farm.ports / "p1-away")
        busy = os.open(farm.ports / "p2", os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(busy, fcntl.LOCK_EX)
        farm.sim("freeze p3")
        farm.start_control()
        farm.wait_online("p4")
        for name, words in (("p1", ("no such", "missing", "not there", "does not exist")),
                            ("p2", ("busy", "lock", "use")), ("p3", ("answer", "silent", "nothing"))):
            def says():
                row = farm.printer(name)
                return row["link"] != "online" and any(word in row["reason"].lower() for word in words)
            try:
                wait(says, f"{name} says why it is offline", 60)
            except AssertionError as trouble:
                raise AssertionError(f"{trouble}; it says {farm.printer(name)['reason']!r}") from trouble
        equal(farm.printer("p4")["link"], "online", "the healthy neighbour")
        os.rename(farm.ports / "p1-away", farm.ports / "p1")
        os.close(busy)
        farm.sim("unfreeze p3")
        # The pauses between tries grow; a person need not wait.
        for name in ("p1", "p2", "p3"):
            time.sleep(0.1)
            farm.post(f"/api/v1/printers/{name}/connect", expect=(200, 409))
        farm.wait_online()


class Lenient(Farm):
    """Its one profile allows what is refused elsewhere."""

    def config_text(self):
        return super().config_text().replace("bed_max_celsius = 110;", 'bed_max_celsius = 110; rules = ["pin=ok"];')

    def commands_of(self, path):
        result = run(BUILD / "printfarm", "check", "--profile", f"{self.config}:box", "--commands", path)
        return result.stdout.splitlines()


class Marlins(Farm):
    """All its machines say that they are Marlins."""

    def config_text(self):
        return super().config_text().replace("bed_max_celsius = 110;", 'bed_max_celsius = 110; firmware = "marlin";')


def test_dialects():
    """where all machines would heat and extrude nothing, a file for mach3 is refused at upload"""
    cold = b"G28\nG90\nM190 P60\nM109 P210\nG1 X50 Y50 Z0.2 F3000\nG1 X90 A3\nM104 S0\n"
    for farm_class, status in ((Farm, 201), (Marlins, 422)):
        with farm_class(1) as farm:
            answer = farm.http("PUT", "/api/v1/files/cold.gcode", cold, timeout_s=20)
            equal(answer.status, status, farm_class.__name__)
            check(b"mach3" in answer.body, answer.body)


def test_rules_of_the_profile():
    """a rule that all profiles relax holds for uploads and for what is sent; others do not"""
    with Lenient(1) as farm:
        path = Path(box_gcode(farm.dir / "pin.gcode"))
        path.write_bytes(path.read_bytes().replace(b"M83\n", b"M83\nM42 P4 S1\n"))
        farm.add_design("pin", (path, 1))
        farm.ready()
        farm.run_order(farm.add_order("pin", 1))
        executed = farm.ports / "p1.executed"
        wait(lambda: "M42 P4 S1" in executed.read_text(), "the command is executed")
    with Farm(1) as farm:
        answer = farm.http("PUT", "/api/v1/files/pin.gcode", b"M42 P4 S1\n", timeout_s=20)
        equal(answer.status, 422, "without the rule")
        check(b"raw pin" in answer.body, answer.body)


main(test_files, test_archives, test_nobody_fits, test_configuration, test_reload, test_second_control, test_second_streamer, test_disk_floor,
     test_disk_full, test_ports, test_dialects, test_rules_of_the_profile)
