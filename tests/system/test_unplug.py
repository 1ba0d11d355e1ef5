"""A cable pulled in mid-print, and put back."""

from harness import Farm, box_gcode, check, equal, main, wait


def test_unplug():
    """an unplugged printer goes offline, its print is suspect, and after the replug it is cooled"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 2)
        job, other = farm.wait_printing("p1", 300), farm.wait_printing("p2")
        farm.sim("unplug p1")
        job = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["state"] == "needs_look" else None,
                   "the job needs a look")
        equal([attempt["state"] for attempt in job["attempts"]], ["suspect"], "its attempt")
        printer = wait(lambda: farm.printer("p1") if farm.printer("p1")["link"] != "online" else None, "p1 is offline")
        check(printer["reason"], "no reason is given")
        check(printer["heat"] in ("unknown", "hot"), f"heaters nobody can read are shown as {printer['heat']}")
        farm.sim("replug p1")
        wait(lambda: farm.printer("p1")["link"] == "online", "p1 is online again")
        wait(lambda: farm.sim_status("p1")["hotend_target_celsius"] == 0
             and farm.sim_status("p1")["bed_target_celsius"] == 0, "p1's heaters are off")
        check(farm.printer("p1")["bed"] != "empty" and not farm.printer("p1")["ready"], "p1 claims to be ready")
        wait(lambda: farm.job(other["id"])["state"] == "printed", "p2 prints to the end")
        # A person looks, takes the half part off and has it made again.
        farm.post(f"/api/v1/jobs/{job['id']}/redo")
        farm.post("/api/v1/printers/p1/clear", {"why": "looked"})
        equal(farm.run_order(order)["good"], 2, "good units")


def test_idle():
    """unplugging an idle printer forgets neither its bed nor its spool"""
    with Farm(1) as farm:
        farm.ready()
        farm.cli("spool", "add", "--material", "PLA", "--color", "white", "--grams", "800", expect=None)
        order = farm.simple_order(1)
        wait(lambda: farm.order(order)["printed"] == 1, "the part is printed")
        farm.sim("unplug p1")
        wait(lambda: farm.printer("p1")["link"] == "offline", "p1 is offline")
        farm.sim("replug p1")
        wait(lambda: farm.printer("p1")["link"] == "online", "p1 is online")
        equal(farm.printer("p1")["bed"], "occupied", "the bed after a replug")
        equal(farm.run_order(order)["good"], 1, "good units")


main(test_unplug, test_idle)
