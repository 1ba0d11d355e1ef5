"""One order from file to counted units on a clean line.  time limit: 240 s"""

from harness import Farm, box_gcode, check, equal, main, wait


def test_order():
    """an order over two plates and three printers becomes counted units, each command executed once"""
    with Farm(3) as farm:
        farm.ready()
        single = box_gcode(farm.dir / "single.gcode", layers=4, seed=1)
        triple = box_gcode(farm.dir / "triple.gcode", layers=9, seed=2)
        farm.add_design("visor", (single, 1), (triple, 3))
        order = farm.add_order("visor", 8)
        first = farm.order(order)
        equal((first["state"], first["good"], first["left"]), ("open", 0, first["left"]), "the order at first")
        check(first["promised_s"] is not None, "no time is promised")
        last = farm.run_order(order)
        check(8 <= last["good"] <= 10, f"good units: {last}")
        jobs = farm.jobs()
        equal({job["state"] for job in jobs if job["order"] == order}, {"inspected"}, "states of the jobs")
        printed = sum(job["plate"]["yield"] for job in jobs)
        equal(last["good"], printed, "units counted against units printed")
        check(sum(len(farm.executed(name)) for name in farm.names) > 0, "the ground truth is empty")
        used = {attempt["printer"] for job in jobs for attempt in farm.job(job["id"])["attempts"]}
        check(len(used) >= 2, f"only {used} printed")


def test_twice():
    """clear is safe to repeat: a unit is counted once"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        farm.run_order(order)
        for _ in range(3):
            farm.cli("clear", "p1")
        equal(farm.order(order)["good"], 1, "good units after more clears")


def test_layer():
    """the layer under way is told by what has been acknowledged, in numbers and in words"""
    with Farm(1, speed=20) as farm:
        farm.ready()
        farm.simple_order(1, box_gcode(farm.dir / "layers.gcode", layers=30))
        begins = [11 + 61 * layer for layer in range(30)]  # eleven commands stand before the first
        seen = set()
        def look():
            now = farm.printer("p1")
            if now["attempt"] is not None and now["commands_done"] and now["commands_done"] < now["commands"]:
                want = sum(begin <= now["commands_done"] for begin in begins) or None
                equal((now["layer"], now["layers"]), (want, 30), f"layer at command {now['commands_done']}")
                seen.add(want)
            return len(seen - {None}) >= 4
        wait(look, "four layers", 60)
        check(" of 30, " in farm.cli("printer", "show", "p1").stdout, "printer show tells no layer")
        farm.cli("job", "cancel", str(farm.printer("p1")["job"]))


def test_cancelled():
    """cancelling the only print of an order cancels the order, and the farm goes on"""
    with Farm(1, speed=20) as farm:
        farm.ready()
        order = farm.simple_order(1, box_gcode(farm.dir / "long.gcode", layers=30))
        job = farm.wait_printing("p1")["id"]
        farm.cli("job", "cancel", str(job))
        wait(lambda: farm.order(order)["state"] == "cancelled", "the order is cancelled")
        equal(farm.order(order)["units"], 1, "units asked for")
        wait(lambda: farm.printer("p1")["attempt"] is None, "the print has ended")
        farm.cli("clear", "p1")
        farm.kill_control()
        farm.start_control()
        equal(farm.order(order)["state"], "cancelled", "the order after a kill")
        equal(farm.run_order(farm.simple_order(1))["good"], 1, "good units of the next order")


def test_scrap():
    """scrap is counted as scrap and made again"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        wait(lambda: farm.printer("p1")["bed"] == "occupied" and farm.printer("p1")["activity"] == "idle"
             and farm.order(order)["printed"] == 1, "the first part is printed")
        farm.cli("clear", "p1", "--good", "0", "--scrap", "1", "--why", "warped")
        last = farm.run_order(order)
        equal((last["good"], last["scrap"]), (1, 1), "good and scrap")


def test_command_line():
    """the operator's commands follow a submitted file to its end, with stable JSON"""
    with Farm(2) as farm:
        farm.ready()
        path = box_gcode(farm.dir / "hook.gcode", seed=5)
        farm.files["hook.gcode"] = path
        farm.cli("submit", path, "-n", "2", "--user", "ada")
        rows = farm.cli("jobs", json_output=True)
        rows = rows["items"] if isinstance(rows, dict) else rows
        check(rows and all({"id", "order", "state", "printer"} <= set(row) for row in rows), f"jobs --json: {rows}")
        order = rows[0]["order"]
        farm.cli("job", "show", rows[0]["id"])
        why = farm.cli("why", rows[0]["id"])
        check(why.stdout.strip() != "", "why says nothing")
        farm.run_order(order)
        printers = farm.cli("printers", json_output=True)
        printers = printers["items"] if isinstance(printers, dict) else printers
        check(all({"link", "bed", "lock", "activity", "ready"} <= set(row) for row in printers),
              f"printers --json: {printers}")
        check("p1" in farm.cli("status").stdout, "status does not name the printers")
        equal(farm.cli("order", "show", order, json_output=True)["good"], 2, "good units")
        farm.cli("watch", order)
        farm.cli("job", "show", 4711, expect=1)
        farm.cli("nonsense", expect=64)


main(test_order, test_layer, test_cancelled, test_twice, test_scrap, test_command_line)
