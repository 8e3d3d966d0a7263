"""The place of a result scanned again: its types as the microscope sees them by then.

A blunter tip moves the codes of all patches one way, by a quarter of their spread for 0.3 px on a
tip of 1.2 px, and frozen types with sharp borders then name a third of the points otherwise. What
is frozen is therefore which points of the first scan are of which component: the scan is blunted
as much as the second one is, its patches are encoded once more, and each component is what its own
points are then (one M step). A second scan that is sharper is blunted itself. A gain moves the grey
levels, and the gain of each line is told by the first scan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import (
    Keypoints,
    LineFaults,
    Mixture,
    Normalisation,
    Representation,
    Result,
    Scan,
    TypedPoints,
)
from corescout.gains import COARSE_PX, OnSample, gain_between, gain_of_tip, line_faults_of
from corescout.mixtures.averaging import moments
from corescout.plan import Plan
from corescout.registration import register
from corescout.seen_scan import SeenScan, completed
from corescout.sharpness import Shown, blunter_by_px
from corescout.square_grid import square_grid
from corescout.transfer import Transferred, transfer

_LEAST_SHARE = 0.5  # of either scan that the other must show
_LEAST_POINTS = 2  # for each dimension: a component of fewer stays as it was
_OTHER_RESONANCE = 0.2  # of a logarithm: a resonance drifts by a few percent

Field = NDArray[np.float64]


@dataclass(frozen=True)
class InstrumentChange:
    """How the microscope of a second scan of one place differs from that of the first.

    Attributes
    ----------
    blunter_px : float
        Gaussian width on the grid of the analysis; negative where the second tip is sharper.
    gains : tuple of float
        Of each channel; 1 where it is as it was, or none that has a gain.
    pitch_m : float or None
        Of that grid.
    drives_hz : tuple of float or None
        Frequency of the drive of the first and of the second scan, where their files say it.
    taken : bool
        Whether the other tip is reckoned with; False where codes are no likelier with it.
    mended : bool
        False where lines were left as measured, as codes are likelier so.
    line_faults : tuple of LineFaults or None
        Of each channel, with the gains of lines that the first scan tells; None if it tells none.
    """

    blunter_px: float
    gains: tuple[float, ...]
    pitch_m: float | None
    drives_hz: tuple[float | None, float | None] = (None, None)
    taken: bool = True
    mended: bool = True
    line_faults: tuple[LineFaults, ...] | None = None

    @property
    def in_words(self) -> tuple[str, ...]:
        """What was told, and what was made of it; nothing where nothing was."""
        said = []
        if self.blunter_px != 0:
            size = f"{abs(self.blunter_px):.1f} px"
            if self.pitch_m is not None:
                size = f"{abs(self.blunter_px) * self.pitch_m * 1e9:.2g} nm ({size})"
            how, what = "sharper", "its patches are seen as through the other one"
            if self.blunter_px > 0:
                how, what = "blunter", "the types are looked for as such a tip sees them"
            if not self.taken:
                what = "its codes are no likelier so, and the types stay as they were"
            said.append(
                f"the place was scanned by a tip {how} by {size}, as a Gaussian width, than that of"
                f" the exploration: {what}"
            )
        if any(gain != 1 for gain in self.gains):
            gains = ", ".join(f"{gain:.2f}" for gain in self.gains)
            said.append(
                f"the same place shows {gains} times the values of the exploration: its grey levels"
                " were taken so many times as high"
            )
        if not self.mended:
            said.append(
                "the lines of the turned frame were left as measured: walls along them look like"
                " faults, and its codes are likelier so"
            )
        before, now = self.drives_hz
        if before and now and abs(np.log(now / before)) > _OTHER_RESONANCE:
            said.append(
                f"the place was scanned at {now / 1e3:.0f} kHz, in the exploration at"
                f" {before / 1e3:.0f} kHz: another resonance shows another part of the response,"
                " and types need not be found again"
            )
        return tuple(said)

    def levels(self, of_first: Normalisation) -> Normalisation:
        """Return the grey levels of the second scan."""
        gains = np.array(self.gains)
        return replace(of_first, low=of_first.low * gains, high=of_first.high * gains)


class FirstScan:
    """The scan of a result, as later ones of its place are held against it.

    What is the same for all of these is computed once: the scan as it is analysed, its spectra, and
    its codes through each blunter tip. The numbers are those of a new one.

    Parameters
    ----------
    result : Result
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.plan = Plan.model_validate(result.plan)
        self._codes: dict[float, Field | None] = {}

    @cached_property
    def seen(self) -> ComparedScan:
        """The scan as others are compared with it."""
        return self.compared(self.result.scan)

    def compared(
        self, scan: Scan, line_faults: tuple[LineFaults, ...] | None = None
    ) -> ComparedScan:
        """Return what the microscope is told by from a scan, on the grid of the analysis."""
        pitch_m = self.result.analysis_pitch_m
        grid = square_grid(scan.shape_px, None if pitch_m is None else scan.frame, pitch_m)
        seen = SeenScan.of(scan, self.result.channels, self.plan, grid, line_faults)
        return ComparedScan.of(seen, OnSample(scan, grid))

    def codes_blunter(self, sigma_px: float) -> Field | None:
        """Codes (N, L) of its points through a tip blunter by sigma; None if some are lost."""
        if sigma_px not in self._codes:
            places = np.asarray(self.result.patches.center_yx_px)
            points = Keypoints(places, np.ones(len(places)), "drawn")
            z = transfer(
                self.result.representation, self.result.scan, points, blunted_px=sigma_px
            ).z
            self._codes[sigma_px] = z if len(z) == len(places) else None
        return self._codes[sigma_px]


