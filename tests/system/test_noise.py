"""Noise on the line, lost and doubled acknowledgements, over real processes.

Hundreds of seeded prints are the unit tests' matter; here the streamer's own input and output is in
the way as well.  time limit: 150 s, long: 900 s"""

from harness import LONG, Farm, box_gcode, check, equal, main

NOISE = """at 0 * noise 1e-4
at 0 * lost-ok 0.003
at 0 * doubled-ok 0.003"""


def noisy_order(window, units, seed):
    with Farm(3, faults=NOISE, seed=seed, window=window, config="retries = 10;") as farm:
        farm.noisy = True
        farm.ready()
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=12, lines_per_layer=80), 1))
        order = farm.add_order("box", units)

        def person():
            """Unlocks what stopped with a reason, and has doubtful parts made again."""
            for name, row in farm.printers().items():
                if row["lock"]:
                    check(row["lock"]["text"], f"{name} stopped without a reason")
                    farm.post(f"/api/v1/printers/{name}/unlock")
                if row["bed"] == "unknown" and row["activity"] == "idle" and row["link"] == "online":
                    farm.post(f"/api/v1/printers/{name}/clear", {"why": "stopped"}, expect=(200, 409))
            for job in farm.jobs():
                if job["state"] == "needs_look":
                    farm.post(f"/api/v1/jobs/{job['id']}/redo", expect=(200, 409))
                if job["state"] == "failed":
                    farm.post(f"/api/v1/jobs/{job['id']}/retry", expect=(200, 409))

        last = farm.run_order(order, 120 * (5 if LONG else 1), person)
        check(last["good"] >= units, f"good units: {last}")
        attempts = farm.attempts()
        resends = sum(attempt["resends"] for rows in attempts.values() for attempt, _ in rows)
        check(resends > 0, "the noise did nothing: this test would prove nothing")
        printed = sum(attempt["state"] == "printed" for rows in attempts.values() for attempt, _ in rows)
        equal(printed, last["good"], "attempts printed against units counted")


def test_window():
    """with noise of 1e-4 both ways the printers execute the files exactly (window of three)"""
    noisy_order(3, 30 if LONG else 6, 11)


def test_ping_pong():
    """the same with one line at a time"""
    noisy_order(1, 30 if LONG else 4, 12)


main(test_window, test_ping_pong)
