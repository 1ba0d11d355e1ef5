#!/usr/bin/env python3
"""Holidays from an iCalendar file, in a running farm."""
import datetime
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402

DAY_S = 86400


class HolidayFarm(Farm):
    """Always staffed but for the events of a file."""

    def config_text(self):
        return super().config_text().replace('timezone = "UTC";',
                                             f'timezone = "UTC"; holidays = "{self.dir}/holidays.ics";')

    def write_holidays(self, first, last, name="Christmas"):
        day = first.strftime("%Y%m%d"), (last + datetime.timedelta(days=1)).strftime("%Y%m%d")
        (self.dir / "holidays.ics").write_text(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@lab\r\n"
            f"SUMMARY:{name}\r\nDTSTART;VALUE=DATE:{day[0]}\r\nDTEND;VALUE=DATE:{day[1]}\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")


def test_holidays():
    """nothing starts on a holiday and why names it; a broken file is refused with its line; without the holiday it goes on"""
    farm = HolidayFarm(1)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    farm.write_holidays(today - datetime.timedelta(days=1), today + datetime.timedelta(days=9))
    opens_s = int(datetime.datetime(today.year, today.month, today.day, tzinfo=datetime.timezone.utc).timestamp()) + 10 * DAY_S
    with farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("box", 1)
        plan = wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        check(plan[0]["start_s"] >= opens_s, f"planned for after the holiday: {plan[0]}")
        staffed = farm.get("/api/v1/plan")["staffed"]
        equal(staffed[0]["begin_s"], opens_s, "the first staffed stretch")
        opens = datetime.datetime.fromtimestamp(opens_s, datetime.timezone.utc)
        closed = farm.get("/api/v1/plan")["closures"]
        equal([row["name"] for row in closed], ["Christmas"], "closures")
        equal(closed[0]["end_s"], opens_s, "the end of the holiday")
        check("<title>Christmas</title>" in farm.cli("plan", "--gantt", "-").stdout, "the picture names the holiday")
        said = farm.cli("why", str(order)).stdout
        wanted = f"closed until {opens.strftime('%a')} {opens.day} {opens.strftime('%b')} 00:00 (Christmas)"
        check(wanted in " ".join(said.split()), f"{wanted!r} in {said!r}")
        # A broken file: the old configuration stays, and the line is named.
        good = (farm.dir / "holidays.ics").read_text()
        (farm.dir / "holidays.ics").write_text(good.replace("DTSTART", "DTSTARR"))
        said = farm.cli("reload", expect=78).stderr
        check("holidays.ics:3: DTSTART" in said, said)
        equal(farm.get("/api/v1/plan")["items"][0]["start_s"], plan[0]["start_s"], "the start of the plan")
        # The holiday is over.
        farm.write_holidays(today + datetime.timedelta(days=20), today + datetime.timedelta(days=21))
        farm.cli("reload")
        equal(farm.run_order(order)["good"], 1, "good units")


main(test_holidays)
