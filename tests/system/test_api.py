"""The API against clients that are wrong, slow, many, or ask twice.  time limit: 150 s"""

import gzip
import json
import os
import socket
import time
from pathlib import Path

from harness import ROOT, SANITIZED, UNDER, Farm, Unreachable, box_gcode, check, equal, main, wait

JSON = "Content-Type: application/json\r\n"


def connect(farm):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(30)
    connection.connect(farm.socket)
    return connection


def answer(connection):
    """(status, all bytes) of one answer whose connection ends or whose length is given."""
    data = b""
    while True:
        head, mark, body = data.partition(b"\r\n\r\n")
        if mark:
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            if len(body) >= int(fields.get(b"content-length", b"-1").decode()) >= 0:
                break
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            break
        data += piece
    return (int(data.split()[1]) if data.startswith(b"HTTP/") else 0), data


def raw(farm, text):
    with connect(farm) as connection:
        try:
            connection.sendall(text if isinstance(text, bytes) else text.encode())
        except BrokenPipeError:
            pass
        return answer(connection)[0]


def counters(farm):
    return farm.get("/api/v1/status")["counters"]


def control_cpu_s(farm):
    fields = Path(f"/proc/{farm.control.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def control_rss_kib(farm):
    for line in Path(f"/proc/{farm.control.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def test_heads():
    """heads that break the rules are refused with the right status, and nothing else notices"""
    with Farm(1) as farm:
        post = "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n" + JSON
        cases = [
            ("two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", (400,)),
            ("length and chunks", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", (400,)),
            ("no host", "GET /api/v1/status HTTP/1.1\r\n\r\n", (400,)),
            ("a huge field", f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX: {'y' * 9000}\r\n\r\n", (431,)),
            ("a huge head", "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n" + "".join(
                f"X-{n}: {'y' * 900}\r\n" for n in range(100)) + "\r\n", (400, 413, 431)),
            ("many fields", "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n" + "".join(
                f"X-{n}: y\r\n" for n in range(80)) + "\r\n", (431,)),
            ("a long path", f"GET /api/v1/{'y' * 2000} HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
            ("a foreign page's post", post + "Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}", (403,)),
            ("a foreign page's get", "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: cross-site\r\n\r\n",
             (403,)),
            ("another type", "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", (415,)),
            ("too much JSON", post + "Content-Length: 70000\r\n\r\n" + " " * 70000, (413,)),
            ("too much JSON in chunks", post + "Transfer-Encoding: chunked\r\n\r\n" + "".join(
                f"1000\r\n{' ' * 4096}\r\n" for _ in range(18)) + "0\r\n\r\n", (413,)),
            ("no HTTP at all", "\x16\x03\x01 hello\r\n\r\n", (0, 400, 501)),
        ]
        for what, text, want in cases:
            have = raw(farm, text)
            check(have in want, f"{what}: status {have}, expected {want}")
        wait(lambda: counters(farm)["http_heads_bad"] >= 4 and counters(farm)["http_heads_too_large"] >= 2,
             "the limits are counted", 10)
        equal(farm.jobs(), [], "jobs")


def test_json():
    """JSON made to harm is refused before it costs anything"""
    with Farm(1) as farm:
        cases = [
            b"{", b"[]", b"1", b'{"a":1,"a":2}', b"[" * 17 + b"]" * 17, b'{"a":' * 30000,
            b'{"design":"\\u0000"}', b'{"design":"\xff\xfe"}', b'{"units":1e999}', b'{"units":NaN}',
            b'{"design":"x","units":"many"}', b'{"design":"x","units":1.5}', b'{"design":"x","units":-1}',
            b'{"design":"x","units":99999999999999999999}', b'{"design":"x","colour":"red"}',
            b'{"design":"x\\u0007"}', b'{"design":"' + b"x" * 200 + b'"}',
            b'{"design":"x","due":"some day"}', b'{"design":"x","due":"2026-02-30"}',
            b"{" + b",".join(b'"k%d":1' % n for n in range(3000)) + b"}",
        ]
        for body in cases:
            head = f"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: {len(body)}\r\n\r\n"
            with connect(farm) as connection:
                connection.sendall(head.encode() + body)
                status, data = answer(connection)
            check(status in (400, 413, 422), f"{body[:60]!r}: status {status}")
            check(json.loads(data.partition(b"\r\n\r\n")[2])["error"]["message"], f"{body[:60]!r}: no sentence")


def test_slow():
    """clients that dawdle over head or body are cut, those that only pause between requests are not"""
    with Farm(1) as farm:
        idle, silent, head, body = (connect(farm) for _ in range(4))
        idle.sendall(b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(answer(idle)[0], 200, "status of the first request")
        head.sendall(b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n")
        body.sendall(b"PUT /api/v1/files/x.gcode HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nG28\n")
        cut = set()

        def all_cut():
            for what, connection in (("silent", silent), ("head", head), ("body", body)):
                if what in cut:
                    continue
                connection.setblocking(False)
                try:
                    # Byte by byte, as such a client would: each must not buy more time.
                    connection.send(b"a" if what != "silent" else b"")
                    if what == "silent" or what == "head" or what == "body":
                        data = connection.recv(65536)
                        if not data:
                            cut.add(what)
                except BlockingIOError:
                    pass
                except OSError:
                    cut.add(what)
            return len(cut) == 3
        wait(all_cut, "slow clients are cut", 40, every_s=0.5)
        idle.sendall(b"GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(answer(idle)[0], 200, "status after a pause")
        wait(lambda: counters(farm)["http_heads_too_slow"] >= 2 and counters(farm)["http_bodies_too_slow"] >= 1,
             "the limits are counted", 10)
        equal([path for path in (farm.state / "files").rglob("*") if path.is_file()], [], "files left behind")
        for connection in (idle, silent, head, body):
            connection.close()


def test_deaf():
    """listeners that never read cost a bounded amount of memory and nobody else's time"""
    with Farm(1) as farm:
        farm.wait_online()
        deaf = [connect(farm) for _ in range(30)]
        for connection in deaf:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(b"GET /api/v1/events?since=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        before = control_rss_kib(farm)
        for _ in range(300):
            farm.post("/api/v1/printers/p1/disable")
            farm.post("/api/v1/printers/p1/enable")
        # Not more than each listener's backlog and what the server itself is.
        if not (SANITIZED or UNDER):
            check(control_rss_kib(farm) - before < 30 * 80 + 4096,
                  f"{before} KiB became {control_rss_kib(farm)}")
        one = deaf[0]
        one.settimeout(10)
        seen = b""
        while b'"text":"p1 may get new jobs"' not in seen or seen.count(b"id: ") < 600:
            piece = one.recv(65536)
            check(piece, f"the stream ended after {seen.count(b'id: ')} events")
            seen += piece
        numbers = [int(line[4:]) for line in seen.split(b"\n") if line.startswith(b"id: ")]
        equal(numbers, sorted(set(numbers)), "events of a listener that was late")
        for connection in deaf:
            connection.close()
        wait(lambda: counters(farm)["http_connections"] <= 2, "listeners that left are noticed", 40)


def test_many():
    """a thousand idle connections do not keep the next client out for ever, and cost no CPU"""
    with Farm(1, speed=200) as farm:
        farm.wait_online()
        many = []

        def one_more():
            try:
                many.append(connect(farm))
                return True
            except BlockingIOError:
                return False    # the queue of the socket is full for a moment
        for _ in range(1100):
            wait(one_more, "one more connection", 10, every_s=0.01)
        before = control_cpu_s(farm)
        time.sleep(2)
        used = control_cpu_s(farm) - before
        check(used < 1.0 or UNDER, f"{used} s of CPU in 2 s of silence")
        for connection in many:
            connection.close()

        def answers():
            try:
                return farm.http("GET", "/api/v1/status").status == 200
            except Unreachable:
                return False    # the places are given back one by one
        wait(answers, "control answers again")
        wait(lambda: counters(farm)["http_connections_refused"] > 0, "the limit is counted", 10)


def test_twice():
    """a creating request that is repeated with its key is done once, also across kill -9"""
    with Farm(1) as farm:
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=2), 1))
        key = {"Idempotency-Key": "order-from-the-shop-4711"}
        first = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 2}, key)
        equal(first.status, 201, "status")
        again = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 2}, key)
        equal((again.status, again.body), (first.status, first.body), "the same again")
        other = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 3}, key)
        equal(other.status, 409, "the key with another body")
        farm.kill_control()
        farm.start_control()
        again = farm.http("POST", "/api/v1/orders", {"design": "box", "units": 2}, key)
        equal((again.status, again.body), (first.status, first.body), "the same after kill -9")
        equal(len(farm.get("/api/v1/orders")["items"]), 1, "orders")
        upload = Path(farm.dir / "box.gcode").read_bytes()
        equal(farm.http("PUT", "/api/v1/files/other-name.gcode", upload).status, 200, "the same bytes again")
        equal(len(farm.get("/api/v1/files")["items"]), 1, "files")


