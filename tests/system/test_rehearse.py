"""printfarm rehearse: the real file on the real machine, cold and without filament."""

import re

from harness import Farm, box_gcode, check, equal, main, wait


def test_rehearsal():
    """every move of the file is made, nothing heats, nothing is extruded, no part is counted, the bed rules hold"""
    with Farm(1) as farm:
        farm.ready()
        path = box_gcode(farm.dir / "box.gcode", layers=3, lines_per_layer=40)
        wanted = [re.sub(r" E[-0-9.]+", "", line) for line in farm.commands_of(path)]
        wanted = [line for line in wanted if re.match(r"G[01] .*[XYZ]", line)]
        farm.files["copy.gcode"] = farm.dir / "copy.gcode"
        text = farm.cli("rehearse", path, "p1", "--keep", farm.files["copy.gcode"]).stdout
        check("took" in text and "noise" in text and "starved" in text, text)
        check(all(len(line) <= 80 or str(farm.dir) in line for line in text.splitlines()), text)
        ran = [command for number, command in farm.executed("p1") if number]
        moves = [command for command in ran if re.match(r"G[01] .*[XYZ]", command)]
        at = next((i for i in range(len(moves)) if moves[i:i + len(wanted)] == wanted), None)
        check(at is not None, f"the file's moves are not there: {moves[:5]} {wanted[:5]}")
        check(not [command for command in ran if re.match(r"M1(04|09|40|90) S[1-9]", command)], "something heated")
        check(not [command for command in ran if re.match(r"G[0123] .*E", command)], "something was extruded")
        orders = farm.get("/api/v1/orders")["items"]
        equal([(order["good"], order["state"]) for order in orders], [(0, "cancelled")], "the rehearsal's order")
        check(orders[0]["design"].startswith("rehearsal-box"), orders[0]["design"])
        equal(farm.printer("p1")["bed"], "occupied", "the bed behind it")
        equal(len(farm.jobs()), 1, "jobs: it is made once")
        farm.cli("clear", "p1", "--why", "nothing was on it")
        equal(farm.printer("p1")["bed"], "empty", "the bed after somebody looked")


def test_refusals():
    """a file that may heat by a macro, no file, no printer, an occupied bed: each is told"""
    with Farm(1) as farm:
        farm.ready()
        macro = farm.dir / "macro.gcode"
        macro.write_text("START_PRINT BED_TEMP=60\nG28\nG1 X10 Y10 F3000\n")
        check("may heat" in farm.cli("rehearse", macro, "p1", expect=65).stderr, "a macro")
        farm.cli("rehearse", farm.dir / "none.gcode", "p1", expect=66)
        path = box_gcode(farm.dir / "box.gcode", layers=2, lines_per_layer=10)
        check("nobody" in farm.cli("rehearse", path, "nobody", expect=1).stderr, "a printer that is not there")
        equal(farm.get("/api/v1/orders")["items"], [], "orders of what was refused")


main(test_rehearsal, test_refusals)
