"""docs/openapi.yaml against the server: every route, every status that is named, every member of every answer."""

import hashlib
import json
import re
from pathlib import Path

from harness import ROOT, Farm, Skip, box_gcode, check, equal, main, wait
from raw_http import Raw, request

try:
    from openapi import Document
except ImportError:     # python3-yaml is among the packages of `make deps`
    Document = None

ROW = re.compile(r'\{ "([A-Z]+)", "([^"]+)", \w+, [\w |]+ \}')


def document():
    if Document is None:
        raise Skip("python3-yaml is not installed")
    return Document()


def server_routes():
    """The rows of the tables in api_*.c."""
    found = set()
    for path in sorted((ROOT / "daemon" / "control").glob("api_*.c")):
        found |= set(ROW.findall(path.read_text(encoding="utf-8")))
    return {(method, pattern.replace("*", ":")) for method, pattern in found}


def test_routes():
    """the document names the routes that the server has, and no others"""
    have, said = server_routes(), document().routes()
    check(len(have) > 40, f"only {len(have)} routes were found in the source")
    equal(sorted(have - said), [], "routes that the document does not name")
    equal(sorted(said - have), [], "routes that the server does not have")


class Tour:
    """Sends requests, holds every answer against the document, and remembers which statuses were met."""

    def __init__(self, farm):
        self.farm, self.document, self.met, self.complaints = farm, document(), set(), []

    def call(self, method, path, body=None, want=None, *fields, bad=False):
        template = self.document.find(method, path)
        check(template, f"{method} {path} is not in the document")
        operation = self.document.operations[method, template]
        sent = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        if method == "POST" and sent is None:
            sent = "{}"
        if method == "POST" and not bad:
            self.look_at_body(operation, json.loads(sent), f"{method} {path}")
        answer = request(self.farm, method, path, sent, *fields,
                         content_type="application/json" if method == "POST" else None)
        self.judge(method, template, path, operation, answer)
        if want not in (None, answer.status):
            self.complaints.append(f"{method} {path} {str(body)[:80]}: {answer}, expected {want}")
        return answer

    def look_at_body(self, operation, value, where):
        wanted = self.document.follow(operation["requestBody"])
        schema = wanted["content"]["application/json"]["schema"]
        self.complaints += self.document.complaints(value, schema, f"{where}: sent body", False)

    def judge(self, method, template, path, operation, answer):
        self.met.add((method, template, str(answer.status)))
        where = f"{method} {path}: {answer.status}"
        named = operation["responses"].get(str(answer.status))
        if named is None:
            self.complaints.append(f"{where} is not in the document: {answer.body[:200]!r}")
            return
        content = self.document.follow(named).get("content", {})
        kind = answer.fields.get("content-type", "").split(";")[0]
        if not content:
            check(not answer.body, f"{where} has a body")
        elif kind not in content:
            self.complaints.append(f"{where}: type {kind!r} is none of {sorted(content)}")
        elif kind == "application/json":
            self.complaints += [f"{where}: {sentence}" for sentence in self.document.complaints(
                answer.json, content[kind]["schema"])]

    def not_met(self):
        named = {(method, template, status) for (method, template), operation in self.document.operations.items()
                 for status in operation["responses"]}
        return sorted(named - self.met)


