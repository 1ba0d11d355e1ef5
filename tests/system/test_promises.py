#!/usr/bin/env python3
"""What is promised for orders, and whether it is kept, as the command line and the API tell it."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main  # noqa: E402


def test_promise():
    """a promise has a history that outlives kill -9, and counts as kept when the order is done in time"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("hook", (box_gcode(farm.dir / "hook.gcode"), 1))
        farm.cli("printer", "disable", "p1")
        order = farm.add_order("hook", 2)
        said = farm.cli("order", "show", order)
        check("promised   -" in said.stdout, f"a promise without a printer:\n{said.stdout}")
        equal(farm.order(order)["promises"], [], "promises without a printer")
        farm.cli("printer", "enable", "p1")
        shown = farm.cli("order", "show", order, json_output=True)
        first = shown["promises"][0]
        check(first["given"] and first["confidence_percent"] == 90 and first["kept"] is None, f"{first}")
        check(first["low_s"] <= first["likely_s"] <= first["promised_s"], f"not in order: {first}")
        farm.kill_control()
        farm.start_control()
        equal(farm.order(order)["promises"][0], first, "the first promise after a kill")
        text = farm.cli("order", "show", order).stdout
        check("in 9 of 10 cases" in text and "it was ordered" in text, text)
        check(max(map(len, text.splitlines())) <= 80, text)
        farm.run_order(order)
        equal(farm.order(order)["promises"][0]["kept"], True, "kept")
        kept = farm.get("/api/v1/status")["promises"]
        equal((kept["made"], kept["kept"], kept["overdue"]), (1, 1, 0), "how promises were kept")
        check("promises made at 90 %: kept 100 % of 1" in farm.cli("status").stdout, "status does not say it")


main(test_promise)
