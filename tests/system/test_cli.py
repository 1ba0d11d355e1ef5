"""The command line: against a stand-in for the daemon exit codes, tables, JSON, hostile text, and the
emergency stop that needs no daemon; against the real one what its answers hold and how they are told.

time limit: 180 s
"""

import http.server
import json
import os
import pty
import re
import select
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from harness import BUILD, PATIENCE, ROOT, UNDER, Farm, box_gcode, check, equal, main, wait

HOSTILE = "p\x1b[2J\x07\u009b31m\u202e evil\nline"
LONG = "a very long name or note that somebody has typed without any mercy for tables " * 3

PLATE = {"sha256": "3fa2b1" + "0" * 58, "file": LONG + ".gcode", "yield": 4, "time_s": 10000, "heat_s": 200,
         "filament_g": 41.5, "filament_mm": 14000, "machine": HOSTILE, "material": "PLA",
         "box_min_mm": [10, 10, 0], "box_max_mm": [200, 190, 30], "nozzle_mm": 0.4, "hotend_celsius": 210,
         "bed_celsius": 60, "layers": 120, "needs_person": False}
DESIGN = {"name": LONG, "id": 1, "created_at": "2026-11-25T10:00:00+01:00", "plates": [PLATE, dict(PLATE, file="x")]}
ORDER = {"id": 1, "design": LONG, "state": "open", "units": 400000, "good": 123456, "scrap": 1, "printing": 3200,
         "printed": 4, "left": 250000, "over": 1, "priority": 50, "due_at": None, "due_s": 1795608000,
         "promised_at": "2026-11-27T14:05:00+01:00", "promised_s": 1795708000, "late": True, "user": HOSTILE,
         "material": "PLA", "color": "", "printer": "", "tag": "", "created_at": "2026-11-25T10:00:00+01:00",
         "created_s": 1795600000, "jobs": [7, 8]}
JOB = {"id": 7, "order": 1, "design": LONG, "state": "needs_look", "plate": PLATE, "printer": HOSTILE,
       "planned_printer": None, "planned_start_at": None, "planned_start_s": None, "planned_end_s": None, "tries": 1,
       "good": None, "scrap": None, "reason": LONG, "progress": 0.42, "commands_done": 42, "commands": 100,
       "eta_s": 7300, "created_s": 1795600000, "changed_s": 1795600001,
       "attempts": [{"id": "ab" * 16, "printer": HOSTILE, "state": "suspect", "fault": "none", "reason": LONG,
                     "started_at": "2026-11-25T10:00:00+01:00", "ended_at": None, "commands_done": 42,
                     "lines_sent": 43, "resends": 1, "starved_s": 12.5}]}
PRINTER = {"name": "p1", "link": "online", "bed": "occupied", "lock": {"fault": "thermal", "text": HOSTILE + LONG},
           "activity": "needs_attention", "ready": False, "enabled": True, "reason": LONG, "profile": "mk3s",
           "material": "PLA", "color": LONG, "spool": 3, "tags": ["a"], "unattended": "never", "firmware": HOSTILE,
           "window": HOSTILE, "machine": HOSTILE, "uuid": "", "port": "/dev/x", "job": 7, "attempt": None, "progress": 0.42,
           "eta_s": 100000, "layer": None, "heaters": [{"name": "T", "celsius": 209.7, "target_celsius": 210.0}],
           "heaters_age_s": 0.4, "heat": "on", "not_ready": [LONG, HOSTILE], "starts_in_s": None, "resends": 0,
           "lines_sent": 0, "telemetry": {
               "print_s": 4000.5, "bytes_sent": 123456789, "lines_per_s": 1234.5, "in_flight_lines": 4,
               "in_flight_bytes": 123, "in_flight_bytes_max": 127, "answer_s": 0.0123, "answer_min_s": 0.0021,
               "line_errors": 123, "unreadable_lines": 4, "lost_acknowledgements": 5, "starved_s": 123.4,
               "starved_count": 1234, "stalls": {"link_s": 1.5, "resend_s": 100.1, "answer_s": 20, "port_s": 1,
                                                 "file_s": 0.8},
               "planner_free": 12, "planner_size": 15, "queue_free": 2, "queue_size": 3}}
OFFLINE = dict(PRINTER, name="p2", link="offline", lock=None, activity="idle", heaters=[], heaters_age_s=None,
               job=None, progress=None, eta_s=None, reason="no such port")
SPOOL = {"id": 3, "material": "PLA", "color": LONG, "grams_left": 812.5, "lot": HOSTILE, "retired": False,
         "printer": "p1"}
FILE = {"sha256": "3fa2b1" + "0" * 58, "name": "visor.gcode", "verdict": "warn",
        "analysis": {"slicer": HOSTILE, "machine": "MK3S", "time_s": 10000, "heat_s": 200, "layers": 120,
                     "tools": [{"filament_mm": 1, "filament_print_mm": 1, "filament_g": 41.5}],
                     "problems": [{"line": 12, "rule": "x", "severity": "warn", "command": "M0", "text": HOSTILE}]}}
