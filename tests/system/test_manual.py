"""The manual pages."""

import shutil
import subprocess

from harness import ROOT, Skip, check, equal, main

PAGES = sorted(path for section in "158" for path in (ROOT / "docs").glob(f"*.{section}"))
WANTED = {"printfarm.1", "printfarm.conf.5", "printfarmd.8", "printfarm-stream.8", "printfarm-sim.1"}


def lint(path):
    if not shutil.which("mandoc"):
        raise Skip("mandoc is not installed")
    result = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(path)], capture_output=True, text=True,
                            timeout=60)
    return result.stdout.splitlines()


def test_there():
    """every program and the configuration has a manual page"""
    equal(WANTED - {path.name for path in PAGES}, set(), "missing pages")


def test_clean():
    """mandoc has no warning about any page"""
    for path in PAGES:
        equal(lint(path), [], path.name)


def test_cross_references():
    """pages refer only to pages that exist, here or in the system's manual"""
    names = {path.name for path in PAGES} | {"systemd.1"}
    for path in PAGES:
        for line in path.read_text().splitlines():
            words = line.lstrip(".Pq ").split()
            if "Xr" in words:
                name, section = words[words.index("Xr") + 1:words.index("Xr") + 3]
                check(f"{name}.{section}" in names, f"{path.name}: {name}({section})")


main(test_there, test_clean, test_cross_references)
