"""Files of a home-built microscope: a header line, then a line of numbers for each row.

# lines 1, pitch_nm 8, unit m
1.2e-12 1.3e-12 ...
"""

from pathlib import Path

import numpy as np

from corescout import InputError, Scan, ScanFrame


def read(path: Path) -> Scan:
    """Read a scan; row 0 is the +Y edge."""
    with path.open(encoding="utf-8") as file:
        header = file.readline()
        image = np.loadtxt(file, ndmin=2)
    if not header.startswith("# lines 1,"):
        raise InputError("a file of lines, version 1", repr(header[:40]), "save it again")
    _, pitch, unit = (part.split()[-1] for part in header.split(","))
    pitch_m = float(pitch) * 1e-9
    return Scan(
        uid=path.stem,
        channels={"Amplitude": image},
        units={"Amplitude": unit},
        roles={"Amplitude": "amplitude"},
        frame=ScanFrame(image.shape, (pitch_m, pitch_m), assumed=("centre 0, angle 0",)),
        source=str(path),
    )
