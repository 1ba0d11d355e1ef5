#!/usr/bin/env python3
"""printfarm-stream alone: the test is its control, printfarm-sim its printers.

time limit: 200 s"""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from harness import BUILD, Skip, box_gcode, check, equal, main, wait
from stream_bench import Bench, commands_of
from wire_client import Control


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_hot(bench, celsius=100):
    return bench.truth()["hotend_celsius"] > celsius


def heaters_off(bench, name="p1"):
    truth = bench.truth(name)
    return truth["hotend_target_celsius"] == 0 and truth["bed_target_celsius"] == 0


def start_and_heat(bench, attempt="a1", **more):
    path = box_gcode(bench.dir / f"{attempt}.gcode", **more)
    bench.ready()
    bench.start(path, attempt)
    wait(lambda: is_hot(bench), "the nozzle is hot", 60)
    return path


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


def test_estop_in_a_heat_up():
    """an emergency stop in M109, with control gone, ends heat and motion at once and locks"""
    with Bench(speed=20) as bench:
        start_and_heat(bench)
        bench.control.close()
        answer = bench.stop_line("estop")
        check(answer.startswith("ok 1 stopped"), answer)
        wait(lambda: bench.truth()["state"] == "halted", "the firmware is halted", 5)
        check(heaters_off(bench), "heaters are off")
        bench.attach()
        equal(bench.end("a1")["result"], "failed", "result")
        bench.control.until(lambda: bench.report()["fault"] != 0, "locked")
        refused = bench.control.ask("start", printer="p1", attempt="a2", path="/x", bytes=1)
        check(refused["error"] != 0 and "locked" in refused["text"], str(refused))


def test_estop_in_motion():
    """an emergency stop of one printer by name leaves the other one printing"""
    with Bench(("p1", "p2"), speed=30, simulator="warm_start=yes") as bench:
        paths = [box_gcode(bench.dir / f"{name}.gcode", hotend=215, bed=60) for name in bench.names]
        for name, path in zip(bench.names, paths):
            bench.ready(name)
            bench.start(path, name, name)
        wait(lambda: sum(row[1].startswith("G1") for row in bench.executed("p1")) > 20, "p1 moves", 60)
        check(bench.stop_line("estop nobody").startswith("error"), "a printer that is not there")
        check(bench.stop_line("reboot").startswith("error"), "another word")
        check(bench.stop_line("estop p1").startswith("ok 1 stopped"), "p1 is stopped")
        wait(lambda: bench.truth("p1")["state"] == "halted", "p1 is halted", 5)
        stopped_at = len(bench.executed("p1"))
        equal(bench.end("p2")["result"], "printed", "p2")
        bench.compare([(paths[1], True)], "p2")
        equal(len(bench.executed("p1")), stopped_at, "commands of p1 after the stop")


def test_killed():
    """kill -9 of the streamer while hot: the attempt is suspect, the printer cold, within seconds"""
    with Bench(speed=20, simulator="reset_on_open=never") as bench:
        path = start_and_heat(bench, hotend=150)
        wait(lambda: bench.has_executed("G28"), "the print moves", 60)
        bench.kill_streamer()
        check(not heaters_off(bench), "heaters stay on without a streamer")
        bench.start_streamer()
        bench.attach()
        ended = bench.end("a1")
        equal(ended["result"], "suspect", "result")
        check(heaters_off(bench), "heaters are off when the end is told")
        bench.compare([(path, False)])
        bench.ready()


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


def test_unplugged():
    """a cable pulled while hot: suspect at once, no spinning, cold when it is back"""
    with Bench(speed=20, simulator="reset_on_open=never") as bench:
        path = start_and_heat(bench, hotend=150)
        wait(lambda: bench.has_executed("G28"), "the print moves", 60)
        bench.sim("unplug p1")
        equal(bench.end("a1")["result"], "suspect", "result")
        bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
        check("gone" in bench.report()["reason"], bench.report()["reason"])
        before = cpu_s(bench.streamer.pid)
        time.sleep(1)
        check(cpu_s(bench.streamer.pid) - before < 0.3, "the streamer spins on a port that has hung up")
        bench.sim("replug p1")
        bench.ready()
        check(heaters_off(bench), "heaters are off")
        bench.compare([(path, False)])


def test_frozen():
    """a printer that freezes hot is an emergency with a stated fault"""
    with Bench(speed=20) as bench:
        start_and_heat(bench)
        bench.sim("freeze p1")
        ended = bench.end("a1", 40)
        equal(ended["result"], "failed", "result")
        check(ended["fault"] != 0 and "10 s" in ended["reason"], ended["reason"])
        bench.control.until(lambda: bench.report()["fault"] != 0, "locked")


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


