"""What dashboards use: the status with ETag, the event stream, the status page; with curl."""

import json
import re
import subprocess

from harness import Farm, check, equal, main, wait


def curl(farm, path, *options, limit_s=20):
    result = subprocess.run(["curl", "-sS", "--unix-socket", farm.socket, *options, f"http://printfarm{path}"],
                            capture_output=True, timeout=limit_s)
    result.stdout = result.stdout.decode("utf-8")   # by hand: the ends of lines stay as they are
    return result


def curl_bytes(farm, path, *options):
    """Line ends as they come."""
    return subprocess.run(["curl", "-sS", "--unix-socket", farm.socket, *options, f"http://printfarm{path}"],
                          capture_output=True, timeout=20).stdout.decode()


def head_and_body(farm, path, *options):
    text = curl_bytes(farm, path, "-i", *options)
    head, _, body = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
    return int(lines[0].split()[1]), fields, body


def test_etag():
    """status has an ETag, answers 304 to it, and gets another one when something changes"""
    with Farm(2) as farm:
        farm.wait_online()

        def unchanged():
            status, fields, body = head_and_body(farm, "/api/v1/status")
            equal(status, 200, "status")
            json.loads(body)
            again, _, empty = head_and_body(farm, "/api/v1/status", "-H", f"If-None-Match: {fields['etag']}")
            return (fields["etag"], empty) if again == 304 else None
        # Heaters are read while we look, so one try may see a change.
        etag, body = wait(unchanged, "two looks with nothing in between give 304")
        equal(body, "", "body of a 304")
        farm.post("/api/v1/printers/p1/disable")
        status, fields, body = head_and_body(farm, "/api/v1/status", "-H", f"If-None-Match: {etag}")
        equal(status, 200, "status after a change")
        check(fields["etag"] != etag, "the ETag stayed")
        row = [row for row in json.loads(body)["printers"] if row["name"] == "p1"][0]
        equal(row["enabled"], False, "p1 is enabled")


def events(farm, *options, path="/api/v1/events", seconds=2):
    """What an event stream says in some seconds: [(id, kind, data)]"""
    result = curl(farm, path, "-N", "--max-time", str(seconds), *options, limit_s=seconds + 20)
    found = []
    for block in result.stdout.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "event" in fields:
            found.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return found


def test_events():
    """events resume behind the last one that was seen, without loss or repetition"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        farm.run_order(order)
        everything = [row for row in events(farm, path="/api/v1/events?since=0") if row[0]]
        check(len(everything) >= 5, f"events: {everything}")
        numbers = [int(row[0]) for row in everything]
        equal(numbers, sorted(set(numbers)), "event ids")
        middle = numbers[len(numbers) // 2]
        rest = [int(row[0]) for row in events(farm, "-H", f"Last-Event-ID: {middle}") if row[0]]
        equal([n for n in rest if n <= numbers[-1]], [n for n in numbers if n > middle], "events after the middle")
        for _, _, data in everything:
            check({"id", "at_s", "kind", "subject", "text"} <= set(data), f"event {data}")


def test_page():
    """the status page and all that it loads come from this server"""
    with Farm(1) as farm:
        farm.wait_online()
        status, fields, body = head_and_body(farm, "/")
        equal(status, 200, "status")
        check(fields["content-type"].startswith("text/html"), f"type {fields['content-type']}")
        check("printfarm" in body, body[:500])
        for link in re.findall(r'(?:href|src)="([^"#]+)"', body):
            check(link.startswith("/") and not link.startswith("//"), f"the page loads {link}")
            status, _, text = head_and_body(farm, link)
            equal(status, 200, f"status of {link}")
            check("://" not in text, f"{link} names another server")


def test_strangers():
    """requests that are wrong get the right status and a sentence"""
    with Farm(1) as farm:
        for method, path, body, want in (("GET", "/api/v1/nothing", None, 404), ("GET", "/api/v1/jobs/99", None, 404),
                                         ("POST", "/api/v1/orders", {"design": "x"}, (400, 404)),
                                         ("DELETE", "/api/v1/status", None, 405),
                                         ("POST", "/api/v1/printers/nobody/pause", {}, 404)):
            reply = farm.http(method, path, body)
            check(reply.status in (want if isinstance(want, tuple) else (want,)), f"{method} {path}: {reply.status}")
            check(reply.json["error"]["message"], f"{method} {path}: no message")
        reply = farm.http("POST", "/api/v1/orders", None, {"Content-Type": "text/plain"})
        equal(reply.status, 415, "status of a body of another type")
        result = curl(farm, "/api/v1/orders", "-X", "POST", "-H", "Content-Type: application/json", "-d", "{oops", "-i")
        check(" 400 " in result.stdout.splitlines()[0], result.stdout[:300])


main(test_etag, test_events, test_page, test_strangers)
