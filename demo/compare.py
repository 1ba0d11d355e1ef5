"""Holds what every simulated printer executed against the files, attempt by attempt."""

from dataclasses import dataclass, field

import machines
from ground_truth import Attempt, compare, read_executed


@dataclass
class Compared:
    rows: list = field(default_factory=list)
    attempts: int = 0
    stated_stops: int = 0
    units_printed: int = 0
    lines: int = 0
    resends: int = 0
    differences: int = 0


def _commands_of(processes):
    """plate file name -> its commands, as `printfarm check --commands` prints them"""
    commands = {}
    for kind in machines.KINDS:
        path = str(machines.HERE / "gcode" / kind.plate)
        commands[kind.plate] = processes.cli("check", "--commands", path).splitlines()
    return commands


def _attempts(processes):
    """printer -> its attempts, oldest first"""
    by_printer = {}
    for item in processes.client.get("/api/v1/jobs?all=1")["items"]:
        job = processes.client.get(f"/api/v1/jobs/{item['id']}")
        for attempt in job["attempts"]:
            by_printer.setdefault(attempt["printer"], []).append(attempt)
    for rows in by_printer.values():
        rows.sort(key=lambda attempt: (attempt["started_s"], attempt["ended_s"]))
    return by_printer


def compare_all(processes):
    compared, commands = Compared(), _commands_of(processes)
    for name, rows in sorted(_attempts(processes).items()):
        expected = [Attempt(commands[attempt["plate"]["file"]], attempt["state"] == "printed")
                    for attempt in rows]
        verdict = compare(read_executed(processes.ports / f"{name}.executed"), expected)
        for attempt in rows:
            compared.attempts += 1
            compared.lines += attempt["lines_sent"]
            compared.resends += attempt["resends"]
            if attempt["state"] == "printed":
                compared.units_printed += attempt["plate"]["yield"]
            else:
                compared.stated_stops += 1
        words = ", ".join(attempt["state"] if attempt["state"] == "printed"
                          else f"{attempt['state']} ({attempt['reason']})" for attempt in rows)
        compared.differences += len(verdict.problems)
        compared.rows.append(f"{name:<9} {verdict.executed:>7} commands equal, "
                             f"{len(verdict.problems)} differences   {words}")
        compared.rows += [f"          {problem}" for problem in verdict.problems]
    return compared
