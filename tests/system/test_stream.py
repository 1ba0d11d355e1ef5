#!/usr/bin/env python3
"""printfarm-stream alone prints: the test is its control, printfarm-sim its printers.

time limit: 200 s"""

import gzip
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import ground_truth
from harness import BUILD, PATIENCE, ROOT, Skip, box_gcode, check, equal, main, wait
from stream_bench import Bench, commands_of, heaters_off
from wire_client import Control


def test_print():
    """a file is executed command by command, in order, once each, and ends cold"""
    with Bench() as bench:
        path = box_gcode(bench.dir / "a.gcode", layers=8)
        bench.ready()
        bench.start(path, "a1")
        ended = bench.end("a1")
        equal(ended["result"], "printed", "result")
        equal(ended["commands_done"], len(commands_of(path)), "commands done")
        verdict = bench.compare([(path, True)])
        equal(verdict.executed, len(commands_of(path)), "commands executed")
        check(heaters_off(bench), "heaters are off")
        bench.ready()


def test_real_file():
    """a file of a real slicer, 52,000 commands, is executed exactly"""
    source = ROOT / "demo/gcode/s3_repetier_visorsmall_0.30_rel_e.gcode.gz"
    with Bench(speed=300) as bench:
        path = bench.dir / "a.gcode"
        path.write_bytes(gzip.open(source).read())
        commands = subprocess.run([str(BUILD / "printfarm"), "check", "--commands", str(path)], capture_output=True,
                                  text=True, check=True).stdout.splitlines()
        check(len(commands) > 50000, f"{len(commands)} commands")
        bench.ready()
        answer = bench.control.ask("start", printer="p1", attempt="a1", path=str(path), bytes=path.stat().st_size,
                                   commands=len(commands))
        equal(answer["error"], 0, "start")
        ended = bench.end("a1", 100 * PATIENCE)
        equal(ended["result"], "printed", ended["reason"])
        verdict = ground_truth.compare(bench.executed(), [ground_truth.Attempt(commands, True)])
        check(verdict.ok, "; ".join(verdict.problems))
        equal(verdict.executed, len(commands), "commands executed")


def test_without_control():
    """without control the print goes on to its end, and the end is told until it is booked"""
    with Bench() as bench:
        path = box_gcode(bench.dir / "a.gcode", layers=3)
        bench.ready()
        bench.start(path, "a1")
        bench.control.close()
        wait(lambda: bench.has_executed("M84"), "the last command has run", 60)
        for _ in range(2):
            bench.attach()
            equal(bench.end("a1")["result"], "printed", "result")
            again = bench.control.ask("start", printer="p1", attempt="a1", path=path, bytes=os.path.getsize(path))
            equal(again["error"], 0, "the same start again")
            bench.control.close()
        bench.attach()
        bench.end("a1")
        equal(bench.control.ask("booked", attempt="a1")["error"], 0, "booked")
        bench.control.close()
        bench.attach()
        bench.ready()
        check(bench.control.receive(1) is None or "a1" not in bench.control.ended, "told again after it was booked")
        refused = bench.control.ask("start", printer="p1", attempt="a1", path=path, bytes=os.path.getsize(path))
        check(refused["error"] != 0, "an attempt that was booked starts again")
        bench.compare([(path, True)])


def test_pause_resume_cancel():
    """pause holds, resume goes on, cancel ends cold; nothing is lost or doubled"""
    with Bench(simulator="warm_start=yes", speed=30) as bench:
        path = box_gcode(bench.dir / "a.gcode", hotend=215, bed=60)
        bench.ready()
        bench.start(path, "a1")
        wait(lambda: sum(row[1].startswith("G1") for row in bench.executed()) > 20, "it moves", 60)
        refused = bench.control.ask("pause", printer="p1", attempt="other")
        check(refused["error"] != 0, "a pause of another attempt")
        equal(bench.control.ask("pause", printer="p1", attempt="a1")["error"], 0, "pause")
        bench.control.until(lambda: bench.report()["activity"] == "paused", "paused")
        count = len(bench.executed())
        time.sleep(0.5)
        moves = [row for row in bench.executed()[count:] if row[1].startswith("G")]
        check(not moves, f"moves while paused: {moves}")
        equal(bench.control.ask("resume", printer="p1")["error"], 0, "resume")
        equal(bench.end("a1")["result"], "printed", "result")
        bench.ready()
        second = box_gcode(bench.dir / "b.gcode", layers=20, hotend=215, bed=60, seed=2)
        bench.start(second, "a2")
        wait(lambda: bench.has_executed(commands_of(second)[40]), "the second one moves", 60)
        equal(bench.control.ask("cancel", printer="p1", attempt="a2")["error"], 0, "cancel")
        equal(bench.end("a2")["result"], "cancelled", "result")
        bench.ready()
        check(heaters_off(bench), "heaters are off")


