"""The wire of daemon/wire/wire.h in Python, for tests that are control themselves.

The numbers here are the format; they must never follow a change of the C table silently."""

import socket
import struct
import time

KINDS = {1: "hello", 2: "set_printer", 3: "remove_printer", 4: "start", 5: "pause", 6: "resume", 7: "cancel",
         8: "manual", 9: "connect", 10: "estop", 11: "booked", 12: "shutdown", 13: "answer", 14: "printer",
         15: "ended", 16: "said", 17: "recording"}
NUMBERS = {name: number for number, name in KINDS.items()}
LINKS = ["offline", "connecting", "online"]
ACTIVITIES = ["idle", "printing", "paused", "needs_attention", "by_hand"]
RESULTS = ["none", "printed", "failed", "cancelled", "suspect"]
PROGRESS = ["commands_done", "commands", "lines_sent", "resends", "bytes_sent", "lost_acknowledgements",
            "surplus_acknowledgements", "print_us"]

# id: (name, type); i whole number, d double, t text, or a list of names.
COMMON = {1: ("request", "i"), 2: ("printer", "t"), 3: ("attempt", "t")}
FIELDS = {
    "hello": {10: ("version", "i"), 11: ("process_id", "i"), 12: ("program", "t")},
    "set_printer": {20: ("port", "t"), 21: ("dialect", "t"), 22: ("baud", "i"), 23: ("window_lines", "i"),
                    24: ("hotend_max_celsius", "d"), 25: ("bed_max_celsius", "d"),
                    26: ("x_min_mm", "d"), 27: ("y_min_mm", "d"), 28: ("z_min_mm", "d"),
                    29: ("x_max_mm", "d"), 30: ("y_max_mm", "d"), 31: ("z_max_mm", "d"),
                    32: ("can_reset_line", "i"), 33: ("park_x_mm", "d"), 34: ("park_y_mm", "d"),
                    35: ("park_lift_mm", "d"), 36: ("hotend_standby_celsius", "d"), 37: ("side_port", "t"),
                    38: ("meatpack", "i"), 40: ("window_bytes", "i"), 41: ("short_numbers", "i"), 150: ("no_adoption", "i"),
                    151: ("uuid", "t"), 152: ("pause_heat_s", "i"), 153: ("dead_man_s", "i"), 154: ("power_off", "t"),
                    158: ("reset_on_connect", "i")},
    "start": {50: ("path", "t"), 51: ("bytes", "i"), 52: ("commands", "i")},
    "connect": {45: ("reset", "i")},
    "manual": {5: ("text", "t")},
    "said": {5: ("text", "t")},
    "answer": {4: ("error", "i"), 5: ("text", "t"), 150: ("received", "i"), 151: ("remarks", "i"), 152: ("sent", "i"),
               153: ("more", "i"), 154: ("filled", "i"), 155: ("recording", "t")},
    "recording": {150: ("received", "i"), 151: ("remarks", "i"), 152: ("sent", "i")},
    "printer": {60: ("link", LINKS), 61: ("activity", ACTIVITIES), 62: ("state_attempt", "t"),
                63: ("reason", "t"), 64: ("fault", "i"), 65: ("firmware", "t"), 66: ("machine", "t"),
                67: ("uuid", "t"), 68: ("heaters_age_us", "i"), 69: ("heater_count", "i"), 70: ("hot_by_us", "i"), 160: ("no_remote_stop", "i"),
                71: ("window", "t")},
    "ended": {120: ("ended_attempt", "t"), 121: ("result", RESULTS), 122: ("fault", "i"), 123: ("reason", "t")},
}
for _heater in range(4):
    for _at, (_name, _form) in enumerate([("name", "t"), ("celsius", "d"), ("target", "d")]):
        FIELDS["printer"][80 + 3 * _heater + _at] = (f"heater_{_heater}_{_name}", _form)
for _at, _name in enumerate(PROGRESS):
    FIELDS["printer"][100 + _at] = FIELDS["ended"][130 + _at] = (_name, "i")
TELEMETRY = ["starved_us", "stall_link_us", "stall_resend_us", "stall_answer_us", "stall_port_us", "stall_file_us",
             "starved_count", "line_errors", "unreadable_lines", "lines_per_s_milli", "in_flight_lines",
             "in_flight_bytes", "in_flight_bytes_max", "answer_us", "answer_min_us", "planner_free", "planner_size",
             "queue_free", "queue_size"]
