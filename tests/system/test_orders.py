"""The order book on the command line: what is refused, and what is told.  time limit: 240 s"""

from harness import Farm, box_gcode, check, equal, main, wait


def large_gcode(path):
    """A cube that needs more bed than any simulated printer has."""
    text = open(box_gcode(path), encoding="ascii").read()
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("G1 X"))
    lines.insert(at, "G1 X300 Y60 E0.5 F3000")
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return str(path)


def test_refused():
    """what no printer can make is refused with the nearest miss on every printer, unless it is held"""
    with Farm(2) as farm:
        path = large_gcode(farm.dir / "large.gcode")
        farm.files["large.gcode"] = path
        refused = farm.cli("submit", path, expect=1)
        check("no printer can ever make" in refused.stderr, refused.stderr)
        check("p1, p2 (large.gcode): needs" in refused.stderr, refused.stderr)
        quoted = farm.cli("submit", path, "--quote", expect=1)
        equal(quoted.stderr, refused.stderr, "the quote's answer")
        body = {"design": "large", "units": 1}
        answer = farm.http("POST", "/api/v1/orders", body)
        equal(answer.status, 422, "status")
        equal(answer.json["error"]["code"], "no_printer", "code")
        rows = answer.json["error"]["details"]["printers"]
        equal([row["printer"] for row in rows], ["p1", "p2"], "printers that miss")
        equal(rows[0]["unmet"][0]["condition"], "volume", "what they miss")
        equal(farm.get("/api/v1/orders")["items"], [], "orders")
        held = farm.cli("order", "create", "large", "--hold").stdout
        check("note: no printer can ever make" in held, held)
        released = farm.cli("order", "release", "1", expect=1)
        check("p1, p2 (large.gcode)" in released.stderr, released.stderr)
        equal(farm.order(1)["state"], "held", "the order")


def test_surplus():
    """more than asked is told when the order is made"""
    with Farm(1) as farm:
        farm.ready()
        path = box_gcode(farm.dir / "box.gcode")
        farm.files["box.gcode"] = path
        said = farm.cli("submit", path, "--yield", "4", "-n", "10").stdout
        check("note: plates of 4: 12 units will be made for 10" in said, said)
        equal(farm.order(1)["over_planned"], 2, "over_planned")


def test_alternatives():
    """a list of materials and colours takes the spool that is mounted, and says what would do"""
    with Farm(2) as farm:
        farm.ready()
        for printer, words in (("p1", ("--material", "ABS", "--color", "white")), ("p2", ("--material", "PLA", "--color", "pearl white"))):
            spool = farm.cli("spool", "add", *words, json_output=True)
            farm.cli("printer", "load", printer, str(spool["id"]))
        path = box_gcode(farm.dir / "box.gcode")
        farm.files["box.gcode"] = path
        order = farm.cli("submit", path, "--material", "PETG, PLA", "--color", "red,light", json_output=True)["id"]
        shown = farm.order(order)
        equal((shown["material"], shown["materials"], shown["colors"]), ("PETG,PLA", ["PETG", "PLA"], ["red", "light"]), "wishes")
        farm.wait_printing("p2")
        text = farm.cli("order", "show", str(order)).stdout
        check("PETG, else PLA" in text and "red, else light" in text, text)
        other = farm.post("/api/v1/orders", {"design": "box", "units": 1, "material": ["PETG", "TPU"]})["id"]
        why = farm.cli("why", "order", str(other)).stdout
        check("needs PETG or TPU, ABS is loaded" in why, why)
        farm.cli("order", "set", str(other), "--material", "TPU,ABS", "--color", "any")
        farm.wait_printing("p1")
        refused = farm.cli("order", "create", "box", "--color", "white,,red", expect=1)
        check('color is "white,,red"' in refused.stderr, refused.stderr)
        refused = farm.cli("spool", "add", "--material", "PLA,PETG", expect=1)
        check("commas" in refused.stderr, refused.stderr)


