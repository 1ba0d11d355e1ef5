"""kill -9 of control at random moments.  time limit: 180 s, long: 1800 s"""

import random
import time

from harness import LONG, Farm, box_gcode, check, equal, main, wait

KILLS_IN_PRINT = 150 if LONG else 15
KILLS_IN_ORDERS = 500 if LONG else 35


def restart_at_random(farm, rng, longest_s):
    time.sleep(rng.uniform(0, longest_s))
    farm.kill_control()
    time.sleep(rng.uniform(0, longest_s / 4))
    farm.start_control(ready=False)


def starvations(farm):
    return {name: farm.sim_status(name)["starvations"] for name in farm.names}


def test_no_pause():
    """no printer pauses while control dies again and again, and while it stays dead"""
    rng = random.Random(41)
    # A move takes a quarter of a second of our time: a printer that is not fed for the four seconds that
    # its planner holds runs dry, and the simulator counts that.
    with Farm(3, speed=50, simulator="warm_start=yes") as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=40 if LONG else 4,
                                          lines_per_layer=30, slow=12.0), 1))
        order = farm.add_order("box", 3)
        jobs = {name: farm.wait_printing(name, 20)["id"] for name in farm.names}
        before = starvations(farm)
        for _ in range(KILLS_IN_PRINT):
            restart_at_random(farm, rng, 0.4)
        farm.wait_ready()
        farm.kill_control()
        lengths = {name: len(farm.executed(name)) for name in farm.names}
        wait(lambda: all(len(farm.executed(name)) >= lengths[name] + 5 for name in farm.names),
             "the printers go on without control")
        farm.start_control()
        for name, job in jobs.items():
            done = wait(lambda: farm.job(job) if all(attempt["ended_at"] for attempt in farm.job(job)["attempts"])
                        else None, f"job {job} has ended", 150)
            equal([attempt["state"] for attempt in done["attempts"]], ["printed"], f"attempts of job {job} ({done})")
        equal(starvations(farm), before, "times that a printer ran dry")
        equal(farm.run_order(order)["good"], 3, "good units")


def test_orders():
    """whatever was acknowledged is there, nothing is lost and nothing counted twice"""
    rng = random.Random(42)
    with Farm(3, speed=400) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=2, lines_per_layer=40), 1))
        orders = {}
        for number in range(KILLS_IN_ORDERS):
            farm.wait_ready()
            if number % 4 == 0:
                orders[farm.add_order("box", 2)] = 2
            farm.clear_printed()
            restart_at_random(farm, rng, 0.5)
        farm.wait_ready()
        for order, units in orders.items():
            equal(farm.run_order(order, 120)["good"], units, f"good units of order {order}")
        jobs = farm.jobs()
        equal(len(jobs), sum(orders.values()), "jobs")
        attempts = [attempt["state"] for job in jobs for attempt in farm.job(job["id"])["attempts"]]
        equal(set(attempts), {"printed"}, "ends of attempts: killing control may not stop a print")
        check(len(attempts) == len(jobs), f"{len(attempts)} attempts for {len(jobs)} jobs")


main(test_no_pause, test_orders)
