"""printfarm-sim by itself: ports, identity, ground truth, control socket, power and cable, the end."""

import errno
import json
import os
import select
import socket
import subprocess
import tempfile
import time
import tty
from pathlib import Path

from harness import BUILD, PATIENCE, Failure, check, equal, main, wait


def framed(number, command):
    text = f"N{number} {command}"
    total = 0
    for byte in text.encode():
        total ^= byte
    return f"{text}*{total}\n"


class Port:
    """A host at a simulated printer's port."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        self.heard = ""

    def close(self):
        os.close(self.fd)

    def send(self, text):
        os.write(self.fd, text.encode())

    def listen(self, limit_s):
        """Takes what comes; False: the port is dead."""
        if not select.select([self.fd], [], [], limit_s)[0]:
            return True
        try:
            got = os.read(self.fd, 4096)
        except OSError as trouble:
            equal(trouble.errno, errno.EIO, "errno of a dead port")
            return False
        self.heard += got.decode("latin-1")
        return got != b""

    def expect(self, text, limit_s=10):
        """What was heard up to and with text; it is then forgotten."""
        end = time.monotonic() + limit_s * PATIENCE
        while text not in self.heard:
            check(time.monotonic() < end, f"{text!r} did not come, but {self.heard!r}")
            check(self.listen(0.1), f"the port died instead of {text!r}")
        before, _, self.heard = self.heard.partition(text)
        return before + text


class Simulator:
    def __init__(self, printers, *options):
        self.dir = Path(tempfile.mkdtemp(prefix="s"))
        self.ports = self.dir / "ports"
        self.process = subprocess.Popen(
            [str(BUILD / "printfarm-sim"), "--dir", str(self.ports), "--printers", printers, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        wait(lambda: self.process.poll() is not None or (self.ports / "control").exists(), "the simulator is up")
        if self.process.poll() is not None:
            raise Failure(f"it ended: {self.process.stderr.read()}")
        wait(lambda: self.ask("list") != "ok", "it has printers")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()

    def ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10 * PATIENCE)
            try:
                connection.connect(str(self.ports / "control"))
            except OSError:
                return "ok"
            connection.sendall(command.encode() + b"\n")
            return connection.makefile("r").readline().rstrip("\n")

    def status(self, name):
        answer = self.ask(f"status {name}")
        check(answer.startswith("ok {"), answer)
        return json.loads(answer[3:])

    def executed(self, name):
        equal(self.ask("sync"), "ok", "sync")
        return (self.ports / f"{name}.executed").read_text(encoding="ascii").splitlines()

    def end(self):
        """{printer: summary}"""
        self.process.terminate()
        output, complaints = self.process.communicate(timeout=10 * PATIENCE)
        equal(self.process.returncode, 0, f"exit status ({complaints})")
        rows = [json.loads(line) for line in output.splitlines()]
        return {row["printer"]: row for row in rows}


def test_print():
    """it boots, says who it is, executes lines, and sums up at SIGTERM"""
    with Simulator("marlin:2,marlin-stock:1", "--speed", "50") as simulator:
        equal(simulator.ask("list"), "ok marlin-1 marlin-2 marlin-stock-1", "list")
        port = Port(simulator.ports / "marlin-1")
        check("start\nPowerUp\nMarlin 2.0.9.5\n" in port.expect("//action:prompt_end\n"), "no banner")
        port.send("M115\n")
        answer = port.expect("ok P15 B3\n")
        for part in ("FIRMWARE_NAME:Marlin 2.0.9.5 ", "MACHINE_TYPE:3D Printer ", "\nCap:EMERGENCY_PARSER:1\n"):
            check(part in answer, f"{part!r} is not in {answer!r}")
        port.send(framed(0, "M110 N0"))
        port.expect("ok N0 P15 B3\n")
        for number in range(1, 201):
            port.send(framed(number, f"G1 X{number % 7}.5 Y3 F3000"))
            port.expect(f"ok N{number} ")
        lines = simulator.executed("marlin-1")
        equal(lines[0], "-\tM115", "first executed")
        equal(lines[-1], "200\tG1 X4.5 Y3 F3000", "last executed")
        equal(len(lines), 202, "executed lines")
        port.close()
        summary = simulator.end()
        equal(sorted(summary), ["marlin-1", "marlin-2", "marlin-stock-1"], "printers")
        equal(summary["marlin-1"]["executed"], 202, "executed")
        equal(summary["marlin-1"]["moves"], 200, "moves")
        equal(summary["marlin-1"]["resends"], 0, "resends")
        equal(summary["marlin-1"]["starvations"], 0, "starvations at a speed above 1")
        equal([p.name for p in simulator.ports.iterdir() if p.is_symlink()], [], "links left")
        check(not (simulator.ports / "control").exists(), "the socket is left")


def test_power_and_cable():
    """a hung-up port is dead for the host, and comes back as another node behind the same name"""
    with Simulator("marlin-stock:1", "--speed", "20") as simulator:
        link = simulator.ports / "marlin-stock-1"
        port = Port(link)
        port.expect("crc 7832)\n")
        port.send(framed(1, "M104 S200"))
        port.expect("ok\n")
        node = os.readlink(link)
        equal(simulator.ask("unplug marlin-stock-1"), "ok unplug", "answer")
        wait(lambda: not port.listen(0.1), "the host notices")
        check(not os.path.lexists(link), "the link is still there")
        equal(simulator.status("marlin-stock-1")["hotend_target_celsius"], 200, "target without a cable")
        port.close()
        equal(simulator.ask("replug marlin-stock-1"), "ok replug", "answer")
        check(os.readlink(link) != node, "the same node again")
        node = os.readlink(link)
        equal(simulator.ask("power-cycle marlin-stock-1 10"), "ok power-cycle", "answer")
        check(not os.path.lexists(link), "the link is still there")
        equal(simulator.status("marlin-stock-1")["state"], "off", "state")
        wait(lambda: os.path.lexists(link), "it is back")
        check(os.readlink(link) != node, "the same node again")
        equal(simulator.status("marlin-stock-1")["hotend_target_celsius"], 0, "target after a power cycle")
        port = Port(link)
        port.expect("start\n")
        port.close()


def names_of(simulator, name):
    """Its tty, by-id and by-path links, as far as they lead to its node."""
    node = os.path.realpath(simulator.ports / name)
    return {str(path.relative_to(simulator.ports)) for pattern in ("tty*", "by-id/*", "by-path/*")
            for path in simulator.ports.glob(pattern) if os.path.realpath(path) == node}


def test_names():
    """a port that hangs up comes back under another tty name, and under the same names of udev"""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec"
        spec.write_text("a serial=X1\nb link=cdc machine=Big_One serial=X2\nc serial=X1\n", encoding="ascii")
        with Simulator(str(spec), "--speed", "20") as simulator:
            equal(names_of(simulator, "b"),
                  {"ttyACM0", "by-id/usb-Big_One_X2-if00", "by-path/platform-sim-usb-0:2:1.0"}, "names of b")
            equal(names_of(simulator, "c"), {"ttyUSB1", "by-id/usb-Simulated_USB_Serial_X1-if00-port0",
                                             "by-path/platform-sim-usb-0:3:1.0-port0"}, "names of c")
            equal(names_of(simulator, "a"), {"ttyUSB0", "by-path/platform-sim-usb-0:1:1.0-port0"},
                  "a has lost its serial number to c")
            port = Port(simulator.ports / "c")
            port.expect("crc 7832)\n")
            port.send(framed(1, "M140 S50"))
            port.expect("ok")
            equal(simulator.ask("hangup c 20"), "ok hangup", "answer")
            wait(lambda: not port.listen(0.1), "the host notices")
            check(not os.path.lexists(simulator.ports / "by-id/usb-Simulated_USB_Serial_X1-if00-port0"),
                  "the link of a port that is gone")
            port.close()
            wait(lambda: os.path.lexists(simulator.ports / "c"), "it is back")
            equal(names_of(simulator, "c"), {"ttyUSB2", "by-id/usb-Simulated_USB_Serial_X1-if00-port0",
                                             "by-path/platform-sim-usb-0:3:1.0-port0"}, "names of c")
            port = Port(simulator.ports / "c")
            port.send(framed(3, "M105"))
            check("Last Line: 1\n" in port.expect("Resend: 2\nok\n"), "the number was forgotten")
            check("start" not in port.heard, "the hang-up has reset it")
            # Pulled and put back, the first opening resets it as after any plug-in.
            equal(simulator.ask("unplug c 5"), "ok unplug", "answer")
            wait(lambda: not port.listen(0.1), "the host notices")
            port.close()
            wait(lambda: os.path.lexists(simulator.ports / "c"), "it is back")
            port = Port(simulator.ports / "c")
            port.expect("start\n")
            port.close()
            simulator.end()
            equal([path.name for path in simulator.ports.rglob("*") if path.is_symlink()], [], "links left")


def test_own_usb():
    """a board with its own USB loses nothing, and its port goes when it resets"""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec"
        spec.write_text("b firmware=marlin-stock link=cdc rx=64 noise_up=0.1\n", encoding="ascii")
        with Simulator(str(spec), "--speed", "20") as simulator:
            port = Port(simulator.ports / "b")
            time.sleep(0.2)
            port.send("".join(framed(number, "G4 P50") for number in range(1, 101)))
            for _ in range(100):
                port.expect("ok\n")
            equal(simulator.status("b")["rx_overruns"], 0, "lost bytes")
            equal(simulator.status("b")["executed"], 100, "executed")
            equal(simulator.ask("reset b"), "ok reset", "answer")
            wait(lambda: not port.listen(0.1), "the host notices")
            port.close()
            wait(lambda: os.path.lexists(simulator.ports / "b"), "it is back")
            equal(simulator.status("b")["last_number"], 0, "line number")


def test_latency_timer():
    """an adapter's latency timer holds each answer back"""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec"
        spec.write_text("a firmware=marlin-stock\nb firmware=marlin-stock latency_timer_ms=200\n", encoding="ascii")
        with Simulator(str(spec), "--speed", "1") as simulator:
            seconds = {}
            for name in "ab":
                port = Port(simulator.ports / name)
                port.expect("crc 7832)\n")
                begin = simulator.status(name)["seconds"]
                for _ in range(5):
                    port.send("M107\n")
                    port.expect("ok\n")
                seconds[name] = simulator.status(name)["seconds"] - begin
                port.close()
            # Each of the last four answers waits for a tick of its own.
            check(seconds["b"] >= 0.8, f"{seconds}")


