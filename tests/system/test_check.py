#!/usr/bin/env python3
"""`printfarm check` without a daemon: reports, JSON, the file's commands, exit codes."""
import gzip
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))
from harness import BUILD, ROOT, UNDER, check, equal, main  # noqa: E402

BAD = ROOT / "tests/corpus/bad"
REAL = ROOT / "tests/corpus/gcode"
FIELDS = {"file", "sha256", "format", "verdict", "problems", "time_s", "heat_s", "layers", "tools",
          "bbox_print_mm", "bed_celsius", "hotend_celsius", "slicer", "machine", "thumbnails"}


def run(*arguments, stdin=b""):
    return subprocess.run([*UNDER, str(BUILD / "printfarm"), "check", *map(str, arguments)],
                          input=stdin, capture_output=True, check=False)


def test_json():
    """one object a file, one a line, with the names that scripts rely on"""
    done = run("--json", BAD / "ok_reference.gcode", REAL / "ps_mk3s_calicube_m600_m601.gcode.gz")
    lines = done.stdout.decode("ascii").splitlines()
    equal(len(lines), 2, "lines")
    plain, real = map(json.loads, lines)
    check(FIELDS <= set(plain), f"missing: {FIELDS - set(plain)}")
    equal(plain["verdict"], "ok", "verdict")
    equal(plain["slicer"], None, "slicer of a file that names none")
    equal(plain["tools"][0]["filament_g"], None, "grams without density")
    equal(plain["bbox_print_mm"], {"min": [50, 50, 0.3], "max": [100, 100, 0.3]}, "box")
    equal(real["slicer"], "PrusaSlicer 2.5.0", "slicer")
    text = gzip.decompress((REAL / "ps_mk3s_calicube_m600_m601.gcode.gz").read_bytes())
    equal(real["sha256"], hashlib.sha256(text).hexdigest(), "hash of the text inside")
    equal(real["format"], "gzip", "format")
    equal(done.returncode, 0, "exit code")


def test_exit_codes():
    """0 accepted or warned of, 65 refused, 66 no such file, 64 wrong usage"""
    equal(run(BAD / "ok_reference.gcode").returncode, 0, "good")
    equal(run(BAD / "g20_inches.gcode").returncode, 0, "warned of")
    equal(run(BAD / "danger_m112_embedded.gcode").returncode, 65, "refused")
    equal(run(BAD / "ok_reference.gcode", BAD / "empty.gcode").returncode, 65, "one of two")
    equal(run("/nonexistent.gcode").returncode, 66, "missing")
    equal(run().returncode, 64, "no file")
    equal(run("--what", BAD / "ok_reference.gcode").returncode, 64, "unknown option")
    equal(run("--profile", "no-such", BAD / "ok_reference.gcode").returncode, 64, "no profile")


def test_profile():
    """what a machine cannot do is refused for it alone"""
    file = BAD / "danger_move_out_of_bed.gcode"
    equal(run(file).returncode, 0, "without a profile")
    done = run("--json", "--profile", "ender3", file)
    problem = json.loads(done.stdout)["problems"][0]
    equal((problem["line"], problem["rule"]), (15, "out-of-volume"), "problem")
    equal(done.returncode, 65, "exit code")


def test_commands():
    """the file's commands and nothing else"""
    done = run("--commands", "-", stdin=b"g1x5 ; a\n(b)\nM110 N0\nN3 G28*16\nM117 5*3\nG1 X6")
    equal(done.stdout, b"G1X5\nG28\nM117 5x3\nG1 X6\n", "commands")
    done = run("--commands", REAL / "cura_smoothie_calicube_accel.gcode.gz")
    check(b"##" not in done.stdout, "a dropped line was printed")
    equal(done.stdout.count(b"\n"),
          json.loads(run("--json", REAL / "cura_smoothie_calicube_accel.gcode.gz").stdout)["commands"],
          "number of commands")


def decode_png(path, plain=False):
    """Width, height and, unless it is somebody else's, the colours that occur."""
    data = path.read_bytes()
    equal(data[:8], b"\x89PNG\r\n\x1a\n", "signature")
    at, packed, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    rows = zlib.decompress(packed)
    if plain:
        return size, None
    equal(len(rows), size[1] * (3 * size[0] + 1), "bytes of the rows")
    colours = set()
    for y in range(size[1]):
        row, left = rows[y * (3 * size[0] + 1) + 1:(y + 1) * (3 * size[0] + 1)], [0, 0, 0]
        for x in range(size[0]):
            left = [(left[i] + row[3 * x + i]) & 255 for i in range(3)]
            colours.add(tuple(left))
    return size, colours


