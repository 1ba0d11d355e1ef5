"""The stand-in for the person: clears beds, counts parts, decides what became of doubtful ones.

Acts only through the same API as everybody, on what the farm shows."""

from client import Unreachable

CLEAR_AFTER_S = 0.3   # between "printed" and "cleared", as a person next to the printers would be
LOOK_AFTER_S = 3.0    # before a doubtful print or a locked printer is looked at


class Operator:
    def __init__(self, client, say):
        self.client, self.say = client, say
        self.leave_alone = set()   # printers whose bed is not to be cleared yet
        self.seen = {}             # (kind, id) -> when first seen

    def act(self, status, now_s):
        try:
            for printer in status["printers"]:
                if printer["name"] not in self.leave_alone:
                    self._printer(printer, now_s)
            self._doubtful_jobs(now_s)
        except Unreachable:
            pass  # control is being restarted: a person would wait as well

    def _since(self, key, now_s):
        return now_s - self.seen.setdefault(key, now_s)

    def _printer(self, printer, now_s):
        name = printer["name"]
        if printer["activity"] in ("printing", "paused") or printer["link"] != "online":
            self._forget(name)
            return
        if printer["lock"]:
            if self._since(("lock", name), now_s) > LOOK_AFTER_S and \
                    self._does(f"/api/v1/printers/{name}/unlock"):
                self.say(f"operator: {name} looked after ({printer['lock']['fault']}) and unlocked")
            return
        self.seen.pop(("lock", name), None)
        if printer["bed"] != "empty":
            doubtful = printer["bed"] == "unknown"
            if self._since(("bed", name), now_s) > (LOOK_AFTER_S if doubtful else CLEAR_AFTER_S) and \
                    self._does(f"/api/v1/printers/{name}/clear", {"why": "demo operator"}):
                self._forget(name)

    def _does(self, target, body=None):
        """False when the farm refuses: things have changed, they are looked at again."""
        return self.client.post(target, body)[0] < 300

    def _forget(self, name):
        for kind in ("bed", "lock"):
            self.seen.pop((kind, name), None)

    def _doubtful_jobs(self, now_s):
        for job in self.client.get("/api/v1/jobs").get("items", []):
            key = ("job", job["id"])
            if job["state"] not in ("needs_look", "failed"):
                self.seen.pop(key, None)
            elif self._since(key, now_s) > LOOK_AFTER_S:
                self._decide(job)

    def _decide(self, job):
        if job["state"] == "failed":
            if self._does(f"/api/v1/jobs/{job['id']}/retry"):
                self.say(f"operator: job {job['id']} may be tried again")
        elif self._does(f"/api/v1/jobs/{job['id']}/redo"):
            self.say(f"operator: job {job['id']} on {job['printer']} was spoilt, to be made again")
