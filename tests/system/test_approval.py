"""Which content of a design may be produced: approved, signed, revoked, revised.  time limit: 240 s"""

import re
import subprocess

from harness import Farm, box_gcode, check, equal, main, wait


def design(farm, name, seed, *more, command="add"):
    path = box_gcode(farm.dir / f"{name}-{seed}.gcode", seed=seed)
    farm.files[path.rsplit("/", 1)[1]] = path
    return farm.cli("design", command, name, "--plate", path, *more)


def why(farm, order):
    job = farm.order(order)["jobs"][0]
    return farm.get(f"/api/v1/jobs/{job}/why")["summary"]


def test_enforced():
    """where approval is enforced nothing is made of a design before somebody approves it, but a test print"""
    with Farm(1, config='approval = "enforce";') as farm:
        farm.ready()
        design(farm, "box", 1)
        order = farm.add_order("box", 1)
        wait(lambda: farm.order(order)["jobs"], "the order has a job")
        check("not approved" in why(farm, order), why(farm, order))
        equal(farm.printer("p1")["activity"], "idle", "the printer")
        test = farm.add_order("box", 1, test=True)
        equal(farm.run_order(test)["good"], 1, "good units of the test print")
        equal(farm.order(order)["good"], 0, "good units of the order that waits")
        farm.kill_control()
        farm.start_control()
        check("not approved" in why(farm, order), why(farm, order))
        farm.cli("design", "approve", "box", "--evidence", f"order {test} fits")
        equal(farm.run_order(order)["good"], 1, "good units after the approval")
        shown = farm.cli("design", "show", "box").stdout
        check("approved by" in shown and f"order {test} fits" in shown, shown)
        too_many = farm.cli("order", "create", "box", "-n", "2", "--test", expect=1)
        check("one plate" in too_many.stderr, too_many.stderr)


def test_revoked():
    """a revocation stops what has not started, lists what has been made, and outlives a kill"""
    with Farm(1, speed=20, config='approval = "enforce";') as farm:
        farm.ready()
        path = box_gcode(farm.dir / "long.gcode", layers=20)
        farm.add_design("long", (path, 1))
        farm.cli("design", "approve", "long")
        order = farm.add_order("long", 3)
        farm.wait_printing("p1")
        text = farm.cli("design", "revoke", "long", "--why", "the hook breaks").stdout
        check(f"order {order} (open): 0 good, 0 scrap, 1 printing" in text, text)
        check("what has not started waits" in text and all(len(line) <= 80 for line in text.splitlines()), text)
        farm.cli("design", "revoke", "long", expect=64)
        farm.kill_control()
        farm.start_control()
        wait(lambda: farm.printer("p1")["bed"] == "occupied" and farm.order(order)["printed"] == 1,
             "the running print goes on to its end")
        farm.clear_printed()
        wait(lambda: farm.order(order)["good"] == 1, "the printed unit is counted")
        jobs = [job for job in farm.jobs() if job["order"] == order and job["state"] == "queued"]
        check(jobs, "the rest of the order is still wanted")
        summary = farm.get(f"/api/v1/jobs/{jobs[0]['id']}/why")["summary"]
        check("revoked" in summary and "the hook breaks" in summary, summary)
        equal(farm.printer("p1")["activity"], "idle", "the printer")
        farm.cli("order", "cancel", str(order))