def look_at_page_and_files(tour, farm):
    tour.call("GET", "/", want=200)
    for name, status in (("style.css", 200), ("status.js", 200), ("none.js", 404)):
        tour.call("GET", f"/web/{name}", want=status)
    tag = tour.call("GET", "/api/v1/status", want=200).fields["etag"]
    wait(lambda: tour.call("GET", "/api/v1/status", None, None, f"If-None-Match: {tour.call('GET', '/api/v1/status').fields['etag']}"
                           ).status == 304, "304", 10)
    check(tag.startswith('W/"'), f"tag {tag}")
    content = Path(box_gcode(farm.dir / "box.gcode", layers=3)).read_bytes()
    digest = tour.call("PUT", "/api/v1/files/box.gcode", content, 201).json["sha256"]
    farm.files["box.gcode"] = str(farm.dir / "box.gcode")
    tour.call("PUT", "/api/v1/files/box.gcode", content, 200)
    tour.call("PUT", "/api/v1/files/warn.gcode", content.replace(b"G90\n", b"G90\nM117 hello\nM555 S1\n"), 201)
    tour.call("PUT", "/api/v1/files/bad.gcode", content.replace(b"G90\n", b"G90\nM502\n"), 422)
    tour.call("PUT", "/api/v1/files/page.gcode", b"<!DOCTYPE html><html></html>", 422)
    tour.call("PUT", "/api/v1/files/empty.gcode", b"", 422)
    tour.call("PUT", "/api/v1/files/large.gcode", b"G1 X1\n" * 400000, 413)
    tour.call("GET", "/api/v1/files", want=200)
    for path in (f"/api/v1/files/{digest}", f"/api/v1/files/{digest}/text", f"/api/v1/files/{digest}/settings"):
        tour.call("GET", path, want=200)
        tour.call("GET", path.replace(digest, "0" * 64), want=404)
    photo = b"\x89PNG\r\n\x1a\n"
    folder = farm.dir / "state/photos"
    folder.mkdir()
    (folder / hashlib.sha256(photo).hexdigest()).write_bytes(photo)
    tour.call("GET", f"/api/v1/photos/{hashlib.sha256(photo).hexdigest()}", want=200)
    tour.call("GET", f"/api/v1/photos/{digest}", want=404)
    preview = f"/api/v1/files/{digest}/preview"
    for query in ("", "", "?view=top&width=64&height=48", "?layer=1", "?command=5"):
        tour.call("GET", preview + query, want=200)
    tour.call("GET", preview + "?layer=100000", want=404)
    tour.call("GET", preview + "?view=thumbnail", want=404)
    tour.call("GET", preview.replace(digest, "0" * 64), want=404)
    for query in ("?view=sideways", "?width=5", "?height=5000", "?layer=0", "?layer=x", "?command=-1"):
        tour.call("GET", preview + query, want=422)
    return digest


def look_at_designs(tour, digest):
    design = {"name": "box", "plates": [{"sha256": digest, "yield": 2}]}
    tour.call("POST", "/api/v1/designs", design, 201, "Idempotency-Key: one")
    tour.call("POST", "/api/v1/designs", design, 200)
    tour.call("POST", "/api/v1/designs", {"name": "box", "plates": [{"sha256": digest, "yield": 3}]}, 409)
    tour.call("POST", "/api/v1/designs", {"name": "x", "plates": [{"sha256": "0" * 64}]}, 404)
    tour.call("POST", "/api/v1/designs", {"name": "x", "plates": []}, 422, bad=True)
    tour.call("GET", "/api/v1/designs", want=200)
    tour.call("GET", "/api/v1/designs/box", want=200)
    tour.call("GET", "/api/v1/designs/none", want=404)
    tour.call("POST", "/api/v1/designs/box/revoke", {"why": "never approved"}, 409)
    tour.call("POST", "/api/v1/designs/box/approve", {"signature": "AAAA"}, 403)
    tour.call("POST", "/api/v1/designs/box/approve", {"evidence": "order 1"}, 200)
    tour.call("POST", "/api/v1/designs/none/approve", {}, 404)
    tour.call("POST", "/api/v1/designs/box/revoke", {"why": ""}, 422)
    tour.call("POST", "/api/v1/designs/box/revoke", {"why": "breaks"}, 200)
    tour.call("POST", "/api/v1/designs/none/revoke", {"why": "breaks"}, 404)


