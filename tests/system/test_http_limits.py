"""What hostile, broken and impatient clients may cost: limits of heads, bodies, connections, streams
and uploads.  Figures of time are generous: they tell a limit from none, nothing else.
time limit: 240 s, long: 400 s"""

import hashlib
import json
import os
import random
import resource
import socket
import threading
import time
from pathlib import Path

from harness import LONG, PATIENCE, SANITIZED, UNDER, Farm, Skip, Unreachable, box_gcode, check, equal, main, wait
from raw_http import Process, Raw, bytes_of, now, request, slices

HEAD = "GET /api/v1/status HTTP/1.1\r\nHost: printfarm\r\n"


def counters(farm):
    return farm.get("/api/v1/status")["counters"]


def temporary_files(farm):
    return sorted(path.name for path in (farm.state / "files" / "tmp").iterdir())


class Polling(threading.Thread):
    """Asks for the status all the time; the longest wait is what matters."""

    def __init__(self, farm, pause_s=0.05):
        super().__init__()
        self.farm, self.pause_s = farm, pause_s
        self.count, self.longest_s, self.trouble, self.is_over = 0, 0.0, None, threading.Event()

    def run(self):
        while not self.is_over.is_set():
            begin = now()
            try:
                self.farm.get("/api/v1/status")
            except Exception as trouble:  # pylint: disable=broad-except
                self.trouble = trouble
                return
            self.longest_s = max(self.longest_s, now() - begin)
            self.count += 1
            self.is_over.wait(self.pause_s)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


