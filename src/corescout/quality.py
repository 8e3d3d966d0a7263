"""Is a scan worth a decision? Each doubt is a finding, with its figure and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from corescout.data import Finding, Keypoints, LineFaults, Scan
from corescout.data.arrays import blocks_of_rows
from corescout.derived import derived_channels, with_derived
from corescout.lines.doubts import fading, line_jumps
from corescout.lines.finding import find_line_faults
from corescout.lines.mending import mend
from corescout.lines.tip_change import tip_change
from corescout.lines.tracking import tracking_loss, tracking_lost

LOST_LINES = 0.01  # share of lines
SATURATED = 0.01  # share of pixels at one end of the range
LEAST_CORRELATION = 0.8  # of neighbouring pixels along the fast axis
LEAST_PHASE_ORDER = 0.5  # mean resultant length of phase steps between neighbours
LARGEST_TREND = 1.2  # change of the level from first to last quarter, in standard deviations
FEWEST_KEYPOINTS = 100  # fewer hardly carry a mixture
LARGEST_CROSS_TALK = 0.8  # rank correlation of amplitude and topography; domains give up to 0.75
JUMP_DEG = 90.0  # a phase step that counts as a wall
FEWEST_JUMPS = 50
_FEWEST_PX = 8  # along either axis


def assess(
    scan: Scan,
    channel: str | None = None,
    n_keypoints: int | None = None,
    keypoints: Keypoints | None = None,
) -> tuple[Finding, ...]:
    """Look for what makes a decision on a channel worthless.

    Parameters
    ----------
    scan : Scan
    channel : str, optional
        The one to be analysed; the default channel if None.
    n_keypoints : int, optional
        Key points that were found on it, where they were.
    keypoints : Keypoints, optional
        On the scan's own pixels, with their profiles: whether the tip has changed.

    Returns
    -------
    tuple of Finding
        Empty for a scan without doubts.
    """
    name = scan.default_channel if channel is None else channel
    found = _seen.setdefault(scan, {})  # a scan is asked about at several steps of its analysis
    if name not in found:
        found[name] = _findings(scan, name)
    few = None if n_keypoints is None else few_keypoints(n_keypoints)
    changed = None if keypoints is None else tip_change(keypoints, scan.shape_px[0])
    return (*found[name], *(f for f in (few, changed) if f is not None))


def few_keypoints(n_keypoints: int) -> Finding | None:
    """Fewer key points than a mixture needs."""
    if n_keypoints >= FEWEST_KEYPOINTS:
        return None
    return Finding(
        "few walls",
        f"{n_keypoints} key points (at least {FEWEST_KEYPOINTS} are needed): scan a larger area",
    )


_seen: WeakKeyDictionary[Scan, dict[str, tuple[Finding, ...]]] = WeakKeyDictionary()


def _findings(scan: Scan, name: str) -> tuple[Finding, ...]:
    """What is in doubt about a channel, whatever is found on it."""
    if name not in scan.channels and name in derived_channels(scan):
        scan = with_derived(scan, [name])
    image = np.asarray(scan.channel(name), dtype=np.float64)
    known = np.isfinite(image)
    if not known.any():
        return (Finding("no contrast", f"{name!r} has no values: choose another channel"),)
    if np.ptp(image[known]) == 0:
        return (Finding("no contrast", f"{name!r} is constant: choose another channel"),)
    if scan.rows_done is not None:  # the lines to come are no lost lines
        rows = np.flatnonzero(known.any(axis=1))
        scan = _rows(scan, rows[0], rows[-1] + 1)
        image = image[rows[0] : rows[-1] + 1]
    if min(image.shape) < _FEWEST_PX:
        said = f"{image.shape[1]} x {image.shape[0]} px are too few to judge: scan more"
        return (Finding("no contrast", said),)
    if scan.roles.get(name) == "topography":
        from corescout.cleaning import subtract_plane

        image = subtract_plane(image)  # a tilted sample is no doubt
    faults = LineFaults.none(len(image))
    role = scan.roles.get(name, "")
    if not role.startswith(("topography", "phase", "frequency")):
        faults = find_line_faults(image, signed=bool(np.nanmin(image) < 0))
    asked = [line_jumps(faults) or lost_lines(image), *(check(image) for check in _CHECKS)]
    asked.append(tracking_loss(tracking_lost(scan, name)))
    if role.startswith(("amplitude", "response")) or not role:
        # A level that jumps for good is no fading.
        asked.append(fading(mend(image, faults).astype(np.float64), scan.units.get(name, "")))
    findings = [found for found in asked if found is not None]
    return (*findings, *_against(scan, name, image))


def _rows(scan: Scan, first: int, end: int) -> Scan:
    """Cut lines out of a scan; where they lie does not matter here."""
    channels = {name: image[first:end] for name, image in scan.channels.items()}
    return replace(scan, channels=channels, frame=None, rows_done=None)


def lost_lines(image: NDArray[np.float64]) -> Finding | None:
    """Lines that are missing, constant, or far off both neighbours."""
    missing = ~np.isfinite(image).all(axis=1)
    filled = np.where(np.isfinite(image), image, np.nanmedian(image))
    flat = np.ptp(filled, axis=1) == 0
    off = filled[1:-1] - 0.5 * (filled[:-2] + filled[2:])
    level = np.abs(np.median(off, axis=1))
    seen = off[~flat[1:-1]]  # many lines without a value must not make the rest look like jumps
    spread = 1.4826 * np.median(np.abs(seen - np.median(seen))) if seen.size else 0.0
    jump = np.zeros(len(image), bool)
    jump[1:-1] = level > 6 * max(spread, 1e-30)
    share = float(np.mean(missing | flat | jump))
    if share <= LOST_LINES:
        return None
    text = f"{share:.0%} of the lines are missing, flat or jump: check the feedback, scan again"
    return Finding("lost lines", text, share, tuple(np.flatnonzero(missing | flat | jump).tolist()))


def saturation(image: NDArray[np.float64]) -> Finding | None:
    """Pixels that sit at the end of the range."""
    known = image[np.isfinite(image)]
    share = max(float(np.mean(known == known.min())), float(np.mean(known == known.max())))
    if share <= SATURATED:
        return None
    text = f"{share:.0%} of the pixels sit at the end of the range: lower the drive or the gain"
    return Finding("saturation", text)


def no_contrast(image: NDArray[np.float64]) -> Finding | None:
    """Neighbouring pixels that have little in common: noise.

    The dark lines of a fine pattern are two or three pixels wide, so that neighbours differ there
    without any noise: what bends along both axes at once tells the two apart.
    """
    shared = correlation_of_neighbours(image)
    if shared < LEAST_CORRELATION:  # fine walls correlate little, too, but are no white noise
        shared = max(shared, 1 - white_share(image))
    if shared >= LEAST_CORRELATION:
        return None
    return Finding(
        "no contrast",
        f"neighbouring pixels correlate by {shared:.2f} only (expected at least"
        f" {LEAST_CORRELATION}): mostly noise; raise the drive, or tune to the resonance",
    )


def drift(image: NDArray[np.float64]) -> Finding | None:
    """A level that rises or falls from quarter to quarter of the scan."""
    parts = np.array_split(image, 4)
    if not all(np.isfinite(rows).any() for rows in parts):
        return None
    quarters = [np.nanmedian(rows) for rows in parts]
    steps = np.diff(quarters)
    ratio = float(abs(quarters[-1] - quarters[0]) / np.nanstd(image))
    if ratio <= LARGEST_TREND or not (np.all(steps > 0) or np.all(steps < 0)):
        return None
    text = (
        f"the level changes steadily, by {ratio:.1f} standard deviations from top to bottom: the"
        " tip or the resonance may drift, and types may follow it, or the sample changes"
    )
    return Finding("drift", text)


def correlation_of_neighbours(image: NDArray[np.float64]) -> float:
    """Pearson correlation of horizontal neighbours, the better of neighbours 1 and 2 px apart."""
    found = [_pearson(image[:, :-step], image[:, step:]) for step in (1, 2)]
    return max((value for value in found if value is not None), default=0.0)


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Correlation over the pixels (H, W) that both have; None where one of them is constant."""

    def pairs() -> Iterator[NDArray[np.float64]]:
        for rows in blocks_of_rows(len(a)):
            both = np.isfinite(a[rows]) & np.isfinite(b[rows])
            yield np.stack([a[rows][both], b[rows][both]])

    count, total = 0, np.zeros(2)
    for some in pairs():
        count += some.shape[1]
        total += some.sum(axis=1)
    if count == 0:
        return None
    moments = np.zeros((2, 2))
    for some in pairs():
        off = some - total[:, None] / count
        moments += off @ off.T
    spread = np.sqrt(np.diag(moments))
    return float(moments[0, 1] / spread.prod()) if spread.all() else None


