"""One print on each firmware with numbered lines, end to end, its dialect configured or found out.  time limit: 240 s"""

from harness import Farm, box_gcode, check, equal, main, wait

FIRMWARES = {
    "m102": ("firmware=marlin-1.0.2", "auto"),
    "m119": ("firmware=marlin-1.1.9", "marlin"),
    "m205": ("firmware=marlin-2.0.5", "auto"),
    "mk3": ("firmware=prusa-mk3", "prusa-mk3"),
    "buddy": ("firmware=prusa-buddy", "prusa-buddy"),
    "rep": ("firmware=repetier", "repetier"),
    "rep2": ("firmware=repetier-2", "auto"),
    "smoothie": ("firmware=smoothie", "smoothie"),
    "uart": ("firmware=smoothie-uart", "auto"),
}


def farm_of(names, **more):
    return Farm(list(names), simulator={name: FIRMWARES[name][0] for name in names}, window='"auto"',
                printer_options={name: f'dialect = "{FIRMWARES[name][1]}";' for name in names}, **more)


def test_print():
    """each prints its part exactly, whatever its dialect was thought to be"""
    with farm_of(FIRMWARES) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("box", len(FIRMWARES))
        equal(farm.run_order(order, 300)["good"], len(FIRMWARES), "good units")
        for name, rows in farm.attempts().items():
            equal([attempt["state"] for attempt, _ in rows], ["printed"], f"attempts of {name}")
            equal([attempt["resends"] for attempt, _ in rows], [0], f"resends of {name}")


def test_stop():
    """an emergency stop reaches each firmware: heaters off, motion ended"""
    with farm_of(FIRMWARES, speed=20) as farm:
        farm.ready()
        for name in FIRMWARES:
            farm.ignore_printers.add(name)
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=60), 1))
        farm.add_order("box", len(FIRMWARES))
        for name in FIRMWARES:
            farm.wait_printing(name, 120)
        farm.cli("estop")
        for name in FIRMWARES:
            status = wait(lambda name=name: (row := farm.sim_status(name))["hotend_power"] == 0 and row["planned"] == 0 and row,
                          f"{name} stands still and cools", 30)
            equal([status["hotend_target_celsius"], status["bed_target_celsius"]], [0, 0], f"targets of {name}")
            check(farm.sim_status(name)["kills"] == 1 or FIRMWARES[name][0].endswith("buddy"), f"{name} was not killed")


main(test_print, test_stop)