def look_at_orders(tour):
    wish = {"design": "box", "units": 4, "due": "+3h", "priority": 60, "hold": True, "user": "somebody"}
    tour.call("POST", "/api/v1/quote", wish, 200)
    tour.call("POST", "/api/v1/quote", {"design": "none"}, 404)
    tour.call("POST", "/api/v1/quote/advice", wish, 200)
    tour.call("POST", "/api/v1/quote/advice", {"design": "none"}, 404)
    tour.call("POST", "/api/v1/quote/advice", {"design": "box", "units": 0}, 422, bad=True)
    tour.call("GET", "/api/v1/plan/night", want=200)
    tour.call("GET", "/api/v1/report?since=2020-02-30x", want=422, bad=True)
    tour.call("GET", "/api/v1/report", want=200)
    tour.call("POST", "/api/v1/quote", {"design": "box", "units": 0}, 422, bad=True)
    tour.call("POST", "/api/v1/orders", {"design": "none"}, 404)
    tour.call("POST", "/api/v1/orders", {"design": "box", "due": "someday"}, 422)
    order = tour.call("POST", "/api/v1/orders", wish, 201, "Idempotency-Key: two").json["id"]
    tour.call("POST", "/api/v1/orders", dict(wish, units=5), 409, "Idempotency-Key: two")
    tour.call("GET", "/api/v1/orders", want=200)
    tour.call("GET", f"/api/v1/orders/{order}", want=200)
    tour.call("GET", "/api/v1/orders/99", want=404)
    tour.call("GET", f"/api/v1/orders/{order}/advice", want=200)
    tour.call("GET", "/api/v1/orders/99/advice", want=404)
    tour.call("GET", f"/api/v1/orders/{order}/record", want=200)
    tour.call("GET", f"/api/v1/orders/{order}/record?after=99", want=200)
    tour.call("GET", f"/api/v1/orders/{order}/record?after=x", want=422, bad=True)
    tour.call("GET", "/api/v1/orders/99/record", want=404)
    tour.call("POST", f"/api/v1/orders/{order}/set", {"units": 6, "priority": 10, "due": None}, 200)
    tour.call("POST", f"/api/v1/orders/{order}/set", {"due": 1900000000}, 200)
    tour.call("POST", f"/api/v1/orders/{order}/set", {"units": -1}, 422, bad=True)
    tour.call("POST", "/api/v1/orders/99/set", {"units": 1}, 404)
    tour.call("POST", f"/api/v1/orders/{order}/set", {"color": ["red", "any"], "project": "p", "after": None}, 200)
    tour.call("GET", "/api/v1/orders?user=somebody&project=p", want=200)
    again = tour.call("POST", f"/api/v1/orders/{order}/reorder", {"units": 1}, 201).json["id"]
    tour.call("POST", f"/api/v1/orders/{order}/reorder", {"units": 0}, 422, bad=True)
    tour.call("POST", "/api/v1/orders/99/reorder", {}, 404)
    for act in ("release", "hold"):
        tour.call("POST", f"/api/v1/orders/{again}/{act}", want=200)
    tour.call("POST", f"/api/v1/orders/{again}/cancel", want=200)
    tour.call("GET", f"/api/v1/orders/{again}/advice", want=409)
    for act in ("cancel", "hold", "release"):
        tour.call("POST", f"/api/v1/orders/99/{act}", want=404)
    tour.call("POST", f"/api/v1/orders/{again}/hold", want=409)
    tour.call("POST", f"/api/v1/orders/{again}/set", {"units": 3}, 409)
    return order


def look_at_orders_for_no_printer(tour, farm):
    content = Path(farm.files["box.gcode"]).read_bytes().replace(b"\nG1 X", b"\nG1 X300 Y60 E0.5 F3000\nG1 X", 1)
    digest = tour.call("PUT", "/api/v1/files/wide.gcode", content, 201).json["sha256"]
    tour.call("POST", "/api/v1/designs", {"name": "wide", "plates": [{"sha256": digest}]}, 201)
    for path in ("/api/v1/orders", "/api/v1/quote"):
        tour.call("POST", path, {"design": "wide"}, 422)
    held = tour.call("POST", "/api/v1/orders", {"design": "wide", "hold": True}, 201).json["id"]
    for act in ("release", "reorder"):
        tour.call("POST", f"/api/v1/orders/{held}/{act}", {}, 422)
    tour.call("POST", f"/api/v1/orders/{held}/cancel", want=200)


def look_at_jobs(tour, farm, order):
    job = farm.order(order)["jobs"][0]
    tour.call("GET", "/api/v1/jobs", want=200)
    tour.call("GET", "/api/v1/jobs?all=1", want=200)
    tour.call("GET", f"/api/v1/jobs/{job}", want=200)
    tour.call("GET", "/api/v1/jobs/99", want=404)
    tour.call("GET", f"/api/v1/jobs/{job}/record", want=200)
    tour.call("GET", "/api/v1/jobs/99/record", want=404)
    tour.call("GET", f"/api/v1/jobs/{job}/why", want=200)
    tour.call("GET", f"/api/v1/jobs/{job}/why?printer=p1", want=200)
    tour.call("GET", "/api/v1/jobs/99/why", want=404)
    for act in ("cancel", "hold", "release", "retry", "redo"):
        tour.call("POST", f"/api/v1/jobs/99/{act}", want=404)
    tour.call("POST", "/api/v1/jobs/99/inspect", {"good": 1}, 404)
    tour.call("POST", "/api/v1/jobs/99/reassign", {"printer": "p1"}, 404)
    for act in ("retry", "redo"):   # it is queued already
        tour.call("POST", f"/api/v1/jobs/{job}/{act}", want=200)
    cancelled = next(row["id"] for row in farm.jobs() if row["state"] == "cancelled")
    for act in ("retry", "redo", "hold", "release"):
        tour.call("POST", f"/api/v1/jobs/{cancelled}/{act}", want=409)
    tour.call("POST", f"/api/v1/jobs/{job}/inspect", {"good": 2}, 409)
    tour.call("POST", f"/api/v1/jobs/{job}/inspect", {"good": "all"}, 422, bad=True)
    tour.call("POST", f"/api/v1/jobs/{job}/reassign", {"printer": "p2"}, 200)
    tour.call("POST", f"/api/v1/jobs/{job}/reassign", {"printer": "none"}, 404)
    tour.call("POST", f"/api/v1/jobs/{job}/reassign", {"printer": 1}, 422, bad=True)
    tour.call("POST", f"/api/v1/jobs/{job}/hold", want=200)
    tour.call("POST", f"/api/v1/jobs/{job}/release", want=200)
    return job


