"""The flight recorder: what went over the wire, on demand and after a fault."""

import re
import subprocess

from harness import BUILD, Farm, box_gcode, check, equal, main, wait

ROW = re.compile(r"^ *[0-9]+\.[0-9]{4} [<>#] [\x20-\x7e]*$")


def rows_of(text):
    rows = text.splitlines()
    for row in rows:
        check(ROW.match(row), f"no row of a transcript: {row!r}")
    return rows


def test_conversation():
    """a printer's log shows both sides of the whole print, in order, as the ground truth has it"""
    with Farm(1) as farm:
        farm.ready()
        order = farm.simple_order(1)
        wait(lambda: farm.order(order)["printed"] == 1, "the part is printed")
        rows = rows_of(farm.cli("printer", "log", "p1").stdout)
        times = [float(row.split()[0]) for row in rows]
        equal(times, sorted(times), "the times")
        check(any("< FIRMWARE_NAME:Marlin" in row for row in rows), "the firmware's name is missing")
        check(rows[0].split()[1] == "#", f"the first row is no remark: {rows[0]!r}")
        # Without noise a command is sent once: what was sent is what was executed.
        sent = re.findall(r"N([0-9]+) ([^*\\]+)\*", "\n".join(row for row in rows if row.split()[1] == ">"))
        ran = dict((str(number), command) for number, command in farm.executed("p1") if number)
        check(len(ran) > 50, f"only {len(ran)} numbered commands were executed")
        for number, command in sent:
            if number in ran:
                equal(command, ran[number], f"line {number}")
        check(set(ran) <= {number for number, _ in sent}, "executed lines that the recorder never saw")
        again = farm.cli("printer", "log", "p1", json_output=True)
        check(len(again) >= len(rows) and set(again[0]) == {"at_s", "direction", "bytes"}, f"as JSON: {again[:2]}")


def test_follow():
    """--follow goes on with what is new"""
    with Farm(1) as farm:
        farm.ready()
        with subprocess.Popen([str(BUILD / "printfarm"), "--socket", farm.socket, "printer", "log", "p1", "--follow"],
                              stdout=subprocess.PIPE, text=True) as follower:
            try:
                farm.cli("printer", "gcode", "p1", "M114")
                for line in follower.stdout:
                    check(ROW.match(line.rstrip("\n")), f"no row: {line!r}")
                    if re.search(r"> .*M114", line):
                        break
                else:
                    check(False, "the follower ended")
            finally:
                follower.kill()


def test_fault_is_kept():
    """after a fault the conversation lies in the state directory, hostile bytes escaped"""
    with Farm(1) as farm:
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=20, lines_per_layer=100), 1))
        farm.add_order("box", 1)
        farm.wait_printing("p1", 50)
        farm.sim("reset p1")
        wait(lambda: farm.printer("p1")["lock"], "p1 is locked")
        path = wait(lambda: next(farm.dir.rglob("p1.recording.*"), None), "a recording")
        rows = rows_of(path.read_text())
        check("# printer p1, written" in rows[0], f"its head: {rows[0]}")
        check(any(row.endswith("< start\\n") for row in rows), "the firmware's words are missing")
        check("nobody" in farm.cli("printer", "log", "nobody", expect=1).stderr, "a printer that is not there")


main(test_conversation, test_follow, test_fault_is_kept)
