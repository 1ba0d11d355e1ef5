#!/usr/bin/env python3
"""The bad disk of tests/shim/slow_disk.c does what other tests ask of it, and nothing else.

time limit: 60 s"""

import json
import os
import subprocess
import sys
import tempfile

from harness import BUILD, check, equal, main

SHIM = BUILD / "tests/shim/slow_disk.so"
CALLS = r"""
import json, os, sys, time
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
other = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
ends = os.pipe()
def tell(call, descriptor):
    begun = time.monotonic()
    try:
        {"fdatasync": lambda: os.fdatasync(descriptor), "fsync": lambda: os.fsync(descriptor),
         "pread": lambda: os.pread(descriptor, 1, 0), "pwrite": lambda: os.pwrite(descriptor, b"x", 0),
         "write": lambda: os.write(descriptor, b"x")}[call]()
        error = None
    except OSError as trouble:
        error = os.strerror(trouble.errno)
    return [error, time.monotonic() - begun]
out = []
for word in sys.argv[3:]:
    call, which = word.split("@")
    out.append(tell(call, {"file": file, "other": other, "pipe": ends[1]}[which]))
print(json.dumps(out))
"""


def run(rules, *calls):
    """[error or None, seconds] of each call, made in a process under the shim."""
    with tempfile.TemporaryDirectory() as folder:
        rules = rules.replace("FOLDER", folder)
        done = subprocess.run([sys.executable, "-c", CALLS, f"{folder}/ledger.sqlite-wal", f"{folder}/a.gcode", *calls],
                              env={**os.environ, "LD_PRELOAD": str(SHIM), "PF_FAULT": rules},
                              capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else (done.returncode, done.stderr)


def test_errors_by_call_and_path():
    """only the named call on the named file fails"""
    errors = [error for error, _ in run("pread:error=EIO:path=*.gcode", "pread@file", "pread@other", "pwrite@other")]
    equal(errors, [None, "Input/output error", None], "errors")


def test_delays():
    """both kinds of sync are delayed by the time said, and done"""
    calls = run("sync:delay_ms=200:path=*.sqlite*", "fdatasync@file", "fsync@file")
    check(all(seconds >= 0.2 and not error for error, seconds in calls), str(calls))


def test_skip_and_count():
    """a fault can be put on one call in a row"""
    errors = [error for error, _ in run("pwrite:error=ENOSPC:skip=1:count=1:path=*wal", *["pwrite@file"] * 3)]
    equal(errors, [None, "No space left on device", None], "errors")


def test_switch():
    """a fault that hangs on a file is off without it"""
    errors = [error for error, _ in run("pwrite:error=5:while=FOLDER/nothing;fsync:error=EROFS:while=FOLDER",
                                        "pwrite@file", "fsync@file")]
    equal(errors, [None, "Read-only file system"], "errors")


def test_pipes_are_left_alone():
    """pipes and sockets have no disk"""
    equal(run("write:error=EIO", "write@pipe", "write@file")[0][0], None, "error")


def test_misspelt_rule():
    """a rule that says nothing known ends the program"""
    for rules in ("fdatasink:error=EIO", "pread:err=EIO", "pread:error=EWHAT", "pread:delay_ms"):
        status, said = run(rules)
        equal(status, 99, rules)
        check("PF_FAULT" in said, said)


if __name__ == "__main__":
    main(test_errors_by_call_and_path, test_delays, test_skip_and_count, test_switch, test_pipes_are_left_alone,
         test_misspelt_rule)
