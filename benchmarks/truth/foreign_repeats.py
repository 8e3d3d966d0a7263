"""`bench foreign_repeats`: one place scanned again in the ways that laboratories do.

Each kind is a second scan of a generated surface that differs in one thing: how far and how the
sample drifted, the slow axis, the direction of the frame, pixels, size, tip, unit, channels, faults
of lines. The types of the first scan are applied as they are; said are their agreement at the same
places of the sample (AMI), the agreement that `corescout types compare` reports, and what the scan
was refused with or what was said of it. None may come out other than near the repeat in which only
the noise is drawn anew, refused, or with a word on why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from benchmarks.outcome import BenchReport, Value, surfaces_wanted
from benchmarks.truth.repeat import FIRST, PITCH_M, SIDE_PX, same_types
from corescout.data import InputError, Keypoints, Result, Scan, ScanFrame
from corescout.pipeline import apply, explore
from corescout.plan import Plan
from corescout.surfaces import Imaging, Surface, generate_family
from corescout.surfaces.domains import Domains
from corescout.surfaces.imaging import measure

MARGIN_PX = 16
FIRST_SEED, N_SURFACES, QUICK_SURFACES = 2200, 4, 1
Places = NDArray[np.float64]
# from (y, x) on the sample and the time of each line, 0 to 1, to where the sample is seen
Moved = Callable[[Places, Places], Places]


@dataclass(frozen=True)
class Kind:
    """How a second scan differs from the first.

    Attributes
    ----------
    sees : callable
        Of places (N, 2) in pixels of the first scan and the time (N,) at which they are scanned:
        the places of the sample that are seen there.
    imaging : Imaging
    pixels : int
        To a side.
    size : float
        Of the side, in sides of the first scan.
    turned : bool
        The frame by 90 degrees.
    reversed : bool
        The last line is scanned first.
    channels : callable
        What becomes of the scan's channels.
    """

    sees: Moved = lambda yx, time: yx
    imaging: Imaging = FIRST
    pixels: int = SIDE_PX
    size: float = 1.0
    turned: bool = False
    reversed: bool = False
    channels: Callable[[Scan], Scan] = field(default=lambda scan: scan)


def _drift(y_px: float, x_px: float) -> Moved:
    return lambda yx, time: yx + time[:, None] * np.array([y_px, x_px])


def _in_volts(scan: Scan) -> Scan:
    volts = np.asarray(scan.channels["Amplitude"]) * np.float32(5e7)  # 20 nm/V
    return replace(
        scan,
        channels={**scan.channels, "Amplitude": volts},
        units={**scan.units, "Amplitude": "V"},
    )


def _as_x_and_y(scan: Scan) -> Scan:
    """The same response as a lock-in's X and Y, without amplitude and phase."""
    amplitude, phase = (np.asarray(scan.channels[n]) for n in ("Amplitude", "Phase"))
    parts = {"LIX": amplitude * np.cos(np.radians(phase)),
             "LIY": amplitude * np.sin(np.radians(phase))}  # fmt: skip
    kept = {"Topography": scan.channels["Topography"]}
    roles = {"LIX": "in-phase", "LIY": "quadrature", "Topography": "topography"}
    units = {"LIX": "m", "LIY": "m", "Topography": "m"}
    return replace(scan, channels={**parts, **kept}, roles=roles, units=units)