def test_preview():
    """a picture of the plate; none when nothing is printed"""
    file = REAL / "ps_mk3s_calicube_m600_m601.gcode.gz"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        for view in ("iso", "top", "bed", "12"):
            equal(run("--preview", out, "--view", view, "--size", "200x150", "--profile", "mk3s", file).returncode, 0, view)
            size, colours = decode_png(out)
            equal(size, (200, 150), "size")
            check(len(colours) > 10, f"{view}: only {len(colours)} colours")
        first = out.read_bytes()
        packed = gzip.decompress(file.read_bytes())
        equal(run("--preview", out, "--view", "12", "--size", "200x150", "--profile", "mk3s", "-", stdin=packed).returncode, 0, "pipe")
        equal(out.read_bytes(), first, "from a pipe")
        out.unlink()
        done = run("--preview", out, BAD / "heat_only.gcode")
        equal(done.returncode, 1, "nothing printed")
        check(b"nothing is printed" in done.stderr and not out.exists(), "a picture of nothing")
        done = run("--preview", out, "--view", "thumbnail", file)
        check(done.returncode == 1 and b"put none in" in done.stderr, "a thumbnail from nowhere")
        own = REAL / "ps_mk3s_calicube_x4_sequential_nonascii.gcode.gz"
        equal(run("--preview", out, "--view", "thumbnail", own).returncode, 0, "thumbnail")
        size, colours = decode_png(out, plain=True)
        figures = json.loads(run("--json", own).stdout)
        equal(size, (figures["thumbnail_width"], figures["thumbnail_height"]), "size of the slicer's picture")
        out.unlink()
        equal(run("--preview", out, file, file).returncode, 64, "two files")
        done = run("--preview", out, "--view", "3000", file)
        check(done.returncode == 65 and b"no layer 3000: it has 100" in done.stderr and not out.exists(), f"{done}")
        equal(run("--preview", out, "--size", "5x5", file).returncode, 64, "too small")
        equal(run("--preview", out, "--view", "sideways", file).returncode, 64, "no such view")


def test_times_from_the_end():
    """limits that stand at the end of a file count from its beginning, also from a pipe"""
    file = REAL / "cura_ender3_calicube_rel_e.gcode.gz"
    figures = json.loads(run("--json", file).stdout)
    check(abs(figures["time_s"] / figures["slicer_time_s"] - 1) < 0.03, f"{figures['time_s']}")
    piped = json.loads(run("--json", "-", stdin=file.read_bytes()).stdout)
    equal(piped["time_s"], figures["time_s"], "from a pipe")
    layers = figures["layer_index"]
    equal(len(layers), figures["layers"], "layers of the index")
    check(abs(layers[-1]["start_s"] + layers[-1]["time_s"] - figures["time_s"]) < 0.01, "the index ends with the print")
    check(all(a["start_s"] < b["start_s"] and a["command"] < b["command"] and a["offset_bytes"] < b["offset_bytes"]
              for a, b in zip(layers, layers[1:])), "the index goes up")
    text = gzip.decompress(file.read_bytes())
    for layer in (layers[0], layers[57]):
        equal(text[layer["offset_bytes"]:].split(b"\n")[0], b";LAYER:%d" % (layer["layer"] - 1), "offset")
        equal(text[:layer["offset_bytes"]].count(b"\n") + 1, layer["line"], "line")


def test_report():
    """fits 80 columns and shows nothing that a terminal would act on"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a\x1b[2Jb.gcode"
        file.write_bytes(b"; generated by \x1b[31mEvil\nM117 \x1b[2J\nG28 \xff\n" +
                         (BAD / "ok_reference.gcode").read_bytes())
        done = run(file)
        shown = done.stdout + run("/nonexistent\x1b[2J").stderr
    check(b"\x1b" not in shown, "an escape reached the terminal")
    for path in [BAD / "danger_sd_write.gcode", REAL / "ps_mmu2s_calicube_2tools.gcode.gz"]:
        for line in run("--profile", "ender3", path).stdout.decode("ascii").splitlines()[1:]:
            check(len(line) < 80, f"too wide: {line}")


def test_every_answer():
    """odd and dangerous files: an answer for each, and never a crash"""
    files = sorted(path for path in BAD.iterdir() if path.suffix != ".tsv")
    done = run("--json", *files)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    equal(len(answers), len(files), "answers")
    equal({answer["verdict"] for answer in answers}, {"ok", "warn", "refuse"}, "verdicts")
    equal(done.returncode, 65, "exit code")


main(test_json, test_exit_codes, test_profile, test_commands, test_report, test_preview, test_times_from_the_end,
     test_every_answer)
