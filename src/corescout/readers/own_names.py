"""The user's own names of channels: a TOML gives them a role, and a unit where a file has none.

    ["My lock-in R"]
    role = "amplitude"
    unit = "pm"

Names are compared without case and without "Trace" or "Retrace" at their end. The file is
`channels.toml` in the user's configuration folder, or what `CORESCOUT_CHANNELS` names.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from corescout.data import InputError, Scan
from corescout.folders import channels_file
from corescout.readers.channels import si_value

VARIABLE = "CORESCOUT_CHANNELS"
_QUANTITIES = ("topography", "amplitude", "phase", "frequency", "deflection", "current",
               "response", "in-phase", "quadrature")  # fmt: skip
_ROLE = re.compile(
    rf"((?:tapping|lift|lock-in|pass \d) )?({'|'.join(_QUANTITIES)})( \d)?( lateral)?"
    r"( harmonic \d+)?( demodulator \d+)?"
)


@dataclass(frozen=True)
class OwnName:
    """What the user says of a channel.

    Attributes
    ----------
    role, unit : str
        "" where nothing is said.
    """

    role: str = ""
    unit: str = ""


def own_names() -> dict[str, OwnName]:
    """Read the user's names, by their plain form; empty where there is no file.

    Raises
    ------
    InputError
        If the file is no TOML, or says something else than a role and a unit.
    """
    path = Path(os.environ.get(VARIABLE) or channels_file())
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("a TOML of channel names", f"{error} in {path}", "correct it") from error
    return {_plain(name): _own_name(name, table, path) for name, table in tables.items()}


def with_own_names(scan: Scan, names: Mapping[str, OwnName]) -> Scan:
    """Return the scan with the user's roles, and units where the file has none.

    A unit is that of the file's numbers: "pm" multiplies by 1e-12 and is "m" then.
    """
    said = {n: names[_plain(n)] for n in scan.channels if _plain(n) in names}
    if not said:
        return scan
    channels, units, roles = dict(scan.channels), dict(scan.units), dict(scan.roles)
    for name, own in said.items():
        if own.role:
            roles[name] = own.role
        if own.unit and not units[name]:
            factor, units[name] = si_value(own.unit)
            channels[name] = np.asarray(channels[name] * np.float64(factor), dtype=np.float32)
    note = f"the roles of {', '.join(map(repr, said))} are the user's"
    return replace(
        scan, channels=channels, units=units, roles=roles, warnings=(*scan.warnings, note)
    )


def _own_name(name: str, table: object, path: Path) -> OwnName:
    if not isinstance(table, dict) or not set(table) <= {"role", "unit"} or not table:
        raise InputError(
            f'["{name}"] with role = "..." and unit = "..."', f"{table} in {path}", "correct it"
        )
    role, unit = str(table.get("role", "")), str(table.get("unit", ""))
    if role and not _ROLE.fullmatch(role):
        raise InputError(
            f"a role for {name!r} such as {', '.join(_QUANTITIES)}, with qualifiers as in"
            ' "amplitude 2 lateral"',
            f"{role!r} in {path}",
            "see docs/formats.md",
        )
    return OwnName(role, unit)


def _plain(name: str) -> str:
    return re.sub(r"\s*(retrace|trace)$", "", name.strip().lower())