def look_at_printers(tour, farm):
    tour.call("GET", "/api/v1/printers", want=200)
    tour.call("GET", "/api/v1/printers/p1/recording?after=1.2", want=422, bad=True)
    for path in ("", "/log", "/recording"):
        tour.call("GET", f"/api/v1/printers/p1{path}", want=200)
        tour.call("GET", f"/api/v1/printers/none{path}", want=404)
    for act in ("pause", "resume", "enable", "disable", "unlock", "connect", "estop", "clear"):
        tour.call("POST", f"/api/v1/printers/none/{act}", want=404)
    for act in ("disable", "enable", "connect", "unlock"):
        tour.call("POST", f"/api/v1/printers/p1/{act}", want=200)
    tour.call("POST", "/api/v1/printers/p1/connect", {"reset": False}, 200)
    tour.call("POST", "/api/v1/printers/p1/connect", {"reset": "yes"}, 422, bad=True)
    tour.call("POST", "/api/v1/printers/none/connect", {"reset": True}, 404)
    tour.call("POST", "/api/v1/printers/p1/maintained", {"what": "grease"}, 200)
    tour.call("POST", "/api/v1/printers/p1/maintained", {"what": "oil"}, 422)
    tour.call("POST", "/api/v1/printers/none/maintained", {}, 404)
    tour.call("POST", "/api/v1/printers/p1/pause", want=409)
    tour.call("POST", "/api/v1/printers/p1/clear", {"good": -1}, 422, bad=True)
    tour.call("POST", "/api/v1/printers/p1/gcode", {"command": "M105"}, 200)
    tour.call("POST", "/api/v1/printers/p1/gcode", {"command": "M502"}, 422)
    tour.call("POST", "/api/v1/printers/none/gcode", {"command": "M105"}, 404)
    spool = tour.call("POST", "/api/v1/spools", {"material": "PLA", "color": "white", "grams": 1000, "lot": "7"}, 201,
                      "Idempotency-Key: three").json["id"]
    tour.call("POST", "/api/v1/spools", {"material": "PETG"}, 409, "Idempotency-Key: three")
    tour.call("POST", "/api/v1/spools", {"material": 7}, 422, bad=True)
    tour.call("GET", "/api/v1/quotas", want=200)
    tour.call("GET", "/api/v1/spools", want=200)
    tour.call("GET", f"/api/v1/spools/{spool}", want=200)
    tour.call("GET", "/api/v1/spools/99", want=404)
    tour.call("POST", f"/api/v1/spools/{spool}/set", {"grams": 900.5}, 200)
    tour.call("POST", f"/api/v1/spools/{spool}/set", {"grams": -1}, 422, bad=True)
    tour.call("POST", "/api/v1/spools/99/set", {"grams": 1}, 404)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": spool}, 200)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": 99}, 404)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": -1}, 422, bad=True)
    tour.call("POST", "/api/v1/printers/none/load", {"spool": 0}, 404)
    tour.call("GET", f"/api/v1/spools/{spool}", want=200)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": 0}, 200)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": spool}, 200)
    tour.call("POST", f"/api/v1/spools/{spool}/retire", want=200)
    tour.call("POST", "/api/v1/printers/p1/load", {"spool": spool}, 409)
    tour.call("POST", "/api/v1/spools/99/retire", want=404)


