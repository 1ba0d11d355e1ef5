"""A record as a folder: whole, checked by other programs, and a design again in another farm.  time limit: 240 s"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import Farm, box_gcode, check, equal, main, wait


def run(*words, folder):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def look_at_sums(folder):
    sums = run("sha256sum", "--strict", "-c", "SHA256SUMS", folder=folder)
    equal(sums.returncode, 0, f"sha256sum -c: {sums.stdout}{sums.stderr}")
    listed = {line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    equal(listed, found, "files with a checksum")
    return found


def look_at_signature(folder):
    """As README.txt says, without printfarm."""
    commands = re.findall(r"^    ((?:base64|openssl)(?:[^\n]*\\\n)*[^\n]*)", (folder / "README.txt").read_text(), re.M)
    equal(len(commands), 2, "commands of the README")
    for command in commands:
        result = run("sh", "-c", command, folder=folder)
        equal(result.returncode, 0, f"{command}: {result.stdout}{result.stderr}")
    (folder / "signature").unlink()
    content = run("sha256sum", "content.txt", folder=folder).stdout.split()[0]
    equal((folder / "approval/message.txt").read_text(), f"printfarm-design:{content}", "what is signed")


def make(farm):
    """An order, printed and counted, of a signed design with two plates, one of them with a hostile name."""
    key = farm.dir / "key"
    row = re.search(r'"YOU:(\S+)"', farm.cli("design", "key", key).stdout).group(1)
    farm.extra_config = f'approval = "enforce"; approvers = [ "anna:{row}" ];'
    farm.write_config()
    farm.cli("reload")
    farm.ready()
    first = box_gcode(farm.dir / "box.gcode", seed=1)
    second = Path(box_gcode(farm.dir / "four.gcode", seed=2))
    odd = farm.dir / "<b>'a b'.gcode"
    second.rename(odd)
    farm.cli("spool", "add", "--material", "PLA", "--color", "white", "--lot", "L7")
    farm.cli("printer", "load", "p1", "1")
    farm.cli("design", "add", "box", "--plate", first)
    farm.cli("design", "revise", "box", "--plate", first, "--plate", f"{odd}:4")
    farm.cli("design", "approve", "box@2", "--evidence", "order 1 fits", "--sign", key)
    farm.files.update({"box.gcode": first, odd.name: str(odd)})
    order = farm.add_order("box", 1, user="Otto Example")
    equal(farm.run_order(order)["good"], 1, "good units")
    return order


def look_at_folder(farm, order, folder):
    found = look_at_sums(folder)
    wanted = {"README.txt", "index.html", "record.json", "design.json", "content.txt", "label.svg", "plates/box.gcode",
              "plates/b_a_b_.gcode", "plates/box.png", "plates/b_a_b_.png", "settings/box.txt", "settings/b_a_b_.txt",
              "approval/approval.json", "approval/message.txt", "approval/signature.base64", "approval/public_key.pem"}
    check(wanted <= found, f"not in the folder: {wanted - found}; in it: {found}")
    equal((folder / "plates/box.gcode").read_bytes(), Path(farm.files["box.gcode"]).read_bytes(), "the plate")
    check("filament_type = PLA" in (folder / "settings/box.txt").read_text(), "the settings")
    profiles = [path for path in found if path.startswith("profiles/")]
    equal(len(profiles), 1, "profiles of the printers that made it")
    verdict = farm.cli("check", folder / "plates/box.gcode", "--profile", folder / profiles[0], json_output=True)["verdict"]
    equal(verdict, "ok", "the plate by the exported profile")
    look_at_signature(folder)
    record = json.loads((folder / "record.json").read_text())
    equal((record["order"]["id"], record["order"]["good"]), (order, 1), "the record")
    check("Otto Example" in (folder / "index.html").read_text(encoding="utf-8"), "the page does not say for whom")


def test_round_trip():
    """what one farm exports is checked without printfarm, and is the same design in another farm"""
    outside = Path(tempfile.mkdtemp(prefix="pf-export-"))
    try:
        with Farm(1, config='approval = "warn";') as farm:
            order = make(farm)
            content = farm.get("/api/v1/designs/box@2")["content_sha256"]
            farm.cli("record", order, "--export", outside / "box")
            look_at_folder(farm, order, outside / "box")
            again = farm.cli("record", order, "--export", outside / "box", expect=1)
            check("is there already" in again.stderr, again.stderr)
            farm.cli("record", order, "--export", outside / "nameless", "--without-names")
            look_without_names(outside / "nameless", farm)
            farm.cli("record", order, "--export", "/proc/none", expect=66)
            equal(sorted(path.name for path in outside.iterdir()), ["box", "nameless"], "folders left over")
            shown = farm.cli("design", "import", outside / "box").stdout
            check("box@2" in shown, f"at home it is the revision that it was: {shown}")
        with Farm(1, config='approval = "enforce";') as farm:
            look_at_import(farm, outside, content)
    finally:
        shutil.rmtree(outside)


def look_without_names(folder, farm):
    look_at_sums(folder)
    names = {"Otto Example", "anna"} | {act["user"] for act in json.loads(farm.cli("record", 1).stdout)["order"]["acts"]}
    for path in folder.rglob("*"):
        if path.suffix not in (".html", ".json", ".txt", ".svg"):
            continue
        text = path.read_text(encoding="utf-8")
        for name in names:
            check(not re.search(rf"\b{re.escape(name)}\b", text), f"{path.name} still says {name}")
    look_at_signature(folder)


def look_at_import(farm, outside, content):
    shown = farm.cli("design", "import", outside / "box").stdout
    check("box: 2 plates" in shown and content[:12] in shown, shown)
    design = farm.get("/api/v1/designs/box")
    equal((design["content_sha256"], design["approval"]), (content, None), "the design in the other farm")
    equal([plate["file"] for plate in design["plates"]], ["box.gcode", "<b>'a b'.gcode"], "names of its plates")
    farm.cli("design", "import", outside / "box", "--name", "visor")
    equal(farm.get("/api/v1/designs/visor")["content_sha256"], content, "under another name")
    refused(farm, outside, "a changed plate", "plates/box.gcode", lambda text: text + "G1 X1\n", "is not the file that was exported")
    refused(farm, outside, "another yield", "design.json", lambda text: text.replace('"yield": 4', '"yield": 9'),
            "not those of its content", sums=True)
    refused(farm, outside, "a way out of the folder", "design.json",
            lambda text: text.replace("plates/box.gcode", "../../../etc/passwd"), "no file of this folder", sums=True)
    refused(farm, outside, "sums that lead out", "SHA256SUMS", lambda text: "0" * 64 + "  /etc/passwd\n" + text, "no file of this folder")
    refused(farm, outside, "broken sums", "SHA256SUMS", lambda text: "nonsense\n" + text, "no line of sha256sum")
    refused(farm, outside, "no JSON", "design.json", lambda text: text[:20], "design.json:", sums=True)
    refused(farm, outside, "another version", "design.json", lambda text: text.replace('"printfarm_export": 1', '"printfarm_export": 9'),
            "another version", sums=True)
    farm.cli("design", "import", outside, expect=66)
    equal(len(farm.get("/api/v1/designs")["items"]), 2, "designs after all that")


def refused(farm, outside, what, name, change, words, sums=False):
    bad = outside / "bad"
    shutil.copytree(outside / "box", bad)
    path = bad / name
    text = change(path.read_text(encoding="utf-8"))
    check(text != path.read_text(encoding="utf-8"), f"{what}: nothing was changed")
    path.write_text(text, encoding="utf-8")
    if sums:
        files = [line.split("  ", 1)[1] for line in (bad / "SHA256SUMS").read_text().splitlines()]
        (bad / "SHA256SUMS").write_text(run("sha256sum", *files, folder=bad).stdout)
    result = farm.cli("design", "import", bad, expect=65)
    check(words in result.stderr, f"{what}: {result.stderr}")
    shutil.rmtree(bad)


main(test_round_trip)
