"""The demo's farm: eight simulated printers of three kinds, and the files they print."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Kind:
    label: str        # what an operator calls it
    count: int
    names: str        # of its printers
    plate: str        # file in demo/gcode
    yields: int
    simulator: str    # key=value pairs of the simulator's printer file
    profile: str      # libconfig
    material: str


KINDS = (
    Kind("MK3S", 2, "mk3s-%d", "ps_mk3s_visorsmall_x4_0.30_petg_labels_classic.gcode.gz", 4,
         "firmware=marlin machine=MK3S baud=115200 volume=250x210x210",
         '{ name = "mk3s"; shape = "box"; volume_mm = { min = [0.0, -4.0, 0.0]; '
         'max = [250.0, 210.0, 210.0]; }; nozzle_mm = 0.4; hotend_max_celsius = 280; '
         'bed_max_celsius = 110; }', "PETG"),
    Kind("Ender-3", 4, "ender-%d", "s3_repetier_visorsmall_0.30_rel_e.gcode.gz", 1,
         "firmware=marlin-stock machine=Ender-3 baud=115200 volume=235x235x250",
         '{ name = "ender3"; shape = "box"; volume_mm = { min = [0.0, 0.0, 0.0]; '
         'max = [235.0, 235.0, 250.0]; }; nozzle_mm = 0.4; hotend_max_celsius = 255; '
         'bed_max_celsius = 100; }', ""),
    Kind("DeltiQ delta", 2, "deltiq-%d", "ps_deltiq2_visorsmall_0.20_repetier.gcode.gz", 1,
         "firmware=marlin machine=DeltiQ baud=250000 volume=round:250x300",
         '{ name = "deltiq2"; shape = "round"; volume_mm = { min = [-125.0, -125.0, 0.0]; '
         'max = [125.0, 125.0, 300.0]; }; nozzle_mm = 0.4; hotend_max_celsius = 300; '
         'bed_max_celsius = 120; }', "PLA"),
)


def printers():
    """[(name, kind)]"""
    return [(kind.names % n, kind) for kind in KINDS for n in range(1, kind.count + 1)]


def simulator_file():
    return "".join(f"{name} {kind.simulator}\n" for name, kind in printers())


def text(words):
    """A string of libconfig: a clone may lie in a folder with any name."""
    return '"' + str(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


def configuration(state_dir, socket, port_dir, stream_program):
    rows = ",\n             ".join(
        f'{{ name = "{name}"; port = {text(f"{port_dir}/{name}")}; dialect = "marlin"; window = 3; '
        f'profile = "{profile_name(kind)}"; material = "{kind.material}"; tags = ["visors"]; }}'
        for name, kind in printers())
    profiles = ",\n             ".join(kind.profile for kind in KINDS)
    return f"""\
farm = {{ name = "Demo farm"; timezone = "UTC"; }};
state_dir = {text(state_dir)};
socket = {text(socket)};
stream_program = {text(stream_program)};
start_delay_s = 0;
clear_s = 1;
profiles = ( {profiles} );
printers = ( {rows} );
"""


def profile_name(kind):
    return kind.profile.split('"')[1]
