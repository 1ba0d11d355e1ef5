"""streamers = "shared": one process for all printers does the same."""

from harness import Farm, box_gcode, check, equal, main


def test_shared():
    """one streamer serves every printer of the farm"""
    with Farm(4, streamers="shared") as farm:
        farm.ready()
        equal(len(farm.streamer_pids()), 1, "streamers")
        farm.add_design("box", (box_gcode(farm.dir / "box.gcode", layers=8), 1))
        order = farm.add_order("box", 6)
        last = farm.run_order(order)
        equal(last["good"], 6, "good units")
        used = {attempt["printer"] for job in farm.jobs() for attempt in farm.job(job["id"])["attempts"]}
        check(len(used) >= 3, f"only {used} printed")


def test_apart():
    """by default every printer has a streamer of its own"""
    with Farm(3) as farm:
        farm.ready()
        equal(len(farm.streamer_pids()), 3, "streamers")
        equal(len({tuple(farm.streamer_pids(name)) for name in farm.names}), 3, "streamers by name")


main(test_shared, test_apart)