def look_at_a_print(tour, farm, order, job):
    """From the start to counted units, with a pause on the way."""
    tour.call("POST", f"/api/v1/orders/{order}/release", want=200)
    farm.clear_all()
    farm.wait_printing("p2")
    for path in ("/api/v1/plan", "/api/v1/status", "/api/v1/printers/p2", "/api/v1/jobs", f"/api/v1/jobs/{job}",
                 f"/api/v1/jobs/{job}/why", f"/api/v1/orders/{order}"):
        tour.call("GET", path, want=200)
    tour.call("POST", "/api/v1/printers/p2/gcode", {"command": "M104 S0"}, 409)
    tour.call("POST", "/api/v1/printers/p2/clear", {"good": 2}, 409)
    tour.call("POST", f"/api/v1/jobs/{job}/reassign", {"printer": "p1"}, 409)
    tour.call("POST", "/api/v1/printers/p2/pause", want=200)
    tour.call("GET", "/api/v1/printers/p2", want=200)
    tour.call("POST", "/api/v1/printers/p2/resume", want=200)
    wait(lambda: farm.job(job)["state"] == "printed", "the job is printed", 60)
    tour.call("GET", f"/api/v1/jobs/{job}", want=200)
    tour.call("POST", f"/api/v1/orders/{order}/deliver", {"units": 1}, 422)
    tour.call("POST", f"/api/v1/jobs/{job}/inspect", {"good": 1, "scrap": 1}, 200)
    tour.call("POST", f"/api/v1/orders/{order}/deliver", {"units": 1, "note": "fetched"}, 201)
    tour.call("POST", "/api/v1/orders/99/deliver", {}, 404)
    tour.call("POST", "/api/v1/printers/p2/clear", {"why": "test"}, 200)
    tour.call("GET", f"/api/v1/jobs/{job}", want=200)


def look_at_trouble(tour, farm, order):
    tour.call("POST", "/api/v1/estop", {"printers": ["none"]}, 404)
    tour.call("POST", "/api/v1/printers/p1/estop", want=200)
    tour.call("POST", "/api/v1/estop", {"printers": None}, 200)
    wait(lambda: all(row["lock"] for row in farm.printers().values()), "both are locked", 20)
    tour.call("POST", "/api/v1/printers/p1/connect", {"reset": True}, 409)
    for path in ("/api/v1/printers", "/api/v1/status", "/api/v1/plan", "/api/v1/jobs?all=1", f"/api/v1/orders/{order}"):
        tour.call("GET", path, want=200)
    for row in farm.jobs():
        tour.call("GET", f"/api/v1/jobs/{row['id']}", want=200)
        tour.call("GET", f"/api/v1/jobs/{row['id']}/why", want=200)
        tour.call("GET", f"/api/v1/jobs/{row['id']}/record", want=200)
    tour.call("POST", f"/api/v1/orders/{order}/cancel", want=200)
    for row in farm.jobs():
        tour.call("POST", f"/api/v1/jobs/{row['id']}/cancel")
    tour.call("POST", "/api/v1/reload", want=200)
    good = farm.config.read_text()
    farm.config.write_text(good + "nonsense = 1;\n")
    tour.call("POST", "/api/v1/reload", want=422)
    farm.config.write_text(good.replace("free_floor_bytes = 1048576", "free_floor_bytes = 999999999999999"))
    tour.call("POST", "/api/v1/reload", want=200)
    tour.call("PUT", "/api/v1/files/late.gcode", b"G28\n", 507)
    farm.config.write_text(good)


def look_at_events(tour, farm):
    operation = tour.document.operations["GET", "/api/v1/events"]
    with Raw(farm) as raw:
        raw.send("GET /api/v1/events?since=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait(lambda: raw.more() and raw.rest.count(b"\ndata: ") > 20, "events", 20)
        head, _, body = raw.rest.decode().partition("\r\n\r\n")
    check("text/event-stream" in head and head.startswith("HTTP/1.1 200"), head)
    tour.met.add(("GET", "/api/v1/events", "200"))
    check("200" in operation["responses"], "events have no 200")
    schemas = tour.document.root["components"]["schemas"]
    kinds = set()
    for kind, data in re.findall(r"event: (\w+)\ndata: (\{.*\})\n", body):
        kinds.add(kind)
        tour.complaints += tour.document.complaints(
            json.loads(data), schemas["Progress" if kind == "progress" else "Event"], f"event {kind}")
    check({"printer", "order"} <= kinds, f"kinds of events: {kinds}")


def test_answers():
    """every status that the document names is met, and every answer is as it says"""
    with Farm(2, config="upload_max_bytes = 2000000;\nretries = 0;\n"
              'maintenance = ( { what = "grease"; every_h = 200; } );') as farm:
        tour = Tour(farm)
        farm.wait_online()
        digest = look_at_page_and_files(tour, farm)
        look_at_designs(tour, digest)
        order = look_at_orders(tour)
        look_at_orders_for_no_printer(tour, farm)
        job = look_at_jobs(tour, farm, order)
        look_at_printers(tour, farm)
        look_at_a_print(tour, farm, order, job)
        look_at_events(tour, farm)
        look_at_trouble(tour, farm, order)
        for complaint in sorted(set(re.sub(r"\[\d+\]|/\d+", "", line) for line in tour.complaints)):
            print(f"# {complaint}")
        equal(len(tour.complaints), 0, "answers that are not as the document says")
        equal(tour.not_met(), [], "statuses in the document that no request met")


main(test_routes, test_answers)
