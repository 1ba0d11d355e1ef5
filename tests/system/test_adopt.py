#!/usr/bin/env python3
"""Adoption with real processes: whatever cuts a print off from its streamer for a moment, the printer executes
the file's commands once each, in order; or the print has a stated end.

time limit: 240 s, long: 900 s"""

import signal
import time

from harness import LONG, box_gcode, check, equal, main, wait
from stream_bench import Bench, heaters_off


def moving(bench, count=1):
    return sum(row[1].startswith("G1") for row in bench.executed("p1")) >= count


def again(bench):
    """The next streamer, with the settings that the last one kept."""
    bench.start_streamer()
    bench.attach()


def printed(bench, path):
    ended = bench.end("a1", 120)
    equal(ended["result"], "printed", f"result: {ended['reason']}; said {bench.control.said[-5:]}")
    verdict = bench.compare([(path, True)])
    equal(ended["commands_done"], verdict.executed, "commands of the end")
    check(heaters_off(bench), "heaters are off")


def test_killed():
    """kill -9 at many points of a print: nothing is lost or doubled, and the heat is held"""
    for at in range(1, 400 if LONG else 120, 13):
        with Bench(speed=60, seed=at, simulator="reset_on_open=first warm_start=yes") as bench:
            path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=4, lines_per_layer=40)
            bench.ready()
            bench.start(path, "a1")
            wait(lambda: len(bench.executed()) >= at + 12 or bench.truth()["hotend_target_celsius"] > 0 and
                 len(bench.executed()) >= at, "the print is there", 60)
            bench.kill_streamer()
            target = bench.truth()["hotend_target_celsius"]
            again(bench)
            check(bench.truth()["hotend_target_celsius"] >= target or at > 100, "the heat is held")
            printed(bench, path)


def test_noise():
    """the same on a noisy line, ten times in one print"""
    with Bench(speed=60, simulator="noise_up=1e-4 noise_down=1e-4 warm_start=yes") as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=100)
        bench.ready()
        bench.start(path, "a1")
        for turn in range(1, 11):
            wait(lambda: moving(bench, turn * 60) or bench.control.ended.get("a1"), f"{turn * 60} moves", 60)
            bench.control.receive(0.01)
            bench.kill_streamer()
            again(bench)
            bench.control.until(lambda: bench.report()["link"] == "online", "online")
        printed(bench, path)


def test_cable():
    """a cable pulled for seconds on a board that does not reset: the print goes on"""
    with Bench(speed=20, simulator="reset_on_open=never warm_start=yes") as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=60)
        bench.ready()
        bench.start(path, "a1")
        wait(lambda: moving(bench, 20), "the print moves", 60)
        for pause_s in (0.3, 2):
            bench.sim("unplug p1")
            bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
            equal(bench.report()["activity"], "printing", "activity")
            time.sleep(pause_s)
            check(not heaters_off(bench), "the heat is held")
            bench.sim("replug p1")
            bench.control.until(lambda: bench.report()["link"] == "online", "online")
        printed(bench, path)


def test_upgrade():
    """SIGUSR2 starts the program anew in the same process, and the print goes on"""
    with Bench(speed=30, simulator="warm_start=yes") as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=60)
        bench.ready()
        bench.start(path, "a1")
        for turn in range(1, 4):
            wait(lambda: moving(bench, turn * 100), "the print moves", 60)
            bench.control.close()
            bench.streamer.send_signal(signal.SIGUSR2)
            wait(lambda: (bench.dir / "stream.log").read_text().count("goes on behind") == turn, "it goes on", 20)
            bench.attach()
        printed(bench, path)


def test_reset():
    """a board that resets when it is plugged in again: a stated end, and not a line of the file more"""
    with Bench(speed=20, simulator="warm_start=yes") as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=60)
        bench.ready()
        bench.start(path, "a1")
        wait(lambda: moving(bench, 20), "the print moves", 60)
        bench.sim("unplug p1")
        bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
        bench.sim("replug p1")
        before = len(bench.executed())
        ended = bench.end("a1", 60)
        equal(ended["result"], "suspect", "result")
        check("restart" in ended["reason"], ended["reason"])
        bench.ready()
        check(not any(row[1].startswith("G1") for row in bench.executed()[before + 4:]), "it moved")
        bench.compare([(path, False)])


def test_too_late():
    """ten seconds without a streamer: a stated end, and cold"""
    with Bench(speed=20, simulator="reset_on_open=never warm_start=yes") as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=60)
        bench.ready()
        bench.start(path, "a1")
        wait(lambda: moving(bench, 20), "the print moves", 60)
        bench.kill_streamer()
        time.sleep(10.5)
        again(bench)
        equal(bench.end("a1", 60)["result"], "suspect", "result")
        bench.ready()
        check(heaters_off(bench), "heaters are off")
        bench.compare([(path, False)])


main(test_killed, test_noise, test_cable, test_upgrade, test_reset, test_too_late)