@dataclass(frozen=True, eq=False)
class ComparedScan:
    """What the microscope is told by from one scan.

    Attributes
    ----------
    mended : (C, H, W) float32
        The channels as they are analysed.
    coarse : tuple of (H, W) float32 or None
        Each channel, smoothed; None where it has negative values, and so no gain.
    shown : Shown
        The middle of the first channel as its tip shows it.
    on_sample : OnSample
    """

    mended: NDArray[np.float32]
    coarse: tuple[NDArray[np.float32] | None, ...]
    shown: Shown
    on_sample: OnSample

    @classmethod
    def of(cls, seen: SeenScan, on_sample: OnSample) -> ComparedScan:
        """Take what is needed of a scan on the grid of the analysis."""
        coarse = tuple(
            None if np.nanmin(image) < 0 else Shown(image).blunted(COARSE_PX).image
            for image in seen.mended
        )
        return cls(seen.mended, coarse, seen.shown.middle, on_sample)


def instrument_change(first: FirstScan, scan: Scan | None) -> InstrumentChange:
    """Return what changed of the microscope between a result and a second scan of its place.

    Nothing where there is no scan, or it is not known to show the place: other places have other
    amplitudes, and look blunter or sharper by themselves.
    """
    result = first.result
    nothing = InstrumentChange(0.0, (1.0,) * len(result.channels), result.analysis_pitch_m)
    if scan is None or result.scan.frame is None or scan.frame is None:
        return nothing
    second = completed(scan, first.plan, result.channels)
    if not set(result.channels) <= set(second.channels):
        return nothing
    found = register(result.scan, second)
    if found.refused is not None or not _overlap(result.scan, second):
        return nothing
    moved = np.array(found.drift_m)
    before, channels = first.seen, zip(result.channels, first.seen.mended, strict=True)
    lines = line_faults_of(second, dict(channels), before.on_sample, moved, first.plan.cleaning)
    now = first.compared(second, lines)
    blunter = blunter_by_px(before.shown, now.shown)
    of_first_channel = gain_of_tip(before.shown, now.shown, blunter)
    by_tip = (of_first_channel, *(1.0,) * (len(result.channels) - 1))
    gains = tuple(
        gain_between(one, other, before.on_sample, now.on_sample, moved, tip)
        for one, other, tip in zip(before.coarse, now.coarse, by_tip, strict=True)
    )
    drives = _drive_hz(result.scan), _drive_hz(second)
    told = lines if any(faults.told_by_first for faults in lines) else None
    return replace(nothing, blunter_px=blunter, gains=gains, drives_hz=drives, line_faults=told)


