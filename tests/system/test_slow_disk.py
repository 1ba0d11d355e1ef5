"""Disks that are slow or fail: control's does not hold up the answers, a streamer's does not hold up
the neighbours.  time limit: 180 s"""

import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from harness import Failure, Farm, Skip, box_gcode, check, equal, main, pids_naming, wait


class Inject:
    """strace attached to running processes, with an injection; detached at the end."""

    def __init__(self, pids, *options):
        if not shutil.which("strace") or subprocess.run(["strace", "-qq", "true"], capture_output=True).returncode:
            raise Skip("strace cannot trace here")
        self.command = ["strace", "-f", "-o", "/dev/null"] + [word for pid in pids for word in ("-p", str(pid))]
        self.command += options
        self.pids = pids

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        wait(self.is_attached, "strace is attached", 10)
        return self

    def is_attached(self):
        if self.process.poll() is not None:
            raise Failure(f"strace: {self.process.stderr.read()}")
        for pid in self.pids:
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                if not any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in file):
                    return False
        return True

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)


def test_slow_commit():
    """while every fdatasync takes 2 s, status, events and emergency stop are answered before the commit is"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=40, lines_per_layer=100), 1))
        farm.add_order("box", 2)
        for name in farm.names:
            farm.wait_printing(name, 50)
        answered = []
        with Inject(pids_naming("printfarmd", farm.dir), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:delay_enter=2000000"):
            slow = threading.Thread(target=lambda: answered.append(
                farm.http("POST", "/api/v1/orders", {"design": "box", "units": 1, "hold": True}, timeout_s=60)))
            before = {name: farm.job(farm.printer(name)["job"])["commands_done"] for name in farm.names}
            slow.start()
            polls = 0
            while slow.is_alive() and polls < 10:
                farm.get("/api/v1/status")
                polls += 1
            # Order of events, not time, is the verdict: ten answers came while one commit waited.
            check(polls == 10 and not answered, f"only {polls} answers while the commit waited")
            farm.cli("estop")
            check(not answered, "the emergency stop waited for the disk")
            for name in farm.names:
                wait(lambda: farm.sim_status(name)["hotend_target_celsius"] == 0, f"{name} is cold", 30)
            check(all(value is not None for value in before.values()), f"progress {before}")
            slow.join(60)
        equal(answered[0].status, 201, "the order, late")
        for name in farm.names:
            wait(lambda: farm.printer(name)["lock"], f"{name} is locked")


def test_told_after_commit():
    """with the same disk nobody is told of a result that is not in the ledger yet"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=2), 1))

        def in_ledger():
            with sqlite3.connect(f"file:{farm.ledger_path()}?mode=ro", uri=True, timeout=10) as database:
                return [row[0] for row in database.execute("SELECT ended_s FROM attempts")]
        with Inject(pids_naming("printfarmd", farm.dir), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:delay_enter=2000000"):
            order = farm.add_order("box", 1)
            job = wait(lambda: [row for row in farm.jobs() if row["order"] == order and row["state"] == "printed"],
                       "the job is told as printed", 60, 0.02)[0]
            check(all(in_ledger()), f"job {job['id']} is told as printed, and the ledger says {in_ledger()}")
        equal(farm.run_order(order)["good"], 1, "good units")


def test_slow_commit_prints():
    """with the same disk a print goes on and is booked once"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=4), 1))
        with Inject(pids_naming("printfarmd", farm.dir), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:delay_enter=2000000"):
            order = farm.add_order("box", 2)
            wait(lambda: farm.order(order)["printed"] == 2, "both are printed", 90)
        equal(farm.run_order(order)["good"], 2, "good units")


def test_write_error():
    """a ledger that cannot be written: nothing is accepted or started, prints end, all is booked after a restart"""
    with Farm(2) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=6, lines_per_layer=100), 1))
        order = farm.add_order("box", 3)
        for name in farm.names:
            farm.wait_printing(name, 50)
        with Inject(pids_naming("printfarmd", farm.dir), "-e", "trace=fdatasync,fsync",
                    "-e", "inject=fdatasync,fsync:error=EIO"):
            reply = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 1})
            equal(reply.status, 503, f"an order while the disk fails ({reply.body[:300]!r})")
            # Its write may or may not have reached the disk, and nobody claims to know.
            check("next start" in reply.json["error"]["message"], f"{reply.json}")
            wait(lambda: farm.get("/api/v1/status")["ledger"]["broken"], "the status says it")
        # Repaired: what was lost in between can only be known by reading the ledger again.
        status = farm.get("/api/v1/status")
        check(status["ledger"]["broken"] and not status["accepting"], f"{status['ledger']}, {status['accepting']}")
        for path, body in (("orders", {"design": "box", "units": 1}), ("printers/p1/disable", {}),
                           (f"orders/{order}/cancel", {}), ("jobs/1/cancel", {})):
            equal(farm.http("POST", f"/api/v1/{path}", body).status, 503, path)
        equal(farm.http("GET", "/api/v1/jobs?all=1").status, 200, "reading")
        for name in farm.names:
            wait(lambda: farm.sim_status(name)["hotend_target_celsius"] == 0 and
                 len(farm.executed(name)) > 600, f"the print on {name} ends", 60)
        equal(farm.http("POST", "/api/v1/printers/p1/clear", {}).status, 503, "clear")
        farm.kill_control()
        farm.start_control()
        wait(lambda: farm.order(order)["printed"] == 2, "both prints are booked")
        equal(farm.run_order(order)["good"], 3, "good units")


def test_read_error():
    """a file that cannot be read fails that one print with its reason; the neighbours go on"""
    with Farm(3, streamers="shared", config="retries = 0;") as farm:
        farm.ready()
        big = box_gcode(farm.dir / "big.gcode", layers=200, lines_per_layer=200, seed=1)
        other = box_gcode(farm.dir / "other.gcode", layers=30, lines_per_layer=100, seed=2)
        farm.add_design("big", (big, 1))
        farm.add_design("other", (other, 1))
        bad = farm.add_order("big", 1, printer="p1")
        good = [farm.add_order("other", 1, printer="p2"), farm.add_order("other", 1, printer="p3")]
        job = farm.wait_printing("p1", 50)
        for name in ("p2", "p3"):
            farm.wait_printing(name, 50)
        path = wait(lambda: [path for path in farm.state.rglob(f"*{job['plate']['sha256'][:60]}*")],
                    "the file in the store")[0]
        with Inject(farm.streamer_pids(), "-P", str(path), "-e", "trace=pread64,read",
                    "-e", "inject=pread64,read:error=EIO"):
            ended = wait(lambda: farm.job(job["id"]) if farm.job(job["id"])["attempts"][0]["ended_at"] else None,
                         "p1's attempt has ended")
        equal(ended["attempts"][0]["state"], "failed", "p1's attempt")
        check("read" in ended["attempts"][0]["reason"].lower() or "input/output" in
              ended["attempts"][0]["reason"].lower(), f"the reason: {ended['attempts'][0]['reason']}")
        for order in good:
            farm.run_order(order)
            equal([attempt["state"] for job in farm.jobs() if job["order"] == order
                   for attempt in farm.job(job["id"])["attempts"]], ["printed"], f"attempts of order {order}")
        farm.post(f"/api/v1/orders/{bad}/cancel")


def test_slow_read():
    """a file that is read slowly holds up nobody else"""
    with Farm(2, streamers="shared") as farm:
        farm.ready()
        farm.add_design("big", (box_gcode(farm.dir / "big.gcode", layers=60, lines_per_layer=200, seed=1), 1))
        farm.add_design("other", (box_gcode(farm.dir / "other.gcode", layers=12, lines_per_layer=100, seed=2), 1))
        slow = farm.add_order("big", 1, printer="p1")
        job = farm.wait_printing("p1", 10)
        path = wait(lambda: [path for path in farm.state.rglob(f"*{job['plate']['sha256'][:60]}*")],
                    "the file in the store")[0]
        with Inject(farm.streamer_pids(), "-P", str(path), "-e", "trace=pread64,read",
                    "-e", "inject=pread64,read:delay_enter=3000000"):
            order = farm.add_order("other", 1, printer="p2")
            began = time.monotonic()
            while farm.order(order)["printed"] == 0:
                check(time.monotonic() < began + 100, "p2 does not get on")
                time.sleep(0.1)
            equal(farm.job(job["id"])["attempts"][0]["state"] in ("started", "printed"), True, "p1's attempt")
        equal(farm.run_order(order)["good"], 1, "good units on p2")
        equal(farm.run_order(slow)["good"], 1, "good units on p1")


main(test_slow_commit, test_told_after_commit, test_slow_commit_prints, test_write_error,
     test_read_error, test_slow_read)
