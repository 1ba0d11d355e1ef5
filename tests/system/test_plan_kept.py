#!/usr/bin/env python3
"""The plan after kill -9 of control is the one before, though it came about order by order."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402


def sequences(farm):
    """Who prints what in which order, without what prints already; of at least 8 prints."""
    rows = farm.get("/api/v1/plan")["items"]
    found = {}
    for row in sorted(rows, key=lambda row: row["start_s"]):
        found.setdefault(row["printer"], []).append((row["order"], row["plate"]))
    return found


def test_same_plan():
    """printers, orders and plates are in the same places; the file may be damaged or gone"""
    with Farm(3, speed=1, simulator="warm_start=yes") as farm:
        farm.ready()
        for name, layers in (("small", 60), ("tall", 200)):
            farm.add_design(name, (box_gcode(farm.dir / f"{name}.gcode", layers=layers, lines_per_layer=200), 1))
        for n in range(12):
            farm.add_order(("small", "tall")[n % 2], 1 + n % 3, due=f"+{1 + n * 5 % 7}h", priority=40 + 10 * (n % 3))
        wait(lambda: sum(row["activity"] == "printing" for row in farm.printers().values()) == 3, "all print", 60)
        before = wait(lambda: sequences(farm) if sum(map(len, sequences(farm).values())) >= 8 else None, "a plan", 30)
        # A plan between events may take its place: until there is rest.
        for _ in range(50):
            later = sequences(farm)
            if later == before:
                break
            before = later
        farm.kill_control()
        check((farm.state / "plan").read_text().startswith("printfarm-plan 1 seed "), "the kept plan")
        farm.start_control()
        farm.wait_online()
        wait(lambda: sum(row["activity"] == "printing" for row in farm.printers().values()) == 3, "all still print", 60)
        wait(lambda: sequences(farm) == before, f"the same plan: {before}, not {sequences(farm)}", 20)
        farm.kill_control()
        text = (farm.state / "plan").read_bytes()
        (farm.state / "plan").write_bytes(text[:len(text) // 2] + b"\xff\x00 9 9 9\n")
        farm.start_control()
        wait(lambda: sum(map(len, sequences(farm).values())) >= 8, "a plan from nothing", 30)
        for job in farm.jobs():
            farm.http("POST", f"/api/v1/jobs/{job['id']}/cancel")
        equal(farm.control.poll(), None, "control runs")


main(test_same_plan)