def found_there(
    first: FirstScan, change: InstrumentChange, scan: Scan, keypoints: Keypoints | None
) -> tuple[Transferred, TypedPoints, InstrumentChange]:
    """Read a scan whose microscope changed; return it, its types, and the change as it was taken.

    What another tip makes of codes is a model of the tip. It is taken where it makes the codes of
    the scan likelier (median log density under the mixture); else types and patches stay as they
    are, and `taken` is False.
    """
    result = first.result
    known = result.representation
    known = replace(known, normalisation=change.levels(known.normalisation))
    own, turns = result.typed, _quarter_turns(result.scan, scan)
    lines = change.line_faults
    known, as_it_is = read_as_it_is(result, known, scan, keypoints, lines)
    change = replace(change, mended=_mends(known) or not _mends(result.representation))
    if change.blunter_px == 0:
        return as_it_is, own.at(as_it_is.z, as_it_is.neighbours), change
    seen, typed = as_it_is, own
    if change.blunter_px > 0:
        typed = replace(own, mixture=mixture_seen_blunter(first, change.blunter_px))
    else:
        seen = transfer(
            known,
            scan,
            keypoints,
            blunted_px=-change.blunter_px,
            quarter_turns=turns,
            line_faults=lines,
        )
    taken = _log_density(typed, seen) > _log_density(own, as_it_is)
    seen, typed = (seen, typed) if taken else (as_it_is, own)
    return seen, typed.at(seen.z, seen.neighbours), replace(change, taken=taken)


def read_as_it_is(
    result: Result,
    known: Representation,
    scan: Scan,
    keypoints: Keypoints | None = None,
    line_faults: tuple[LineFaults, ...] | None = None,
) -> tuple[Representation, Transferred]:
    """Read a scan with a representation of a result; return that as it was taken, and the scan.

    Walls along the fast axis look like faults of lines, and what is taken off with these is another
    part of the sample on a frame that is turned: there the lines are mended only where that makes
    the codes likelier, or where their gains were told by the first scan.
    """
    turns = _quarter_turns(result.scan, scan)
    mended = transfer(known, scan, keypoints, quarter_turns=turns, line_faults=line_faults)
    if turns % 2 == 0 or line_faults is not None or not _mends(known):
        return known, mended
    cleaning = {**_cleaning(known), "lines": "off"}
    untouched = replace(known, plan={**known.plan, "cleaning": cleaning})
    as_measured = transfer(untouched, scan, keypoints, quarter_turns=turns)
    if _log_density(result.typed, mended) >= _log_density(result.typed, as_measured):
        return known, mended
    return untouched, as_measured


def _cleaning(known: Representation) -> dict[str, Any]:
    return Plan.model_validate(known.plan).cleaning.model_dump(mode="json")


def _mends(known: Representation) -> bool:
    return bool(_cleaning(known)["lines"] != "off")


def _quarter_turns(first: Scan, second: Scan) -> int:
    if first.frame is None or second.frame is None:
        return 0
    return second.frame.quarter_turns_from(first.frame)


def _log_density(typed: TypedPoints, seen: Transferred) -> float:
    return float(np.median(typed.mixture.log_density(seen.z)))


def mixture_seen_blunter(first: FirstScan, sigma_px: float) -> Mixture:
    """Return the components of a result as a tip sees them that is blunter by sigma.

    Weights stay; a component that has hardly any point does too.
    """
    own, z = first.result.mixture, first.codes_blunter(sigma_px)
    return own if z is None else _moved(own, first.result.codes, z)


def _moved(mixture: Mixture, codes: Field, z: Field) -> Mixture:
    """One M step with the responsibilities that points had by their codes, at the codes z."""
    tau = mixture.assign(codes)
    # of a training that went on, `seen` counts points of other scans too
    fitted = mixture.seen if mixture.seen.max(initial=0) < len(z) else np.arange(len(z))
    _, means, covariances = moments(z[fitted], tau[fitted])
    fed = tau[fitted].sum(axis=0) >= _LEAST_POINTS * z.shape[1]
    return replace(
        mixture,
        means=np.where(fed[:, None], means, mixture.means),
        covariances=np.where(fed[:, None, None], covariances, mixture.covariances),
    )


def _drive_hz(scan: Scan) -> float | None:
    """Frequency of the drive, where an Asylum header tells it."""
    told = {name.casefold(): value for name, value in scan.metadata.items()}
    try:
        return float(str(told["drivefrequency"]).split()[0])
    except (KeyError, ValueError, IndexError):
        return None


def _overlap(first: Scan, second: Scan) -> bool:
    """Whether both scans show mostly the same: half of either at least."""
    if first.frame is None or second.frame is None:
        return False
    shares = first.frame.share_on(second.frame), second.frame.share_on(first.frame)
    return min(shares) >= _LEAST_SHARE