def white_share(image: NDArray[np.float64]) -> float:
    """Share of the variance of an image (H, W) that white noise would bend it by as much.

    From second differences along both axes, after Immerkaer (1996); their mean, as scattered wrong
    pixels are noise too. 1 where nothing can be told.
    """
    bends = np.abs(np.diff(np.diff(image, n=2, axis=0), n=2, axis=1))
    bends = bends[np.isfinite(bends)]
    variance = float(np.nanvar(image))
    if not bends.size or not variance > 0:
        return 1.0
    return float((np.sqrt(np.pi / 2) * bends.mean() / 6) ** 2 / variance)


_CHECKS: tuple[Callable[[NDArray[np.float64]], Finding | None], ...] = (
    saturation,
    no_contrast,
    drift,
)


def _against(scan: Scan, name: str, image: NDArray[np.float64]) -> Iterator[Finding]:
    """Compare an amplitude with the phase and the topography of the same scan."""
    role = scan.roles.get(name, "")
    if not role.startswith("amplitude"):
        return
    partner = role.replace("amplitude", "phase")
    phase = _by_role(scan, partner, scan.directions.get(name))
    if phase is not None:
        yield from _contradiction(image, phase)
    topography = _by_role(scan, "topography", scan.directions.get(name))
    if topography is not None:
        yield from _cross_talk(image, topography)


