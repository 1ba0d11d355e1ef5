"""Adoption on Marlin's kin: whatever cuts a print off from its streamer for a moment, each firmware's own line
counter tells where it goes on.

time limit: 480 s"""

from harness import box_gcode, check, equal, main, wait
from stream_bench import Bench, heaters_off

FIRMWARES = {"prusa-mk3": "prusa-mk3", "prusa-buddy": "prusa-buddy", "repetier": "repetier", "smoothie": "smoothie"}


def moves(bench):
    return sum(row[1].startswith("G1") for row in bench.executed("p1"))


def cut_off(firmware, cut):
    """A print that is cut off twice and goes on to its end."""
    with Bench(speed=20, simulator=f"firmware={firmware} reset_on_open=never warm_start=yes",
               settings={"dialect": FIRMWARES[firmware], "window_lines": 0}) as bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=3, lines_per_layer=40)
        bench.ready()
        bench.start(path, "a1")
        for turn in (1, 2):
            wait(lambda turn=turn: moves(bench) >= 30 * turn, f"{firmware}: {30 * turn} moves", 60)
            cut(bench)
        ended = bench.end("a1", 120)
        equal(ended["result"], "printed", f"{firmware}: result: {ended['reason']}; said {bench.control.said[-5:]}")
        verdict = bench.compare([(path, True)])
        equal(ended["commands_done"], verdict.executed, f"{firmware}: commands of the end")
        check(heaters_off(bench), f"{firmware}: heaters are off")


def kill(bench):
    bench.kill_streamer()
    bench.start_streamer()
    bench.attach()
    bench.control.until(lambda: bench.report()["link"] == "online", "online")


def pull(bench):
    bench.sim("unplug p1")
    bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
    check(not heaters_off(bench), "the heat is held")
    bench.sim("replug p1")
    bench.control.until(lambda: bench.report()["link"] == "online", "online")


def test_killed():
    """a streamer killed in mid-print goes on where the printer's counter stands, on each firmware"""
    for firmware in FIRMWARES:
        cut_off(firmware, kill)


def test_cable():
    """so does a cable pulled for a moment on a board that does not reset"""
    for firmware in FIRMWARES:
        cut_off(firmware, pull)


def test_power():
    """and one that was without power for a moment gets not a line more: a stated end"""
    for firmware in FIRMWARES:
        with Bench(speed=20, simulator=f"firmware={firmware} reset_on_open=never warm_start=yes",
                   settings={"dialect": FIRMWARES[firmware], "window_lines": 0}) as bench:
            path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=3, lines_per_layer=40)
            bench.ready()
            bench.start(path, "a1")
            wait(lambda: moves(bench) >= 30, f"{firmware}: 30 moves", 60)
            bench.sim("power-cycle p1 20")
            bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
            before = moves(bench)
            ended = bench.end("a1", 60)
            equal(ended["result"], "suspect", f"{firmware}: result")
            check(ended["reason"], f"{firmware}: no reason")
            bench.ready()
            equal(moves(bench), before, f"{firmware}: moves")
            bench.compare([(path, False)])


main(test_killed, test_cable, test_power)
