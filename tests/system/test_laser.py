"""Lasers and mills: confirmed at the machine, exactly the program, and dark after every way to stop.  time limit: 240 s"""

from harness import Farm, check, equal, kill_and_wait, main, wait

# Lines of ours around a program (docs/wire-lines.md).
HOST_LINES = {"M5", "G17 G21 G90 G94", "G4 P0.01"}

MACHINES = {
    "cutter": ("firmware=grbl-laser", 'dialect = "grbl"; kind = "laser";'),
    "hal": ("firmware=grblhal", 'dialect = "grblhal"; kind = "laser";'),
    "fluid": ("firmware=fluidnc", 'dialect = "auto"; kind = "laser";'),
}
MILL = {"mill": ("firmware=grbl", 'dialect = "grbl"; kind = "mill";')}


def farm_of(machines, **more):
    farm = Farm(list(machines), simulator={name: words[0] for name, words in machines.items()}, window='"auto"',
                printer_options={name: words[1] for name, words in machines.items()}, **more)
    farm.ignore_printers |= set(machines)     # their truth has no numbers; it is compared here
    return farm


def program(path, rows=60, on="M4 S400", long_mm=20, feed=3000):
    """A raster: axis words that go on with the motion of the line before."""
    lines = ["; made by a test", "G21 G17 G90", on, "G0 X0 Y0", f"G1 X{long_mm} F{feed} S300"]
    lines += [f"Y{n / 2}\nX{0 if n % 2 else long_mm} S{300 + n}" for n in range(1, rows)]
    path.write_text("\n".join(lines + ["M5 M9", "G0 X0 Y0", "M2"]) + "\n", encoding="ascii")
    return path


def commands_of(path):
    return [line for line in path.read_text(encoding="ascii").splitlines() if not line.startswith(";")]


def ran(farm, name):
    """What the machine ran, without our lines."""
    return [text for _, text in farm.executed(name) if text not in HOST_LINES and not text.startswith("$")]


def beam(farm, name):
    return farm.sim_status(name)["beam"]


def stays_dark(farm, name, what):
    """Dark by now, and no light since."""
    wait(lambda: beam(farm, name) == 0, f"{what}: {name} is dark", 20)
    wait(lambda: farm.sim_status(name)["machine_state"] not in ("Run", "Jog"), f"{what}: {name} stands", 20)
    before = farm.sim_status(name)["beam_on_s"]
    wait(lambda: True, "a moment", 1, 0.2)
    equal((beam(farm, name), farm.sim_status(name)["beam_on_s"]), (0, before), f"{what}: light of {name}")


def begin(farm, name, path, design, units=1):
    farm.add_design(design, (path, 1))
    order = farm.add_order(design, units)
    wait(lambda: any("confirm" in words for words in farm.printer(name)["not_ready"]), f"{name} waits for somebody")
    farm.cli("printer", "confirm", name)
    return order


def burning(farm, name):
    wait(lambda: beam(farm, name) > 0, f"{name} burns", 60, 0.01)


def test_program():
    """a program starts when somebody at the machine says so, runs exactly, and ends dark"""
    for name, words in MACHINES.items():
        with farm_of({name: words}, speed=50) as farm:
            farm.ready()
            path = program(farm.dir / "raster.nc")
            farm.add_design("raster", (path, 1))
            order = farm.add_order("raster", 1)
            wait(lambda: any("confirm" in words for words in farm.printer(name)["not_ready"]), "it waits")
            job = next(job["id"] for job in farm.jobs() if job["order"] == order)
            check("confirm" in farm.cli("why", job).stdout, "why does not say that a person is wanted")
            check(farm.printer(name)["wants_confirmation"], "the page's list of people's work goes without it")
            equal(ran(farm, name), [], "lines before anybody has confirmed")
            farm.cli("printer", "confirm", name)
            wait(lambda: farm.order(order)["printed"] == 1, "it is done", 120)
            equal(ran(farm, name), commands_of(path), f"lines of {name}")
            status = farm.sim_status(name)
            equal((status["beam"], status["beam_still_s"], status["rx_overruns"], status["starvations"]), (0, 0, 0, 0),
                  f"light, light at rest, lost bytes, starvation of {name}")
            check(status["beam_on_s"] > 10, "it never burned")
            if name == "cutter":
                log = farm.dir / "log.txt"
                log.write_text(farm.cli("printer", "log", name).stdout, encoding="utf-8")
                result = farm.cli("replay", log, expect=None).stdout
                check("dialect grbl, recorded by printfarm" in result, result[-1500:])
            farm.cli("printer", "confirm", name, expect=1)    # the work is still in it


