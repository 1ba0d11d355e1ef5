"""A printer switched off and on forgets nothing that matters: no job until a person acts.  time limit: 240 s"""

from harness import Farm, box_gcode, check, equal, main, wait


def gets_nothing(farm, name, order, meanwhile):
    """While the other printer makes `meanwhile` more units, `name` gets no job."""
    goal = farm.order(order)["good"] + meanwhile

    def others_go_on():
        row = farm.printer(name)
        check(row["job"] is None and row["attempt"] is None, f"{name} got a job: {row}")
        for other, printer in farm.printers().items():
            if other != name and printer["bed"] == "occupied" and printer["activity"] == "idle":
                farm.post(f"/api/v1/printers/{other}/clear", {"why": "test"}, expect=(200, 409))
        return farm.order(order)["good"] >= goal
    wait(others_go_on, f"{meanwhile} units without {name}", 90)


def test_part_on_bed():
    """a part on the bed survives a power cycle: no job until somebody clears it"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        order = farm.add_order("box", 6)
        wait(lambda: farm.printer("p1")["bed"] == "occupied" and farm.printer("p1")["activity"] == "idle"
             and farm.printer("p1")["job"] is None, "p1 has printed")
        farm.sim("power-cycle p1 100")
        wait(lambda: farm.printer("p1")["link"] != "online", "p1 is off")
        wait(lambda: farm.printer("p1")["link"] == "online", "p1 is back")
        row = farm.printer("p1")
        check(row["bed"] in ("occupied", "unknown") and not row["ready"] and row["not_ready"], f"p1 is {row}")
        gets_nothing(farm, "p1", order, 3)
        equal(farm.run_order(order)["good"], 6, "good units")
        wait(lambda: farm.order(order)["good"] == 6, "all counted")


def test_in_print():
    """a power cycle in mid-print ends the attempt with a reason, and the bed is unknown"""
    with Farm(2, config="retries = 0;") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 4)
        job = farm.wait_printing("p1", 300)
        plate = job["plate"]
        equal(plate["file"], "box.gcode", "what is printed")
        farm.sim("power-cycle p1 100")
        job = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["state"] in ("failed", "needs_look") else None,
                   "the job has ended")
        check(job["attempts"][0]["state"] in ("failed", "suspect") and job["attempts"][0]["reason"],
              f"the attempt: {job['attempts']}")
        equal(job["attempts"][0]["plate"], plate, "what the attempt printed")
        wait(lambda: farm.printer("p1")["link"] == "online", "p1 is back")
        equal(farm.printer("p1")["bed"], "unknown", "the bed")
        gets_nothing(farm, "p1", order, 2)
        state = farm.job(job["id"])["state"]
        farm.post(f"/api/v1/jobs/{job['id']}/" + ("retry" if state == "failed" else "redo"))
        if farm.printer("p1")["lock"]:
            farm.post("/api/v1/printers/p1/unlock")
        farm.post("/api/v1/printers/p1/clear", {"why": "looked"})
        equal(farm.run_order(order, 120)["good"], 4, "good units")


main(test_part_on_bed, test_in_print)