QUOTE = {"done_at": "2026-11-27T14:05:00+01:00", "done_s": 1795708000, "units": 402, "over_units": 2, "why": HOSTILE,
         "plates": [{"printer": "p1", "plate": LONG, "start_at": "2026-11-25T10:00:00+01:00",
                     "end_at": "2026-11-25T13:00:00+01:00", "yield": 4}]}
PLAN = {"items": [{"job": 7, "order": 1, "printer": HOSTILE, "plate": LONG, "start_at": "", "start_s": 1795608000,
                   "end_at": "", "end_s": 1795618000, "yield": 4, "state": "planned"}], "next_question_s": None}
WHY = {"job": 7, "state": "queued", "summary": LONG, "printers": [
    {"printer": HOSTILE, "plate": LONG, "unmet": [{"condition": "bed", "text": LONG},
                                                  {"condition": "material", "text": HOSTILE}]},
    {"printer": "p2", "plate": "x", "unmet": []}]}
STATUS = {"farm": HOSTILE, "version": "0.1.0", "started_s": 1795600000, "now_at": "", "now_s": 1795608000, "seq": 1,
          "ledger": {"broken": True, "reason": HOSTILE, "waiting": 0}, "accepting": False, "counters": {},
          "printers": [PRINTER, OFFLINE], "orders": [ORDER],
          "jobs": {"queued": 3, "printing": 1, "printed": 0, "needs_look": 1, "failed": 0, "held": 0},
          "disk": {"free_bytes": 1, "floor_bytes": 2}}
ANSWERS = {
    ("GET", "/api/v1/status"): STATUS, ("GET", "/api/v1/plan"): PLAN,
    ("GET", "/api/v1/designs"): {"items": [DESIGN]}, ("GET", "/api/v1/designs/visor"): DESIGN,
    ("POST", "/api/v1/designs"): DESIGN, ("POST", "/api/v1/quote"): QUOTE,
    ("GET", "/api/v1/orders"): {"items": [ORDER, dict(ORDER, id=2, state="done")]},
    ("GET", "/api/v1/orders/1"): ORDER, ("POST", "/api/v1/orders"): ORDER,
    ("GET", "/api/v1/jobs"): {"items": [JOB]}, ("GET", "/api/v1/jobs?all=1"): {"items": [JOB, JOB]},
    ("GET", "/api/v1/jobs/7"): JOB, ("GET", "/api/v1/jobs/7/why"): WHY,
    ("GET", "/api/v1/jobs/7/why?printer=p%20x"): WHY,
    ("GET", "/api/v1/printers"): {"items": [PRINTER, OFFLINE]}, ("GET", "/api/v1/printers/p1"): PRINTER,
    ("GET", "/api/v1/printers/p1/log"): {"items": [HOSTILE, {"at": "10:00", "text": HOSTILE}]},
    ("GET", "/api/v1/printers/p1/recording"): {"items": ["    0.0010 > M105\\n", HOSTILE], "next": "1.0.1", "more": True},
    ("GET", "/api/v1/printers/p1/recording?after=1.0.1"): {"items": ["    0.0020 < ok\\n"], "next": "2.0.1",
                                                           "more": False},
    ("GET", "/api/v1/spools"): {"items": [SPOOL, dict(SPOOL, id=4, retired=True)]},
    ("POST", "/api/v1/spools"): SPOOL, ("POST", "/api/v1/reload"): {},
    ("PUT", "/api/v1/files/visor.gcode"): FILE,
}
for act in ("cancel", "hold", "release", "set", "reorder"):
    ANSWERS["POST", f"/api/v1/orders/1/{act}"] = ORDER
for act in ("cancel", "hold", "release", "retry", "redo", "inspect", "reassign"):
    ANSWERS["POST", f"/api/v1/jobs/7/{act}"] = JOB
for act in ("pause", "resume", "enable", "disable", "unlock", "connect", "clear", "load", "gcode"):
    ANSWERS["POST", f"/api/v1/printers/p1/{act}"] = PRINTER
