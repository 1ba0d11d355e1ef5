"""Control is killed at its Nth system call that changes a file, for many N, and the ledger is held
against what the printers did.  time limit: 240 s, long: 3600 s"""

import random
import re
import shutil
import subprocess
import time

from harness import (LONG, SANITIZED, UNDER, Farm, Skip, Unreachable, box_gcode, check, equal, kill_and_wait, main,
                     pids_naming, wait)

CALLS = "pwrite64,fdatasync,fsync,write,rename,renameat,unlink,unlinkat,ftruncate"
POINTS = 240 if LONG else 20


def scenario(farm, key):
    """What a client does; ends early when control is gone.  Returns the ids of acknowledged orders."""
    acknowledged = []
    try:
        farm.http("PUT", f"/api/v1/files/{key}.gcode", (farm.dir / "box.gcode").read_bytes() + f"; {key}\n".encode())
        reply = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 1}, {"Idempotency-Key": key})
        if reply.status in (200, 201):
            acknowledged.append(reply.json["id"])
        end = time.monotonic() + 20
        while acknowledged and time.monotonic() < end:
            farm.clear_printed()
            if farm.order(acknowledged[0])["state"] == "done":
                break
            time.sleep(0.05)
    except Unreachable:
        pass
    return acknowledged


def start_under_strace(farm, *options):
    farm.start_control(prefix=["strace", "-f", "-qq", *options], ready=False)
    end = time.monotonic() + 30
    while time.monotonic() < end and farm.control.poll() is None:
        try:
            if farm.http("GET", "/api/v1/status", timeout_s=2).status == 200:
                return
        except Unreachable:
            time.sleep(0.05)


def end_control(farm):
    """Ends what strace may have left; the streamers are not children of this control."""
    kill_and_wait(pids_naming("printfarmd", farm.dir))
    farm.control.wait(20)


def count_calls(farm):
    """How many such calls the busiest thread makes from start to the end of a scenario."""
    log = farm.dir / "calls"
    start_under_strace(farm, "-e", f"trace={CALLS}", "-o", str(log))
    scenario(farm, "count")
    end_control(farm)
    calls = {}
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+)\s+(\w+)\(", line):
            calls[found.group(1)] = calls.get(found.group(1), 0) + 1
    return max(calls.values())


def test_points():
    """kill -9 at every kind of write leaves a ledger that agrees with the printers"""
    if SANITIZED or UNDER:
        raise Skip("strace and this tool exclude each other; the plain build runs it")
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "true"], capture_output=True).returncode:
        raise Skip("strace cannot trace here")
    with Farm(2, speed=1000) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=2, lines_per_layer=20), 1))
        # The streamers are running by now, so that a control under strace starts none.
        farm.kill_control()
        highest = count_calls(farm)
        check(highest >= 20, f"only {highest} calls to kill at")
        killed = 0
        acknowledged = []
        rng = random.Random(1)
        for point in range(POINTS):
            when = rng.randint(1, highest)
            start_under_strace(farm, "-e", f"trace={CALLS}", "-e", f"inject={CALLS}:signal=KILL:when={when}",
                               "-o", "/dev/null")
            seen = scenario(farm, f"point-{point}")
            if farm.control.poll() is not None:
                killed += 1
            else:
                # How many calls a scenario makes depends on the machine's mood: this one made fewer.
                highest = max(20, when - 1)
            end_control(farm)
            farm.start_control()
            # A client that got no answer asks again with the same key, and gets the same order.
            reply = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 1},
                              {"Idempotency-Key": f"point-{point}"})
            check(reply.status in (200, 201), f"asking again: {reply.status} {reply.body!r}")
            check(not seen or seen == [reply.json["id"]], f"order {seen} is {reply.json['id']} when asked again")
            acknowledged.append(reply.json["id"])
            equal(farm.integrity(), "ok", f"integrity after a kill at call {when}")
            for order in acknowledged:
                check(farm.order(order)["good"] <= 1, f"order {order} counted twice")
            farm.check()
            farm.kill_control()
        farm.start_control()
        for order in acknowledged:
            equal(farm.run_order(order)["good"], 1, f"good units of order {order}")
        equal(len(farm.get("/api/v1/orders")["items"]), POINTS + 1, "orders")
        check(killed >= POINTS // 2, f"only {killed} of {POINTS} points killed anything")
        print(f"# {killed} of {POINTS} points killed control")
        wait(lambda: all(row["attempt"] is None for row in farm.printers().values()), "nothing prints")


def test_same_key():
    """a client that asks again with the same key after a kill gets the same order"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        body, key = {"design": "box", "units": 2, "hold": True}, {"Idempotency-Key": "once"}
        first = farm.http("POST", "/api/v1/orders", body, key).json["id"]
        farm.kill_control()
        farm.start_control()
        equal(farm.http("POST", "/api/v1/orders", body, key).json["id"], first, "the order of the same key")
        other = farm.http("POST", "/api/v1/orders", dict(body, units=3), key)
        equal(other.status, 409, "the same key with another body")
        equal(len(farm.get("/api/v1/orders")["items"]), 1, "orders")


main(test_points, test_same_key)
