"""Printers without line numbers, Klipper and RepRapFirmware on a Duet, through the whole farm: orders,
pause, cancel, emergency stop, and restarted only when a person unlocks.

time limit: 200 s"""

from harness import Farm, box_gcode, check, equal, main, wait

KINDS = {"k1": "klipper", "k2": "klipper-bare", "d1": "rrf", "d2": "rrf-2"}


def farm_of(*names, speed=200, **more):
    """k1 has its API socket, k2 has not."""
    farm = Farm(names, simulator={name: f"firmware={KINDS[name]} boot_s=0.3 warm_start=yes volume=250x-4..210x210" for name in names},
                printer_options={name: f'dialect = "{"klipper" if name[0] == "k" else "rrf"}";' for name in names},
                speed=speed, start=False, **more)
    if "k1" in names:
        farm.printer_options["k1"] += f' klipper_socket = "{farm.ports}/k1.sock";'
    return farm


def begin(farm):
    farm.write_config()
    farm.start_control()
    farm.ready()


def is_cold(farm, name):
    status = farm.sim_status(name)
    return status["hotend_target_celsius"] == 0 and status["bed_target_celsius"] == 0


def test_orders():
    """an order over four printers without line numbers is executed exactly, each ends cold"""
    with farm_of(*KINDS) as farm:
        begin(farm)
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=6), 1))
        order = farm.add_order("box", 4)
        equal(farm.run_order(order, 150)["good"], 4, "good units")
        for name in KINDS:
            check(is_cold(farm, name), f"{name} is not cold")
        words = {name: farm.printer(name)["firmware"] for name in KINDS}
        check(words["k1"].startswith("Klipper v0.12") and words["d1"].startswith("RepRapFirmware 3.5"), f"names: {words}")


def test_mixed():
    """a file with macros is planned where they are read, and why says so of the other printers"""
    with farm_of("k2", "d1") as farm:
        begin(farm)
        path = box_gcode(farm.dir / "macro.gcode", layers=2)
        with open(path, encoding="ascii") as file:
            lines = file.read().replace("G28 ;", "START_PRINT BED_TEMP=55\nG28 ;")
        with open(path, "w", encoding="ascii") as file:
            file.write(lines)
        farm.add_design("macro", (path, 1))
        order = farm.add_order("macro", 2)
        answer = farm.post("/api/v1/orders", {"design": "macro", "units": 1, "printer": "d1"}, expect=(400, 409, 422))
        check("is written for klipper firmware, this printer reads reprapfirmware" in str(answer), f"{answer}")
        farm.run_order(order, 150)
        equal({row["printer"] for row in farm.jobs()}, {"k2"}, "printers")


def test_long_start():
    """a start macro of 200 bytes reaches Klipper whole, by import, plan and streamer"""
    with farm_of("k1", "k2") as farm:
        begin(farm)
        path = box_gcode(farm.dir / "long.gcode", layers=2)
        words = "START_PRINT BED_TEMP=55 EXTRUDER_TEMP=205 NOTE="
        start = words + (200 - len(words)) * "7"
        with open(path, encoding="ascii") as file:
            lines = file.read().replace("G28 ;", f"{start}\nG28 ;")
        with open(path, "w", encoding="ascii") as file:
            file.write(lines)
        farm.add_design("long", (path, 1))
        order = farm.add_order("long", 2)
        equal(farm.run_order(order, 150)["good"], 2, "good units")
        for name in ("k1", "k2"):
            check(any(row[1] == start for row in farm.executed(name)), f"{name} has not run the macro as it stands")


def test_pause_and_cancel():
    """pause holds, resume goes on, cancel ends cold and ready"""
    with farm_of("k1", "d1", speed=30) as farm:
        begin(farm)
        farm.paused = {"k1", "d1"}
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=40, slow=3), 1))
        order = farm.add_order("box", 2)
        jobs = {name: farm.wait_printing(name, 40) for name in ("k1", "d1")}
        for name in jobs:
            farm.cli("printer", "pause", name)
        for name in jobs:
            wait(lambda: farm.printer(name)["activity"] == "paused", f"{name} is paused")
            done = len(farm.executed(name))
            farm.cli("printer", "resume", name)
            wait(lambda: len(farm.executed(name)) > done + 40, f"{name} goes on")
        farm.cli("order", "cancel", order)
        for name in jobs:
            wait(lambda: farm.printer(name)["activity"] == "idle" and is_cold(farm, name), f"{name} is cold and idle")
            equal(farm.printer(name)["lock"], None, f"{name}'s lock")


def test_estop_and_unlock():
    """an emergency stop makes all cold at once and locks; only unlock restarts the firmware"""
    with farm_of("k1", "k2", "d1", speed=30) as farm:
        begin(farm)
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=40), 1))
        farm.add_order("box", 3)
        names = ("k1", "k2", "d1")
        for name in names:
            farm.wait_printing(name, 40)
        farm.cli("estop")
        for name in names:
            wait(lambda: is_cold(farm, name), f"{name} is cold", 10)
            wait(lambda: farm.printer(name)["lock"], f"{name} is locked")
            equal(farm.sim_status(name)["resets"], 0, f"{name}: restarts before a person came")
        for name in names:
            farm.cli("printer", "unlock", name)
            wait(lambda: farm.sim_status(name)["resets"] == 1, f"{name} is restarted")
            wait(lambda: farm.printer(name)["link"] == "online" and farm.printer(name)["lock"] is None,
                 f"{name} is back", 60)
            equal(farm.sim_status(name)["resets"], 1, f"{name}: restarts")


def test_klipper_shuts_down():
    """a heater that fails: Klipper's own words lock the printer"""
    with farm_of("k1", speed=50, config="retries = 0;") as farm:
        begin(farm)
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=60, slow=4), 1))
        farm.add_order("box", 1)
        farm.wait_printing("k1", 40)
        farm.sim("thermistor k1 hotend open")
        lock = wait(lambda: farm.printer("k1")["lock"], "k1 is locked", 60)
        equal(lock["fault"], "thermal", "the fault")
        check("ADC out of range" in lock["text"], f"the words: {lock}")


main(test_orders, test_mixed, test_long_start, test_pause_and_cancel, test_estop_and_unlock, test_klipper_shuts_down)