def test_slow_clients():
    """a hundred clients that send a byte a second are cut, heads and bodies, while status answers"""
    with Farm(1) as farm, Polling(farm) as polling:
        heads = [Raw(farm) for _ in range(100)]
        upload = Raw(farm)
        upload.send("PUT /api/v1/files/slow.gcode HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nG28\n")
        post = Raw(farm)
        post.send("POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                  "Content-Length: 6000\r\n\r\n{")
        wait(lambda: temporary_files(farm), "the upload has begun", 10)
        drip = (HEAD + "X-Slow: " + "s" * 4000).encode()
        begin, sent, ends = now(), 0, {}
        clients = {f"head {n}": raw for n, raw in enumerate(heads)} | {"upload": upload, "post": post}
        while len(ends) < len(clients) and now() - begin < 40 * PATIENCE:
            for name, raw in clients.items():
                if name in ends:
                    continue
                # Every second one says its first line at once.
                piece = drip[sent:sent + 1] if name[-1] in "13579" or sent else HEAD.encode()
                if not raw.send(piece if name.startswith("head") else b" ") or raw.has_hung_up():
                    ends[name] = now() - begin
            sent += 1
            time.sleep(1)
        polling.is_over.set()
        left = sorted(set(clients) - set(ends))
        check(not left, f"never cut: {left[:5]} and {len(left)} in all")
        slowest_head = max(seconds for name, seconds in ends.items() if name.startswith("head"))
        check(slowest_head < 15 * PATIENCE, f"a slow head was cut after {slowest_head:.0f} s")
        check(max(ends.values()) < 30 * PATIENCE, f"a slow body was cut after {max(ends.values()):.0f} s")
        check(polling.trouble is None, f"status while slow clients are there: {polling.trouble}")
        check(polling.count > 20 and polling.longest_s < 3 * PATIENCE,
              f"{polling.count} answers, the slowest after {polling.longest_s:.1f} s")
        wait(lambda: not temporary_files(farm), "nothing is left of the slow upload", 10)

        def counted():
            have = counters(farm)
            return have["http_heads_too_slow"] >= 100 and have["http_bodies_too_slow"] >= 2
        wait(counted, "slow heads and bodies are counted", 5)


def test_heads():
    """heads that are too large, doubtful or broken are refused, and the next client is served"""
    with Farm(1, config='hosts = ["farm.example"];') as farm:
        get = "GET /api/v1/status HTTP/1.1\r\n"
        order = "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        cases = [
            ("head over 8 KiB", f"{get}Host: x\r\nX-A: {'a' * 8200}\r\n\r\n", (431,)),
            ("head over 8 KiB in many fields", get + "Host: x\r\n" + "".join(
                f"X-{n}: {'b' * 160}\r\n" for n in range(60)) + "\r\n", (431,)),
            ("head over the whole memory", f"{get}Host: x\r\nX-A: {'a' * 200000}\r\n\r\n", (431, 413, None)),
            ("65 fields", get + "Host: x\r\n" + "".join(f"X-{n}: 1\r\n" for n in range(64)) + "\r\n", (431,)),
            ("target over 1 KiB", f"GET /{'u' * 1100} HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
            ("query over 1 KiB", f"GET /api/v1/jobs?all={'1' * 1100} HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
            ("target without end", "GET /" + "u" * 300000, (414, 431, 400, None)),
            ("NUL in the target", "GET /api/v1/printers/p1%00x HTTP/1.1\r\nHost: x\r\n\r\n", (400,)),
            ("control characters in a field", f"{get}Host: x\r\nX-A: a\x01b\r\n\r\n", (400,)),
            # The library cuts the value there; nothing that we look at gains by it.
            ("raw NUL in a field", f"{get}Host: x\r\nX-A: a\0b\r\n\r\n", (200, 400, None)),
            ("no Host", f"{get}\r\n", (400,)),
            ("unknown method", "BREW /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n", (405,)),
            ("TRACE", "TRACE /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n", (405,)),
            ("CONNECT", "CONNECT printfarm:80 HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404, 405)),
            ("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404, 405)),
            ("no version", "GET /api/v1/status\r\n\r\n", (400, 505, None)),
            ("unknown version", "GET /api/v1/status HTTP/3.7\r\nHost: x\r\n\r\n", (400, 505, None)),
            ("not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + "\r\n\r\n", (400, 505, None)),
            ("two lengths", f"{order}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}", (400,)),
            ("two lengths that differ", f"{order}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} ", (400,)),
            ("length and chunked", f"{order}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
            ("length with a sign", f"{order}Content-Length: +2\r\n\r\n{{}}", (400, 413, None)),
            ("length of letters", f"{order}Content-Length: 2x\r\n\r\n{{}}", (400, 413, None)),
            ("length below zero", f"{order}Content-Length: -2\r\n\r\n{{}}", (400, 413, None)),
            ("length over 64 bits", f"{order}Content-Length: 99999999999999999999999\r\n\r\n{{}}", (400, 413, None)),
            ("unknown transfer encoding", f"{order}Transfer-Encoding: gzip\r\n\r\n{{}}", (400, 501)),
            ("bad chunk", f"{order}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n", (400, None)),
            ("chunk over 64 bits", f"{order}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{{}}", (400, 413, None)),
            ("wrong type", "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 2\r\n\r\n{}", (415,)),
            ("type that only begins like it", "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n"
             "Content-Type: application/json-seq\r\nContent-Length: 2\r\n\r\n{}", (415,)),
            ("no type", "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", (415,)),
            ("foreign page", f"{order}Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{{}}", (403,)),
            ("a foreign page's name for us", get + "Host: evil.example:8080\r\n\r\n", (403,)),
            ("an address", get + "Host: 127.0.0.1:8080\r\n\r\n", (200,)),
            ("a configured name", get + "Host: farm.example\r\n\r\n", (200,)),
            ("foreign fetch", f"{get}Host: x\r\nSec-Fetch-Site: cross-site\r\n\r\n", (403,)),
        ]
        for name, data, wanted in cases:
            answer = bytes_of(farm, data.encode("latin-1"), data.split(" ", 1)[0])
            status = answer and answer.status
            check(status in wanted, f"{name}: {answer}, expected {wanted}")
            if answer and answer.status != 200 and answer.body.startswith(b"{"):
                check(answer.json["error"]["message"], f"{name}: no sentence")
            farm.get("/api/v1/status")
        equal(farm.get("/api/v1/orders")["items"], [], "orders")


def test_connection_reuse():
    """requests in a row on one connection are answered in order, and no connection lives for ever"""
    with Farm(1) as farm:
        with Raw(farm) as raw:
            raw.send("".join(f"GET /api/v1/jobs/{n} HTTP/1.1\r\nHost: x\r\n\r\n" for n in range(1, 51)))
            for n in range(1, 51):
                answer = raw.read()
                check(answer and answer.status == 404 and f"job {n}" in answer.json["error"]["message"],
                      f"answer {n}: {answer}")
        with Raw(farm) as raw:
            for path in ("/api/v1/events", "/api/v1/status", "/"):
                raw.send(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD + "\r\n")
                equal((raw.read("HEAD").status, raw.read().status), (200, 200), f"HEAD {path} and what follows")
        with Raw(farm) as raw:
            raw.send(HEAD + "\r\n")
            raw.socket.shutdown(socket.SHUT_WR)
            equal(raw.read().status, 200, "status for who has closed the sending half")
        with Raw(farm) as raw:
            for count in range(1, 1000):
                raw.send(HEAD + "\r\n")
                answer = raw.read()
                equal(answer.status, 200, "status")
                if answer.fields.get("connection") == "close":
                    break
            check(50 <= count <= 100, f"{count} requests on one connection")
            equal(raw.read(), None, "what follows the last answer")


def test_json():
    """bodies that are not what JSON is meant to be are refused with a sentence, and nothing is made"""
    with Farm(1) as farm:
        deep = '{"design":' + "[" * 20 + "]" * 20 + "}"
        cases = [
            ("over 64 KiB", '{"design":"' + "x" * 66000 + '"}', (413,)),
            ("20 deep", deep, (400,)),
            ("100,000 deep", "[" * 60000, (400,)),
            ("2,000 members", "{" + ",".join(f'"m{n}":1' for n in range(2000)) + "}", (400,)),
            ("duplicate keys", '{"design":"a","units":1,"units":2}', (400,)),
            ("invalid UTF-8", b'{"design":"\xff\xfe"}', (400,)),
            ("overlong UTF-8", b'{"design":"\xc0\xaf"}', (400,)),
            ("half a surrogate", '{"design":"\\ud800"}', (400,)),
            ("NUL", '{"design":"a\\u0000b"}', (400,)),
            ("raw NUL", b'{"design":"a\0b"}', (400,)),
            ("NUL behind the text", b'{"design":"a","units":1}\0', (400,)),
            ("1e999", '{"design":"a","units":1e999}', (400,)),
            ("NaN", '{"design":"a","units":NaN}', (400,)),
            ("Infinity", '{"design":"a","units":Infinity}', (400,)),
            ("large number", '{"design":"a","units":99999999999999999999}', (400,)),
            ("fraction", '{"design":"a","units":1.5}', (422,)),
            ("negative", '{"design":"a","units":-1}', (422,)),
            ("text for a number", '{"design":"a","units":"1"}', (422,)),
            ("number for a text", '{"design":1,"units":1}', (422,)),
            ("control characters", '{"design":"a\\u001b[31m","units":1}', (422,)),
            ("unknown member", '{"design":"a","units":1,"admin":true}', (422,)),
            ("too long a name", json.dumps({"design": "d" * 200, "units": 1}), (422,)),
            ("list", "[]", (400,)), ("text", '"x"', (400,)), ("null", "null", (400,)),
            ("nothing closed", '{"design":"a"', (400,)), ("two", "{}{}", (400,)),
            ("comment", '{/* */"design":"a"}', (400,)), ("comma", '{"design":"a",}', (400,)),
        ]
        for name, body, wanted in cases:
            answer = request(farm, "POST", "/api/v1/orders", body)
            check(answer.status in wanted, f"{name}: {answer}, expected {wanted}")
            message = answer.json["error"]["message"]
            check(message and "\x1b" not in message and len(message) < 600, f"{name}: message {message!r}")
        for path in ("/api/v1/designs", "/api/v1/spools", "/api/v1/quote", "/api/v1/printers/p1/clear",
                     "/api/v1/printers/p1/gcode", "/api/v1/orders/1/set", "/api/v1/jobs/1/inspect"):
            for body in (deep, '{"a":1,"a":2}', "[1]"):
                answer = request(farm, "POST", path, body)
                equal(answer.status, 400, f"{path} {body[:30]}")
        equal((farm.get("/api/v1/orders")["items"], farm.get("/api/v1/designs")["items"],
               farm.get("/api/v1/spools")["items"]), ([], [], []), "orders, designs and spools")


def test_names():
    """file names are labels: paths, control characters and HTML stay text and reach no directory"""
    with Farm(1) as farm:
        content = Path(box_gcode(farm.dir / "box.gcode")).read_bytes()
        longest = "long-" + "x" * 400 + ".gcode"
        names = [("..%2f..%2f..%2fetc%2fpasswd", "passwd"), ("../../up.gcode", "up.gcode"),
                 ("%2fabsolute.gcode", "absolute.gcode"), ("a%0d%0aSet-Cookie:x.gcode", "a??Set-Cookie:x.gcode"),
                 ("%1b%5b31mred.gcode", "?[31mred.gcode"), ("%ff%fe.gcode", "??.gcode"),
                 ("%3Cscript%3Ealert(1)%3C%2Fscript%3E.gcode", "script>.gcode"),
                 ("%3Cimg%20src=x%20onerror=alert(1)%3E.gcode", "<img src=x onerror=alert(1)>.gcode"),
                 ("teil%20gr%C3%B6%C3%9Fe.gcode", "teil größe.gcode"), (longest, longest[:255])]
        for number, (sent, label) in enumerate(names):
            own = content + f"; {number}\n".encode()
            for wanted in (201, 200):
                answer = request(farm, "PUT", f"/api/v1/files/{sent}", own, content_type=None)
                equal(answer.status, wanted, f"PUT {sent}: {answer}")
                equal(answer.json["name"], label, f"name of {sent}")
        equal(sorted(row["name"] for row in farm.get("/api/v1/files")["items"]),
              sorted(label for _, label in names), "names in the store")
        equal(request(farm, "PUT", "/api/v1/files/", content, content_type=None).status, 404, "an empty name")
        equal(request(farm, "PUT", "/api/v1/files/nul%00.gcode", content, content_type=None).status, 400, "a NUL")
        for path in farm.state.rglob("*"):
            if path.is_file() and "files" in path.parts:
                check(all(c in "0123456789abcdef./" for c in str(path.relative_to(farm.state / "files"))),
                      f"a file in the store is called {path}")
        outside = {path.name for path in farm.dir.iterdir()} | {path.name for path in farm.state.iterdir()}
        check(not outside & {"passwd", "up.gcode", "absolute.gcode"}, f"files elsewhere: {outside}")
        for path in ("/api/v1/files/..%2f..%2fledger/text", "/api/v1/files/../../../etc/passwd/text",
                     "/web/..%2f..%2fetc%2fpasswd", "/web/../main.c", "/../../etc/passwd", "//etc/passwd"):
            answer = request(farm, "GET", path)
            check(answer.status in (404, 405) and b"root:" not in answer.body, f"GET {path}: {answer}")
        digest = farm.get("/api/v1/files")["items"][0]["sha256"]
        text = request(farm, "GET", f"/api/v1/files/{digest}/text")
        equal(text.fields["content-type"].split(";")[0], "text/plain", "type of a file's text")
        equal(text.fields["x-content-type-options"], "nosniff", "sniffing")
        for path in ("/", "/api/v1/status"):
            fields = request(farm, "GET", path).fields
            equal(fields["x-content-type-options"], "nosniff", f"sniffing of {path}")
            check("access-control-allow-origin" not in fields, f"{path} is open to other pages: {fields}")
        # The page has the status in it.
        hostile = "</script><script>alert(1)</script><!--<script>"
        farm.post("/api/v1/designs", {"name": "<img src=x>", "plates": [{"sha256": digest}]})
        farm.post("/api/v1/orders", {"design": "<img src=x>", "hold": True, "user": hostile, "material": hostile})
        equal(farm.get("/api/v1/orders")["items"][0]["user"], hostile, "what is kept")
        page = request(farm, "GET", "/")
        for text in (b"<img", b"<!--", b"<script>", b"alert(1)<"):
            check(text not in page.body, f"{text} has become part of the page")
        check(b"alert(1)" in page.body, "the page has no status in it")
        policy = page.fields["content-security-policy"]
        check("default-src 'self'" in policy and "unsafe" not in policy, f"policy {policy!r}")


def test_idempotency():
    """a repeated POST with its Idempotency-Key makes one thing, another body under it is refused"""
    with Farm(1) as farm:
        farm.wait_online()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        body = json.dumps({"design": "box", "units": 3, "hold": True})
        first = request(farm, "POST", "/api/v1/orders", body, "Idempotency-Key: k1")
        again = request(farm, "POST", "/api/v1/orders", body, "Idempotency-Key: k1")
        equal((first.status, again.status), (201, 201), "statuses")
        equal(again.json["id"], first.json["id"], "the order")
        other = request(farm, "POST", "/api/v1/orders", body.replace("3", "4"), "Idempotency-Key: k1")
        equal((other.status, other.json["error"]["code"]), (409, "key_reused"), "another body")
        other = request(farm, "POST", "/api/v1/spools", '{"material":"PLA"}', "Idempotency-Key: k1")
        equal(other.status, 409, "another path")
        for key in ("", "k" * 200):
            equal(request(farm, "POST", "/api/v1/orders", body, f"Idempotency-Key: {key}").status, 400,
                  f"a key of {len(key)} characters")
        # All at once, as a client does that retries before the first answer.
        answers = []

        def post():
            answers.append(request(farm, "POST", "/api/v1/orders", body, "Idempotency-Key: k2"))
        threads = [threading.Thread(target=post) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal({(answer.status, answer.json["id"]) for answer in answers}, {(201, first.json["id"] + 1)}, "answers")
        equal(len(farm.get("/api/v1/orders")["items"]), 2, "orders")
        farm.kill_control()
        farm.start_control()
        again = request(farm, "POST", "/api/v1/orders", body, "Idempotency-Key: k2")
        equal((again.status, again.json["id"]), (201, first.json["id"] + 1), "after a restart")


def test_cut_uploads():
    """an upload that is cut anywhere leaves nothing behind, and the same file is taken afterwards"""
    with Farm(1) as farm:
        content = Path(box_gcode(farm.dir / "box.gcode", layers=60, lines_per_layer=100)).read_bytes()
        head = f"PUT /api/v1/files/cut.gcode HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        chunked = "PUT /api/v1/files/cut.gcode HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        before = Process(farm).descriptors()
        for at in (0, 1, 4095, 65536, len(content) // 2, len(content) - 1):
            for pieces in ((head, content[:at]), (chunked, f"{at + 5:x}\r\n", content[:at])):
                with Raw(farm) as raw:
                    raw.send(*pieces)
                    if at == 1:
                        wait(lambda: temporary_files(farm), "a temporary file", 10)
        with Raw(farm, limit_s=40) as raw:   # only the sending half is closed
            raw.send(head, content[:5000])
            raw.socket.shutdown(socket.SHUT_WR)
            answer = raw.read()
            check(answer is None or answer.status >= 400, f"half a file was taken: {answer}")
        wait(lambda: not temporary_files(farm), "no temporary file is left", 10)
        equal(farm.get("/api/v1/files")["items"], [], "files")
        wait(lambda: Process(farm).descriptors() <= before + 2, "no descriptor is left", 10)
        answer = request(farm, "PUT", "/api/v1/files/cut.gcode", content, content_type=None)
        equal(answer.status, 201, f"the whole file: {answer}")
        equal(answer.json["sha256"], hashlib.sha256(content).hexdigest(), "hash")
        # Gone while the import is at work.
        for _ in range(5):
            content += b"; more\n"
            with Raw(farm) as raw:
                raw.send(head.replace(str(len(content) - 7), str(len(content))), content)
        wait(lambda: not temporary_files(farm), "no temporary file is left", 20)
        wait(lambda: Process(farm).descriptors() <= before + 2, "no descriptor is left", 10)
        farm.get("/api/v1/status")


def large_upload(farm, megabytes):
    """Streams a file that is made while it is sent; returns the answer."""
    block = b"".join(b"G1 X%d.%03d Y%d.%03d E0.0100\n" % (n % 140 + 20, n % 1000, n % 130 + 20, n % 997)
                     for n in range(40000))
    start, end = b"M140 S50\nM104 S200\nG28\nM83\nG1 F3000\n", b"M104 S0\nM140 S0\n"
    count = (megabytes << 20) // len(block)
    with Raw(farm, limit_s=180) as raw:
        raw.send(f"PUT /api/v1/files/large.gcode HTTP/1.1\r\nHost: x\r\n"
                 f"Content-Length: {len(start) + count * len(block) + len(end)}\r\n\r\n", start)
        for _ in range(count):
            if not raw.send(block):
                break
        raw.send(end)
        return raw.read()


def test_large_upload():
    """an upload of hundreds of megabytes is streamed: memory stays as it was, and status answers"""
    if UNDER or SANITIZED:
        raise Skip("memory is measured on the plain build")
    with Farm(1, config="upload_max_bytes = 2000000000;\ntext_max_bytes = 4000000000;") as farm:
        farm.wait_online()
        process = Process(farm)
        farm.get("/api/v1/status")
        process.forget_peak()
        before = process.peak_mib()
        with Polling(farm) as polling:
            answer = large_upload(farm, 1024 if LONG else 300)
        check(answer and answer.status == 201, f"answer: {answer}")
        check(process.peak_mib() - before < 12, f"memory grew from {before:.0f} to {process.peak_mib():.0f} MiB")
        check(polling.trouble is None and polling.longest_s < 5,
              f"status meanwhile: {polling.trouble}, slowest {polling.longest_s:.1f} s")
        wait(lambda: not temporary_files(farm), "no temporary file is left", 20)
        digest = answer.json["sha256"]
        # Read by somebody who stops reading: that does not come into memory either.
        raw = Raw(farm)
        raw.send(f"GET /api/v1/files/{digest}/text HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1)
        check(process.peak_mib() - before < 12, f"memory grew from {before:.0f} to {process.peak_mib():.0f} MiB")
        raw.close()


def test_limits_of_uploads():
    """an upload over the limit is refused before or while it comes, with its answer to be read"""
    with Farm(1, config="upload_max_bytes = 1000000;") as farm:
        body = b"G1 X10 Y10\n" * 200000
        for name, head in (("announced", f"Content-Length: {len(body)}\r\n\r\n"),
                           ("announced and asked", f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")):
            with Raw(farm) as raw:
                raw.send(f"PUT /api/v1/files/big.gcode HTTP/1.1\r\nHost: x\r\n{head}")
                if "asked" not in name:
                    raw.send(body)
                answer = raw.read()
                check(answer and answer.status == 413, f"{name}: {answer}")
        with Raw(farm) as raw:
            raw.send("PUT /api/v1/files/big.gcode HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in slices(body, 50000):
                if not raw.send(f"{len(piece):x}\r\n", piece, "\r\n"):
                    break
            raw.send("0\r\n\r\n")
            answer = raw.read()
            check(answer and answer.status == 413, f"chunked: {answer}")
        wait(lambda: not temporary_files(farm), "no temporary file is left", 10)


def test_reader_that_never_reads():
    """an event stream that nobody reads is cut, and memory stays bounded"""
    with Farm(1) as farm:
        farm.wait_online()
        process = Process(farm)
        readers = [Raw(farm) for _ in range(10)]
        for raw in readers:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.send("GET /api/v1/events?since=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        good = Raw(farm)
        good.send("GET /api/v1/events?since=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        before, begin, spoken = process.resident_mib(), now(), 0
        while counters(farm)["http_streams_cut"] < 10 and now() - begin < 60 * PATIENCE:
            for act in ("disable", "enable"):
                for _ in range(20):
                    spoken += farm.http("POST", f"/api/v1/printers/p1/{act}").status == 200
            good.has_hung_up()
        equal(counters(farm)["http_streams_cut"], 10, f"streams cut after {spoken} acts")
        if not UNDER and not SANITIZED:
            check(process.resident_mib() - before < 16, f"memory: {before:.0f}, then {process.resident_mib():.0f} MiB")
        check(not good.has_hung_up(), "the stream that was read was cut as well")
        for raw in readers + [good]:
            raw.close()


def test_answers_that_nobody_takes():
    """large answers that nobody reads cost memory up to a limit, and small ones are given all the same"""
    with Farm(1) as farm:
        farm.wait_online()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode"), 1))
        farm.add_order("box", 5000, hold=True)
        size = len(request(farm, "GET", "/api/v1/jobs?all=1").body)
        check(size > 1000000, f"{size} bytes are no large answer")
        process, before = Process(farm), Process(farm).resident_mib()
        readers = [Raw(farm) for _ in range(40)]
        quick = Raw(farm)
        for raw in readers:
            raw.send("GET /api/v1/jobs?all=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        begin = now()
        quick.send(HEAD + "\r\n")
        equal(quick.read().status, 200, "a small request among large ones")
        check(now() - begin < 3 * PATIENCE, f"a small request among large ones took {now() - begin:.1f} s")
        quick.close()
        wait(lambda: counters(farm)["http_answers_refused"] > 0, "some are refused", 20)
        if not UNDER and not SANITIZED:
            check(process.resident_mib() - before < 100, f"memory: {before:.0f}, then {process.resident_mib():.0f} MiB")
        answers = [raw.read() for raw in readers]
        equal({answer.status for answer in answers}, {200, 503}, "statuses")
        equal({len(answer.body) for answer in answers if answer.status == 200}, {size}, "sizes of what was given")
        for raw in readers:
            raw.close()
        equal(request(farm, "GET", "/api/v1/jobs?all=1").status, 200, "status when all have left")


def test_readers_that_leave():
    """readers of events that leave make room for others at once"""
    with Farm(1) as farm:
        def listens():
            raw = Raw(farm)
            raw.send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            raw.more()
            if b" 200 " in raw.rest[:15]:
                return raw
            raw.close()
            return None
        readers = [listens() for _ in range(64)]
        check(all(readers), "not all could listen")
        check(listens() is None, "there is no limit")
        for raw in readers:
            raw.close()
        wait(listens, "another one listens", 10).close()


def read_events(farm, since, enough, limit_s=30):
    """[(id, data)] of the stream until enough(list); the id of data is the id of the event."""
    found = []
    with Raw(farm) as raw:
        raw.send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n" + f"Last-Event-ID: {since}\r\n\r\n")
        end, text, at = now() + limit_s * PATIENCE, b"", 0
        raw.socket.settimeout(0.2)
        while not enough(found) and now() < end:
            try:
                if not raw.more():
                    break
            except socket.timeout:
                pass
            text = dechunked(raw.rest)
            blocks = text.split(b"\n\n")
            for block in blocks[at:-1]:
                fields = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line)
                if "id" in fields:
                    found.append((int(fields["id"]), json.loads(fields["data"])))
            at = len(blocks) - 1
    return found


def dechunked(data):
    """The whole chunks of what came so far, without the head."""
    body, out = data.partition(b"\r\n\r\n")[2], b""
    while True:
        size, line_end, rest = body.partition(b"\r\n")
        if not line_end or len(rest) < int(size, 16) + 2:
            return out
        out, body = out + rest[:int(size, 16)], rest[int(size, 16) + 2:]


def test_resume():
    """readers that leave and come back with Last-Event-ID see every event once, far back as well"""
    with Farm(1) as farm:
        farm.wait_online()
        for _ in range(350):    # more than are kept in memory
            farm.post("/api/v1/printers/p1/disable")
            farm.post("/api/v1/printers/p1/enable")
        last = farm.get("/api/v1/status")["seq"]
        everything = read_events(farm, 0, lambda found: found and found[-1][0] >= last)
        ids = [number for number, _ in everything]
        equal(ids, sorted(set(ids)), "ids in order, each once")
        check(len(ids) >= 700 and ids[-1] >= last, f"{len(ids)} events up to {ids[-1:]}, last is {last}")
        equal([data["id"] for _, data in everything], ids, "ids inside the data")
        seen, steps = [], 0
        while (not seen or seen[-1] < last) and steps < 100:
            steps += 1
            size = 1 + steps * 7 % 60
            got = read_events(farm, seen[-1] if seen else 0, lambda found, size=size: len(found) >= size or
                              found and found[-1][0] >= last)
            seen += [number for number, _ in got][:size]
            if steps % 5 == 0:
                farm.post("/api/v1/printers/p1/disable")
                last = farm.get("/api/v1/status")["seq"]
        wanted = [number for number, _ in read_events(farm, 0, lambda found: found and found[-1][0] >= last)]
        equal(seen, [number for number in wanted if number <= seen[-1]], "what was seen in pieces")
        for odd in ("-5", "99999999999999999999999", "abc", "1; DROP TABLE", str(last + 1000)):
            got = read_events(farm, odd, lambda found: False, limit_s=0.3)
            equal(got, [], f"events after {odd!r}")


def test_unchanged_status():
    """dashboards that ask at a high rate for what has not changed cost next to nothing"""
    with Farm(8) as farm:
        farm.wait_online()
        with Raw(farm) as raw:
            raw.send(HEAD + "\r\n")
            tag = raw.read().fields["etag"]
        process, statuses, full = Process(farm), {}, 0
        raw, begin, cpu = Raw(farm), now(), process.cpu_s()
        for _ in range(4000):
            if not raw.send(f"{HEAD}If-None-Match: {tag}\r\n\r\n"):
                raw = Raw(farm)
                continue
            answer = raw.read()
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            tag = answer.fields.get("etag", tag)
            full += len(answer.body)
            if answer.fields.get("connection") == "close":
                raw.close()
                raw = Raw(farm)
        wall, cpu = now() - begin, process.cpu_s() - cpu
        raw.close()
        equal(set(statuses), {200, 304}, f"statuses {statuses}") if 200 in statuses else None
        check(statuses.get(304, 0) > 3000, f"statuses {statuses}")
        if not UNDER and not SANITIZED:
            check(cpu < 2.0, f"{cpu:.1f} s of processor time for 4000 requests in {wall:.1f} s")
        print(f"# 4000 requests in {wall:.2f} s, {cpu:.2f} s of processor time, {statuses}")


def test_stop_during_uploads():
    """an emergency stop is served while uploads fill all places, and prints go on beside them"""
    with Farm(2) as farm:
        farm.ready()
        farm.simple_order(2, box_gcode(farm.dir / "box.gcode", layers=40, lines_per_layer=300))
        farm.wait_printing("p1")
        block = b"G1 X100 Y100 E0.01\n" * 3000
        is_over, statuses = threading.Event(), []

        def upload(number):
            while not is_over.is_set():
                with Raw(farm) as raw:
                    raw.send(f"PUT /api/v1/files/{number}.gcode HTTP/1.1\r\nHost: x\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n")
                    for _ in range(200):
                        if is_over.is_set() or not raw.send(f"{len(block):x}\r\n", block, "\r\n"):
                            break
                    raw.send("0\r\n\r\n")
                    answer = raw.read()
                    statuses.append(answer and answer.status)
        threads = [threading.Thread(target=upload, args=(n,)) for n in range(40)]
        for thread in threads:
            thread.start()
        try:
            wait(lambda: len(temporary_files(farm)) >= 32, "all places for uploads are taken", 20)
            begin = now()
            farm.post("/api/v1/estop", {})
            took = now() - begin
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        check(took < 5 * PATIENCE, f"the stop was answered after {took:.1f} s")
        wait(lambda: all(row["lock"] and row["activity"] == "idle" for row in farm.printers().values()),
             "both printers are stopped and locked", 20)
        check(503 in statuses, f"answers to uploads: {set(statuses)}")


def test_few_descriptors():
    """with few descriptors two hundred clients wait in line, the print goes on, and nothing spins"""
    with Farm(1, start=False) as farm:
        farm.start_control(prefix=["prlimit", "--nofile=64:64", "--"])
        farm.ready()
        order = farm.simple_order(1, box_gcode(farm.dir / "box.gcode", layers=10, lines_per_layer=200))
        farm.wait_printing("p1")
        process, clients = Process(farm), []
        for _ in range(200):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.setblocking(False)
            try:
                client.connect(farm.socket)
                clients.append(client)
            except BlockingIOError:
                client.close()
        check(len(clients) > 100, f"only {len(clients)} clients could connect")
        cpu, begin = process.cpu_s(), now()
        time.sleep(3)
        spent = (process.cpu_s() - cpu) / (now() - begin)
        check(spent < 0.5, f"printfarmd spends {spent:.0%} of a processor on clients that say nothing")
        wait(lambda: len(Path(farm.dir / "printfarmd.log").read_text().splitlines()) < 2000, "a quiet log", 1)
        for client in clients:
            client.close()
        farm.run_order(order)
        content = Path(box_gcode(farm.dir / "late.gcode", seed=2)).read_bytes()
        equal(request(farm, "PUT", "/api/v1/files/late.gcode", content, content_type=None).status, 201, "an upload")


def mutated(rng, data):
    """Bytes changed, dropped, doubled, swapped with strange ones, cut off."""
    odd = [b"\0", b"\r\n", b"\n", b"\r\n\r\n", b":", b" ", b"%", b"%00", b"%zz", b"/../", b"\xff", b"{", b'"', b"[" * 20,
           b"9" * 25, b"-1", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 7\r\n", b"Expect: 100-continue\r\n", b"0\r\n"]
    for _ in range(rng.randint(1, 6)):
        at, size = rng.randrange(len(data) + 1), rng.choice((0, 1, 1, 2, 8, 40))
        what = rng.choice((b"", rng.choice(odd), bytes([rng.randrange(256)]), data[at:at + size] * 2))
        data = data[:at] + what + data[at + size:]
    return data[:rng.randrange(len(data) + 1)] if rng.random() < 0.15 else data


def test_mutations():
    """requests damaged at random end in an answer or a closed connection, and never in more"""
    post = "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
    order, plates = '{"design":"box","units":2,"hold":true}', '{"name":"d","plates":[{"sha256":"' + "0" * 64 + '"}]}'
    seeds = [HEAD + "\r\n", HEAD + 'If-None-Match: W/"1-2-3"\r\n\r\n', HEAD + "\r\n" + HEAD + "\r\n",
             "GET /api/v1/events?since=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 3\r\n\r\n",
             "GET /api/v1/jobs/1/why?printer=p1 HTTP/1.1\r\nHost: x\r\n\r\n",
             post.format("/api/v1/orders", len(order), order), post.format("/api/v1/designs", len(plates), plates),
             post.format("/api/v1/printers/p1/gcode", 18, '{"command":"M105"}'),
             post.format("/api/v1/printers/p1/clear", 21, '{"good":1,"not_yet":1}'),
             "PUT /api/v1/files/a%20b.gcode HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nG28\nM84\n",
             "PUT /api/v1/files/c.gcode HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nG28\nM84\n\r\n0\r\n\r\n"]
    number = int(os.environ.get("PRINTFARM_SEED", time.time()))
    print(f"# PRINTFARM_SEED={number}")
    rng = random.Random(number)
    with Farm(1) as farm:
        before = Process(farm).descriptors()
        for _ in range(20000 if LONG else 1500):
            data = mutated(rng, rng.choice(seeds).encode())
            with Raw(farm) as raw:
                for piece in slices(data, rng.choice((1, 7, 100, 10000)) if len(data) < 300 else 10000):
                    if not raw.send(piece):
                        break
                raw.socket.settimeout(rng.choice((0.0005, 0.002, 0.01)))
                try:
                    raw.more()
                except (socket.timeout, BlockingIOError):
                    pass
        wait(lambda: not temporary_files(farm), "no temporary file is left", 20)
        wait(lambda: Process(farm).descriptors() <= before + 3, "no descriptor is left", 20)
        for row in farm.get("/api/v1/orders")["items"]:
            check(1 <= row["units"], f"order {row}")


def test_many_connections():
    """a thousand connections are served, more wait in line, and one user alone cannot take them all"""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        raise Skip("needs 2000 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    with Farm(2, config="connections_per_user = 1000;") as farm:
        farm.wait_online()
        process, waits = Process(farm), []
        clients = [Raw(farm) for _ in range(998)]
        for raw in clients:
            begin = now()
            raw.send(HEAD + "\r\n")
            equal(raw.read().status, 200, f"status for client {len(waits) + 1}")
            waits.append(now() - begin)
        waiting = [Raw(farm) for _ in range(20)]
        for raw in waiting:
            raw.send(HEAD + "\r\n")
        time.sleep(0.5)
        check(sum(raw.has_hung_up() for raw in waiting) == 0, "those in line were hung up on")
        check(sum(bool(raw.rest) for raw in waiting) <= 2, "more were served than there are places")
        if not UNDER and not SANITIZED:
            check(process.resident_mib() < 96, f"memory: {process.resident_mib():.0f} MiB")
        print(f"# {len(waits)} served, median {sorted(waits)[len(waits) // 2] * 1e3:.1f} ms, "
              f"p99 {sorted(waits)[len(waits) * 99 // 100] * 1e3:.1f} ms, {process.resident_mib():.0f} MiB resident")
        for raw in clients:
            raw.close()
        for raw in waiting:
            equal(raw.read().status, 200, "status for those in line")
            raw.close()
        farm.config.write_text(farm.config.read_text().replace("per_user = 1000", "per_user = 20"))
        farm.post("/api/v1/reload")
        clients = [Raw(farm) for _ in range(40)]
        hung_up = sum(not raw.send(HEAD + "\r\n") or raw.read() is None for raw in clients)
        equal(hung_up, 20, "hung up on, of 40 with 20 allowed")
        for raw in clients:
            raw.close()
        wait(lambda: is_served(farm), "the next client is served", 10)
        # The status that pollers share may be a second old.
        wait(lambda: counters(farm)["http_connections_refused"] >= 20, "refused connections are counted", 5)


def is_served(farm):
    try:
        return farm.http("GET", "/api/v1/status").status == 200
    except Unreachable:
        return False


main(test_slow_clients, test_heads, test_connection_reuse, test_json, test_names, test_idempotency, test_cut_uploads,
     test_large_upload, test_limits_of_uploads, test_reader_that_never_reads, test_answers_that_nobody_takes,
     test_readers_that_leave, test_resume,
     test_unchanged_status, test_stop_during_uploads, test_few_descriptors, test_mutations,
     test_many_connections)
