"""Starts and ends the demo's programs: the simulator, printfarmd, and the streamers it leaves behind."""

import os
import signal
import subprocess
import time
from pathlib import Path

from client import Client, Simulator, Unreachable
import machines


STREAMERS_END_S = 2    # time to park and to cool, of which simulated printers need little


class Processes:
    def __init__(self, build, work, speed, seed):
        self.build, self.work, self.speed, self.seed = Path(build), Path(work), speed, seed
        self.socket = str(self.work / "api.sock")
        self.ports = self.work / "ports"
        self.config = self.work / "printfarm.conf"
        self.client = Client(self.socket)
        self.simulator = Simulator(str(self.ports / "control"))
        self.control = self.sim = None

    def start(self):
        self.ports.mkdir(parents=True)
        spec = self.work / "printers.spec"
        spec.write_text(machines.simulator_file())
        self.config.write_text(machines.configuration(
            self.work / "state", self.socket, self.ports, self.build / "printfarm-stream"))
        self.sim = self._spawn("printfarm-sim", "--dir", str(self.ports), "--printers", str(spec),
                               "--speed", str(self.speed), "--seed", str(self.seed))
        self._wait("the simulator", lambda: all((self.ports / name).exists()
                                                for name, _ in machines.printers()))
        self.spawn_control()
        self._wait("printfarmd", self.control_answers)

    def spawn_control(self):
        self.control = self._spawn("printfarmd", "-c", str(self.config), "--foreground")

    def kill_control(self):
        self.control.send_signal(signal.SIGKILL)
        self.control.wait()

    def control_answers(self):
        if self.control.poll() is not None:
            raise SystemExit(f"printfarmd ended with {self.control.returncode}; "
                             f"see {self.work}/printfarmd.log")
        try:
            return self.client.get("/api/v1/status") is not None
        except Unreachable:
            return False

    def _spawn(self, program, *arguments):
        with open(self.work / f"{program}.log", "ab") as log:
            return subprocess.Popen([str(self.build / program), *arguments], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, start_new_session=True)

    @staticmethod
    def _wait(what, ready, limit_s=20):
        end = time.monotonic() + limit_s
        while not ready():
            if time.monotonic() > end:
                raise SystemExit(f"{what} did not start within {limit_s} s")
            time.sleep(0.02)

    def streamers(self):
        """Process ids of the streamers of this farm: they name its directory on their command line."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"printfarm-stream") and any(
                    word.startswith(str(self.work).encode()) for word in words):
                found.append(int(entry.name))
        return found

    def stop(self):
        """Ends everything that was started; the simulator last, since its summary is wanted."""
        self._end(self.control)
        self._signal_streamers(signal.SIGTERM)
        end = time.monotonic() + STREAMERS_END_S
        while self.streamers() and time.monotonic() < end:
            time.sleep(0.05)
        self._signal_streamers(signal.SIGKILL)
        self._end(self.sim)

    def _signal_streamers(self, number):
        for pid in self.streamers():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    @staticmethod
    def _end(process):
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cli(self, *words, check=True):
        result = subprocess.run([str(self.build / "printfarm"), "--socket", self.socket, *words],
                                capture_output=True, text=True, timeout=120)
        if check and result.returncode:
            raise SystemExit(f"printfarm {' '.join(words)}: {result.stderr.strip()}")
        return result.stdout