def test_answers():
    """quote, plan, why and due dates answer in words and numbers that fit together"""
    with Farm(2) as farm:
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=2), 1))
        quote = farm.post("/api/v1/quote", {"design": "box", "units": 6})
        equal((quote["units"], quote["over_units"], len(quote["plates"])), (6, 0, 6), "the quote")
        equal(farm.get("/api/v1/orders")["items"], [], "orders after a quote")
        order = farm.post("/api/v1/orders", {"design": "box", "units": 6, "due": "+2d", "user": "shop"})
        equal((order["left"], len(order["jobs"]), order["late"], order["user"]), (6, 6, False, "shop"), "the order")
        check(abs(order["due_s"] - time.time() - 2 * 86400) < 60, f"due {order['due_at']}")
        check(order["due_at"].endswith("+00:00"), f"due {order['due_at']}")
        check(order["promised_s"] and abs(order["promised_s"] - quote["done_s"]) < 60, "promise and quote differ")
        plan = farm.get("/api/v1/plan")["items"]
        equal({row["job"] for row in plan}, set(order["jobs"]), "planned jobs")
        equal({row["printer"] for row in plan}, {"p1", "p2"}, "printers in the plan")
        why = farm.get(f"/api/v1/jobs/{order['jobs'][0]}/why")
        equal({row["printer"] for row in why["printers"]}, {"p1", "p2"}, "printers that are looked at")
        check(all("bed" in {unmet["condition"] for unmet in row["unmet"]} for row in why["printers"]), f"{why}")
        one = farm.get(f"/api/v1/jobs/{order['jobs'][0]}/why?printer=p2")
        equal([row["printer"] for row in one["printers"]], ["p2"], "the printer that was asked about")
        held = farm.post(f"/api/v1/jobs/{order['jobs'][0]}/hold")
        equal(held["state"], "held", "state")
        equal(farm.post(f"/api/v1/orders/{order['id']}/set", {"units": 4, "priority": 80})["units"], 4, "units")
        equal(farm.post(f"/api/v1/orders/{order['id']}/cancel")["state"], "cancelled", "state")
        equal({farm.job(job)["state"] for job in order["jobs"][:4]}, {"cancelled"}, "jobs of a cancelled order")
        reply = farm.http("POST", "/api/v1/orders", {"design": "nothing", "units": 1})
        equal(reply.status, 404, "status of an order of nothing")


