"""From a scan to what every candidate shares: the square image, the key points, the context."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corescout.data import (
    InputError,
    Keypoints,
    LineFaults,
    Normalisation,
    PatchSet,
    Representation,
    Scan,
)
from corescout.data.short_repr import short_repr
from corescout.derived import channels_in_words
from corescout.keypoints import ScoredPlaces, detect, select
from corescout.patches import normalisation
from corescout.plan import Plan
from corescout.points_on_grid import (
    MIN_KEYPOINTS,
    enough_points,
    fitting_points,
    margin_px,
    on_grid,
    profiled_points,
)
from corescout.quality import assess
from corescout.quantities import windows_between
from corescout.rewards.context import context_descriptor, correlation_length_px, spatial_blocks
from corescout.seen_scan import SeenScan, asked_channels, completed
from corescout.square_grid import SquareGrid, square_grid
from corescout.tied import tied_words, values_at
from corescout.trial_data import TrialData

COARSEST = 1.5  # pixel pitch of a scan, of a representation's: what is finer cannot be made up
_NOTHING_LEFT = 0.95  # share of pixels beyond the grey levels: no pattern is left between them
BANDS = "corescout_bands"  # in a scan's metadata: first row, end and width of each scan in it


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the candidates of one exploration have in common.

    Attributes
    ----------
    scan : Scan
    grid : SquareGrid
    images : (C, H, W) float32 in [0, 1]
        On the square grid, NaN where missing.
    normalisation : Normalisation
        Of the channels: what became 0 and 1.
    keypoints : Keypoints
        On the square grid; those whose largest window fits.
    context : (N, P)
        Rotation-invariant descriptor of each key point's neighbourhood.
    context_radius_px : float
    block : (N,) int64
        Spatial block of each key point.
    notes : tuple of str
    line_faults : LineFaults
        Of the channel that key points are sought on, by line of the scan.
    measured : (N,) or None
        The property of the plan at the key points, NaN where it was not measured.
    quarter_turns : int
        By which the frame is turned from that of the exploration; its patches are turned back.
    """

    scan: Scan
    grid: SquareGrid
    images: NDArray[np.float32]
    normalisation: Normalisation
    keypoints: Keypoints
    context: NDArray[np.float64]
    context_radius_px: float
    block: NDArray[np.int64]
    notes: tuple[str, ...]
    line_faults: LineFaults
    measured: NDArray[np.float64] | None = None
    quarter_turns: int = 0

    __repr__ = short_repr

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, the one that key points are sought on first."""
        return self.normalisation.channels

    def patches(self, window_px: int) -> PatchSet:
        """Cut the patches of one window; the key points are the same for every window."""
        return self.trial_data.patches(window_px)

    @cached_property
    def trial_data(self) -> TrialData:
        """What trials need of it, to go where they run."""
        return TrialData(
            images=self.images,
            normalisation=self.normalisation,
            keypoints_yx_px=np.asarray(self.keypoints.yx_px),
            keypoint_source=self.keypoints.source,
            context=self.context,
            block=self.block,
            bands=tuple(tuple(map(int, band)) for band in self.scan.metadata.get(BANDS, ())),
            measured=self.measured,
            walls=None if self.keypoints.profiles is None else self.keypoints.profiles.array,
            pitch_m=self.grid.pitch_m,
            quarter_turns=self.quarter_turns,
        )


def prepare(scan: Scan, plan: Plan, keypoints: Keypoints | None = None) -> Prepared:
    """Clean, square and normalise the channels, and find the key points.

    Parameters
    ----------
    keypoints : Keypoints, optional
        On the scan's own pixels, drawn or edited by hand; found by the plan's detector if None.

    Raises
    ------
    InputError
        If a channel is unknown, empty or constant, the scan is smaller than the largest window,
        or fewer than 50 key points are left.
    """
    scan = completed(scan, plan)
    grid = square_grid(scan.shape_px, scan.frame)
    _check_size(grid, plan)
    seen = SeenScan.of(scan, asked_channels(scan, plan), plan, grid)
    levels = normalisation(seen.mended, seen.channels, plan.normalisation)
    images = levels.grey(seen.mended)
    given = None if keypoints is None else on_grid(keypoints, grid)
    found = profiled_points(
        seen, enough_points(images, seen.sought, plan, given), plan, images, max(plan.windows_px)
    )
    # What a neighbourhood looks like is told from the scan as it is.
    unmended = levels.first.grey(seen.raw[None])[0]
    radius = context_radius_px(unmended)
    measured = values_at(plan.measured, scan.frame, grid.to_scan_px(np.asarray(found.yx_px)))
    return Prepared(
        scan=scan,
        grid=grid,
        images=images,
        normalisation=levels,
        keypoints=found,
        context=context_descriptor(unmended, found.yx_px, radius),
        context_radius_px=radius,
        block=spatial_blocks(found.yx_px, 2 * radius),
        notes=(*_notes(scan, seen, plan, grid, found), *tied_words(plan.measured, measured)),
        line_faults=seen.line_faults,
        measured=measured,
    )


def plan_on(plan: Plan, scan: Scan) -> Plan:
    """Return the plan with windows in pixels of a scan, where it has them in metres.

    Raises
    ------
    InputError
        If the scan has no scale, or no odd number of pixels lies between them.
    """
    if plan.search.windows_m is None:
        return plan
    scan = completed(scan, plan)
    pitch_m = square_grid(scan.shape_px, scan.frame).pitch_m
    low_m, high_m = plan.search.windows_m
    asked = f"{low_m * 1e9:.3g} to {high_m * 1e9:.3g} nm"
    if pitch_m is None:
        raise InputError(
            f"a scan with a scale, for windows of {asked}",
            "a file without one",
            "give it with --pixel-size, such as --pixel-size 10nm, or windows in pixels",
        )
    windows = windows_between(low_m, high_m, pitch_m)
    if not windows:
        raise InputError(
            f"windows of {asked} with an odd number of pixels, 3 to 101",
            f"pixels of {pitch_m * 1e9:.3g} nm",
            "choose a wider range with --windows",
        )
    search = plan.search.model_copy(update={"windows_m": None})
    return plan.model_copy(update={"windows_px": windows, "search": search})


class KeypointFinder:
    """Finds the key points that `prepare` would find, again and again: for a hand on a slider.

    The cleaned, squared and normalised image and the detector's places are kept from one call to
    the next, so that another spacing or window costs no more than the thinning.

    Parameters
    ----------
    scan : Scan
    """

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._image_of: object = None
        self._places_of: object = None
        self._seen: SeenScan | None = None
        self._places = ScoredPlaces.of(np.zeros((0, 2)), np.zeros(0))

    def find(self, plan: Plan, *, least: int = MIN_KEYPOINTS) -> Keypoints:
        """Return the key points of a plan, on the scan's own pixels.

        Raises
        ------
        InputError
            As `prepare` does; for few key points if there are fewer than `least`.
        """
        scan = completed(self._scan, plan)
        grid = square_grid(scan.shape_px, scan.frame)
        _check_size(grid, plan)
        image_of = (plan.channels, plan.cleaning, plan.normalisation, plan.pixel_size_m)
        if image_of != self._image_of or self._seen is None:
            channels = asked_channels(scan, plan)
            self._seen = SeenScan.of(scan, channels, plan, grid)
            normalisation(self._seen.mended, channels, plan.normalisation)  # refuses as `prepare`
            self._image_of, self._places_of = image_of, None
        seen = self._seen
        wanted = plan.keypoints
        spaced = wanted.spacing_px if wanted.detector == "grid" else None
        places_of = (wanted.detector, wanted.smoothing_px, spaced)
        if places_of != self._places_of:
            self._places = detect(seen.sought, wanted)
            self._places_of = places_of
        known = np.isfinite(seen.sought)
        margin = margin_px(plan, max(plan.windows_px))
        given = select(self._places, known, wanted, margin)
        found = enough_points(seen.mended, seen.sought, plan, given, least)
        return replace(found, yx_px=grid.to_scan_px(np.asarray(found.yx_px)))


def prepare_like(
    representation: Representation,
    scan: Scan,
    plan: Plan,
    keypoints: Keypoints | None = None,
    *,
    blunted_px: float = 0.0,
    quarter_turns: int = 0,
    line_faults: tuple[LineFaults, ...] | None = None,
) -> Prepared:
    """Prepare a scan for a representation that was trained on another one.

    Normalisation and pixel pitch are those of the representation; one key point is enough. Patches
    are seen through a tip that is blunter by `blunted_px`; key points are sought without it. Those
    of a frame that is turned clockwise by `quarter_turns` are turned back. Faults of lines are
    estimated from the scan where they are not given.

    Raises
    ------
    InputError
        If a channel is unknown or in another unit, the scale is missing or there is no key point.
    """
    scan = completed(scan, plan, representation.channels)
    absent = [name for name in representation.channels if name not in scan.channels]
    if absent:
        raise InputError(
            f"a scan with the channel {', '.join(map(repr, absent))} that the run is of",
            f"one with {channels_in_words(scan)}",
            "give such a scan, say what it is called there with --channel-map OURS=THEIRS, or"
            " explore this one by itself",
        )
    _check_units(representation, scan)
    if representation.analysis_pitch_m is not None and scan.frame is None:
        raise InputError(
            f"a scan with a scale, as the representation's window has a size"
            f" ({(representation.window_m or 0.0) * 1e9:.0f} nm)",
            "a file without one",
            "give it with --pixel-size, such as --pixel-size 10nm",
        )
    pitch_m = representation.analysis_pitch_m
    grid = square_grid(scan.shape_px, scan.frame if pitch_m is not None else None, pitch_m)
    window = representation.largest_window_px
    if min(grid.shape_px) < window:
        raise InputError(
            f"a scan larger than the window of the representation ({window} px)",
            f"{grid.shape_px[1]} x {grid.shape_px[0]} px at the representation's pitch",
            "scan a larger area",
        )
    seen = SeenScan.of(scan, representation.channels, plan, grid, line_faults)
    levels, images = representation.normalisation, representation.normalisation.grey(seen.mended)
    given = None if keypoints is None else on_grid(keypoints, grid)
    found = fitting_points(images, seen.sought, plan, given, window)
    outside = levels.clipped(seen.mended[0])
    if outside > _NOTHING_LEFT or (len(found) == 0 and outside > 0.5):
        raise InputError(
            f"values of {representation.channels[0]!r} like those of the run",
            f"{outside:.0%} of the pixels beyond its grey levels {levels.low[0]:.3g} to"
            f" {levels.high[0]:.3g}",
            "check unit, drive and gain, or explore this scan by itself",
        )
    if len(found) == 0:
        raise InputError(
            f"a key point whose {window} px window lies on the scan",
            "none",
            "scan a larger area or with more walls, or choose another detector",
        )
    return Prepared(
        scan=scan,
        grid=grid,
        images=images if blunted_px <= 0 else levels.grey(seen.blunted(blunted_px)),
        normalisation=levels,
        keypoints=profiled_points(seen, found, plan, images, window),
        context=np.zeros((len(found), 0)),
        context_radius_px=0.0,
        block=np.zeros(len(found), np.int64),
        notes=(*_notes(scan, seen, plan, grid, found), *_too_coarse(grid)),
        line_faults=seen.line_faults,
        quarter_turns=quarter_turns,
    )


def _check_units(representation: Representation, scan: Scan) -> None:
    """Grey levels that were frozen in one unit say nothing in another."""
    other = representation.in_other_units(scan.units)
    if other is not None:
        name, own, found = other
        raise InputError(
            f"{name!r} in {own}, as the run has it",
            f"{found}",
            f"calibrate the scan to {own}, or explore it by itself",
        )


def _too_coarse(grid: SquareGrid) -> tuple[str, ...]:
    """Say that the representation sees finer than the scan: what it is shown is interpolated."""
    stretch = 1 / min(grid.step_px)
    if stretch <= COARSEST:
        return ()
    return (
        f"the scan's pixels are {stretch:.2g} times those of the representation: its patches are"
        " interpolated, so their codes are not reliable",
    )


def context_radius_px(image: NDArray[np.float32]) -> float:
    """Neighbourhood of the context descriptor: one correlation length, 7 to 21 px."""
    return float(np.clip(correlation_length_px(image), 7.0, 21.0))


def _check_size(grid: SquareGrid, plan: Plan) -> None:
    largest = max(plan.windows_px)
    if min(grid.shape_px) < largest:
        raise InputError(
            f"a scan larger than the largest window ({largest} px)",
            f"{grid.shape_px[1]} x {grid.shape_px[0]} px",
            "scan with more pixels, or choose smaller windows with --windows",
        )


def _notes(
    scan: Scan, seen: SeenScan, plan: Plan, grid: SquareGrid, found: Keypoints
) -> tuple[str, ...]:
    channels, raw = seen.channels, seen.mended
    on_scan = replace(found, yx_px=grid.to_scan_px(np.asarray(found.yx_px)))
    notes = list(scan.warnings)
    notes += [f"{f.kind}: {f.message}" for f in assess(scan, channels[0], len(found), on_scan)]
    if plan.channels is None:
        notes.append(f"channel {channels[0]!r} was chosen: the first PFM amplitude of the file")
        if not scan.roles.get(channels[0], "").startswith("amplitude"):
            notes[-1] = f"channel {channels[0]!r} was chosen: the first of the file"
    if seen.line_faults:
        notes.append(f"lines of {channels[0]!r}: {seen.line_faults.in_words}")
    missing = float(np.mean(~np.isfinite(raw).all(axis=0)))
    if missing > 0:
        notes.append(
            f"{missing:.1%} of the pixels are missing and were masked: no key point or patch"
            " touches them"
        )
    if not grid.is_scan:
        pitch = f" of {grid.pitch_m * 1e9:.3g} nm" if grid.pitch_m else ""
        notes.append(f"the scan was resampled to square pixels{pitch}; windows count in these")
    if scan.frame is None:
        notes.append("the file has no scale: targets have no metre coordinates (--pixel-size)")
    return tuple(notes)
