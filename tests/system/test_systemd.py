"""The systemd units, users, directories and udev rules, as faults-and-security.md 3.6 wants them."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import BUILD, ROOT, Skip, check, equal, main

UNITS = ROOT / "systemd"
SERVICES = ("printfarmd.service", "printfarm-stream@.service")
EXPOSURE_LIMIT = {"printfarmd.service": 10, "printfarm-stream@.service": 6}   # score x 10


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def copies(folder):
    """The units with programs that exist: systemd-analyze wants an ExecStart= it can find."""
    for path in sorted(UNITS.glob("*.service")) + sorted(UNITS.glob("*.socket")):
        text = path.read_text().replace("/usr/bin/printfarm", f"{BUILD}/printfarm")
        # A template is verified as an instance of it.
        Path(folder, path.name.replace("@.", "@p1.")).write_text(text)
    return sorted(str(path) for path in Path(folder).iterdir())


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.M)


def test_verify():
    """systemd-analyze verify has nothing to say about the units"""
    analyze = tool("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        result = run(analyze, "verify", "--man=no", *copies(folder))
        ours = [line for line in (result.stdout + result.stderr).splitlines() if "printfarm" in line]
        equal((result.returncode, ours), (0, []), "systemd-analyze verify")


def test_verify_bites():
    """systemd-analyze verify complains about a unit that is wrong"""
    analyze = tool("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "printfarmd.service")
        copies(folder)
        path.write_text(path.read_text().replace("ExecStart=", "ExecStart=/nowhere"))
        check(run(analyze, "verify", "--man=no", str(path)).returncode != 0, "a missing program passes")


def test_exposure():
    """the sandboxes score at most 1.0 for control and 0.6 for streamers"""
    analyze = tool("systemd-analyze")
    with tempfile.TemporaryDirectory() as folder:
        for path in copies(folder):
            name = Path(path).name.replace("@p1.", "@.")
            if name in EXPOSURE_LIMIT:
                result = run(analyze, "security", "--offline=true", "--no-pager",
                             f"--threshold={EXPOSURE_LIMIT[name]}", path)
                check(result.returncode == 0, f"{name}: {result.stdout.splitlines()[-1:]} {result.stderr}")


def test_privileges():
    """control has no device, streamers have no network, and they are two users"""
    equal(values("printfarmd.service", "PrivateDevices"), ["yes"], "control's devices")
    equal(values("printfarmd.service", "DeviceAllow"), [], "control's devices")
    equal(values("printfarm-stream@.service", "PrivateNetwork"), ["yes"], "streamers' network")
    equal(values("printfarm-stream@.service", "RestrictAddressFamilies"), ["AF_UNIX"], "streamers' sockets")
    users = [values(unit, "User") for unit in SERVICES]
    equal(users, [["printfarm"], ["printfarm-stream"]], "users")
    for unit in SERVICES:
        equal(values(unit, "PrivateUsers"), [], f"{unit}: PrivateUsers breaks SO_PEERCRED")
        equal(values(unit, "RuntimeDirectory"), [], f"{unit}: RuntimeDirectory is removed when the unit stops")


def test_comments():
    """no comment stands behind a value"""
    for path in UNITS.iterdir():
        if path.suffix in (".service", ".socket", ".conf"):
            for line in path.read_text().splitlines():
                check(line.startswith("#") or "#" not in line, f"{path.name}: {line}")


def test_users_and_directories():
    """sysusers and tmpfiles know every user, group and directory that the units name"""
    made = set(re.findall(r"^[ug] (\S+)", (UNITS / "sysusers.conf").read_text(), re.M))
    for unit in SERVICES + ("printfarmd.socket",):
        for key in ("User", "Group", "SupplementaryGroups", "SocketUser", "SocketGroup"):
            for value in values(unit, key):
                check(set(value.split()) <= made, f"{unit}: {key}={value} is not in sysusers.conf")
    rows = [line.split() for line in (UNITS / "tmpfiles.conf").read_text().splitlines()
            if line and line[0] != "#"]
    equal({row[1] for row in rows}, {"/run/printfarm", "/run/printfarm-stream"}, "directories")
    for row in rows:
        check({row[3], row[4]} <= made, f"tmpfiles: {row}")


def test_ways():
    """control reaches the streamers' sockets, streamers read its files, operators reach the stop sockets"""
    members = set(re.findall(r"^m (\S+ \S+)", (UNITS / "sysusers.conf").read_text(), re.M))
    check({"printfarm printfarm-stream", "printfarm-stream printfarm"} <= members, f"members {members}")
    start = values("printfarm-stream@.service", "ExecStart")[0]
    stop = re.search(r"--socket (\S+)", start).group(1) + ".stop"
    equal(values("printfarm-stream@.service", "ExecStartPost"), [f"+/usr/bin/chgrp printfarm-users {stop}"],
          "who gets the stop socket")
    check(stop.startswith("/run/printfarm-stream/"), f"the command line looks elsewhere than {stop}")


