"""A farm under random faults for a while; afterwards every unit is accounted for.
time limit: 200 s, long: 4000 s"""

import os
import random
import time

from harness import LONG, Farm, Unreachable, box_gcode, check, equal, kill_and_wait, main

SOAK_S = float(os.environ.get("SOAK_S", 1800 if LONG else 30))
SEED = int(os.environ.get("SOAK_SEED", 0)) or random.randrange(1, 1 << 31)
HEALTHY = ("noise {} 0", "lost-ok {} 0", "doubled-ok {} 0", "unfreeze {}", "thermistor {} hotend ok",
           "heater {} hotend ok", "replug {}", "power-on {}")


class Person:
    """Unlocks, clears and decides, as somebody in the room would."""

    def __init__(self, farm, rng):
        self.farm, self.rng = farm, rng

    def act(self):
        try:
            for name, row in self.farm.printers().items():
                if row["activity"] == "paused":
                    self.farm.post(f"/api/v1/printers/{name}/resume", expect=(200, 409))
                if row["link"] != "online" or row["activity"] in ("printing", "paused"):
                    continue
                if row["lock"]:
                    self.farm.post(f"/api/v1/printers/{name}/unlock", expect=(200, 409))
                elif row["bed"] != "empty":
                    scrap = {"good": 0} if row["bed"] == "occupied" and self.rng.random() < 0.1 else {}
                    self.farm.post(f"/api/v1/printers/{name}/clear", dict(scrap, why="soak"), expect=(200, 409))
            for job in self.farm.jobs():
                if job["state"] == "needs_look":
                    self.farm.post(f"/api/v1/jobs/{job['id']}/redo", expect=(200, 409))
                elif job["state"] == "failed":
                    self.farm.post(f"/api/v1/jobs/{job['id']}/retry", expect=(200, 409))
        except Unreachable:
            pass


def break_something(farm, rng):
    name = rng.choice(farm.names)
    act = rng.choice(("noise", "lost", "doubled", "reset", "power", "unplug", "freeze", "control", "streamer", "heat",
                      "pause"))
    if act == "control":
        farm.kill_control()
        time.sleep(rng.uniform(0, 0.5))
        farm.start_control(ready=False)
    elif act == "streamer":
        pids = farm.streamer_pids(name)
        kill_and_wait(pids[:1])
    elif act == "pause":
        try:
            farm.post(f"/api/v1/printers/{name}/pause", expect=(200, 409))
        except Unreachable:
            pass
    else:
        farm.sim({"noise": f"noise {name} 1e-4", "lost": f"lost-ok {name} 0.005", "doubled": f"doubled-ok {name} 0.005",
                  "reset": f"reset {name}", "power": f"power-cycle {name} 100", "unplug": f"unplug {name}",
                  "freeze": f"freeze {name}", "heat": f"thermistor {name} hotend open"}[act])
    return act


def heal(farm, name):
    for command in HEALTHY:
        farm.sim(command.format(name))
    if farm.sim_status(name)["state"] in ("halted", "off"):
        farm.sim(f"power-cycle {name} 1")


def test_soak():
    """after random faults every unit is counted once and every attempt has its end"""
    print(f"# SOAK_SEED={SEED} SOAK_S={SOAK_S:g}")
    rng = random.Random(SEED)
    with Farm(5, seed=SEED, config="retries = 10;") as farm:
        farm.paused, farm.noisy = set(farm.names), True
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "one.gcode", layers=6, seed=1), 1),
                        (box_gcode(farm.dir / "two.gcode", layers=12, seed=2), 2))
        person, orders, acts = Person(farm, rng), {}, {}
        end = time.monotonic() + SOAK_S
        while time.monotonic() < end:
            try:
                open_units = sum(row["left"] for row in farm.get("/api/v1/orders")["items"] if row["state"] == "open")
                if open_units < 6:
                    units = rng.randint(1, 5)
                    orders[farm.add_order("box", units)] = units
            except Unreachable:
                pass
            act = break_something(farm, rng)
            acts[act] = acts.get(act, 0) + 1
            for _ in range(rng.randint(2, 8)):
                time.sleep(0.1)
                person.act()
            if rng.random() < 0.6:
                heal(farm, rng.choice(farm.names))
        print(f"# {sum(acts.values())} faults: {acts}; {len(orders)} orders")
        for name in farm.names:
            heal(farm, name)
        farm.wait_ready()
        last_heal = [time.monotonic()]

        def tick():
            person.act()
            if time.monotonic() > last_heal[0] + 5:
                last_heal[0] = time.monotonic()
                for name in farm.names:
                    heal(farm, name)
        for order, units in orders.items():
            good = farm.run_order(order, 150, tick)["good"]
            check(units <= good <= units + 1, f"order {order} of {units}: {good} good")
        counted = sum(job["good"] or 0 for job in farm.jobs())
        equal(sum(row["good"] for row in farm.get("/api/v1/orders")["items"]), counted, "units of orders and of jobs")


main(test_soak)