def test_stops():
    """pause, cancel and emergency stop: the light is out, and the machine can be used again"""
    with farm_of({"cutter": MACHINES["cutter"]}, speed=5) as farm:
        farm.ready()
        begin(farm, "cutter", program(farm.dir / "long.nc", rows=2000), "long", 2)
        burning(farm, "cutter")
        farm.cli("printer", "pause", "cutter")
        wait(lambda: farm.printer("cutter")["activity"] == "paused", "it is paused")
        stays_dark(farm, "cutter", "pause")
        farm.cli("printer", "resume", "cutter")
        burning(farm, "cutter")
        job = next(job["id"] for job in farm.jobs() if job["state"] in ("printing", "paused"))
        farm.cli("job", "cancel", job)
        wait(lambda: farm.job(job)["state"] == "cancelled", "it is cancelled")
        stays_dark(farm, "cutter", "cancel")
        equal(farm.printer("cutter")["lock"], None, "lock after a cancel")
        farm.cli("clear", "cutter")
        begin(farm, "cutter", program(farm.dir / "again.nc", rows=2001), "again")
        burning(farm, "cutter")
        farm.cli("estop", "cutter")
        stays_dark(farm, "cutter", "estop")
        check(farm.printer("cutter")["lock"] is not None, "an emergency stop does not lock")
        farm.cli("printer", "unlock", "cutter")
        wait(lambda: farm.printer("cutter")["link"] == "online", "it is online again")


def test_faults():
    """an error, a pulled cable, a dead streamer: a stated end, and dark"""
    machine = {"cutter": MACHINES["cutter"]}
    for what in ("error", "unplug", "kill"):
        with farm_of(machine, speed=5) as farm:
            farm.ready()
            path = program(farm.dir / "long.nc", rows=2000)
            if what == "error":
                path.write_text(path.read_text(encoding="ascii").replace("Y100.0\n", "Y100.0\nG90 P1\n"),
                                encoding="ascii")
            order = begin(farm, "cutter", path, "long")
            burning(farm, "cutter")
            if what == "unplug":
                farm.unplug("cutter", 20)
            elif what == "kill":
                kill_and_wait(farm.streamer_pids("cutter"))
            attempt = wait(lambda: next((attempt for job in farm.jobs() if job["order"] == order for attempt in
                                         farm.job(job["id"])["attempts"] if attempt["state"] != "started"), None),
                           f"{what}: the attempt has ended", 120)
            equal(attempt["state"], {"error": "failed"}.get(what, "suspect"), f"{what}: end")
            check(attempt["reason"], f"{what}: no reason")
            if what == "error":
                check("error:36" in attempt["reason"], attempt["reason"])
            stays_dark(farm, "cutter", what)


def test_wrong_work():
    """M3 never reaches a laser, a print neither laser nor mill; a mill takes M3"""
    with farm_of({**MACHINES, **MILL}, speed=50) as farm:
        farm.ready()
        spindle = program(farm.dir / "spindle.nc", rows=10, on="M3 S400", feed=500)
        farm.add_design("spindle", (spindle, 1))
        order = farm.add_order("spindle", 1)
        job = next(job["id"] for job in farm.jobs() if job["order"] == order)
        check("M3" in farm.cli("why", job, "cutter").stdout, "why says nothing of M3")
        wait(lambda: any("confirm" in words for words in farm.printer("mill")["not_ready"]), "the mill waits")
        farm.cli("printer", "confirm", "mill")
        wait(lambda: farm.order(order)["printed"] == 1, "the mill is done", 120)
        equal(ran(farm, "mill"), commands_of(spindle), "lines of the mill")
        equal(farm.sim_status("mill")["beam"], 0, "its spindle")
        before = len(ran(farm, "mill"))
        farm.cli("clear", "mill")
        plain = farm.dir / "plain.nc"     # could be for anything
        plain.write_text("G21\nG90\nG0 X0 Y0\nG1 X10 F500\nG1 Y10\n", encoding="ascii")
        farm.add_design("plain", (plain, 1))
        order = farm.add_order("plain", 1, printer="mill")
        wait(lambda: any("confirm" in words for words in farm.printer("mill")["not_ready"]), "the mill waits")
        farm.cli("printer", "confirm", "mill")
        wait(lambda: farm.order(order)["printed"] == 1, "a plain file is done", 120)
        equal(ran(farm, "mill")[before:], commands_of(plain), "lines of the plain file")
        farm.cli("rehearse", spindle, "mill", expect=65)
        for name in MACHINES:
            equal(ran(farm, name), [], f"lines of {name}")


main(test_program, test_stops, test_faults, test_wrong_work)