def test_pictures():
    """a picture of a plate, kept after the first time; a client that leaves before it is there harms nobody"""
    with Farm(1) as farm:
        content = gzip.decompress((ROOT / "tests/corpus/gcode/ps_mk3s_calicube_m600_m601.gcode.gz").read_bytes())
        digest = farm.http("PUT", "/api/v1/files/cube.gcode", content).json["sha256"]
        path = f"/api/v1/files/{digest}/preview"
        for _ in range(5):
            leaving = socket.socket(socket.AF_UNIX)
            leaving.connect(farm.socket)
            leaving.sendall(f"GET {path} HTTP/1.1\r\nHost: printfarm\r\n\r\n".encode())
            leaving.close()
        first = farm.http("GET", path)
        equal((first.status, first.body[:8]),
              (200, b"\x89PNG\r\n\x1a\n"), "picture")
        kept = farm.state / "files" / digest[:2] / f"{digest}.png"
        wait(kept.exists, "the usual picture is kept")
        equal(farm.http("GET", path).body, first.body, "the kept one")
        layer = farm.http("GET", path + "?layer=50&width=100&height=100")
        equal(layer.status, 200, "a layer")
        check(layer.body != first.body, "the layer is another picture")
        index = farm.get(f"/api/v1/files/{digest}")["analysis"]["layer_index"]
        size = "&width=100&height=100"
        for command in (index[49]["command"], index[50]["command"] - 1):
            equal(farm.http("GET", f"{path}?command={command}{size}").body, layer.body, f"the layer of command {command}")
        check(farm.http("GET", f"{path}?command={index[50]['command']}{size}").body != layer.body, "the next layer")
        wait(lambda: not list((farm.state / "files" / "tmp").iterdir()), "no temporary file is left")


main(test_heads, test_json, test_slow, test_deaf, test_many, test_twice, test_answers, test_pictures)