for _at, _name in enumerate(TELEMETRY):
    FIELDS["printer"][200 + _at] = FIELDS["ended"][230 + _at] = (_name, "i")
FRAME_MAX = 4096


def fields_of(kind):
    return {**COMMON, **FIELDS.get(kind, {})}


def encode(kind, **values):
    body = b""
    for number, (name, form) in sorted(fields_of(kind).items()):
        value = values.pop(name, None)
        if value is None:
            continue
        if form == "t":
            data = value.encode()
        elif form == "d":
            data = struct.pack("<d", value)
        else:
            data = struct.pack("<q", form.index(value) if isinstance(form, list) else value)
        body += struct.pack("<HH", number, len(data)) + data
    assert not values, f"{kind} has no {sorted(values)}"
    return struct.pack("<IHH", 4 + len(body), NUMBERS[kind], 0) + body


def decode(frame):
    """A frame without its length word -> dict with `kind`; absent fields read as 0 or ''."""
    number, reserved = struct.unpack_from("<HH", frame)
    assert reserved == 0
    kind = KINDS[number]
    known = fields_of(kind)
    message = {"kind": kind}
    for name, form in known.values():
        message[name] = "" if form == "t" else form[0] if isinstance(form, list) else 0
    at = 4
    while at < len(frame):
        field, length = struct.unpack_from("<HH", frame, at)
        data = frame[at + 4:at + 4 + length]
        at += 4 + length
        name, form = known[field]
        if form == "t":
            message[name] = data.decode("utf-8")
        elif form == "d":
            message[name] = struct.unpack("<d", data)[0]
        else:
            value = struct.unpack("<q", data)[0]
            message[name] = form[value] if isinstance(form, list) else value
    return message


class Control:
    """One connection to a streamer, as control."""

    def __init__(self, path, limit_s=30):
        self.limit_s = limit_s
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(limit_s)
        self.socket.connect(path)
        self.buffer = b""
        self.request = 0
        self.printers, self.ended, self.said = {}, {}, []
        self.ended_count = 0
        self.hello = None
        self.send("hello", version=1, process_id=1, program="test")

    def close(self):
        self.socket.close()

    def send(self, kind, **values):
        self.socket.sendall(encode(kind, **values))

    def _take(self):
        """One frame of the buffer, or None."""
        if len(self.buffer) < 4:
            return None
        length = struct.unpack_from("<I", self.buffer)[0]
        assert 4 <= length <= FRAME_MAX, length
        if len(self.buffer) < 4 + length:
            return None
        message = decode(self.buffer[4:4 + length])
        self.buffer = self.buffer[4 + length:]
        return message

    def _note(self, message):
        if message["kind"] == "hello":
            self.hello = message
        elif message["kind"] == "printer":
            self.printers[message["printer"]] = message
        elif message["kind"] == "ended":
            self.ended[message["ended_attempt"]] = message
            self.ended_count += 1
        elif message["kind"] == "said":
            self.said.append(message["text"])

    def receive(self, limit_s):
        """The next message, or None after limit_s."""
        end = time.monotonic() + limit_s
        while True:
            message = self._take()
            if message:
                self._note(message)
                return message
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionError("the streamer closed the connection")
            self.buffer += data

    def until(self, ready, what, limit_s=None):
        """Reads messages until ready() is true; returns what it gave."""
        end = time.monotonic() + (limit_s or self.limit_s)
        while True:
            result = ready()
            if result:
                return result
            if time.monotonic() > end:
                raise AssertionError(f"not in time: {what}; printers {self.printers}, ended {self.ended}, "
                                     f"said {self.said[-5:]}")
            self.receive(0.2)

    def ask(self, kind, **values):
        """A request and its answer."""
        self.request += 1
        number = self.request
        self.send(kind, request=number, **values)
        end = time.monotonic() + self.limit_s
        while time.monotonic() < end:
            message = self.receive(1)
            if message and message["kind"] == "answer" and message["request"] == number:
                return message
        raise AssertionError(f"no answer to {kind}")
