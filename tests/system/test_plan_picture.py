#!/usr/bin/env python3
"""`printfarm plan --gantt`: the plan as a picture."""
import datetime
import os
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


class ClosedFarm(Farm):
    """Open in the day after tomorrow only: nothing can be planned for today."""

    def config_text(self):
        day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[
            (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).weekday()]
        return super().config_text().replace('timezone = "UTC";', f'timezone = "UTC"; hours = ["{day} 08:00-20:00"];')


def test_picture():
    """a bar for each print, a row for each printer, closed hours shaded, and foreign names do no harm"""
    with ClosedFarm(2) as farm:
        idle = ElementTree.fromstring(farm.cli("plan", "--gantt", "-").stdout)
        check({"p1", "p2"} <= {text.text for text in idle.iter(f"{SVG}text")}, "rows of printers with nothing to do")
        farm.ready()
        farm.add_design("a<b&c", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("a<b&c", 5)
        plan = wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        equal(len(plan), 5, "prints planned")
        path = farm.dir / "plan.svg"
        farm.cli("plan", "--gantt", str(path))
        tree = ElementTree.parse(path).getroot()
        titles = [title.text for title in tree.iter(f"{SVG}title")]
        bars = [title for title in titles if title.startswith(f"order {order}, ")]
        equal(len(bars), 5, "bars")
        check("nobody is there" in titles, "closed hours are shaded")
        names = {text.text for text in tree.iter(f"{SVG}text")}
        check({"p1", "p2"} <= names, f"rows: {names}")
        check("now" in names, f"the present is marked: {names}")
        zone = datetime.timezone.utc
        days = {datetime.datetime.fromtimestamp(row["start_s"], zone).strftime("%a %Y-%m-%d") for row in plan}
        check(days <= names, f"days {days} in {names}")
        times = sorted(name for name in names if len(name) == 5 and name[2] == ":")
        check(len(times) >= 2, f"times of the clock: {names}")
        staffed = farm.get("/api/v1/plan")["staffed"]
        for row in plan:
            check(any(stretch["begin_s"] <= row["start_s"] and row["end_s"] <= stretch["end_s"]
                      for stretch in staffed), f"{row} is not within {staffed}")
        farm.cli("plan", "--gantt", "/nonexistent/plan.svg", expect=66)


def test_labels():
    """a bar says whose it is and what is printed where there is room for it"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("visor", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("visor", 2)
        wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        tree = ElementTree.fromstring(farm.cli("plan", "--gantt", "-").stdout)
        names = {text.text for text in tree.iter(f"{SVG}text")}
        check(f"#{order} box.gcode" in names, f"labels in bars: {names}")
        legend = [rect for rect in tree.iter(f"{SVG}rect") if rect.get("width") == "14"]
        bars = [rect for rect in tree.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None
                and rect.find(f"{SVG}title").text.startswith("order ")]
        equal(len(legend), 1, "orders named below the picture")
        hue = legend[0].get("fill").split(",")[0]  # what prints is darker
        equal({bar.get("fill").split(",")[0] for bar in bars}, {hue}, "the order's colour")


def test_unplanned():
    """the plan says of which open orders nothing is planned"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("visor", (box_gcode(farm.dir / "box.gcode"), 1))
        farm.cli("order", "create", "visor", "-n", "2")
        wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        check("nothing is planned of" not in farm.cli("plan").stdout, "all is planned")
        farm.cli("order", "create", "visor", "-n", "2", "--material", "ASA")
        wait(lambda: "nothing is planned of order 2: printfarm why order 2 says why" in farm.cli("plan").stdout,
             "the order that cannot be planned is named")


main(test_picture, test_labels, test_unplanned)