def test_second_streamer():
    """a second streamer on the same state or socket is refused with a sentence and an exit status"""
    with Bench() as bench:
        for arguments, status, words in (
                (("--socket", str(bench.dir / "other"), "--state", str(bench.state)), 75, "another streamer"),
                (("--socket", bench.socket, "--state", str(bench.dir / "other")), 69, "another program"),
                (("--socket", "/tmp/" + "x" * 200, "--state", str(bench.dir / "third")), 64, "shorter"),
                (("--socket", bench.socket), 64, "usage")):
            done = subprocess.run(bench.stream_command(*arguments), capture_output=True, text=True, timeout=60,
                                  check=False)
            equal(done.returncode, status, f"exit status of {arguments}: {done.stderr}")
            check(words in done.stderr, done.stderr)
        bench.ready()


def test_ports():
    """a port that is missing, busy or silent is offline with the reason; CONNECT tries again"""
    with Bench() as bench:
        bench.ready()
        missing, busy = str(bench.dir / "nothing"), str(bench.ports / "p1")
        bench.ports_of = {"missing": missing, "busy": busy}
        bench.set_printer("missing")
        bench.set_printer("busy")
        bench.control.until(lambda: "no such device" in bench.report("missing")["reason"], "missing")
        bench.control.until(lambda: "in use" in bench.report("busy")["reason"], "busy")
        equal(bench.report("missing")["link"], "offline", "link")
        master, slave = os.openpty()
        bench.ports_of = {"silent": os.ttyname(slave)}
        bench.set_printer("silent")
        bench.control.until(lambda: bench.report("silent")["link"] == "offline" and
                            bench.report("silent")["reason"], "silent", 60)
        os.close(master)
        os.close(slave)
        refused = bench.control.ask("start", printer="missing", attempt="a", path="/x", bytes=1)
        check("not online" in refused["text"], refused["text"])
        os.symlink(os.readlink(bench.ports / "p1"), missing)
        equal(bench.control.ask("remove_printer", printer="p1")["error"], 0, "remove")
        equal(bench.control.ask("remove_printer", printer="busy")["error"], 0, "remove")
        equal(bench.control.ask("connect", printer="missing")["error"], 0, "connect")
        bench.ready("missing")


def test_probe():
    """--probe says what is on a port, as JSON"""
    with Bench(("p1", "p2")) as bench:
        bench.control.ask("remove_printer", printer="p2")
        import json
        done = subprocess.run(bench.stream_command("--probe", str(bench.ports / "p2")), capture_output=True,
                              text=True, timeout=90, check=False)
        answer = json.loads(done.stdout)
        equal(done.returncode, 0, f"status: {answer}")
        check(answer["answers"] and answer["firmware"].startswith("Marlin"), str(answer))
        equal([heater["name"] for heater in answer["heaters"]], ["T", "B"], "heaters")
        bench.ready()
        done = subprocess.run(bench.stream_command("--probe", str(bench.ports / "p1")), capture_output=True,
                              text=True, timeout=90, check=False)
        answer = json.loads(done.stdout)
        equal(done.returncode, 1, "status of a port in use")
        check("in use" in answer["reason"], str(answer))


def test_terminated():
    """SIGTERM in a print parks, cools, says why, and only then ends"""
    with Bench(speed=30) as bench:
        start_and_heat(bench)
        bench.streamer.send_signal(signal.SIGTERM)
        ended = bench.end("a1")
        equal(ended["result"], "failed", "result")
        check("SIGTERM" in ended["reason"], ended["reason"])
        equal(bench.streamer.wait(30), 0, "exit status")
        check(heaters_off(bench), "heaters are off")


def test_remembers():
    """a streamer starts without control: it knows its printers, and a lock outlives it"""
    with Bench() as bench:
        bench.ready()
        bench.stop_line("estop p1")
        bench.control.until(lambda: bench.report()["fault"] != 0, "locked")
        bench.kill_streamer()
        bench.sim("power-cycle p1 1")
        bench.start_streamer()
        bench.attach()
        bench.control.until(lambda: bench.report()["link"] == "online" and bench.report()["fault"] != 0,
                            "online and still locked")
        equal(bench.control.ask("connect", printer="p1")["error"], 0, "connect")
        bench.ready()


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
        import socket
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


main(test_print, test_estop_in_a_heat_up, test_estop_in_motion, test_killed, test_unplugged, test_frozen,
     test_without_control, test_terminated, test_pause_resume_cancel, test_reads_fail_or_hang, test_bad_files,
     test_remembers, test_second_streamer, test_ports, test_probe, test_new_control)
