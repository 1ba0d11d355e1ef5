"""Printers that are taken out of the configuration and put back while the farm works."""

import sqlite3

from harness import Farm, box_gcode, check, equal, main, wait


def configure(farm, *names):
    """These printers and no others are configured; the simulator keeps all."""
    farm.names = list(names)
    farm.write_config()
    farm.cli("reload")


def is_gone(farm, name):
    return wait(lambda: not farm.streamer_pids(name), f"the streamer of {name} has ended")


def test_removed_in_mid_print():
    """a printer removed in mid-print prints to the end, is booked, let go of, and comes back with its bed"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        order = farm.add_order("box", 3)
        job = farm.wait_printing("p2", 100)["id"]
        configure(farm, "p1")
        farm.wait_printing("p1", 100)
        check(farm.job(job)["state"] == "printing", f"job {job} goes on: {farm.job(job)}")
        wait(lambda: farm.job(job)["state"] == "printed", f"job {job} is printed")
        equal([one["state"] for one in farm.job(job)["attempts"]], ["printed"], "its attempts")
        is_gone(farm, "p2")
        configure(farm, "p1", "p2")
        farm.wait_online("p2")
        equal(farm.printer("p2")["bed"], "occupied", "the bed of p2")
        equal(farm.run_order(order)["good"], 3, "good units")
        with sqlite3.connect(f"file:{farm.ledger_path()}?mode=ro", uri=True) as ledger:
            told = ledger.execute("SELECT text FROM events WHERE text LIKE '%not open here%'").fetchall()
        equal(told, [], "ends told twice")


def test_removed_at_rest():
    """a printer removed at rest is let go of at once; another one prints on"""
    with Farm(2) as farm:
        farm.ready()
        configure(farm, "p1")
        is_gone(farm, "p2")
        equal(sorted(farm.printers()), ["p1"], "printers")
        order = farm.simple_order(1)
        equal(farm.run_order(order)["good"], 1, "good units")
        configure(farm, "p1", "p2")
        farm.wait_online("p2")
        equal(farm.printer("p2")["bed"], "empty", "the bed of p2")


main(test_removed_in_mid_print, test_removed_at_rest)
