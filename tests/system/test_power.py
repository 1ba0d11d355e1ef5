#!/usr/bin/env python3
"""A power budget, quiet hours and spools that are too short, in a running farm."""
import datetime
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402


class SmallFarm(Farm):
    """What farm = { } says besides."""

    def __init__(self, *words, farm="", **more):
        self.farm_options = farm
        super().__init__(*words, **more)

    def config_text(self):
        return super().config_text().replace('timezone = "UTC";', f'timezone = "UTC"; {self.farm_options}')


def why(farm, order):
    return " ".join(farm.cli("why", str(order)).stdout.split())


def test_power():
    """the second print starts when the first has ended, and why says who has the power"""
    with SmallFarm(2, farm="power_budget_w = 500;", printer_options="watts = 300; heat_watts = 350;") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=8, lines_per_layer=60), 1))
        order = farm.add_order("box", 2)
        wait(lambda: [job for job in farm.jobs() if job["state"] == "printing"], "a print")
        waiting = [job for job in farm.jobs() if job["state"] == "queued"]
        equal(len(waiting), 1, "jobs that wait")
        said = " ".join(farm.cli("why", str(waiting[0]["id"])).stdout.split())
        check("of 500 W are" in said, said)
        most = 0

        def look():
            nonlocal most
            most = max(most, len([job for job in farm.jobs() if job["state"] in ("printing", "assigned")]))
        equal(farm.run_order(order, tick=look)["good"], 2, "good units")
        equal(most, 1, "prints at a time")


def test_quiet():
    """a noisy printer stays still in quiet hours, a silent one prints"""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[now.weekday()]
    other = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(now.weekday() + 1) % 7]
    with SmallFarm(1, farm=f'quiet_hours = ["{day},{other} 00:00-24:00"];', printer_options="noisy = true;") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("box", 1)
        plan = wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        check(plan[0]["start_s"] > now.timestamp() + 20 * 3600, f"planned for after the quiet hours: {plan[0]}")
        check("is noisy, quiet hours: may start" in why(farm, order), why(farm, order))
        farm.printer_options = ""
        farm.write_config()
        farm.cli("reload")
        equal(farm.run_order(order)["good"], 1, "good units")


def test_spool():
    """a spool that is too short keeps a print from starting, unless somebody changes it in mid-print"""
    with SmallFarm(1) as farm:
        farm.ready()
        spool = farm.post("/api/v1/spools", {"material": "PLA", "grams": 0.01, "lot": "L7"})
        shown = farm.cli("printer", "load", "p1", str(spool["id"])).stdout
        check("p1" in shown, shown)
        equal([row["printer"] for row in farm.get("/api/v1/spools")["items"]], ["p1"], "where the spool is")
        path = farm.dir / "box.gcode"
        box_gcode(path)
        path.write_text(path.read_text() + "; filament used [g] = 5.00\n; filament_density = 1.24\n")
        farm.add_design("box", (str(path), 1))
        order = farm.add_order("box", 1)
        wait(lambda: farm.get("/api/v1/plan")["items"], "a plan")
        check("of filament, the spool has" in why(farm, order), why(farm, order))
        farm.printer_options = "runout_change = true;"
        farm.write_config()
        farm.cli("reload")
        equal(farm.run_order(order)["good"], 1, "good units")
        equal(farm.get("/api/v1/spools")["items"][0]["grams_left"], 0, "grams left")


main(test_power, test_quiet, test_spool)
