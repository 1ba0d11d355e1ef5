"""Holds what every simulated printer executed against the files, attempt by attempt."""

from dataclasses import dataclass, field
from itertools import groupby

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
        rows.sort(key=lambda attempt: (attempt["started_s"], attempt["ended_s"] or 0))
    return by_printer


def _end_of(attempt):
    """What a person reads of an end; an attempt without a stated one is a difference as well."""
    if attempt["state"] == "printed":
        return "printed"
    if attempt["state"] == "started" or not attempt["reason"]:
        return None
    return f"{attempt['state']}: {attempt['reason']}"


def _rows_of(name, attempts, commands, verdict, problems):
    """One row a printer, and one more for each stop; equal prints one behind the other are told once."""
    told = [(done, len(commands[attempt["plate"]["file"]]), _end_of(attempt) or attempt["state"])
            for done, attempt in zip(verdict.by_attempt, attempts)]
    rows = []
    for (done, commands_of_file, end), same in groupby(told):
        times = len(list(same))
        rows.append(f"{name:<9} {f'{times} x ' if times > 1 else '':>4}{done:>7,} of {commands_of_file:,} "
                    f"commands in order, once each; {end}")
        name = ""
    return rows + [f"{'':<9} DIFFERENCE: {problem}" for problem in problems]


def compare_all(processes):
    compared, commands = Compared(), _commands_of(processes)
    processes.simulator.ask("sync")
    for name, attempts in sorted(_attempts(processes).items()):
        expected = [Attempt(commands[attempt["plate"]["file"]], attempt["state"] == "printed")
                    for attempt in attempts]
        verdict = compare(read_executed(processes.ports / f"{name}.executed"), expected)
        problems = verdict.problems + [f"attempt {attempt['id']} has no stated end"
                                       for attempt in attempts if not _end_of(attempt)]
        for attempt in attempts:
            compared.attempts += 1
            compared.lines += attempt["lines_sent"]
            compared.resends += attempt["resends"]
            if attempt["state"] == "printed":
                compared.units_printed += attempt["plate"]["yield"]
            else:
                compared.stated_stops += 1
        compared.differences += len(problems)
        compared.rows += _rows_of(name, attempts, commands, verdict, problems)
    return compared