def test_sequence():
    """an order waits for another one, says so, and is held when that one is cancelled; projects are told apart"""
    with Farm(2) as farm:
        farm.ready()
        path = box_gcode(farm.dir / "box.gcode")
        farm.add_design("box", (path, 1))
        farm.cli("order", "create", "box", "--hold", "--project", "masks")
        said = farm.cli("order", "create", "box", "-n", "2", "--after", "1", "--project", "visors & co").stdout
        check("note: waits for order 1: 1 of 1 units are left, and it is held" in said, said)
        why = farm.cli("why", "order", "2").stdout
        check("waits for order 1: 1 of 1 units are left" in why, why)
        circle = farm.cli("order", "set", "1", "--after", "2", expect=1)
        check("order 1 would wait for itself: 1 after 2 after 1" in circle.stderr, circle.stderr)
        for words, reason in ((("--after", "7"), "no order 7"), (("--after", "1,,2"), "numbers of at most 8 orders")):
            refused = farm.cli("order", "create", "box", *words, expect=1)
            check(reason in refused.stderr, refused.stderr)
        equal([row["id"] for row in farm.get("/api/v1/orders?project=visors%20%26%20co")["items"]], [2], "orders of the project")
        listed = farm.cli("order", "list", "--project", "visors & co", json_output=True)
        equal([row["id"] for row in listed], [2], "orders that are listed")
        equal(farm.cli("order", "list", "--user", "nobody", json_output=True), [], "orders of nobody")
        farm.cli("order", "cancel", "1")
        shown = farm.order(2)
        equal((shown["state"], shown["hold_reason"]), ("held", "order 1, which it waits for, was cancelled"), "what waits")
        text = farm.cli("order", "show", "2").stdout
        check("after" in text and "order 1" in text and "project" in text, text)
        farm.kill_control()
        farm.start_control()
        farm.wait_online()
        farm.cli("order", "release", "2")
        third = farm.cli("order", "create", "box", "--after", "2", json_output=True)["id"]
        equal(farm.run_order(2)["good"], 2, "good units of the order that was released")
        equal(farm.run_order(third)["good"], 1, "good units of the one behind it")
        rows = [row for rows in farm.attempts().values() for row in rows]
        ends = [attempt["ended_s"] for attempt, job in rows if job["order"] == 2]
        starts = [attempt["started_s"] for attempt, job in rows if job["order"] == third]
        check(len(ends) == 2 and len(starts) == 1 and starts[0] >= max(ends), f"ends {ends}, then starts {starts}")


def test_delivery():
    """good units are handed over part by part, never more; fewer may be asked for, never fewer than were handed over"""
    with Farm(1) as farm:
        farm.ready()
        path = box_gcode(farm.dir / "box.gcode")
        farm.add_design("box", (path, 4))
        order = str(farm.add_order("box", 8))
        refused = farm.cli("order", "deliver", order, expect=1)
        check("no good units" in refused.stderr, refused.stderr)
        farm.wait_printing("p1")
        said = farm.cli("order", "set", order, "-n", "3").stdout
        check("note: 1 more than asked are printing" in said, said)
        farm.cli("order", "set", order, "-n", "8")
        wait(lambda: farm.clear_printed() or farm.order(order)["good"] == 4, "a plate is printed and counted")
        said = farm.cli("order", "deliver", order, "3", "--note", "fetched by Anna").stdout
        check("3 of 8 delivered, 1 more ready for delivery" in said, said)
        for words, reason in (((order, "2"), "1 to 1 are accepted"), ((order, "0"), None), ((order, "-1"), None)):
            refused = farm.cli("order", "deliver", *words, expect=1 if reason else 64)
            check(not reason or reason in refused.stderr, refused.stderr)
        refused = farm.cli("order", "set", order, "-n", "2", expect=1)
        check("3 units are delivered already" in refused.stderr, refused.stderr)
        farm.kill_control()
        farm.start_control()
        text = farm.cli("order", "show", order).stdout
        check("3 of 8, 1 ready for delivery" in text and "3 by root: fetched by Anna" in text, text)
        key = {"Idempotency-Key": "once"}
        for _ in range(2):
            equal(farm.http("POST", f"/api/v1/orders/{order}/deliver", {"units": 1}, key).status, 201, "status")
        equal((farm.order(order)["delivered"], farm.order(order)["ready"]), (4, 0), "delivered, ready")
        farm.cli("record", order, "--html", str(farm.dir / "record.html"))
        page = (farm.dir / "record.html").read_text(encoding="utf-8")
        check("delivered" in page and "by root: fetched by Anna" in page, "the record's page lacks the delivery")