for act in ("set", "retire"):
    ANSWERS["POST", f"/api/v1/spools/3/{act}"] = SPOOL


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Daemon:
    """A stand-in for printfarmd: fixed answers, and what was asked of it."""

    def __init__(self, answers=None):
        self.dir = tempfile.TemporaryDirectory(prefix="c")
        self.socket = os.path.join(self.dir.name, "api.sock")
        self.answers = {**ANSWERS, **(answers or {})}
        self.asked = []   # (method, path, headers, body)
        self.breaks = 0   # so many requests more are read and not answered

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self):
                return "unix"

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.command, self.path, dict(self.headers), body))
                if outer.breaks > 0:
                    outer.breaks -= 1
                    self.close_connection = True
                    return
                found = outer.answers.get((self.command, self.path))
                status, document = found if isinstance(found, tuple) else (200, found)
                if found is None:
                    status, document = 404, {"error": {"code": "not_found", "message": f"no {HOSTILE} here"}}
                text = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = answer

        self.server = _Server(self.socket, Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.dir.cleanup()

    def run(self, *words, expect=0, **more):
        return run("--socket", self.socket, *words, expect=expect, **more)


def run(*words, expect=0, env=None):
    command = UNDER + [str(BUILD / "printfarm")] + [str(word) for word in words]
    environment = dict(os.environ, LC_ALL="C.UTF-8", TZ="Europe/Paris", **(env or {}))
    result = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE, env=environment,
                            stdin=subprocess.DEVNULL, cwd=ROOT)
    check(expect is None or result.returncode == expect,
          f"{words}: exit {result.returncode}, expected {expect}: {result.stdout[-500:]} {result.stderr[-500:]}")
    for text in (result.stdout, result.stderr):
        bad = [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")]
        check(not bad or "--json" in words, f"{words}: {bad!r} reach the terminal")
    return result


READING = [
    ("status",), ("plan",), ("design", "list"), ("design", "show", "visor"), ("order", "list"),
    ("order", "list", "--all"), ("order", "show", "1"), ("jobs",), ("jobs", "--all"), ("job", "show", "7"),
    ("printers",), ("printer", "show", "p1"), ("printer", "log", "p1"), ("printer", "log", "--said", "p1"), ("spool", "list"), ("spool", "list", "-a"),
    ("why", "7"), ("why", "7", "p x"),
]
ACTING = [
    ("order", "cancel", "1"), ("order", "hold", "1"), ("order", "release", "1"), ("order", "reorder", "1", "-n", "3"),
    ("order", "set", "1", "--priority", "60"), ("order", "create", "visor", "-n", "4"), ("job", "cancel", "7"),
    ("job", "hold", "7"), ("job", "release", "7"), ("job", "retry", "7"), ("job", "redo", "7"),
    ("job", "inspect", "7", "--scrap", "1"), ("job", "reassign", "7", "p1"), ("clear", "p1"),
    ("printer", "pause", "p1"), ("printer", "resume", "p1"), ("printer", "enable", "p1"),
    ("printer", "disable", "p1"), ("printer", "unlock", "p1"), ("printer", "connect", "p1"), ("printer", "connect", "p1", "--reset"),
    ("printer", "load", "p1", "3"), ("printer", "gcode", "p1", "M104", "S0"), ("spool", "add", "--material", "PLA"),
    ("spool", "set", "3", "--grams", "700"), ("spool", "retire", "3"), ("reload",),
]


def is_table(words):
    return words[0] in ("plan", "jobs", "printers", "spool", "status", "why") or words[1:2] in (("list",), ("show",))


def test_tables():
    """every table fits 80 columns whatever stands in it, and nothing foreign reaches the terminal"""
    with Daemon() as daemon:
        for words in READING:
            text = daemon.run(*words).stdout
            check(text.strip(), f"{words} says nothing")
            if is_table(words):
                wide = [line for line in text.splitlines() if len(line) > 80]
                check(not wide, f"{words}: {wide}")
        for words in ACTING:
            text = daemon.run(*words).stdout
            check(text.strip(), f"{words} says nothing")
            wide = [line for line in text.splitlines() if len(line) > 80]
            check(not wide, f"{words}: {wide}")
        lines = daemon.run("order", "list").stdout.splitlines()
        equal(len(lines), 2, "lines of order list without the one that is done")
        equal(len(daemon.run("spool", "list").stdout.splitlines()), 2, "lines of spool list")


def test_json():
    """--json prints one JSON document with the daemon's fields"""
    with Daemon() as daemon:
        for words in READING + ACTING:
            text = daemon.run("--json", *words).stdout
            document = json.loads(text)
            check(isinstance(document, (dict, list)), f"{words}: {text[:80]}")
        rows = json.loads(daemon.run("printers", "--json").stdout)
        check(all({"link", "bed", "lock", "activity", "ready"} <= set(row) for row in rows), "fields of printers")
        rows = json.loads(daemon.run("jobs", "--json").stdout)
        check(all({"id", "order", "state", "printer"} <= set(row) for row in rows), "fields of jobs")
        equal(rows[0]["printer"], HOSTILE, "a text in JSON")
        equal(json.loads(daemon.run("job", "show", "7", "--json").stdout), JOB, "a document")
        equal(json.loads(daemon.run("clear", "p1", "p1", "--json").stdout), [PRINTER, PRINTER], "two answers")


def test_exit_codes():
    """the exit code says who has to do something: usage, file, daemon, permission, configuration"""
    error = lambda code: {"error": {"code": code, "message": f"because of {code}"}}  # noqa: E731
    cases = [(400, "bad", 1), (401, "who", 77), (403, "not_you", 77), (404, "not_found", 1), (409, "conflict", 1),
             (413, "too_large", 65), (422, "wrong", 1), (429, "slow", 75), (503, "busy", 75), (507, "full", 1)]
    for status, code, expected in cases:
        with Daemon({("GET", "/api/v1/orders/1"): (status, error(code))}) as daemon:
            result = daemon.run("order", "show", "1", expect=expected)
            check(f"because of {code}" in result.stderr and not result.stdout, f"{status}: {result}")
    with Daemon({("POST", "/api/v1/reload"): (422, error("config")), ("GET", "/api/v1/plan"): (500, b"<html>")}) as daemon:
        daemon.run("reload", expect=78)
        check("500" in daemon.run("plan", expect=1).stderr, "a reason for an answer that is none")
        daemon.run("job", "show", "4711", expect=1)
        for words in (["nonsense"], ["order"], ["order", "show"], ["order", "show", "1", "2"], ["jobs", "-x"],
                      ["submit"], ["submit", "x", "-n", "many"], ["clear"], ["order", "set", "1"], ["watch", "x"],
                      ["spool", "add"], ["design", "add", "x"], [], ["printer", "load", "p1", "red"]):
            result = daemon.run(*words, expect=64)
            check(result.stderr.strip() or not words, f"{words}: no sentence")
        check("did you mean 'order show'" in daemon.run("order", "shwo", expect=64).stderr, "no suggestion")
        check("did you mean --units" in daemon.run("submit", "x", "--unit", "3", expect=64).stderr, "no suggestion")
    result = run("--socket", "/nonexistent/api.sock", "status", expect=69)
    check("/nonexistent/api.sock" in result.stderr and "running" in result.stderr, f"unreachable: {result.stderr}")
    run("--socket", "/nonexistent/" + "x" * 200, "status", expect=69)
    run("config", "check", "/nonexistent.conf", expect=66)
    with tempfile.TemporaryDirectory() as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(folder + "/s")
        listener.close()
        check("refused" in run("--socket", folder + "/s", "status", expect=69).stderr.lower(), "a dead socket")


def test_submit():
    """submit uploads, makes the design and orders; a refused file names its line; a repeat is one order"""
    refused = (422, {"error": {"code": "refused_file", "message": "visor.gcode line 12: M112", "details":
                               {"problems": [{"line": 12, "rule": "stop", "text": "M112 " + HOSTILE}]}}})
    with Daemon() as daemon:
        path = box_gcode(Path(daemon.dir.name) / "visor.gcode")
        result = daemon.run("submit", path, "-n", "400", "--due", "fri", "--yield", "4", "--hold", "--user", "ada")
        check("order 1" in result.stdout and "MK3S" in result.stdout, f"submit: {result.stdout}")
        date, put, design, order = daemon.asked
        equal((date[1], json.loads(date[3])["due"]), ("/api/v1/quote", "fri"), "the date is asked before the upload")
        equal(put[3], Path(path).read_bytes(), "the uploaded bytes")
        equal(json.loads(design[3]), {"name": "visor", "plates": [{"sha256": FILE["sha256"], "name": "visor.gcode", "yield": 4}]}, "design")
        body = json.loads(order[3])
        equal((body["design"], body["units"], body["due"], body["hold"], body["user"], body["priority"]),
              ("visor", 400, "fri", True, "ada", 50), "the order")
        check(len(order[2].get("Idempotency-Key", "")) >= 32, "no Idempotency-Key")
        check(design[2]["Idempotency-Key"] != order[2]["Idempotency-Key"], "one key for two things")
        document = json.loads(daemon.run("submit", path, "--json").stdout)
        equal((document["id"], document["order"], document["file"]), (1, ORDER, FILE), "submit --json")
        daemon.asked.clear()
        daemon.run("submit", "--quote", path)
        equal([asked[1] for asked in daemon.asked],
              ["/api/v1/files/visor.gcode", "/api/v1/designs", "/api/v1/quote", "/api/v1/quote/advice"],
              "what a quote asks")
        daemon.asked.clear()
        daemon.run("submit", Path(daemon.dir.name) / "none.gcode", expect=66)
        daemon.run("submit", daemon.dir.name, expect=66)
        daemon.answers["POST", "/api/v1/quote"] = (422, {"error": {"code": "invalid", "message": "what is yesterday"}})
        result = daemon.run("submit", "--due", "yesterday", path, expect=1)
        check("what is yesterday" in result.stderr, f"a wrong date: {result.stderr}")
        equal([asked[1] for asked in daemon.asked], ["/api/v1/quote"], "asked with a wrong date")
        daemon.answers["POST", "/api/v1/quote"] = QUOTE
        daemon.asked.clear()
        result = daemon.run("submit", "-", expect=64)
        check("standard input" in result.stderr, f"standard input: {result.stderr}")
        equal(daemon.asked, [], "what was asked without a file")
        # A daemon that dies before it answers is asked again, with the same key.
        daemon.run("submit", path)
        daemon.asked.clear()
        daemon.breaks = 2
        daemon.run("order", "create", "visor")
        keys = {asked[2]["Idempotency-Key"] for asked in daemon.asked}
        equal((len(daemon.asked), len(keys)), (3, 1), "tries and keys")
        daemon.answers["PUT", "/api/v1/files/visor.gcode"] = refused
        result = daemon.run("submit", path, expect=65)
        check("line 12" in result.stderr and not result.stdout, f"refused: {result}")
        problems = [{"line": 12, "text": "too hot"}, {"line": 14, "text": "too fast"}]
        daemon.answers["PUT", "/api/v1/files/visor.gcode"] = (422, {"error": {
            "code": "refused_file", "message": "visor.gcode line 12: too hot", "details": {"problems": problems}}})
        result = daemon.run("submit", path, expect=65)
        equal((result.stderr.count("too hot"), result.stderr.count("line 14: too fast")), (1, 1), "sentences said")
        whole = {"line": 0, "text": "sliced for another machine"}
        daemon.answers["PUT", "/api/v1/files/visor.gcode"] = dict(
            FILE, analysis=dict(FILE["analysis"], problems=[whole]))
        result = daemon.run("submit", path)
        check("visor.gcode: sliced for another machine" in result.stderr, f"a problem of the whole file: {result.stderr}")


def test_design_names():
    """a design's name that stands for something else gives way, unless it was chosen"""
    taken = (409, {"error": {"code": "conflict", "message": "visor has other plates"}})
    with Daemon({("POST", "/api/v1/designs"): taken}) as daemon:
        path = box_gcode(Path(daemon.dir.name) / "visor.gcode")
        daemon.run("submit", path, "--yield", "4", expect=1)
        names = [json.loads(asked[3])["name"] for asked in daemon.asked if asked[1].endswith("designs")]
        equal(names, ["visor", "visor-3fa2b1", "visor-3fa2b1-x4"], "names tried")
        daemon.asked.clear()
        check("other plates" in daemon.run("submit", path, "--design", "mine", expect=1).stderr, "no reason")
        names = [json.loads(asked[3])["name"] for asked in daemon.asked if asked[1].endswith("designs")]
        equal(names, ["mine"], "names tried when one was chosen")
    with Daemon() as daemon:
        path = box_gcode(Path(daemon.dir.name) / "visor.gcode")
        daemon.run("design", "add", "v", "--plate", path, "--plate", f"{path}:4")
        equal([plate["yield"] for plate in json.loads(daemon.asked[-1][3])["plates"]], [1, 4], "yields")


def test_bodies():
    """what is said on the command line arrives in the request"""
    with Daemon() as daemon:
        cases = [
            (("clear", "p1"), {"good": None, "scrap": None, "why": "", "not_yet": False}),
            (("clear", "p1", "--good", "0", "--scrap=4", "--why", "warped", "--not-yet"),
             {"good": 0, "scrap": 4, "why": "warped", "not_yet": True}),
            (("job", "inspect", "7", "--good", "3"), {"good": 3}),
            (("job", "reassign", "7", "p2"), {"printer": "p2"}),
            (("printer", "load", "p1", "0"), {"spool": 0}),
            (("printer", "connect", "p1", "--reset"), {"reset": True}),
            (("printer", "gcode", "p1", "G1", "X-1", "--", "-x"), None),
            (("order", "set", "1", "--due", "", "-n", "7"), {"due": None, "units": 7}),
            (("spool", "set", "3", "--grams", "0"), {"grams": 0}),
        ]
        for words, body in cases:
            daemon.asked.clear()
            daemon.run(*words)
            if body is not None:
                equal(json.loads(daemon.asked[-1][3]), body, f"{words}")
        daemon.asked.clear()
        daemon.run("printer", "gcode", "p1", "M104", "S0")
        equal(json.loads(daemon.asked[-1][3]), {"command": "M104 S0"}, "a command")
        daemon.run("printer", "show", "../orders/1", expect=1)
        equal(daemon.asked[-1][1], "/api/v1/printers/..%2Forders%2F1", "a name is never a path")


def test_watch():
    """watch follows an order through a restart of the daemon to its end, and says how it ended"""
    with Daemon() as daemon:
        orders = ("GET", "/api/v1/orders/1")

        def later():
            time.sleep(0.7)
            daemon.breaks = 2
            time.sleep(1.5)
            daemon.answers[orders] = dict(ORDER, state="done", good=400000)

        threading.Thread(target=later, daemon=True).start()
        result = daemon.run("watch", "1")
        check("is done" in result.stdout and "123456 of 400000" in result.stdout, f"watch: {result.stdout}")
        daemon.answers[orders] = dict(ORDER, state="cancelled")
        daemon.run("watch", "order", "1", expect=1)
        daemon.run("watch", "job", "7", expect=1)
        daemon.answers["GET", "/api/v1/jobs/7"] = dict(JOB, state="printed")
        lines = daemon.run("--json", "watch", "job", "7").stdout.splitlines()
        equal([json.loads(line)["state"] for line in lines], ["printed"], "watch --json")
        daemon.run("watch", "99", expect=1)
        daemon.answers["GET", "/api/v1/status"] = dict(STATUS, orders=[])
        daemon.run("watch")


def on_terminal(*words, env=None):
    """What a terminal of 80 columns gets to see."""
    master, slave = pty.openpty()
    environment = dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm", **(env or {}))
    process = subprocess.Popen(UNDER + [str(BUILD / "printfarm"), *words], stdin=slave, stdout=slave, stderr=slave,
                               env=environment)
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 30 * PATIENCE)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    process.wait(30 * PATIENCE)
    os.close(master)
    return seen.decode("utf-8", "replace")


