#!/usr/bin/env python3
"""A printer is what it is, not what the kernel calls it: found again under another name, and never taken for
another one."""

import os

from harness import box_gcode, check, equal, main, wait
from stream_bench import Bench


class Plugged(Bench):
    """A bench whose simulated ports also stand in a /sys of their own, each in a socket of one hub."""

    def __init__(self, sockets, serials, **more):
        """sockets, serials: {printer: text}."""
        super().__init__(tuple(sockets), **more)
        self.sockets, self.serials = sockets, serials
        self.devices = self.dir / "devices"
        (self.devices / "sys/class/tty").mkdir(parents=True)
        (self.devices / "sys/usb").mkdir()
        os.symlink(self.ports, self.devices / "dev")
        self.stream_env["PRINTFARM_DEVICES"] = str(self.devices)

    def tty(self, name):
        node = os.path.realpath(self.ports / name)
        for entry in os.listdir(self.ports):
            if entry.startswith("tty") and os.path.realpath(self.ports / entry) == node:
                return entry
        return None

    def sysfs(self, name, tty):
        """As the kernel lays it out."""
        socket = self.sockets[name]
        device = self.devices / "sys/usb" / socket
        port = device / f"{socket}:1.0" / tty
        port.mkdir(parents=True, exist_ok=True)
        for file, text in (("idVendor", "1a86"), ("idProduct", "7523"), ("serial", self.serials[name])):
            (device / file).write_text(text + "\n", encoding="ascii")
        (device / f"{socket}:1.0/bInterfaceNumber").write_text("00\n", encoding="ascii")
        link = self.devices / "sys/class/tty" / tty
        link.mkdir(exist_ok=True)
        if not (link / "device").is_symlink():
            os.symlink(port, link / "device")

    def forget(self, tty):
        link = self.devices / "sys/class/tty" / tty
        (link / "device").unlink()
        link.rmdir()

    def start_streamer(self):
        for name in self.names:
            if self.tty(name):
                self.sysfs(name, self.tty(name))
        super().start_streamer()


def test_other_name():
    """a printer that comes back as another ttyUSB is the same printer, and its print goes on"""
    bench = Plugged({"p1": "1-1.4"}, {"p1": "AB12"}, speed=20, simulator="reset_on_open=never warm_start=yes")
    bench.ports_of = {"p1": "usb:serial=AB12"}
    with bench:
        path = box_gcode(bench.dir / "box.gcode", hotend=215, bed=60, layers=10, lines_per_layer=60)
        bench.ready()
        bench.start(path, "a1")
        wait(lambda: sum(row[1].startswith("G1") for row in bench.executed()) > 20, "the print moves", 60)
        before = bench.tty("p1")
        bench.sim("unplug p1")
        bench.forget(before)
        bench.control.until(lambda: bench.report()["link"] == "offline", "offline")
        bench.sim("replug p1")
        wait(lambda: bench.tty("p1"), "it is back", 10)
        check(bench.tty("p1") != before, f"it is {before} again")
        bench.sysfs("p1", bench.tty("p1"))
        ended = bench.end("a1", 120)
        equal(ended["result"], "printed", f"result: {ended['reason']}")
        bench.compare([(path, True)])


def test_swapped():
    """two printers that swap their names stay who they are"""
    bench = Plugged({"p1": "1-1.1", "p2": "1-1.2"}, {"p1": "ONE", "p2": "TWO"}, speed=50)
    bench.ports_of = {"p1": "usb:serial=ONE", "p2": "usb:serial=TWO"}
    with bench:
        for name in bench.names:
            bench.ready(name)
        uuids = {name: bench.report(name)["uuid"] for name in bench.names}
        check(uuids["p1"] != uuids["p2"], f"{uuids}")
        for name in bench.names:
            tty = bench.tty(name)
            bench.sim(f"unplug {name}")
            bench.forget(tty)
            bench.control.until(lambda: bench.report(name)["link"] == "offline", "offline")
        for name in reversed(bench.names):
            bench.sim(f"replug {name}")
            wait(lambda: bench.tty(name), "it is back", 10)
            bench.sysfs(name, bench.tty(name))
        for name in bench.names:
            bench.ready(name)
            equal(bench.report(name)["uuid"], uuids[name], f"{name} after the swap")


def test_same_serial():
    """two printers with one serial number are both refused by it, in a sentence, and found by their sockets"""
    bench = Plugged({"p1": "1-1.1", "p2": "1-1.2"}, {"p1": "SAME", "p2": "SAME"}, speed=50)
    bench.ports_of = {"p1": "usb:serial=SAME", "p2": "usb:serial=SAME"}
    with bench:
        for name in bench.names:
            bench.control.until(lambda: "ambiguous" in bench.report(name)["reason"], f"{name} is ambiguous")
            equal(bench.report(name)["link"], "offline", name)
            check("usb:path=1-1.1" in bench.report(name)["reason"], bench.report(name)["reason"])
        bench.ports_of = {"p1": "usb:path=1-1.1", "p2": "usb:path=1-1.2"}
        for name in bench.names:
            bench.set_printer(name)
            bench.ready(name)


main(test_other_name, test_swapped, test_same_serial)