def test_failures():
    """what failed is tried again on another printer; a printer that fails too often gets no new jobs until it is enabled"""
    with Farm(2, config="quarantine_failures = 2;\nretries = 0;", speed=200, simulator="warm_start=yes") as farm:
        farm.ready()
        path = box_gcode(farm.dir / "box.gcode")
        farm.add_design("box", (path, 1))
        order = farm.cli("order", "create", "box", "--retries", "1", json_output=True)["id"]
        wait(lambda: any(row["state"] == "printing" for row in farm.jobs()), "the job prints")
        bad = next(row["printer"] for row in farm.jobs() if row["state"] == "printing")
        farm.wait_printing(bad)
        farm.sim(f"reset {bad}")
        equal(farm.run_order(order)["good"], 1, "good units")
        (job,) = [row for row in farm.jobs() if row["order"] == order]
        tried = [(row["printer"], row["state"]) for row in farm.job(job["id"])["attempts"]]
        good = {"p1": "p2", "p2": "p1"}[bad]
        equal(tried, [(bad, "failed"), (good, "printed")], "attempts")
        text = farm.cli("order", "show", str(order)).stdout
        check("1 of 1 used" in text, text)
        farm.cli("printer", "unlock", bad)
        farm.wait_online(bad)
        farm.cli("clear", bad)
        order = farm.cli("order", "create", "box", "--printer", bad, json_output=True)["id"]
        wait(lambda: farm.order(order)["printed"] == 1, "a unit is printed")
        wait(lambda: farm.http("POST", f"/api/v1/printers/{bad}/clear", {"good": 0, "scrap": 1}).status == 200, "it is scrap")
        wait(lambda: farm.printer(bad)["quarantine"], "the printer is in quarantine")
        farm.kill_control()
        farm.start_control()
        farm.wait_online()
        row = farm.printer(bad)
        check("2 prints failed within 24 h" in row["quarantine"]["text"] and not row["ready"], row)
        for words in (("printers",), ("printer", "show", bad), ("why", "order", str(order))):
            check("quarantine" in farm.cli(*words).stdout, f"no word of it in {words}")
        equal(farm.order(order)["printing"], 0, "what prints")
        farm.cli("printer", "enable", bad)
        equal(farm.printer(bad)["quarantine"], None, "the quarantine")
        equal(farm.run_order(order)["good"], 1, "good units")


def test_bad_input():
    """what makes no sense is refused with the value and what would be accepted, and nothing is made"""
    with Farm(1) as farm:
        path = box_gcode(farm.dir / "box.gcode")
        farm.add_design("box", (path, 1))
        for words, status, reason in (
                (("-n", "0"), 64, "from 1 to 1000000"),
                (("-n", "1000001"), 64, "from 1 to 1000000"),
                (("--due", "2020-01-01"), 1, 'due "2020-01-01" is past'),
                (("--due", "yesterday"), 1, 'due "yesterday" is not understood'),
                (("--after", "x"), 1, "numbers of at most 8 orders"),
                (("--after", "9"), 1, "no order 9"),
                (("--retries", "-1"), 64, "from 0 to 10000"),
                (("--material", "PLA,"), 1, 'material is "PLA,"')):
            refused = farm.cli("order", "create", "box", *words, expect=status)
            check(reason in refused.stderr, refused.stderr)
        for body, reason in (
                ({"units": 0}, "from 1 to 1000000"), ({"units": 1000001}, "from 1 to 1000000"), ({"due": 1}, "is past"),
                ({"after": [0]}, "numbers of at most 8"), ({"after": list(range(1, 10))}, "numbers of at most 8"),
                ({"retries": -1}, "from 0 to 10000"), ({"material": ["a,b"]}, "without commas")):
            answer = farm.http("POST", "/api/v1/orders", {"design": "box", **body})
            equal(answer.status, 422, f"status of {body}")
            check(reason in answer.json["error"]["message"], answer.body)
        answer = farm.http("POST", "/api/v1/spools", {"material": "PLA", "grams": -1})
        check(answer.status == 422 and "from 0 to 20000" in answer.json["error"]["message"], answer.body)
        equal(farm.get("/api/v1/orders")["items"], [], "orders")


main(test_bad_input, test_refused, test_surplus, test_alternatives, test_sequence, test_delivery, test_failures)
