#!/usr/bin/env python3
"""Quotas, as people meet them: who has had enough stands behind the others, and is told so."""
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main, wait  # noqa: E402

CONFIG = 'quotas = ( { user = "*"; units = 1; per = "month"; } );\n'


def rows(farm):
    return {row["user"]: row for row in farm.get("/api/v1/quotas")["items"]}


def test_behind():
    """the second order of who has had one unit is printed behind the first of somebody else, also after a kill"""
    with Farm(1, speed=2000, simulator="warm_start=yes", config=CONFIG) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        mia, other, tom = (farm.add_order("box", 1, user=user) for user in ("mia", "mia", "tom"))
        wait(lambda: farm.order(mia)["printed"] == 1, "mia's first", 60)
        equal(rows(farm)["mia"]["reached"], "units", "the quota")
        farm.kill_control()
        farm.start_control()
        equal(rows(farm)["mia"]["used_units"], 1, "after a kill")
        check("mia has had 1 of 1 units this month" in farm.order(other)["quota"], farm.order(other)["quota"])
        equal(farm.order(tom)["quota"], "", "tom")
        shown = farm.cli("quota").stdout
        check("1 of 1" in shown and all(len(line) <= 80 for line in shown.splitlines()), shown)
        shown = " ".join(farm.cli("order", "show", other).stdout.split())
        check("others go first until" in shown, shown)
        farm.clear_printed()
        wait(lambda: farm.order(tom)["printed"] == 1, "tom's", 60)
        equal(farm.order(other)["printed"] + farm.order(other)["printing"], 0, "mia's second")
        farm.run_order(tom)
        farm.run_order(other)


main(test_behind)
