"""Instrument profiles: which instruments there are, how to reach them, and what they may be told.

One TOML file, `profiles_file()` unless another is given::

    [instruments.afm]
    kind = "nanonis"
    host = "192.168.1.20"

    [instruments.afm.limits]
    x_m = [-20e-6, 20e-6]
    ...
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from corescout.data import InputError
from corescout.data.bounds import regular_file
from corescout.folders import profiles_file
from corescout.instruments.limits import NO_TOML, Limits, limits_of_table
from corescout.instruments.protocol import Instrument
from corescout.plan_changes import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Profile(BaseModel):
    """What all profiles have; one of another package has a `kind` and an `instrument` too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limits: dict[str, Any] | None = None

    def instrument(self, base: Path) -> Instrument:
        """Make the instrument, not connected; relative paths start at `base`."""
        raise NotImplementedError


class TwinProfile(Profile):
    """The digital twin."""

    kind: Literal["twin"]
    seed: int = 0
    speed: float = Field(60.0, gt=0)

    def instrument(self, base: Path) -> Instrument:
        """Make a twin of a generated surface."""
        from corescout.instruments.twin import DigitalTwin
        from corescout.surfaces import generate_surface

        return DigitalTwin(generate_surface(seed=self.seed), self.speed, seed=self.seed)


class NanonisProfile(Profile):
    """A Nanonis controller."""

    kind: Literal["nanonis"]
    host: str = "127.0.0.1"
    port: int = Field(6501, gt=0, lt=65533)
    stop_port: int | None = Field(None, gt=0, lt=65536)
    readback_noise_m: float = Field(0.0, ge=0, le=1e-6)
    bias_gain: float = Field(1.0, gt=0, le=1000, allow_inf_nan=False)
    bias_at: Literal["tip", "sample"] = "tip"
    error_signal: int | None = Field(None, ge=0, lt=128)
    ac_modulator: int = Field(1, ge=0, le=8)
    timeout_s: float = Field(10.0, gt=0)
    cloud: bool = False
    data_folder: Path | None = None

    def instrument(self, base: Path) -> Instrument:
        """Make its client."""
        from corescout.instruments.nanonis import NanonisInstrument

        folder = None if self.data_folder is None else _from(base, self.data_folder)
        return NanonisInstrument(
            self.host, self.port, self.timeout_s, cloud=self.cloud, data_folder=folder,
            stop_port=self.stop_port, readback_noise_m=self.readback_noise_m,
            bias_gain=self.bias_gain, bias_at=self.bias_at, error_signal=self.error_signal,
            ac_modulator=self.ac_modulator,
        )  # fmt: skip


class _Watching(Profile):
    scans: Path
    polling: bool = False
    tolerance_m: float = Field(50e-9, gt=0)
    timeout_s: float = Field(120.0, gt=0)

    def _options(self) -> dict[str, Any]:
        names = ("polling", "tolerance_m", "timeout_s")
        return {name: getattr(self, name) for name in names}


class FolderProfile(_Watching):
    """Any instrument that saves scans to a folder and takes plans as files."""

    kind: Literal["folder"]
    outbox: Path
    recursive: bool = False

    def instrument(self, base: Path) -> Instrument:
        """Make it."""
        from corescout.instruments.folder import FolderInstrument

        return FolderInstrument(
            _from(base, self.scans),
            _from(base, self.outbox),
            recursive=self.recursive,
            **self._options(),
        )


class AsylumProfile(_Watching):
    """Asylum Research, through Igor's file of commands."""

    kind: Literal["asylum"]
    commands: Path
    origin: Literal["corner", "absolute"] = "corner"
    first_spot: int = Field(1, ge=0)

    def instrument(self, base: Path) -> Instrument:
        """Make it; whether a marker check was done stands in the limits."""
        from corescout.instruments.asylum import AsylumInstrument

        return AsylumInstrument(
            _from(base, self.scans),
            _from(base, self.commands),
            origin=self.origin,
            first_spot=self.first_spot,
            rotation_verified=(self.limits or {}).get("rotation_verified") is True,
            **self._options(),
        )