def test_sysusers_runs():
    """systemd-sysusers and systemd-tmpfiles accept their files"""
    sysusers, tmpfiles = tool("systemd-sysusers"), tool("systemd-tmpfiles")
    with tempfile.TemporaryDirectory() as root:
        Path(root, "etc").mkdir()
        result = run(sysusers, f"--root={root}", str(UNITS / "sysusers.conf"))
        equal(result.returncode, 0, f"systemd-sysusers: {result.stderr}")
        names = {line.split(":")[0] for line in Path(root, "etc/passwd").read_text().splitlines()}
        equal(names, {"printfarm", "printfarm-stream"}, "users made")
        # Without root the owner cannot be given away: syntax is what is left to check.
        result = run(tmpfiles, f"--root={root}", "--create", str(UNITS / "tmpfiles.conf"))
        check("printfarm" not in result.stderr or "Operation not permitted" in result.stderr,
              f"systemd-tmpfiles: {result.stderr}")


# KEY, optional {attribute}, operator, "value"
UDEV_TERM = re.compile(r'([A-Z_]+)(\{[\w/]+\})?(==|!=|\+=|:=|=)"([^"]*)"')
UDEV_MATCH = {"ACTION", "SUBSYSTEM", "SUBSYSTEMS", "DRIVER", "DRIVERS", "ATTRS", "ENV", "KERNEL", "KERNELS"}
UDEV_SET = {"GROUP", "MODE", "TAG", "ENV", "ATTR", "GOTO", "LABEL", "SYMLINK"}


def udev_rules(text):
    """[[(key, attribute, operator, value)]]; raises on what udev would not read."""
    rules = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        terms = [UDEV_TERM.fullmatch(part.strip()) for part in line.split(",")]
        check(all(terms), f"udev cannot read: {line}")
        for term in terms:
            known = UDEV_MATCH if term.group(3) in ("==", "!=") else UDEV_SET
            check(term.group(1) in known, f"{term.group(0)} in: {line}")
        rules.append([term.groups() for term in terms])
    return rules


def test_udev():
    """the udev rules are well formed, give ports to the streamers' group and keep ModemManager away"""
    rules = udev_rules((UNITS / "60-printfarm.rules").read_text())
    labels = {value for rule in rules for key, _, _, value in rule if key == "LABEL"}
    jumps = {value for rule in rules for key, _, _, value in rule if key == "GOTO"}
    check(jumps <= labels, f"jumps to {jumps - labels}")
    settings = {(key, attribute, value) for rule in rules for key, attribute, op, value in rule if op[-2:] != "=="}
    for wanted in (("GROUP", None, "printfarm-stream"), ("MODE", None, "0660"), ("TAG", None, "systemd"),
                   ("ENV", "{ID_MM_DEVICE_IGNORE}", "1"), ("ATTR", "{latency_timer}", "1")):
        check(wanted in settings, f"no rule sets {wanted}")
    vendors = [value for rule in rules for key, attribute, _, value in rule if attribute == "{idVendor}"]
    check(vendors and all(re.fullmatch(r"[0-9a-f]{4}", value) for value in vendors), f"vendors {vendors}")


def test_modules():
    """the drivers that DeviceAllow= names are loaded at boot"""
    modules = [line for line in (UNITS / "modules-load.conf").read_text().split("\n") if line and line[0] != "#"]
    allowed = " ".join(values("printfarm-stream@.service", "DeviceAllow"))
    equal(("char-ttyUSB" in allowed, "char-ttyACM" in allowed), (True, True), "devices of a streamer")
    check({"usbserial", "cdc_acm"} <= set(modules), f"modules {modules}")
    check("systemd-modules-load.service" in values("printfarm-stream@.service", "After")[0], "order of start")


def test_install():
    """make install puts programs, units and pages below DESTDIR, and the units run the installed programs"""
    with tempfile.TemporaryDirectory() as root:
        build = BUILD.relative_to(ROOT)
        result = run("make", "-s", "-C", str(ROOT), "install", f"B={build}", f"DESTDIR={root}", "PREFIX=/opt/pf")
        equal(result.returncode, 0, f"make install: {result.stderr[-1000:]}")
        base = Path(root, "opt/pf")
        for unit in SERVICES:
            start = re.findall(r"^ExecStart=(\S+)", (base / "lib/systemd/system" / unit).read_text(), re.M)[0]
            check(Path(root + start).stat().st_mode & 0o111, f"{unit}: {start} is not installed")
        for path in ("bin/printfarm", "bin/printfarm-sim", "lib/udev/rules.d/60-printfarm.rules",
                     "lib/sysusers.d/printfarm.conf", "lib/tmpfiles.d/printfarm.conf",
                     "lib/modules-load.d/printfarm.conf", "share/man/man8/printfarmd.8"):
            check((base / path).is_file(), f"{path} is not installed")
        strays = [str(path) for path in Path(root).iterdir() if path.name != "opt"]
        equal(strays, [], "files outside PREFIX")


main(test_verify, test_verify_bites, test_exposure, test_privileges, test_comments, test_users_and_directories,
     test_ways, test_sysusers_runs, test_udev, test_modules, test_install)