def test_long_sleep():
    """at high speed a printer that was off for long comes back when its time is over"""
    with Simulator("marlin-stock:1", "--speed", "200") as simulator:
        equal(simulator.ask("power-cycle marlin-stock-1 400"), "ok power-cycle", "answer")
        wait(lambda: os.path.lexists(simulator.ports / "marlin-stock-1"), "it is back", limit_s=30)


def test_stays():
    """a host that closes and opens again finds the printer as it was"""
    with Simulator("marlin-stock:1", "--speed", "20") as simulator:
        port = Port(simulator.ports / "marlin-stock-1")
        port.expect("crc 7832)\n")
        port.send(framed(1, "M140 S50"))
        port.expect("ok\n")
        port.close()
        port = Port(simulator.ports / "marlin-stock-1")
        port.send(framed(3, "M105"))
        check("Last Line: 1\n" in port.expect("Resend: 2\nok\n"), "the number was forgotten")
        check("start" not in port.heard, "it has reset")
        equal(simulator.status("marlin-stock-1")["bed_target_celsius"], 50, "target")
        port.close()


def test_faults():
    """faults come from a file by line, and from the control socket"""
    with tempfile.NamedTemporaryFile("w", suffix=".faults") as plan:
        plan.write("# after five commands\nline 5 * reset\n")
        plan.flush()
        with Simulator("marlin-stock:1", "--speed", "20", "--faults", plan.name) as simulator:
            port = Port(simulator.ports / "marlin-stock-1")
            port.expect("crc 7832)\n")
            for number in range(1, 6):
                port.send(framed(number, "M107"))
                port.expect("ok\n" if number < 5 else "start\n")
            port.expect("crc 7832)\n")
            equal(simulator.ask("freeze *"), "ok freeze", "answer")
            port.send("M105\n")
            port.listen(0.3)
            equal(port.heard, "", "a frozen printer says nothing")
            equal(simulator.status("marlin-stock-1")["state"], "frozen", "state")
            for wrong in ("freeze nobody", "explode *", "status", "", "noise * 7"):
                check(simulator.ask(wrong).startswith("error "), f"{wrong!r} was accepted")
            port.close()