class DTMicroscopeProfile(Profile):
    """DTMicroscope's AFM server."""

    kind: Literal["dtmicroscope"]
    address: str = "PYRO:microscope.server@127.0.0.1:9092"
    data_path: str | None = None
    timeout_s: float = Field(60.0, gt=0)

    def instrument(self, base: Path) -> Instrument:
        """Make its client."""
        from corescout.instruments.dtmicroscope import DTMicroscopeInstrument

        return DTMicroscopeInstrument(self.address, self.data_path, self.timeout_s)


PROFILES: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        TwinProfile | NanonisProfile | FolderProfile | AsylumProfile | DTMicroscopeProfile,
        Field(discriminator="kind"),
    ]
)


KINDS = ("twin", "nanonis", "folder", "asylum", "dtmicroscope")


def _from(base: Path, path: Path) -> Path:
    return base / path.expanduser()


def profile_names(path: str | Path | None = None) -> tuple[str, ...]:
    """Return the names of the instruments in a file of profiles; none without the file."""
    file = profiles_file() if path is None else Path(path)
    return tuple(sorted(_tables(file))) if file.exists() else ()


def open_instrument(name: str, path: str | Path | None = None) -> tuple[Instrument, Limits | None]:
    """Return an instrument by the name of its profile, not connected, and its limits.

    Parameters
    ----------
    name : str
    path : str or Path, optional
        File of profiles; `profiles_file()` if not said.

    Returns
    -------
    (Instrument, Limits or None)
        None where the profile has no limits: then nothing can be armed.

    Raises
    ------
    InputError
        If there is no file, no such name, or a line of the profile cannot be.
    """
    file = profiles_file() if path is None else Path(path)
    tables = _tables(file)
    if name not in tables:
        known = ", ".join(sorted(tables)) or "none"
        raise InputError(f"an instrument of {file} ({known})", repr(name), "choose one, or add it")
    try:
        profile = _profile(tables[name])
    except ValidationError as error:
        first = error.errors()[0]
        line = ".".join(map(str, first["loc"][1:] or first["loc"])) or "kind"
        strange = first["type"] == "extra_forbidden"
        said = f"{line!r}, which it does not have" if strange else f"{line}: {first['msg']}"
        raise InputError(
            f"a valid profile in [instruments.{name}]",
            said,
            f"correct {file}; docs/instruments.md has examples",
        ) from error
    limits = None
    if profile.limits is not None:
        where = f"[instruments.{name}.limits] in {file}"
        limits = limits_of_table(profile.limits, where)
    return profile.instrument(file.parent), limits


def _profile(table: Mapping[str, Any]) -> Profile:
    """A profile of ours, or of the package that offers its kind by an entry point."""
    kind = table.get("kind")
    if kind in KINDS or not isinstance(kind, str):
        profile: Profile = PROFILES.validate_python(table)
        return profile
    from importlib.metadata import entry_points

    offered = {entry.name: entry for entry in entry_points(group="corescout.instruments")}
    if kind not in offered:
        known = (*KINDS, *sorted(offered))
        hint = did_you_mean(kind, known) or "choose one, or install the package that has it"
        raise InputError(f"a kind of instrument: {', '.join(known)}", repr(kind), hint)
    return _loaded(offered[kind]).model_validate(table)


def _loaded(entry: EntryPoint) -> type[Profile]:
    try:
        found = entry.load()
    except Exception as error:  # a package of others may raise anything while it is imported
        raise InputError(
            f"an instrument that {entry.value} offers", f"{type(error).__name__}: {error}",
            "update or remove the package",
        ) from error  # fmt: skip
    if not (isinstance(found, type) and issubclass(found, Profile)):
        raise InputError(
            "a class of corescout.instruments.profiles.Profile", f"{entry.value}, which is none",
            "update or remove the package",
        )  # fmt: skip
    return found


def _tables(file: Path) -> Mapping[str, Any]:
    try:
        text = regular_file(file).read_text(encoding="utf-8")
        tables = tomllib.loads(text)["instruments"]
    except (OSError, KeyError, *NO_TOML) as error:
        raise InputError(
            "a TOML file with tables [instruments.NAME]",
            f"{file} ({type(error).__name__}: {error})"[:200],
            "write one as docs/instruments.md shows, or give another with --profiles",
        ) from error
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise InputError("tables [instruments.NAME]", f"other values in {file}", "correct it")
    return tables