def test_terminal():
    """colour and bars are for terminals only, and can be switched off"""
    with Daemon({("GET", "/api/v1/orders/1"): dict(ORDER, state="done")}) as daemon:
        words = ("--socket", daemon.socket)
        check("\x1b[" in on_terminal(*words, "printers"), "no colour on a terminal")
        check("\x1b[" not in on_terminal(*words, "printers", env={"NO_COLOR": "1"}), "colour in spite of NO_COLOR")
        check("\x1b[2J" not in on_terminal(*words, "printers"), "a foreign escape reaches the terminal")
        check("\u2588" in on_terminal(*words, "watch", "1"), "no bar on a terminal")
        check("\u2588" not in on_terminal(*words, "-q", "watch", "1"), "a bar with -q")
        check("\u202e" not in on_terminal(*words, "--json", "printers"), "raw marks in JSON on a terminal")


class Streamer:
    """A stop socket that answers only when it is told to."""

    def __init__(self, folder, name, answer):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, name + ".stop"))
        self.listener.listen(4)
        self.answer, self.heard, self.may_answer = answer, [], threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return   # closed by the test
            with connection, connection.makefile("rw") as stream:
                for line in stream:
                    self.heard.append(line.rstrip("\n"))
                    self.may_answer.wait(30 * PATIENCE)
                    stream.write(self.answer(line.strip()) + "\n")
                    stream.flush()