def late_host(speed, pause_s):
    """The summary of a printer whose host pauses before each short move."""
    with Simulator("marlin-stock:1", "--speed", str(speed)) as simulator:
        port = Port(simulator.ports / "marlin-stock-1")
        port.expect("crc 7832)\n")
        for number in range(1, 11):
            time.sleep(pause_s)
            port.send(framed(number, f"G1 X{number % 2}.5 F6000"))
            port.expect("ok\n")
        port.close()
        return simulator.end()["marlin-stock-1"]


def test_late_host():
    """above speed 1 the clock waits for a late host, at speed 1 it does not"""
    waited = late_host(100, 0.1)
    equal(waited["starvations"], 0, "starvations at speed 100")
    # Ten pauses of 0.1 s would be 100 s if the clock had run.
    check(waited["seconds"] < 100, f"the clock ran on: {waited['seconds']} s")
    hurried = late_host(1, 0.4)
    check(hurried["starvations"] >= 8, f"starvations at speed 1: {hurried['starvations']}")
    check(hurried["starved_s"] > 1, f"starved for {hurried['starved_s']} s")


def test_wrong_input():
    """wrong words are refused with a sentence and the right exit status"""
    with tempfile.TemporaryDirectory() as folder:
        spec, plan = Path(folder) / "spec", Path(folder) / "plan"
        spec.write_text("p1 colour=red\n", encoding="ascii")
        plan.write_text("at 1 p1 reset\nat once p1 reset\n", encoding="ascii")
        for words, status, sentence in (
                (["--printers", "marlin:1"], 64, "usage"),
                (["--dir", folder, "--printers", "teacup:1"], 65, '"teacup" is not known'),
                (["--dir", folder, "--printers", str(spec)], 65, 'line 1: "colour" is no key'),
                (["--dir", folder, "--printers", "marlin:1", "--faults", str(plan)], 65, 'line 2: "once"'),
                (["--dir", folder, "--printers", "marlin:1", "--faults", folder + "/none"], 65, "No such file"),
                (["--dir", folder + "/no/where", "--printers", "marlin:1"], 73, "No such file"),
                (["--dir", folder, "--printers", "marlin:1", "--speed", "fast"], 64, "--speed fast"),
                (["--dir", folder, "--printers", "marlin:1", "--seed", "x"], 64, "--seed x")):
            done = subprocess.run([str(BUILD / "printfarm-sim"), *words], capture_output=True, text=True,
                                  timeout=20 * PATIENCE, check=False)
            equal(done.returncode, status, f"exit status of {words}")
            check(sentence in done.stderr, f"{words}: {done.stderr!r}")


def test_one_directory():
    """a second simulator on the same directory is refused"""
    with Simulator("marlin:1") as simulator:
        done = subprocess.run([str(BUILD / "printfarm-sim"), "--dir", str(simulator.ports), "--printers", "marlin:1"],
                              capture_output=True, text=True, timeout=20 * PATIENCE, check=False)
        equal(done.returncode, 71, "exit status")
        check("another printfarm-sim runs there" in done.stderr, done.stderr)
        check(os.path.lexists(simulator.ports / "marlin-1"), "the first one's link is gone")


main(test_print, test_power_and_cable, test_names, test_own_usb, test_latency_timer, test_long_sleep, test_stays, test_faults,
     test_late_host, test_wrong_input, test_one_directory)