def _by_role(scan: Scan, role: str, direction: str | None) -> NDArray[np.float64] | None:
    for name, found in scan.roles.items():
        if found == role and scan.directions.get(name) == direction:
            return np.asarray(scan.channel(name), dtype=np.float64)
    return None


def _contradiction(
    amplitude: NDArray[np.float64], phase_deg: NDArray[np.float64]
) -> Iterator[Finding]:
    """The phase jumps by 180 degrees at a wall, where the amplitude has its minimum."""
    step = np.angle(np.exp(1j * np.deg2rad(phase_deg[:, 1:] - phase_deg[:, :-1])))
    order = float(np.abs(np.nanmean(np.exp(1j * step))))
    if order < LEAST_PHASE_ORDER:
        yield Finding(
            "contradiction",
            f"the phase is noise (order {order:.2f} of 1) where the amplitude claims domains",
        )
        return
    between = 0.5 * (amplitude[:, 1:] + amplitude[:, :-1])
    jumps = np.abs(step) > np.deg2rad(JUMP_DEG)
    if jumps.sum() < FEWEST_JUMPS:
        return
    above = float(np.nanmean(between[jumps] > np.nanmedian(between)))
    if above > 0.5:
        yield Finding(
            "contradiction",
            f"{above:.0%} of the phase jumps lie where the amplitude is high: at a 180-degree wall"
            " it is low; check the phase offset and the cross-talk",
        )


def _cross_talk(
    amplitude: NDArray[np.float64], topography: NDArray[np.float64]
) -> Iterator[Finding]:
    """An amplitude that follows height or slope is not (only) a piezoresponse."""
    from scipy.stats import spearmanr

    from corescout.cleaning import subtract_plane, subtract_row_median

    flat = subtract_row_median(subtract_plane(topography))
    slope = np.hypot(*np.gradient(flat))
    for what, values in (("the topography", flat), ("the slope of the topography", slope)):
        both = np.isfinite(values) & np.isfinite(amplitude)
        if np.ptp(values[both]) == 0:
            continue
        shared = abs(float(spearmanr(values[both], amplitude[both]).statistic))
        if shared > LARGEST_CROSS_TALK:
            yield Finding(
                "cross-talk",
                f"the amplitude follows {what} (rank correlation {shared:.2f}): part of it may be"
                " cross-talk; compare with the derived A cos phase",
            )
            return
