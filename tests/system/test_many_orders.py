#!/usr/bin/env python3
"""Very many open orders: the status stays short, the list has them all."""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(__file__))
from harness import Farm, box_gcode, check, equal, main  # noqa: E402

SHOWN, MORE = 500, 7


def add_orders(farm, count):
    """Copies of order 1, which is held, into the ledger of a farm that is down."""
    with sqlite3.connect(farm.ledger_path()) as ledger:
        columns = [row[1] for row in ledger.execute("PRAGMA table_info(orders)")]
        copied = ", ".join(column for column in columns if column != "id")
        for number in range(2, count + 2):
            ledger.execute(f"INSERT INTO orders (id, {copied}) SELECT {number}, {copied} FROM orders WHERE id = 1")
    ledger.close()


def test_many_orders():
    """of many open orders the status shows the oldest and says how many it leaves off; the list has them all"""
    with Farm(1) as farm:
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        farm.post(f"/api/v1/orders/{farm.add_order('box', 1)}/hold")
        status = farm.get("/api/v1/status")
        equal((len(status["orders"]), status["orders_left_off"]), (1, 0), "orders shown and left off")
        farm.control.terminate()
        farm.control.wait()
        add_orders(farm, SHOWN + MORE - 1)
        farm.start_control()
        status = farm.get("/api/v1/status")
        equal([order["id"] for order in status["orders"]], list(range(1, SHOWN + 1)), "orders shown")
        equal(status["orders_left_off"], MORE, "orders left off")
        equal(len(farm.get("/api/v1/orders")["items"]), SHOWN + MORE, "orders in the list")
        check(f"and {MORE} more that are open: printfarm order list" in farm.cli("status").stdout, "said in the words")


main(test_many_orders)
