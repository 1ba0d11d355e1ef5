"""HTTP as a hostile client speaks it: bytes on a Unix socket, and what comes back."""

import json
import os
import socket
import time

from harness import PATIENCE, Failure


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Raw:
    """One connection to the farm's socket.  read() gives None when the server has hung up."""

    def __init__(self, farm, limit_s=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(farm.socket)    # waits for a place in the line
        self.socket.settimeout(limit_s * PATIENCE)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, *pieces):
        """False: the server has hung up already, which its answer may tell more about."""
        try:
            for piece in pieces:
                self.socket.sendall(piece if isinstance(piece, bytes) else piece.encode())
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.rest += piece
        return bool(piece)

    def read(self, method="GET"):
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        if status == 100:
            return self.read(method)
        length = 0 if method == "HEAD" or status in (204, 304) else int(fields.get("content-length", -1))
        while length < 0 or len(self.rest) < length:
            if not self.more():
                break
        body, self.rest = (self.rest, b"") if length < 0 else (self.rest[:length], self.rest[length:])
        return Answer(status, fields, body)

    def has_hung_up(self):
        """Looks without waiting; what has come is kept."""
        self.socket.setblocking(False)
        try:
            piece = self.socket.recv(65536)
            self.rest += piece
            return not piece
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(20 * PATIENCE)


def request(farm, method, path, body=None, *fields, content_type="application/json"):
    """One request on a connection of its own; the path goes out as it stands."""
    head = [f"{method} {path} HTTP/1.1", "Host: printfarm", "Connection: close", *fields]
    if body is not None:
        body = body if isinstance(body, bytes) else body.encode()
        head += [f"Content-Length: {len(body)}"] + ([f"Content-Type: {content_type}"] if content_type else [])
    with Raw(farm) as raw:
        raw.send("\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n", body or b"")
        answer = raw.read(method)
    if answer is None:
        raise Failure(f"{method} {path[:200]}: hung up without an answer")
    return answer


def bytes_of(farm, data, method="GET"):
    """The answer to exactly these bytes; None: the server only hung up."""
    with Raw(farm) as raw:
        raw.send(data)
        return raw.read(method)


class Process:
    """What /proc says about printfarmd."""

    def __init__(self, farm):
        self.pid = farm.control.pid

    def status(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        raise Failure(f"/proc/{self.pid}/status has no {name}")

    def resident_mib(self):
        return self.status("VmRSS") / 1024

    def peak_mib(self):
        return self.status("VmHWM") / 1024

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def slices(data, size):
    for at in range(0, len(data), size):
        yield data[at:at + size]


def now():
    return time.monotonic()