JUMPS = replace(FIRST, jump_share=0.15)
KINDS: Mapping[str, Kind] = {
    "noise alone": Kind(),
    "drift of 8 px": Kind(_drift(5.7, 5.7)),
    "stretched by 2 % along the slow axis": Kind(_drift(0.02 * SIDE_PX, 0.0)),
    "sheared by 2 %": Kind(_drift(0.0, 0.02 * SIDE_PX)),
    "slow axis reversed, drift of 3 px": Kind(_drift(2.0, 2.2), reversed=True),
    "turned by 90 degrees": Kind(turned=True),
    "half as many pixels": Kind(pixels=SIDE_PX // 2),
    "three quarters of the pixels": Kind(pixels=3 * SIDE_PX // 4),
    "twice as many pixels": Kind(pixels=2 * SIDE_PX),
    "an area smaller by 20 %": Kind(size=float(np.sqrt(0.8))),
    "a sharper tip": Kind(imaging=replace(FIRST, tip_px=0.8)),
    "three times the gain": Kind(imaging=replace(FIRST, gain=3.0)),
    "in volts": Kind(channels=_in_volts),
    "X and Y instead of amplitude and phase": Kind(channels=_as_x_and_y),
    "lines that jump": Kind(imaging=JUMPS),
    "lines that jump, drift of 8 px": Kind(_drift(5.7, 5.7), imaging=JUMPS),
    "lines that jump, turned by 90 degrees": Kind(imaging=JUMPS, turned=True),
}  # fmt: skip


@dataclass(frozen=True)
class OnSecond:
    """What applying types to one second scan came to.

    Attributes
    ----------
    ami, core_ami : float or None
        At the same places of the sample, of all points and of core points; None where refused.
    told_ami : float or None
        As `corescout types compare` reports it, of key points of its own.
    said : str
        The refusal, or what was said of the scan.
    """

    ami: float | None
    core_ami: float | None
    told_ami: float | None
    said: str


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Ask every kind of four surfaces of "voronoi", of one with `quick`."""
    del scan
    values: dict[str, Value] = {}
    rows: dict[str, list[OnSecond]] = {name: [] for name in KINDS}
    for seed in _seeds(surfaces_wanted(N_SURFACES, QUICK_SURFACES, is_quick=quick)):
        sample = sample_of(seed)
        result = explore(first_scan(sample), plan())
        for name, kind in KINDS.items():
            rows[name].append(on_second(result, sample, kind))
    for name, found in rows.items():
        values[name] = _median([o.ami for o in found])
        values[f"{name}, core points"] = _median([o.core_ami for o in found])
        values[f"{name}, as compared"] = _median([o.told_ami for o in found])
    notes = [f"{name}: {found[0].said}" for name, found in rows.items() if found[0].said]
    return BenchReport("foreign_repeats", values, (), tuple(notes))


def _median(found: Sequence[float | None]) -> Value:
    known = [value for value in found if value is not None]
    return round(float(np.median(known)), 3) if known else "none"


def _seeds(count: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + count)


def plan() -> Plan:
    """13 px with rotation and scattering, one seed."""
    return Plan.preset(
        "live", windows_px=(13,), invariances=("r",), decision={"seeds": 1, "null_surrogates": 0}
    )


def sample_of(seed: int) -> Surface:
    """A sample that is larger than a scan by a margin on each side."""
    return generate_family("voronoi", seed, (SIDE_PX + 2 * MARGIN_PX,) * 2, imaging=Imaging())


def first_scan(sample: Surface) -> Scan:
    """The middle of a sample."""
    return second_scan(sample, Kind(), 1)[0]


def second_scan(sample: Surface, kind: Kind, noise_seed: int = 2) -> tuple[Scan, Places]:
    """Scan a sample; return the scan and the places of the first (N, 2) that its pixels see."""
    n = kind.pixels
    pitch = kind.size * SIDE_PX / n  # in pixels of the first
    rows, columns = np.indices((n, n)).reshape(2, -1).astype(np.float64)
    time = (n - 1 - rows if kind.reversed else rows) / (n - 1)
    frame = ScanFrame((n, n), (pitch * PITCH_M,) * 2, angle_rad=np.pi / 2 if kind.turned else 0.0)
    first = ScanFrame((SIDE_PX, SIDE_PX), (PITCH_M, PITCH_M))
    asked = first.to_px(frame.to_m(np.column_stack([rows, columns])))
    seen = kind.sees(asked, time)
    at = np.clip(seen + MARGIN_PX, 0, SIDE_PX + 2 * MARGIN_PX - 1)
    response = map_coordinates(np.asarray(sample.response, np.float64), at.T, order=0)
    response = response.reshape(n, n)
    domains = Domains(response, (np.abs(response) < 0.5).astype(float))
    imaging = replace(kind.imaging, tip_px=kind.imaging.tip_px / pitch)
    taken = measure(domains, imaging, PITCH_M, noise_seed, np.random.default_rng(noise_seed))
    return kind.channels(replace(taken, frame=frame)), seen.reshape(n, n, 2)


def on_second(result: Result, sample: Surface, kind: Kind) -> OnSecond:
    """Apply the types of a first scan to a second one."""
    from corescout.library import compare

    scan, seen = second_scan(sample, kind)
    places = np.asarray(result.patches.center_yx_px)
    there, near = _where(places, seen)
    try:
        applied = apply(result, scan, keypoints=Keypoints(there, np.ones(len(there)), "drawn"))
        told = compare(result, apply(result, scan)).places
    except InputError as error:
        return OnSecond(None, None, None, f"refused: {error}")
    at = np.where(near[:, None], there, -1e3)
    scores = same_types(result, applied, places, at)
    said = "; ".join(n for n in applied.notes if n not in result.notes)
    return OnSecond(scores["all_ami"], scores["core_ami"], told.ami, said)


def _where(places: Places, seen: Places) -> tuple[Places, NDArray[np.bool_]]:
    """Pixels (N, 2) of a scan that see places, and whether there is one within a pixel and half."""
    from scipy.spatial import cKDTree

    n = seen.shape[1]
    distance, row = cKDTree(seen.reshape(-1, 2)).query(places)
    there = np.column_stack(np.divmod(row, n)).astype(np.float64)
    return there, distance <= 1.5
