#!/usr/bin/env python3
"""printfarm-stream alone when something goes wrong: each print has a stated end, hot printers go cold.

time limit: 200 s"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness import box_gcode, check, equal, main, wait
from stream_bench import Bench, commands_of, heaters_off


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_hot(bench, celsius=100):
    return bench.truth()["hotend_celsius"] > celsius


def start_and_heat(bench, attempt="a1", **more):
    path = box_gcode(bench.dir / f"{attempt}.gcode", **more)
    bench.ready()
    bench.start(path, attempt)
    wait(lambda: is_hot(bench), "the nozzle is hot", 60)
    return path


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
    """kill -9 of the streamer while hot, no adoption: the attempt is suspect, the printer cold, within seconds"""
    with Bench(speed=20, simulator="reset_on_open=never", settings={"no_adoption": 1}) as bench:
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


def test_unplugged():
    """a cable pulled while hot, no adoption: suspect at once, no spinning, cold when it is back"""
    with Bench(speed=20, simulator="reset_on_open=never", settings={"no_adoption": 1}) as bench:
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


def test_power_off():
    """a printer that does not say that it has stopped has its power cut, by the streamer, without control"""
    with Bench(speed=20) as bench:
        script = bench.dir / "cut"
        script.write_text(f'#!/bin/sh\necho "$1" >>{bench.dir}/cut.log\n', encoding="ascii")
        script.chmod(0o755)
        bench.set_printer("p1", power_off=str(script))
        bench.ready()
        bench.sim("freeze p1")
        bench.control.close()
        check(bench.stop_line("estop p1").startswith("ok 1 stopped"), "p1 is stopped")
        log = bench.dir / "cut.log"
        wait(lambda: log.exists() and log.read_text(encoding="ascii") == "p1\n", "its power is cut", 20)
        bench.attach()
        bench.control.until(lambda: bench.report()["fault"] != 0, "locked")


def test_readiness():
    """systemd is told that it is ready, and again and again that the loop runs"""
    with tempfile.TemporaryDirectory(prefix="n") as directory, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(f"{directory}/notify")
        notified.settimeout(30)
        with Bench(stream_env={"NOTIFY_SOCKET": f"{directory}/notify", "WATCHDOG_USEC": "300000"}) as bench:
            equal(notified.recv(100), b"READY=1", "the first datagram")
            equal([notified.recv(100) for _ in range(3)], [b"WATCHDOG=1"] * 3, "then")
            bench.streamer.send_signal(signal.SIGTERM)
            equal(bench.streamer.wait(30), 0, "exit status")
            said = b""
            while said != b"STOPPING=1":
                said = notified.recv(100)


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


main(test_estop_in_a_heat_up, test_estop_in_motion, test_killed, test_unplugged, test_frozen, test_power_off, test_readiness, test_terminated,
     test_remembers, test_second_streamer, test_ports, test_probe)
