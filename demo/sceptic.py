"""Does to the farm what sceptics do: kills, unplugs, disturbs, switches off, freezes.

The same acts hang on the keys and on the demo's own timetable.  Each press says exactly one sentence:
what was done, or why nothing was."""

import random

NOISE, NOISE_WORDS = "1e-5", "one byte in 100,000"
AWAY_S = 3          # wall seconds that a cable stays out or a switch stays off
DOWN_S = 1.5        # and that nobody starts printfarmd again
FROZEN_S = 14       # longer than the farm waits before it calls silence an emergency
KEYS = {"k": "kill control", "u": "unplug", "n": "noise", "o": "power off/on", "f": "freeze one hot"}


def is_printing(printer):
    return printer["activity"] == "printing"


def is_printing_hot(printer):
    return is_printing(printer) and any(h["target_celsius"] > 0 for h in printer["heaters"])


def holds_a_part(printer):
    return printer["bed"] == "occupied" and not is_printing(printer)


class Sceptic:
    def __init__(self, processes, say, seed):
        self.processes, self.say = processes, say
        self.random = random.Random(seed)
        self.later = []          # (when_s, function)
        self.done = {key: 0 for key in KEYS}
        self.noisy = set()
        self.touched = set()     # printers that have something done to them now
        self.control = "up"      # up, down, starting

    def control_is_down(self):
        return self.control != "up"

    def press(self, key, status, now_s):
        act = {"k": self.kill_control, "u": self.unplug, "n": self.noise,
               "o": self.power_cycle, "f": self.freeze}.get(key)
        if act and act(status, now_s):
            self.done[key] += 1

    def tick(self, now_s):
        due = [item for item in self.later if item[0] <= now_s]
        self.later = [item for item in self.later if item[0] > now_s]
        for _, act in due:
            act()
        if self.control == "starting" and self.processes.control_answers():
            self.control = "up"
            self.say("printfarmd is back: it asked every streamer and booked what had happened")

    def is_quiet(self):
        return not self.later and not self.control_is_down()

    def _simulator(self, command):
        answer = self.processes.simulator.ask(command)
        if not answer.startswith("ok"):
            raise SystemExit(f"simulator: {command}: {answer}")

    def _pick(self, status, fits):
        names = [p["name"] for p in status["printers"]
                 if p["link"] == "online" and not p["lock"] and p["name"] not in self.touched and fits(p)]
        return self.random.choice(names) if names else None

    def _nothing(self, what):
        self.say(f"{what}: nothing done, try again in a moment")
        return False

    def kill_control(self, status, now_s):
        if self.control_is_down():
            return self._nothing("printfarmd is being restarted")
        busy = sum(is_printing(p) for p in status["printers"])
        self.processes.kill_control()
        self.control = "down"
        self.say(f"printfarmd killed with -9: the streamers go on alone with {busy} prints")
        self.later.append((now_s + DOWN_S, self._start_control))
        return True

    def _start_control(self):
        self.processes.spawn_control()
        self.control = "starting"

    def unplug(self, status, now_s):
        name = self._pick(status, is_printing)
        if not name:
            return self._nothing("no undisturbed printer prints")
        self.touched.add(name)
        self._simulator(f"unplug {name}")
        self.say(f"{name}: cable pulled in mid-print: a person decides what the part is")
        self.later.append((now_s + AWAY_S, lambda: self._back(f"replug {name}", name)))
        return True

    def _back(self, command, name):
        self._simulator(command)
        self.touched.discard(name)

    def noise(self, status, now_s):
        name = self._pick(status, lambda p: is_printing(p) and p["name"] not in self.noisy)
        if not name:
            return self._nothing("no printer with a clean line prints")
        self.noisy.add(name)
        self._simulator(f"noise {name} {NOISE} {NOISE}")
        self.say(f"{name}: {NOISE_WORDS} is damaged from now on, both ways")
        return True

    def power_cycle(self, status, now_s):
        name = self._pick(status, holds_a_part) or self._pick(status, is_printing)
        if not name:
            return self._nothing("no undisturbed bed holds a part")
        self.power_cycle_printer(name, now_s)
        return True

    def power_cycle_printer(self, name, now_s):
        self.touched.add(name)
        self._simulator(f"power-cycle {name} {AWAY_S * self.processes.speed}")
        self.say(f"{name}: switched off and on; that does not make its bed empty")
        self.later.append((now_s + AWAY_S + 2, lambda: self.touched.discard(name)))

    def freeze(self, status, now_s):
        name = self._pick(status, is_printing_hot)
        if not name:
            return self._nothing("no undisturbed printer prints hot")
        self.touched.add(name)
        self._simulator(f"freeze {name}")
        self.say(f"{name}: firmware hangs while hot; 10 s of silence are an emergency")
        self.later.append((now_s + FROZEN_S, lambda: self._back(f"power-cycle {name} 1", name)))
        return True
