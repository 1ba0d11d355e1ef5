"""A fault locks a printer until a person has dealt with it."""

from harness import Farm, box_gcode, check, equal, main, wait


def test_thermal():
    """a thermal fault locks the printer; the lock survives kill -9 and a power cycle; unlock ends it"""
    with Farm(1, config="retries = 0;") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 1)
        job = farm.wait_printing("p1", 200)
        farm.sim("thermistor p1 hotend open")
        printer = wait(lambda: farm.printer("p1") if farm.printer("p1")["lock"] else None, "p1 is locked")
        equal(printer["lock"]["fault"], "thermal", "the fault")
        check(printer["lock"]["text"], "the lock has no words")
        job = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["state"] == "failed" else None, "the job failed")
        equal((job["attempts"][0]["state"], job["attempts"][0]["fault"]), ("failed", "thermal"), "the attempt")
        farm.post(f"/api/v1/jobs/{job['id']}/retry")
        farm.post("/api/v1/printers/p1/clear", {"why": "half a part"})
        farm.kill_control()
        farm.sim("thermistor p1 hotend ok")
        farm.sim("power-cycle p1 100")
        farm.start_control()
        wait(lambda: farm.printer("p1")["link"] == "online", "p1 is back", 90)
        printer = farm.printer("p1")
        equal(printer["lock"] and printer["lock"]["fault"], "thermal", "the lock after all that")
        check(not printer["ready"], "a locked printer is ready")
        why = farm.get(f"/api/v1/jobs/{job['id']}/why")
        check(any(unmet["condition"] == "locked" for row in why["printers"] for unmet in row["unmet"]),
              f"why does not name the lock: {why}")
        equal(len(farm.job(job["id"])["attempts"]), 1, "attempts while locked")
        if printer["bed"] != "empty":
            farm.cli("clear", "p1")
        farm.cli("printer", "unlock", "p1")
        equal(farm.run_order(order)["good"], 1, "good units")


def test_estop():
    """estop stops every printer at once, locks it and makes it cold, and works with control dead"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        farm.add_order("box", 2)
        jobs = [farm.wait_printing(name, 100) for name in farm.names]
        farm.kill_control()
        farm.cli("estop")
        for name in farm.names:
            wait(lambda: farm.sim_status(name)["hotend_target_celsius"] == 0
                 and farm.sim_status(name)["bed_target_celsius"] == 0, f"{name} is cold", 30)
        farm.start_control()
        for name, job in zip(farm.names, jobs):
            wait(lambda: farm.printer(name)["lock"], f"{name} is locked")
            equal(farm.printer(name)["lock"]["fault"], "estop", f"{name}'s lock")
            ended = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["attempts"][0]["ended_at"] else None,
                         "the attempt ended")
            equal(ended["attempts"][0]["state"], "failed", "the attempt")


main(test_thermal, test_estop)
