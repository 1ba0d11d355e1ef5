"""printfarm rehearse: the real file on the real machine, cold and without filament."""

import re
import signal
import subprocess

from harness import BUILD, Farm, box_gcode, check, equal, main, wait


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


class Rehearsal:
    """One under way, and what it says."""

    def __init__(self, farm, path):
        self.said = farm.dir / "rehearsal.txt"
        farm.files["kept.gcode"] = farm.dir / "kept.gcode"
        with open(self.said, "w") as said:
            # Whoever runs the tests in the background has made them deaf to some signals.
            self.process = subprocess.Popen(["env", "--default-signal=HUP,INT,TERM", str(BUILD / "printfarm"), "--socket",
                                             str(farm.socket), "rehearse", str(path), "p1", "--keep",
                                             str(farm.dir / "kept.gcode")],
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        wait(lambda: "waits: " in self.text(), "why it waits")

    def text(self):
        return self.said.read_text()

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(20)


def test_interrupted():
    """a signal cancels the order and says so; what a killed rehearsal leaves is held: clearing the bed moves nothing"""
    with Farm(1) as farm:
        farm.wait_online("p1")
        check(farm.printer("p1")["bed"] != "empty", "the bed must not be clear")
        path = box_gcode(farm.dir / "box.gcode", layers=2, lines_per_layer=10)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            rehearsal = Rehearsal(farm, path)
            check(": rehearsal-box" in rehearsal.text() and "bed" in rehearsal.text(), rehearsal.text())
            equal(rehearsal.end(number), 128 + number, "the exit code")
            check("is cancelled" in rehearsal.text(), rehearsal.text())
        killed = Rehearsal(farm, path)
        killed.end(signal.SIGKILL)
        states = [order["state"] for order in farm.get("/api/v1/orders")["items"]]
        equal(sorted(states), ["cancelled"] * 3 + ["held"], "the orders behind them")
        farm.ready()
        order = farm.simple_order(1)
        wait(lambda: farm.order(order)["printed"] == 1, "an order behind it is printed")
        equal([len(farm.job(job["id"])["attempts"]) for job in farm.jobs() if job["design"].startswith("rehearsal")],
              [0] * 4, "attempts of the rehearsals")


def test_waits_then_runs():
    """a rehearsal that waited for the bed runs when it is clear, its order held; a signal stops the print"""
    with Farm(1, speed=2) as farm:
        farm.wait_online("p1")
        rehearsal = Rehearsal(farm, box_gcode(farm.dir / "box.gcode", layers=3, lines_per_layer=40))
        farm.ready()
        farm.wait_printing("p1")
        wait(lambda: farm.get("/api/v1/orders")["items"][0]["state"] == "held", "the order is held while it runs")
        equal(rehearsal.end(signal.SIGINT), 128 + signal.SIGINT, "the exit code")
        check("its print is stopped" in rehearsal.text(), rehearsal.text())
        wait(lambda: farm.printer("p1")["job"] is None, "the print is stopped")


main(test_rehearsal, test_refusals, test_interrupted, test_waits_then_runs)
