"""Does to the farm what sceptics do: kills, unplugs, disturbs, switches off, freezes.

The same acts hang on the keys and on the demo's own timetable; each says one sentence."""

import random

NOISE = "1e-4"
AWAY_S = 3          # wall seconds that a cable stays out or a switch stays off
KEYS = {"k": "kill control", "u": "unplug", "n": "noise", "o": "power off/on", "f": "freeze one hot"}


class Sceptic:
    def __init__(self, processes, operator, say, seed):
        self.processes, self.operator, self.say = processes, operator, say
        self.random = random.Random(seed)
        self.later = []          # (when_s, function)
        self.done = {key: 0 for key in KEYS}
        self.noisy = set()
        self.touched = set()     # printers that had something done to them
        self.control_down = False

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

    def _simulator(self, command):
        answer = self.processes.simulator.ask(command)
        if not answer.startswith("ok"):
            raise SystemExit(f"simulator: {command}: {answer}")

    def _pick(self, status, fits):
        names = [p["name"] for p in status["printers"]
                 if p["link"] == "online" and not p["lock"] and p["name"] not in self.touched and fits(p)]
        if not names:
            self.say("nothing fits that just now: try again in a moment")
            return None
        name = self.random.choice(names)
        return name

    def kill_control(self, status, now_s):
        if self.control_down:
            return False
        busy = sum(p["activity"] == "printing" for p in status["printers"])
        self.processes.kill_control()
        self.control_down = True
        self.say(f"printfarmd killed with -9 while {busy} printers print: the streamers go on alone")
        self.later.append((now_s + 1.5, self._control_back))
        return True

    def _control_back(self):
        self.processes.start_control()
        self.control_down = False
        self.say("printfarmd started again: it asked every streamer and booked what had happened")

    def unplug(self, status, now_s):
        name = self._pick(status, lambda p: p["activity"] == "printing")
        if not name:
            return False
        self.touched.add(name)
        self._simulator(f"unplug {name}")
        self.say(f"{name}: cable pulled in mid-print; nobody knows what became of the part: needs a look")
        self.later.append((now_s + AWAY_S, lambda: self._back(f"replug {name}", name)))
        return True

    def _back(self, command, name):
        self._simulator(command)
        self.touched.discard(name)

    def noise(self, status, now_s):
        name = self._pick(status, lambda p: p["activity"] == "printing" and p["name"] not in self.noisy)
        if not name:
            return False
        self.noisy.add(name)
        self._simulator(f"noise {name} {NOISE} {NOISE}")
        self.say(f"{name}: one byte in 10,000 is now damaged, both ways, until the end")
        return True

    def power_cycle(self, status, now_s):
        name = self._pick(status, lambda p: p["bed"] == "occupied" and p["activity"] != "printing")
        if not name:
            name = self._pick(status, lambda p: p["activity"] == "printing")
        if not name:
            return False
        return self.power_cycle_printer(name, now_s)

    def power_cycle_printer(self, name, now_s):
        self.touched.add(name)
        self._simulator(f"power-cycle {name} {AWAY_S * self.processes.speed}")
        self.say(f"{name}: switched off and on; its bed is not taken for empty because of that")
        self.later.append((now_s + AWAY_S + 2, lambda: self.touched.discard(name)))
        return True

    def freeze(self, status, now_s):
        name = self._pick(status, lambda p: p["activity"] == "printing" and any(
            h["target_celsius"] > 0 for h in p["heaters"]))
        if not name:
            return False
        self.touched.add(name)
        self._simulator(f"freeze {name}")
        self.say(f"{name}: firmware hangs with the heaters on; silence while hot is an emergency after 10 s")
        self.later.append((now_s + 14, lambda: self._back(f"power-cycle {name} 1", name)))
        return True