def test_estop():
    """estop writes every stop socket before it awaits an answer, without any daemon"""
    with tempfile.TemporaryDirectory(prefix="e") as folder:
        everything = lambda line: "ok 1 stopped, 0 offline" if line == "estop" else (  # noqa: E731
            "ok 1 stopped, 0 offline" if line == "estop p2" else "error there is no such printer here")
        streamers = [Streamer(folder, f"p{n}.{'sock' if n % 2 else 'stream'}", everything) for n in range(1, 41)]
        words = UNDER + [str(BUILD / "printfarm"), "--socket", folder + "/api.sock"]
        process = subprocess.Popen(words + ["estop"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 20 * PATIENCE
        while not all(streamer.heard for streamer in streamers) and time.monotonic() < end:
            time.sleep(0.01)
        equal([streamer.heard for streamer in streamers], [["estop"]] * 40, "heard before the first answer")
        for streamer in streamers:
            streamer.may_answer.set()
        output, _ = process.communicate(timeout=30 * PATIENCE)
        equal(process.returncode, 0, "exit")
        equal(output.splitlines(), [f"p{n}: stopped" for n in range(1, 41)], "the report")
        # One by name; one that nobody has.
        result = run("--socket", folder + "/api.sock", "estop", "p2")
        check(result.stdout.startswith("p2: stopped"), f"estop p2: {result.stdout}")
        result = run("--socket", folder + "/api.sock", "estop", "p2", "p99", expect=1)
        check("p99: NOT STOPPED" in result.stdout, f"estop p99: {result.stdout}")
        rows = json.loads(run("--socket", folder + "/api.sock", "--json", "estop", "p2").stdout)
        equal((rows[0]["printer"], rows[0]["ok"]), ("p2", True), "estop --json")
        # A streamer that is dead is said to be, and the others are stopped all the same.
        streamers[0].listener.close()
        os.rename(folder + "/p1.sock.stop", folder + "/dead.sock.stop")
        result = run("--socket", folder + "/api.sock", "estop", expect=None)
        check("p40: stopped" in result.stdout, f"estop: {result.stdout}")
    with tempfile.TemporaryDirectory(prefix="e") as folder:
        check("stop" in run("--socket", folder + "/api.sock", "estop", expect=69).stderr, "nothing to stop")
        # A path that is longer than a socket's address may be.
        deep = Path(folder, "x" * 100)
        deep.mkdir()
        here = os.getcwd()
        os.chdir(deep)
        try:
            streamer = Streamer(".", "p1.sock", lambda line: "ok 1 stopped, 0 offline")
        finally:
            os.chdir(here)
        streamer.may_answer.set()
        run("--socket", deep / "api.sock", "estop")
        equal(streamer.heard, ["estop"], "heard in a deep directory")


# Fields on which scripts rely, and what a value may be.
TEXT, COUNT, NUMBER = (str,), (int,), (int, float)
NULL = (type(None),)
PRINTER_FIELDS = {"name": TEXT, "link": {"offline", "connecting", "online"}, "bed": {"empty", "occupied", "unknown"},
                  "lock": (dict,) + NULL, "activity": {"idle", "printing", "paused", "needs_attention", "by_hand"},
                  "ready": (bool,), "enabled": (bool,), "job": COUNT + NULL, "progress": NUMBER + NULL,
                  "eta_s": NUMBER + NULL, "material": TEXT, "not_ready": (list,), "heaters": (list,)}
JOB_FIELDS = {"id": COUNT, "order": COUNT, "state": {"held", "queued", "assigned", "printing", "paused", "printed",
                                                     "inspected", "failed", "needs_look", "cancelled"},
              "printer": TEXT + NULL, "design": TEXT, "plate": (dict,) + NULL, "progress": NUMBER + NULL,
              "reason": TEXT, "good": COUNT + NULL}
ORDER_FIELDS = {"id": COUNT, "design": TEXT, "state": {"open", "held", "done", "cancelled"}, "units": COUNT,
                "good": COUNT, "scrap": COUNT, "printing": COUNT, "left": COUNT, "promised_s": COUNT + NULL}
PLAN_FIELDS = {"job": COUNT + NULL, "order": COUNT, "printer": TEXT, "start_s": COUNT, "end_s": COUNT, "yield": COUNT,
               "state": {"planned", "printing"}}


def has_fields(rows, fields, what):
    check(isinstance(rows, list) and rows, f"{what} --json is no list of something: {rows!r}")
    for row in rows:
        for name, allowed in fields.items():
            check(name in row, f"{what} --json: no {name} in {row}")
            value = row[name]
            fits = value in allowed if isinstance(allowed, set) else isinstance(value, allowed)
            check(fits and not (allowed is COUNT and isinstance(value, bool)), f"{what} --json: {name} is {value!r}")


def test_real_json():
    """with the real daemon every list is one bare array with its fields, before, in and after a print"""
    with Farm(2) as farm:
        farm.ready()
        order = farm.simple_order(2)
        seen = set()

        def look():
            has_fields(farm.cli("printers", json_output=True), PRINTER_FIELDS, "printers")
            rows = farm.cli("jobs", "--all", json_output=True)
            has_fields(rows, JOB_FIELDS, "jobs")
            seen.update(row["state"] for row in rows)
            has_fields(farm.cli("order", "list", json_output=True), ORDER_FIELDS, "order list")
            plan = farm.cli("plan", json_output=True)
            if plan:
                has_fields(plan, PLAN_FIELDS, "plan")
        look()
        farm.run_order(order, tick=look)
        look()
        check({"printing", "inspected"} <= seen, f"states of jobs: {seen}")
        equal(farm.cli("jobs", json_output=True), [], "jobs that have not ended")
        for words in (("design", "list"), ("spool", "list"), ("printer", "log", "p1"), ("plan",)):
            check(isinstance(farm.cli(*words, json_output=True), list), f"{words} --json is no list")
        status = farm.cli("status", json_output=True)
        has_fields(status["printers"], PRINTER_FIELDS, "status")
        for words in (("order", "show", order), ("job", "show", 1), ("printer", "show", "p1"), ("why", 1),
                      ("clear", "p1"), ("spool", "add", "--material", "PLA")):
            check(isinstance(farm.cli(*words, json_output=True), dict), f"{words} --json is no object")


def test_real_words():
    """with the real daemon: what waits for somebody is said, by whom, and how to go on"""
    with Farm(["p1", "left-back-prusa"]) as farm:
        farm.wait_online()
        path = box_gcode(farm.dir / "hook.gcode", seed=5)
        farm.files["hook.gcode"] = path
        quote = farm.cli("submit", path, "-n", "3", "--quote").stdout
        check("would be done by" in quote and "3 units" in quote and "left-back-prusa" in quote, quote)
        # The farm's zone is UTC; here is another one, for the sentence and for the table.
        os.environ["TZ"] = "Asia/Kathmandu"
        done, ends = farm.cli("submit", path, "-n", "3", "--quote").stdout.split("\n", 2)[1:]
        del os.environ["TZ"]
        last = done.split(" by ")[1].split(": ")[0]
        minute = [60 * int(at[:2]) + int(at[3:]) for at in re.findall(r"\d\d:\d\d", done + ends.splitlines()[-1])]
        check((minute[0] - minute[-1]) % 1440 < 120, f"{last} is not soon after the last end in {ends}")
        check(last not in quote, f"the time of another zone: {quote}")
        farm.cli("submit", path, "-n", "1")
        why = farm.cli("why", 1).stdout
        check("printfarm clear p1" in why.replace("\n", " ") and why.count("job 1") == 1, why)
        check("clear it" in farm.cli("printers").stdout, "printers does not say that beds are to be cleared")
        equal(farm.cli("clear", "nobody", "p1", expect=1).stdout.splitlines()[0][:3], "p1:", "the second of two")
        watched = farm.dir / "watch.out"
        with open(watched, "wb") as to:
            watch = subprocess.Popen([BUILD / "printfarm", "--socket", farm.socket, "watch", "1"], stdout=to,
                                     env=farm.environment({}))
        wait(lambda: farm.order(1)["printed"] == 1, "the part is printed")
        check("clear it" in farm.cli("status").stdout, "status does not say what is to be cleared")
        error = farm.cli("clear", "p1", "--good", "3", expect=1).stderr
        check("plate of 1" in error, f"too many good units: {error}")
        wait(lambda: "clear the bed" in watched.read_text(), "watch says what to do", 10)
        farm.cli("clear", "p1")
        watch.wait(20 * PATIENCE)
        equal(watch.returncode, 0, "watch's exit")
        check("order 1 is done" in watched.read_text(), "watch does not say that it is done")
        # Nobody can make it: said at once, with the way to the reason.
        said = farm.cli("order", "create", "hook", "--color", "red").stdout
        check("nobody can say" in said and "printfarm why" in said, said)
        order = said.split("order ")[1].split()[0]
        check("needs red" in farm.cli("why", "order", order).stdout, "why of an order")
        check("is no job" in farm.cli("why", "m21", expect=64).stderr, "why of nothing")
        check("needs red" in farm.cli("why", said.split("printfarm why ")[1].split()[0]).stdout, "why")
        wide = [line for words in (("status",), ("jobs", "--all"), ("printers",), ("plan",), ("order", "list", "--all"),
                                   ("design", "show", "hook"), ("job", "show", "1"))
                for line in farm.cli(*words).stdout.splitlines() if len(line) > 80 or line != line.rstrip()]
        check(not wide, f"too wide, or blanks at the end: {wide}")


def test_closed_pipe():
    """a reader that has seen enough is no trouble, a full disk is"""
    with tempfile.TemporaryDirectory() as folder:
        path = box_gcode(Path(folder, "large.gcode"), layers=60, lines_per_layer=200)
        for words in (["check", "--commands", path], ["help"]):
            with subprocess.Popen([BUILD / "printfarm", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
                program.stdout.close()
                said = program.stderr.read()
                equal((program.wait(), said), (0, b""), f"{words[0]} into a closed pipe")
            with open("/dev/full", "wb") as full:
                result = subprocess.run([BUILD / "printfarm", *words], stdout=full, stderr=subprocess.PIPE, check=False)
            check(result.returncode == 1 and b"writ" in result.stderr, f"{words[0]} onto a full disk: {result}")


def test_help():
    """every command has a page of help that fits 80 columns"""
    overview = run("help").stdout
    check(max(map(len, overview.splitlines())) <= 80, "help is too wide")
    names = [line.split()[0] for line in overview.splitlines() if line.startswith("  ") and line[2] != " "]
    equal(names, sorted(names), "the order of the commands")
    for name in names:
        text = run("help", name).stdout
        check("usage: printfarm " + name in text, f"help {name}: {text}")
        check(max(map(len, text.splitlines())) <= 80, f"help {name} is too wide")
        equal(run(name, "--help").stdout, text, f"{name} --help")
        for part in [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2].isalpha()
                     and line.split()[0] != name and "usage: printfarm " + name + " COMMAND" in text]:
            text = run("help", name, part).stdout
            check(max(map(len, text.splitlines())) <= 80, f"help {name} {part} is too wide")
    sim = subprocess.run([BUILD / "printfarm-sim", "--help"], capture_output=True, text=True, check=True).stdout
    check(max(map(len, sim.splitlines())) <= 80, "printfarm-sim --help is too wide")
    check("expected" in run("printer", expect=64).stderr, "a group without a command")
    check("--scrap" in run("help", "job", "inspect").stdout, "help about a part of a command")
    check("--scrap" in run("job", "inspect", "-h").stdout, "-h behind a part of a command")


main(test_tables, test_json, test_exit_codes, test_submit, test_design_names, test_bodies, test_watch, test_terminal,
     test_estop, test_real_json, test_real_words, test_closed_pipe, test_help)
