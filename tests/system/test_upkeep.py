#!/usr/bin/env python3
"""What a farm learns from its past, and maintenance by hours of printing, over a restart of control."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402


def test_upkeep():
    """prints, waits and maintenance are learnt, shown, and the same after a restart"""
    config = 'maintenance = ( { what = "grease"; every_h = 1000; late_h = 10; }, { what = "belts"; every_h = 2000; } );'
    with Farm(1, config=config) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        equal(farm.run_order(farm.add_order("box", 2))["good"], 2, "good units")
        before, beds = farm.printer("p1"), farm.get("/api/v1/status")["clearing"]
        equal(before["learnt"]["prints"], 2, "prints learnt from")
        check(before["print_h"] > 0, f"hours printed: {before['print_h']}")
        equal([row["what"] for row in before["maintenance"]], ["grease", "belts"], "maintenance")
        equal([row["blocks_in_h"] is None for row in before["maintenance"]], [False, True], "limits")
        equal(beds["waits"], 2, "waits learnt from")
        equal(sum(map(sum, beds["waits_by_hour"])), 2, "waits by the hour")
        shown = farm.cli("printer", "show", "p1").stdout
        for wanted in ("2 prints", "failures", "expected in 100 h", "grease in 1000 h"):
            check(wanted in " ".join(shown.split()), f"{wanted!r} in {shown}")
        check(max(map(len, shown.splitlines())) <= 80, shown)
        check("beds wait" in farm.cli("status").stdout, "status says how long beds wait")
        said = farm.cli("printer", "maintained", "p1", "oil", expect=1).stderr
        check("there is grease, belts" in " ".join(said.split()), said)
        farm.cli("printer", "maintained", "p1", "grease")
        farm.kill_control()
        farm.start_control()
        farm.wait_online("p1")
        after = farm.printer("p1")
        for key in ("learnt", "print_h"):
            equal(after[key], before[key], key)
        equal(farm.get("/api/v1/status")["clearing"], beds, "waits")
        equal(after["maintenance"][0]["since_h"], 0, "hours since it was greased")
        check(after["maintenance"][1]["since_h"] > 0, f"belts: {after['maintenance'][1]}")


main(test_upkeep)