def test_revisions():
    """other bytes are another revision, which needs an approval of its own"""
    with Farm(1, config='approval = "enforce";') as farm:
        farm.ready()
        design(farm, "box", 1)
        farm.cli("design", "approve", "box")
        refused = farm.cli("design", "add", "box", "--plate", box_gcode(farm.dir / "box-2.gcode", seed=2), expect=1)
        check("revision" in refused.stderr, refused.stderr)
        check("box@2" in design(farm, "box", 2, "--revise").stdout, "the second revision is not box@2")
        check("box@2" in design(farm, "box", 2, "--revise").stdout, "the same plates are the same revision")
        first, second = (farm.get(f"/api/v1/designs/{name}") for name in ("box", "box@2"))
        check(first["content_sha256"] != second["content_sha256"], "both revisions have one content")
        equal(second["approval"], None, "approval of the second revision")
        equal(farm.order(farm.add_order("box", 1, hold=True))["design"], "box", "what is made before the approval")
        farm.cli("design", "approve", "box@2")
        order = farm.add_order("box", 1)
        equal(farm.order(order)["design"], "box@2", "what is made after it")
        equal(farm.run_order(order)["good"], 1, "good units of the second revision")
        farm.cli("design", "revoke", "box", "--why", "superseded")
        check("box@3" in design(farm, "box", 3, command="revise").stdout, "the third revision is not box@3")
        for name in ("box", "box@2", "box@3"):
            rows = [(row["name"], row["state"], row["good"], row["is_ordered"]) for row in farm.get(f"/api/v1/designs/{name}")["revisions"]]
            equal(rows, [("box", "revoked", 0, False), ("box@2", "approved", 1, True), ("box@3", "not_approved", 0, False)],
                  f"the revisions as {name} shows them")
        shown = farm.cli("design", "show", "box").stdout
        check(re.search(r"^box@2 +approved by \S+ .* 1 .* yes$", shown, re.M) and "not approved" in shown, shown)
        check(all(len(line) <= 80 for line in shown.splitlines()), shown)
        slip = farm.cli("design", "revise", "bux", "--plate", farm.files["box-1.gcode"], expect=1)
        check("no design" in slip.stderr and len(farm.get("/api/v1/designs")["items"]) == 3, slip.stderr)
        farm.cli("design", "add", "odd@2", "--plate", farm.files["box-1.gcode"], expect=1)


def test_signed():
    """where approvers are named only their signature over this very content counts"""
    with Farm(1, config='approval = "warn";') as farm:
        key, other = farm.dir / "key", farm.dir / "other"
        row = re.search(r'"YOU:(\S+)"', farm.cli("design", "key", str(key)).stdout).group(1)
        farm.cli("design", "key", str(other))
        farm.cli("design", "key", str(key), expect=1)
        equal(key.stat().st_mode & 0o777, 0o600, "who may read the key")
        farm.extra_config = f'approval = "enforce"; approvers = [ "anna:{row}" ];'
        farm.write_config()
        farm.cli("reload")
        farm.ready()
        design(farm, "box", 1)
        check("signed" in farm.cli("design", "approve", "box", expect=77).stderr, "an unsigned approval is taken")
        farm.cli("design", "approve", "box", "--sign", str(other), expect=77)
        farm.cli("design", "approve", "box", "--sign", str(farm.dir / "box-1.gcode"), expect=66)
        farm.cli("design", "approve", "box", "--sign", str(key))
        approval = farm.get("/api/v1/designs/box")["approval"]
        equal((approval["signer"], approval["valid"]), ("anna", True), "the approval")
        design(farm, "box", 2, "--revise")
        stolen = farm.http("POST", "/api/v1/designs/box@2/approve", {"signature": approval["signature"]})
        equal(stolen.status, 403, "the signature of another revision")
        farm.extra_config = 'approvers = [ "anna:AAAA" ];'
        farm.write_config()
        result = subprocess.run([*farm.control_command(), "--check-config"], capture_output=True, text=True, check=False)
        check(result.returncode == 78 and "approvers[1]" in result.stderr, result.stderr)


def test_warned():
    """where approval is only a warning the order runs, and says what is missing"""
    with Farm(1, config='approval = "warn";') as farm:
        farm.ready()
        design(farm, "box", 1)
        order = farm.add_order("box", 1)
        equal(farm.run_order(order)["good"], 1, "good units")
        check("is not approved" in (farm.dir / "printfarmd.log").read_text(encoding="utf-8"), "no word in the log")


main(test_enforced, test_revoked, test_revisions, test_signed, test_warned)
