#!/usr/bin/env python3
"""What is promised for orders, and whether it is kept, as the command line and the API tell it."""
import datetime
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


class ClosedFarm(Farm):
    """Opens the day after tomorrow."""

    def config_text(self):
        day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[
            (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).weekday()]
        return super().config_text().replace('timezone = "UTC";', f'timezone = "UTC"; hours = ["{day} 08:00-20:00"];')


def test_advice():
    """a late order says what limits it and what would help; the evening's list says what to do and what for"""
    with ClosedFarm(2) as farm:
        farm.wait_online()
        farm.clear_all()
        path = box_gcode(farm.dir / "hook.gcode", slow=10)
        farm.files["hook.gcode"] = path
        farm.add_design("hook", (path, 1))
        quote = farm.cli("submit", path, "-n", "2", "--quote", "--due", "+20h").stdout
        check("limited most by hours" in quote, quote)
        farm.cli("order", "create", "hook", "-n", "2", "--due", "+20h")
        shown = farm.cli("order", "show", 1)
        check("later than it is due" in shown.stdout and "print unattended" in shown.stdout, shown.stdout)
        check(max(map(len, shown.stdout.splitlines())) <= 80, shown.stdout)
        advice = farm.cli("order", "show", 1, json_output=True)["advice"]
        equal(advice["limits"][0]["limit"], "hours", "what limits it")
        cheapest = advice["changes"][advice["cheapest"]]
        equal((cheapest["kind"], cheapest["in_time"]), ("unattended", True), f"the cheapest change of {advice['changes']}")
        check("unattended is off: the night would yield 2 units more" in " ".join(farm.cli("plan").stdout.split()),
              farm.cli("plan").stdout)
        farm.cli("printer", "disable", "p2")
        tonight = farm.cli("plan", "--tonight").stdout
        check("before you leave" in tonight and "let p2 have jobs again" in tonight, tonight)
        check(max(map(len, tonight.splitlines())) <= 80, tonight)
        night = farm.cli("plan", "--tonight", json_output=True)
        equal([act["kind"] for act in night["acts"]], ["enable"], "acts")
        check(night["unattended_off"] and night["closes"] and night["opens_s"] > night["closes_s"], f"{night}")


main(test_promise, test_advice)