def test_reads_fail_or_hang():
    """a read that takes 3 s or fails concerns one print of a shared streamer only"""
    if subprocess.run(["which", "strace"], capture_output=True, check=False).returncode:
        raise Skip("strace is not here")
    with Bench(("p1", "p2"), simulator="warm_start=yes", speed=20) as bench:
        paths = [box_gcode(bench.dir / f"{name}.gcode", layers=60, hotend=215, bed=60, seed=n)
                 for n, name in enumerate(bench.names)]
        for name in bench.names:
            bench.ready(name)
        bench.start(paths[0], "good", "p1")
        wait(lambda: sum(row[1].startswith("G1") for row in bench.executed("p1")) > 20, "p1 moves", 60)
        # From now on every new read of a file by the process takes 3 s, then fails.
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(bench.streamer.pid), "-e", "trace=pread64", "-e",
             "inject=pread64:delay_enter=3000000:error=EIO"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait(lambda: "TracerPid:\t0" not in Path(f"/proc/{bench.streamer.pid}/status").read_text("ascii"),
                 "strace is attached", 10)
            bench.start(paths[1], "bad", "p2")
            before = time.monotonic()
            asked = bench.control.ask("manual", printer="p2", text="; nothing")
            check(asked["error"] != 0, "an empty command is refused")
            check(time.monotonic() - before < 2, "the loop waited for the disk")
            ended = bench.end("bad")
            equal(ended["result"], "failed", "the print whose file cannot be read")
            check("Input/output error" in ended["reason"], ended["reason"])
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()
        equal(bench.control.ended.get("good"), None, "the other print has not ended")
        equal(bench.control.ask("cancel", printer="p1")["error"], 0, "cancel of the other")
        equal(bench.end("good")["result"], "cancelled", "the other one")
        bench.compare([(paths[0], False)], "p1")


def test_bad_files():
    """a file that is gone, has grown or holds what may not be sent fails that print with its reason"""
    with Bench(simulator="warm_start=yes") as bench:
        path = Path(box_gcode(bench.dir / "a.gcode", layers=1, hotend=215, bed=60))
        bench.ready()
        size = path.stat().st_size
        bad = bench.dir / "bad.gcode"
        bad.write_text("G28\nG1 X10 Y10 F3000\nM112\nG1 X50\n", encoding="ascii")
        for number, (name, length, words) in enumerate((
                (bench.dir / "no.gcode", 5, "No such file"), (path, size + 1, "announced"), (bad, bad.stat().st_size, "line 3"))):
            attempt = f"a{number}"
            answer = bench.control.ask("start", printer="p1", attempt=attempt, path=str(name), bytes=length)
            equal(answer["error"], 0, f"start {attempt}: {answer}")
            ended = bench.end(attempt)
            equal(ended["result"], "failed", attempt)
            check(words in ended["reason"], ended["reason"])
            bench.control.ask("booked", attempt=attempt)
            bench.ready()
        check(not bench.has_executed("G1 X50"), "a command behind the fault ran")


def test_long_lines():
    """a line longer than Marlin takes stops its print before the first command, with line and limit"""
    with Bench(simulator="warm_start=yes") as bench:
        path = Path(box_gcode(bench.dir / "a.gcode", layers=40, hotend=215, bed=60))
        with path.open("a", encoding="ascii") as file:
            file.write("END_PRINT NOTE=" + 185 * "7" + "\n")
        line = len(path.read_text("ascii").splitlines())
        bench.ready()
        bench.start(str(path), "a1")
        ended = bench.end("a1")
        equal(ended["result"], "failed", "result")
        check(f"line {line} may not be sent: too-long (200 bytes; this firmware takes 84)" in ended["reason"], ended["reason"])
        check(not bench.has_executed("G28"), "a command in front of it ran")


def test_new_control():
    """a new control replaces the old one, garbage is cut off, one that does not read is bounded"""
    with Bench(simulator="warm_start=yes") as bench:
        bench.ready()
        path = box_gcode(bench.dir / "a.gcode", layers=6, hotend=215, bed=60)
        deaf = Control(bench.socket)
        deaf.receive(5)
        try:
            for _ in range(50):
                bench.control.receive(0.2)
            raise AssertionError("the old control is still connected")
        except (ConnectionError, OSError):
            pass
        for _ in range(40000):
            try:
                deaf.socket.setblocking(False)
                deaf.send("pause", printer="nobody", request=1)
            except BlockingIOError:
                break
            except OSError:
                break
        bench.control = Control(bench.socket, 60)
        bench.start(path, "a1")
        garbage = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        garbage.connect(bench.socket)
        garbage.sendall(b"GET / HTTP/1.1\r\n\r\n")
        garbage.settimeout(10)
        while garbage.recv(4096):
            pass
        equal(bench.end("a1")["result"], "printed", "result")
        bench.compare([(path, True)])
        resident_kb = int(Path(f"/proc/{bench.streamer.pid}/statm").read_text("ascii").split()[1]) \
            * resource.getpagesize() // 1024
        if BUILD.name == "build" and "PRINTFARM_UNDER" not in os.environ:
            check(resident_kb < 12000, f"{resident_kb} kB resident")


main(test_print, test_real_file, test_without_control, test_pause_resume_cancel, test_reads_fail_or_hang,
     test_bad_files, test_long_lines, test_new_control)
