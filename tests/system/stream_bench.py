"""A streamer alone on simulated printers, with the test as its control."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import ground_truth
from harness import BUILD, PATIENCE, ROOT, UNDER, check, is_running, kill_and_wait, wait
from wire_client import Control


def commands_of(path):
    """The file's commands, computed apart from the C code: enough for the tests' own files."""
    out = []
    for line in Path(path).read_text(encoding="ascii").splitlines():
        command = " ".join(line.split(";")[0].split())
        if command:
            out.append(command)
    return out


def heaters_off(bench, name="p1"):
    truth = bench.truth(name)
    return truth["hotend_target_celsius"] == 0 and truth["bed_target_celsius"] == 0


class Bench:
    """printers: names.  simulator: key=value words for each.  settings: more fields of SET_PRINTER."""

    def __init__(self, printers=("p1",), *, speed=100, seed=1, simulator="", settings=None, stream_env=None,
                 ports=None):
        self.names, self.speed, self.seed = list(printers), speed, seed
        self.sim_options, self.settings = simulator, settings or {}
        self.stream_env, self.ports_of = stream_env or {}, ports or {}
        self.dir = Path(tempfile.mkdtemp(prefix="s"))
        self.ports, self.state, self.socket = self.dir / "ports", self.dir / "state", str(self.dir / "sock")
        self.simulator = self.streamer = self.control = None

    def __enter__(self):
        try:
            self.ports.mkdir()
            self.start_simulator()
            self.start_streamer()
            self.attach()
            for name in self.names:
                self.set_printer(name)
        except BaseException:
            self.finish(True)
            raise
        return self

    def __exit__(self, kind, value, trace):
        problems = self.finish(kind is not None)
        if kind is None:
            check(not problems, "; ".join(problems))

    def environment(self, extra):
        environment = dict(os.environ, **extra)
        for tool in ("ASAN", "TSAN", "UBSAN"):
            environment[f"{tool}_OPTIONS"] = ":".join(filter(None, (
                environment.get(f"{tool}_OPTIONS"), f"log_path={self.dir}/tool")))
        return environment

    def finish(self, failed):
        if self.control:
            self.control.close()
        for process in (self.streamer, self.simulator):
            if process and process.poll() is None:
                kill_and_wait([process.pid], signal.SIGTERM, 10 * PATIENCE)
                if process.poll() is None:
                    process.kill()
                process.wait()
        problems = [f"{path}: {path.read_text(errors='replace')[:3000]}" for path in sorted(self.dir.glob("tool.*"))
                    if path.read_text(errors="replace").strip()]
        if failed or problems:
            print(f"# files are in {self.dir}")
            for path in sorted(self.dir.glob("*.log")):
                for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]:
                    print(f"#   {path.name}: {line[:300]}")
        elif "PRINTFARM_KEEP" not in os.environ:
            shutil.rmtree(self.dir, ignore_errors=True)
        return problems

    # ---- simulator -----------------------------------------------------------------------------
    def start_simulator(self):
        spec = self.dir / "printers.spec"
        more = self.sim_options if "firmware=" in self.sim_options else f"firmware=marlin {self.sim_options}"
        spec.write_text("".join(f"{name} {more}\n" for name in self.names), encoding="ascii")
        with open(self.dir / "sim.log", "ab") as log:
            self.simulator = subprocess.Popen(
                [str(BUILD / "printfarm-sim"), "--dir", str(self.ports), "--printers", str(spec),
                 "--speed", str(self.speed), "--seed", str(self.seed)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment({}))
        wait(lambda: (self.ports / "control").exists() and
             all(os.path.lexists(self.ports / name) for name in self.names), "the simulator is up", 20)

    def sim(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10 * PATIENCE)
            connection.connect(str(self.ports / "control"))
            connection.sendall(command.encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as stream:
                answer = stream.readline().rstrip("\n")
        check(answer.startswith("ok"), f"simulator: {command}: {answer}")
        return answer

    def truth(self, name="p1"):
        answer = self.sim(f"status {name}")
        return json.loads(answer[answer.index("{"):])

    def executed(self, name="p1"):
        self.sim("sync")
        path = self.ports / f"{name}.executed"
        return ground_truth.read_executed(path) if path.exists() else []

    def has_executed(self, command, name="p1"):
        return any(row[1] == command for row in self.executed(name))

    # ---- streamer ------------------------------------------------------------------------------
    def stream_command(self, *arguments):
        under = UNDER + [f"--log-file={self.dir}/tool.%p"] if UNDER else []
        return under + [str(BUILD / "printfarm-stream"), *arguments]

    def start_streamer(self):
        with open(self.dir / "stream.log", "ab") as log:
            self.streamer = subprocess.Popen(
                self.stream_command("--socket", self.socket, "--state", str(self.state)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env=self.environment(self.stream_env))
        wait(self.is_listening, "the streamer listens", 20)

    def is_listening(self):
        check(self.streamer.poll() is None, f"printfarm-stream ended with {self.streamer.returncode}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(self.socket) == 0

    def kill_streamer(self):
        self.control.close()
        kill_and_wait([self.streamer.pid])
        self.streamer.wait()

    def attach(self):
        self.control = Control(self.socket, 60 * PATIENCE)

    def set_printer(self, name, **more):
        values = {"port": self.ports_of.get(name, str(self.ports / name)), "dialect": "marlin", "baud": 115200,
                  "hotend_max_celsius": 280.0, "bed_max_celsius": 110.0, "park_x_mm": 5.0, "park_y_mm": 5.0,
                  "park_lift_mm": 5.0}
        answer = self.control.ask("set_printer", printer=name, **dict(values, **self.settings, **more))
        check(answer["error"] == 0, f"set_printer {name}: {answer}")

    def report(self, name="p1"):
        return self.control.printers.get(name, {"link": "", "activity": "", "reason": "", "hot_by_us": 1, "fault": 0})

    def ready(self, name="p1"):
        """Waits until a print may start."""
        self.control.until(lambda: self.report(name)["link"] == "online" and
                           self.report(name)["activity"] == "idle" and not self.report(name)["hot_by_us"] and
                           not self.report(name)["fault"], f"{name} is ready")

    def start(self, path, attempt, name="p1"):
        answer = self.control.ask("start", printer=name, attempt=attempt, path=str(path),
                                  bytes=os.path.getsize(path), commands=len(commands_of(path)))
        check(answer["error"] == 0, f"start {attempt}: {answer}")

    def end(self, attempt, limit_s=None):
        return self.control.until(lambda: self.control.ended.get(attempt), f"{attempt} has ended", limit_s)

    def compare(self, attempts, name="p1"):
        """attempts: [(path, complete)] oldest first."""
        verdict = ground_truth.compare(self.executed(name), [
            ground_truth.Attempt(commands_of(path), complete, paused=not complete) for path, complete in attempts])
        check(verdict.ok, "; ".join(verdict.problems))
        return verdict

    def stop_line(self, line):
        """What PATH.stop answers."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10 * PATIENCE)
            connection.connect(self.socket + ".stop")
            connection.sendall(line.encode() + b"\n")
            with connection.makefile("r", encoding="utf-8") as stream:
                return stream.readline().rstrip("\n")

    def streamer_is_running(self):
        return is_running(self.streamer.pid)
