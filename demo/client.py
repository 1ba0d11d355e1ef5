"""Talks to the demo's printfarmd over its Unix socket, and to the simulator's control socket."""

import http.client
import json
import socket


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("printfarm", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Unreachable(Exception):
    """printfarmd is not there."""


class Client:
    def __init__(self, path, timeout_s=5):
        self.path, self.timeout_s = path, timeout_s

    def request(self, method, target, body=None):
        """(status, parsed JSON).  Raises Unreachable."""
        connection = _UnixConnection(self.path, self.timeout_s)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, target, json.dumps(body) if body is not None else None, headers)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read() or b"null")
        except (OSError, http.client.HTTPException) as trouble:
            raise Unreachable(str(trouble)) from trouble
        finally:
            connection.close()

    def get(self, target):
        return self.request("GET", target)[1]

    def post(self, target, body=None):
        return self.request("POST", target, body if body is not None else {})


class Simulator:
    """The simulator's control socket: one command a line, one line back."""

    def __init__(self, path):
        self.path = path

    def ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            connection.connect(self.path)
            connection.sendall(command.encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as stream:
                return stream.readline().rstrip("\n")

    def status(self, name):
        answer = self.ask(f"status {name}")
        return json.loads(answer[answer.index("{"):])
