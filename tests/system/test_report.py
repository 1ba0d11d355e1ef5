#!/usr/bin/env python3
"""`printfarm report`: where the hours went, and what they made."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402


def test_report():
    """hours are kept through kill -9, what was made is counted once, and the past is planned anew"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("hook", (box_gcode(farm.dir / "hook.gcode"), 2))
        farm.run_order(farm.add_order("hook", 4))
        farm.cli("printer", "disable", "p2")
        time.sleep(1.2)
        farm.cli("printer", "enable", "p2")
        before = farm.cli("report", json_output=True)
        equal((before["all"]["prints"], before["all"]["good"], before["all"]["scrap"]), (2, 4, 0), "what was made")
        equal([row["printer"] for row in before["printers"]], ["p1", "p2"], "printers")
        check(before["all"]["printing_s"] >= 1, f"no hours were printed: {before['all']}")
        check(before["printers"][1]["out_s"] >= 1, f"p2 was not out: {before['printers'][1]}")
        equal(before["promises"], {"confidence_percent": 90, "made": 1, "kept": 1}, "promises")
        farm.kill_control()
        farm.start_control()
        farm.wait_online()
        after = farm.cli("report", json_output=True)
        for key in ("printing_s", "prints", "good"):
            check(after["all"][key] >= before["all"][key], f"{key} is lost: {after['all']}")
        text = farm.cli("report").stdout
        check("PRINTING" in text and "promises made at 90 %: kept 100 % of 1" in text, text)
        check(max(map(len, text.splitlines())) <= 80, text)
        check("one more printer" in text, text)
        for word in ("today", "yesterday", "-7d", "mon"):
            farm.cli("report", "--since", word)
        farm.cli("report", "--since", "last week", expect=64)
        farm.cli("report", "--since", "someday", expect=1)
        farm.cli("report", "--since", "2999-01-01", expect=1)
        wait(lambda: farm.cli("report", json_output=True)["hindsight"]["days"] >= 1, "the day is planned anew")


main(test_report)
