"""kill -9 of a streamer in mid-print: the print goes on, or where that is not wanted it has a stated end:
suspect, cold, and a person decides.

time limit: 240 s"""

from harness import Farm, box_gcode, check, equal, kill_and_wait, main, wait

LIMIT_COLD_S = 60


def killed_in_print(farm):
    """Returns the job whose streamer was killed; everything that must hold after that is checked."""
    farm.ready()
    farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
    order = farm.add_order("box", 1)
    job = farm.wait_printing("p1", 300)
    kill_and_wait(farm.streamer_pids("p1"))
    job = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["state"] == "needs_look" else None,
               "the job needs a look")
    equal([attempt["state"] for attempt in job["attempts"]], ["suspect"], "its attempt")
    check(job["reason"] or job["attempts"][0]["reason"], "no reason is given")
    wait(lambda: farm.printer("p1")["link"] == "online", "the printer is online again")
    wait(lambda: farm.sim_status("p1")["hotend_target_celsius"] == 0
         and farm.sim_status("p1")["bed_target_celsius"] == 0, "its heaters are off", LIMIT_COLD_S)
    printer = farm.printer("p1")
    check(printer["bed"] != "empty" and not printer["ready"], f"the printer is {printer}")
    return order, job


def test_adopted():
    """the print of a killed streamer goes on, and is counted as one attempt"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 2)
        job = farm.wait_printing("p1", 300)
        for _ in range(2):
            done = farm.job(job["id"])["commands_done"]
            kill_and_wait(farm.streamer_pids("p1"))
            wait(lambda: farm.printer("p1")["link"] == "online"
                 and (farm.job(job["id"])["commands_done"] or 0) > done, "the print goes on")
        job = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["state"] == "printed" else None,
                   "the job is printed")
        equal([attempt["state"] for attempt in job["attempts"]], ["printed"], "its attempts")
        equal(farm.run_order(order)["good"], 2, "good units")


def test_redo():
    """a suspect print is made again only when a person says so"""
    with Farm(1, printer_options="adopt = false;") as farm:
        order, job = killed_in_print(farm)
        before = len(farm.executed("p1"))
        farm.post("/api/v1/printers/p1/clear", {"why": "half a part"})
        equal(farm.job(job["id"])["state"], "needs_look", "clearing the bed does not decide about the job")
        farm.cli("job", "show", job["id"])
        farm.post(f"/api/v1/jobs/{job['id']}/redo")
        last = farm.run_order(order)
        equal((last["good"], last["scrap"]), (1, 0), "units")
        equal([attempt["state"] for attempt in farm.job(job["id"])["attempts"]], ["suspect", "printed"], "attempts")
        check(len(farm.executed("p1")) > before, "nothing was printed again")


def test_counts():
    """a suspect print that turns out well is counted once"""
    with Farm(1, printer_options="adopt = false;") as farm:
        order, job = killed_in_print(farm)
        farm.post(f"/api/v1/jobs/{job['id']}/inspect", {"good": 1, "scrap": 0})
        wait(lambda: farm.order(order)["state"] == "done", "the order is done")
        equal(farm.order(order)["good"], 1, "good units")


def test_neighbours():
    """the other printers do not notice"""
    with Farm(3, printer_options="adopt = false;") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 3)
        jobs = {name: farm.wait_printing(name, 200) for name in farm.names}
        kill_and_wait(farm.streamer_pids("p2"))
        for name in ("p1", "p3"):
            done = wait(lambda: farm.job(jobs[name]["id"]) if farm.job(jobs[name]["id"])["state"] == "printed"
                        else None, f"{name} prints to the end")
            equal([attempt["state"] for attempt in done["attempts"]], ["printed"], f"attempts on {name}")
        wait(lambda: farm.job(jobs["p2"]["id"])["state"] == "needs_look", "p2's job needs a look")
        farm.post(f"/api/v1/jobs/{jobs['p2']['id']}/cancel")
        check(order, "order")


main(test_adopted, test_redo, test_counts, test_neighbours)
