"""A new scan, read with the representation at hand: its kind, its types, what is new on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from corescout.data import Finding, InputError, Result, Scan
from corescout.derived import derived_channels
from corescout.live.reading.advice import Advice, advise
from corescout.live.reading.kinds import ScanKind, kind_of
from corescout.live.reading.novelty import Calibration, Novelty, calibrate, novelty
from corescout.pipeline import apply
from corescout.preparation import COARSEST
from corescout.quality import assess
from corescout.same_place import FirstScan

FEWEST_POINTS = 20
MOST_NOVEL = 0.4  # share of novel points at which a scan is taken to be of another material
LEARN_FROM = 0.2  # share of novel points from which it pays to train on them
MOST_CLIPPED = 0.5  # share of pixels outside the grey levels of the training scan
WRITTEN_M = 50e-9  # around a spectrum: what the bias may have written
MOST_MISSING = 0.2  # share of missing or constant lines


@dataclass(frozen=True, eq=False)
class KnownRepresentation:
    """A representation that new scans are read with.

    Attributes
    ----------
    result : Result
        The exploration.
    calibration : Calibration
    number : int
        Counts the representations of a session from 1.
    """

    result: Result
    calibration: Calibration
    number: int = 1

    @cached_property
    def first(self) -> FirstScan:
        """Its own scan, as later ones are held against it."""
        return FirstScan(self.result)


@dataclass(frozen=True)
class DoesNotFit:
    """Why a scan is not read with a representation."""

    what: Literal["channel", "scale", "material"]
    reason: str


@dataclass(frozen=True, eq=False)
class Understood:
    """What is known of a scan before anything is trained on it.

    Attributes
    ----------
    scan : Scan
    kind : ScanKind
    findings : tuple of Finding
        Doubts about its quality.
    result : Result or None
        Types, core points and targets; None where the representation cannot be applied.
    novelty : Novelty or None
    does_not_fit : DoesNotFit or None
        Why it needs an exploration of its own.
    advice : Advice
    seconds : float
    """

    scan: Scan
    kind: ScanKind
    findings: tuple[Finding, ...]
    result: Result | None
    novelty: Novelty | None
    does_not_fit: DoesNotFit | None
    advice: Advice
    seconds: float

    @property
    def worth_learning(self) -> bool:
        """Whether enough of it is new to train on, though it fits."""
        return (
            self.does_not_fit is None
            and self.novelty is not None
            and self.novelty.share >= LEARN_FROM
        )


def trained(result: Result, number: int = 1) -> KnownRepresentation:
    """Make a representation of an exploration: calibrate its novelty (some seconds)."""
    return KnownRepresentation(result, calibrate(result), number)


def understand(
    known: KnownRepresentation,
    scan: Scan,
    earlier: Sequence[Scan] = (),
    written_m: Sequence[tuple[float, float]] = (),
) -> Understood:
    """Read a scan with a representation: frozen normalisation, window in nanometres, no training.

    Parameters
    ----------
    earlier : sequence of Scan
        Those before it, for its kind.
    written_m : sequence of (x, y)
        Places where spectra were measured: the bias has written domains there, so key points nearer
        than `WRITTEN_M` are left out.
    """
    began = time.monotonic()
    channel = known.result.channels[0]
    channel = channel if channel in scan.channels else scan.default_channel
    result, found, why = None, None, _unfit_before(known.result, scan)
    if why is None:
        try:
            result = _without(apply(known.result, scan, first=known.first), known, written_m)
        except InputError as error:
            why = DoesNotFit("scale", str(error))
    if result is not None:
        found = novelty(result, known.calibration)
        why = _unfit_after(found)
    return Understood(
        scan=scan,
        kind=kind_of(scan, earlier),
        findings=assess(scan, channel),
        result=result,
        novelty=found,
        does_not_fit=why,
        advice=advise(scan, channel),
        seconds=time.monotonic() - began,
    )


def _without(
    applied: Result, known: KnownRepresentation, written_m: Sequence[tuple[float, float]]
) -> Result:
    """Read the scan once more without the key points near places that were written on."""
    from scipy.spatial import cKDTree

    frame = applied.scan.frame
    if frame is None or not written_m:
        return applied
    points, written = applied.keypoints, cKDTree(np.asarray(written_m))
    # a key point lies between pixels, its patch is centred on one: both keep their distance
    places = (np.asarray(points.yx_px), np.asarray(applied.patches.center_yx_px))
    kept = np.all([written.query(frame.to_m(yx))[0] > WRITTEN_M for yx in places], axis=0)
    if kept.all():
        return applied
    return apply(known.result, applied.scan, keypoints=points.take(kept), first=known.first)


def unusable(scan: Scan, channel: str | None = None) -> str | None:
    """Say why a scan must be set aside: partial, mostly missing, or nothing but noise."""
    if scan.rows_done is not None and scan.rows_done < scan.shape_px[0]:
        return f"{scan.rows_done} of {scan.shape_px[0]} lines were scanned"
    name = channel if channel in scan.channels else scan.default_channel
    image = np.asarray(scan.channel(name))
    known = np.isfinite(image)
    dead = ~known.any(axis=1) | (np.ptp(np.where(known, image, 0.0), axis=1) == 0)
    if dead.mean() > MOST_MISSING:
        return f"{dead.mean():.0%} of the lines of {name!r} are missing or constant"
    noise = next((f for f in assess(scan, name) if f.kind == "no contrast"), None)
    return None if noise is None else f"{name!r}: {noise.message}"


def _unfit_before(result: Result, scan: Scan) -> DoesNotFit | None:
    """What can be told without encoding anything."""
    missing = set(result.channels) - set(scan.channels) - set(derived_channels(scan))
    if missing:
        there = ", ".join(scan.channels)
        return DoesNotFit("channel", f"no channel {', '.join(sorted(missing))} (there are {there})")
    other = result.representation.in_other_units(scan.units)
    if other is not None:
        name, own, found = other
        return DoesNotFit("channel", f"{name!r} in {found}; the representation reads it in {own}")
    clipped = _clipped(result, scan)
    if clipped > MOST_CLIPPED:
        return DoesNotFit(
            "material",
            f"{clipped:.0%} of the pixels of {result.channels[0]!r} lie outside the grey levels"
            " that it was trained on: another material, drive or gain",
        )
    if result.analysis_pitch_m is None or scan.frame is None:
        return None
    pitch = max(scan.frame.pitch_m)
    if pitch > COARSEST * result.analysis_pitch_m:
        return DoesNotFit(
            "scale",
            f"pixels of {pitch * 1e9:.3g} nm; the representation was trained at"
            f" {result.analysis_pitch_m * 1e9:.3g} nm and reads up to"
            f" {COARSEST * result.analysis_pitch_m * 1e9:.3g} nm",
        )
    return None


def _clipped(result: Result, scan: Scan) -> float:
    """Share of the pixels that the frozen normalisation clips; 6 % of the training scan's."""
    name = result.channels[0]
    if name not in scan.channels or scan.roles.get(name) == "topography":
        return 0.0  # derived, or levelled first
    return result.patches.normalisation.clipped(np.asarray(scan.channel(name)))


def _unfit_after(found: Novelty) -> DoesNotFit | None:
    if len(found.p) < FEWEST_POINTS:
        return DoesNotFit(
            "scale",
            f"{len(found.p)} key points at the representation's scale, at least {FEWEST_POINTS}",
        )
    if found.share > MOST_NOVEL:
        return DoesNotFit(
            "material",
            f"{found.share:.0%} of the points are unlike anything it was trained on (p <= 0.05;"
            f" 5 % are expected)",
        )
    return None
