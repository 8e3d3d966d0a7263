"""A scan as it is analysed: its channels cleaned, mended and on square pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Keypoints, LineFaults, Scan, ScanFrame
from corescout.derived import channel_names, derived_channels, full_name, with_derived
from corescout.keypoints.profiles import profiles_of
from corescout.lines import analysed_channel, at_mean_places
from corescout.plan import Plan
from corescout.response import response_on
from corescout.sharpness import Shown
from corescout.square_grid import SquareGrid


def completed(scan: Scan, plan: Plan, channels: tuple[str, ...] | None = None) -> Scan:
    """Add the pixel size that the user gave and the derived channels that are asked for.

    Parameters
    ----------
    channels : tuple of str, optional
        That are asked for; those of the plan if None.
    """
    if plan.pixel_size_m is not None and scan.frame is None:
        frame = ScanFrame(
            scan.shape_px,
            (plan.pixel_size_m, plan.pixel_size_m),
            assumed=("pixel size given by the user", "centre 0, angle 0"),
        )
        scan = replace(scan, frame=frame)
    if channels is None:
        wanted = [full_name(scan, name) for name in plan.channels or ()]
    else:
        known = channel_names(scan)
        wanted = [name for name in channels if name in known]
    cleaning = plan.cleaning
    if cleaning.mean_places:
        scan = _at_mean_places(scan, wanted or [scan.default_channel])
    return with_derived(scan, wanted, offset=cleaning.phase_offset, background=cleaning.background)


def _at_mean_places(scan: Scan, wanted: list[str]) -> Scan:
    """Move what is wanted, or what that is derived from, to the mean of trace and retrace."""
    needs = derived_channels(scan)
    stored = [part for name in wanted for part in needs.get(name, (name,))]
    scan, lags = at_mean_places(scan, stored)
    said = tuple(lag.in_words(scan.frame) for lag in lags)
    return replace(scan, warnings=(*scan.warnings, *said)) if said else scan


def asked_channels(scan: Scan, plan: Plan) -> tuple[str, ...]:
    """Return those to analyse: of the plan, under any vendor's number, or the scan's own."""
    return tuple(full_name(scan, name) for name in plan.channels or (scan.default_channel,))


@dataclass(frozen=True, eq=False)
class SeenScan:
    """The channels of a scan on the square grid.

    Attributes
    ----------
    channels : tuple of str
    mended : (C, H, W) float32
        Cleaned, their lines mended: patches are cut from them.
    raw, sought : (H, W) float32
        The first one, not mended, and as key points are sought on it.
    line_faults : LineFaults
        Of the first one, by line of the scan.
    response : (H, W) complex or None
        Of the amplitude and phase of the first one; None where there is no phase.
    """

    channels: tuple[str, ...]
    mended: NDArray[np.float32]
    raw: NDArray[np.float32]
    sought: NDArray[np.float32]
    line_faults: LineFaults
    response: NDArray[np.complexfloating] | None

    @classmethod
    def of(
        cls,
        scan: Scan,
        channels: tuple[str, ...],
        plan: Plan,
        grid: SquareGrid,
        line_faults: tuple[LineFaults, ...] | None = None,
    ) -> SeenScan:
        """Clean the channels of a scan, mend their lines and put them on the grid.

        Faults of the lines of each channel are estimated where they are not given.
        """
        known = (None,) * len(channels) if line_faults is None else line_faults
        found = [
            analysed_channel(scan, name, plan.cleaning, faults)
            for name, faults in zip(channels, known, strict=True)
        ]
        mended = [grid.resample(f.mended) for f in found]
        first = found[0]
        untouched = first.mended is first.raw
        response = response_on(scan, channels[0])
        if response is not None and not grid.is_scan:
            response = grid.resample(response.real) + 1j * grid.resample(response.imag)
        return cls(
            channels,
            np.stack(mended),
            mended[0] if untouched else grid.resample(first.raw),
            mended[0] if first.sought is first.mended else grid.resample(first.sought),
            first.faults,
            response,
        )

    @property
    def shown(self) -> Shown:
        """The first channel as its tip shows it."""
        return Shown(self.mended[0], self.response if self._is_modulus else None)

    def blunted(self, sigma_px: float) -> NDArray[np.float32]:
        """Return the channels (C, H, W) as a tip that is blunter by sigma shows them."""
        shown = (self.shown, *(Shown(image) for image in self.mended[1:]))
        seen = [each.through_tip(sigma_px, seed).image for seed, each in enumerate(shown)]
        return np.stack(seen).astype(np.float32)

    @property
    def _is_modulus(self) -> bool:
        """Whether the first channel is the modulus of the response, not a part of it."""
        return not np.nanmin(self.mended[0]) < 0

    def profiled(self, keypoints: Keypoints, plan: Plan) -> Keypoints:
        """Add what the scan shows at each point, in the channel's unit."""
        return profiles_of(keypoints, self.raw, plan.keypoints.smoothing_px, self.response)
