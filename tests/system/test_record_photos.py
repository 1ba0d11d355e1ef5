"""Photos of what was printed, by a program of the farm's own; whatever it does, the farm goes on.  time limit: 240 s"""

import base64
import hashlib
import json
import os

from harness import Farm, box_gcode, check, equal, main, wait

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")

HOOK = """#!/bin/sh
echo "$@" >>{log}
case $(cat {mode}) in
good) cp {picture} "$4";;
fails) exit 3;;
hangs) sleep 600;;
nothing) ;;
text) echo "<svg/>" >"$4";;
link) ln -s {picture} "$4";;
large) cp {picture} "$4"; truncate -s 9M "$4";;
esac
"""


class PhotoFarm(Farm):
    """With a hook that does what stands in the file `mode`."""

    def __enter__(self):
        super().__enter__()
        hook = self.dir / "hook"
        self.mode, self.log = self.dir / "mode", self.dir / "hook.log"
        (self.dir / "picture.png").write_bytes(PNG)
        hook.write_text(HOOK.format(log=self.log, mode=self.mode, picture=self.dir / "picture.png"))
        hook.chmod(0o755)
        self.extra_config = f'photo_hook = "{hook}"; photo_s = 2; retries = 0;'
        self.write_config()
        self.cli("reload")
        self.ready()
        self.add_design("box", (box_gcode(self.dir / "box.gcode"), 1))
        return self

    def events(self, text):
        return [row for row in self.ledger_rows("SELECT text FROM events") if text in row[0]]

    def ledger_rows(self, question):
        import sqlite3
        with sqlite3.connect(f"file:{self.ledger_path()}?mode=ro", uri=True) as database:
            return database.execute(question).fetchall()

    def make_one(self, mode):
        """A print with the hook in that mode; returns the record of its job."""
        self.mode.write_text(mode)
        order = self.add_order("box", 1)
        equal(self.run_order(order)["good"], 1, f"good units while the hook {mode}")
        return order

    def photos(self, order):
        return json.loads(self.cli("record", order).stdout)["jobs"][0]["photos"]


def test_kept():
    """a photo is taken when a print ends and when its bed is cleared, stands in the record, and outlives a restart"""
    with PhotoFarm(1) as farm:
        order = farm.make_one("good")
        wait(lambda: len(farm.photos(order)) == 2, "two photos")
        digest = hashlib.sha256(PNG).hexdigest()
        equal([(row["moment"], row["sha256"], row["type"], row["printer"], row["bytes"]) for row in farm.photos(order)],
              [(moment, digest, "image/png", "p1", len(PNG)) for moment in ("ended", "cleared")], "the photos")
        job = farm.order(order)["jobs"][0]
        words = [line.split() for line in farm.log.read_text().splitlines()]
        equal([word[:3] for word in words if word[2] == str(job)], [[moment, "p1", str(job)] for moment in ("ended", "cleared")],
              "what the hook was told")
        farm.kill_control()
        (farm.dir / "state/photos/0123.new").write_bytes(PNG[:20])
        farm.start_control()
        answer = farm.http("GET", f"/api/v1/photos/{digest}")
        equal((answer.status, answer.body, answer.headers.get("Content-Type")), (200, PNG, "image/png"), "the photo by the API")
        for name in ("0" * 64, "..", "%2e%2e%2fledger.db", digest.upper()):
            equal(farm.http("GET", f"/api/v1/photos/{name}").status, 404, f"photo {name}")
        page = farm.cli("record", order, "--html", "-").stdout
        check(page.count("<figure>") == 2 and base64.b64encode(PNG).decode() in page, "the page has no photos")
        farm.cli("record", order, "--export", farm.dir / "export")
        equal((farm.dir / "export/photos" / f"{digest}.png").read_bytes(), PNG, "the photo in the export")
        equal([path.name for path in (farm.dir / "state/photos").iterdir()], [digest], "files of photos")


def test_trouble():
    """a hook that fails, hangs, or leaves what is no photo is told in the history and holds nothing up"""
    with PhotoFarm(1) as farm:
        for mode, words in (("fails", "it ended with 3"), ("hangs", "it was not done after 2 s"), ("nothing", "it left no file"),
                            ("text", "no PNG, JPEG or WebP"), ("link", "cannot be kept"), ("large", "more than 8 MB")):
            order = farm.make_one(mode)
            job = farm.order(order)["jobs"][0]
            wait(lambda: len(farm.events(f"job {job} has no photo from p1: ")) == 2, f"two notes while the hook {mode}")
            check(all(words in text for text, in farm.events(f"job {job} has no photo")), farm.events(f"job {job} has no photo"))
            equal(farm.photos(order), [], f"photos while the hook {mode}")
        equal(list((farm.dir / "state/photos").iterdir()), [], "files of photos")
        farm.extra_config += " free_floor_percent = 90; free_floor_bytes = 999999999999999;"
        farm.write_config()
        farm.cli("reload")
        farm.make_one("good")
        wait(lambda: len(farm.events("the disk is nearly full")) == 2, "notes that there is no room")
        farm.extra_config = farm.extra_config.split(" free_floor")[0]
        farm.write_config()
        farm.cli("reload")
        os.unlink(farm.dir / "hook")
        order = farm.make_one("good")
        wait(lambda: farm.events("it cannot be run: No such file"), "a note that there is no hook")
        farm.extra_config = ""
        farm.write_config()
        farm.cli("reload")
        farm.make_one("good")


main(test_kept, test_trouble)
