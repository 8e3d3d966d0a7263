"""A channel as it is analysed: cleaned, its lines mended, and as key points are sought on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.cleaning import clean_channel
from corescout.data import LineFaults, Scan
from corescout.lines.finding import find_line_faults
from corescout.lines.mending import mend, without_masked
from corescout.lines.tracking import tracking_lost
from corescout.plan import CleaningPlan


@dataclass(frozen=True, eq=False)
class AnalysedChannel:
    """One channel of a scan, three times (H, W), NaN where missing.

    Attributes
    ----------
    raw : (H, W) float32
        Cleaned as the plan says; properties and exports use it.
    mended : (H, W) float32
        The lines mended: patches are cut from it.
    sought : (H, W) float32
        The masked lines replaced as well, NaN where the resonance was lost: key points are sought
        on it.
    faults : LineFaults
    """

    raw: NDArray[np.float32]
    mended: NDArray[np.float32]
    sought: NDArray[np.float32]
    faults: LineFaults


CLEANED = "corescout_cleaned"  # in the metadata of a scan to which this was done before
_NOTHING = {"lines": "off", "plane": False, "row_median": False, "scars": False}


def has_line_faults(scan: Scan, name: str, plan: CleaningPlan) -> bool:
    """Whether faults of the lines of a channel are looked for.

    Topography is levelled line by line by the cleaning, and phase and frequency have no gain.
    """
    if plan.lines == "off" or scan.metadata.get(CLEANED):
        return False
    return not scan.roles.get(name, "").startswith(("phase", "frequency", "topography"))


def analysed_channel(
    scan: Scan, name: str, plan: CleaningPlan, known: LineFaults | None = None
) -> AnalysedChannel:
    """Clean a channel and take its lines' faults off, as far as the plan asks for it.

    Nothing is done twice to a scan of a pooled series.

    Parameters
    ----------
    known : LineFaults, optional
        Of this channel; estimated from it if None.

    Raises
    ------
    InputError
        If the scan has no channel of that name.
    """
    if scan.metadata.get(CLEANED):
        plan = plan.model_copy(update=_NOTHING)
    raw = clean_channel(scan, name, plan)
    if not has_line_faults(scan, name, plan):
        return AnalysedChannel(raw, raw, raw, LineFaults.none(len(raw)))
    signed = bool(np.nanmin(raw) < 0) if np.isfinite(raw).any() else False
    faults = find_line_faults(raw, signed=signed) if known is None else known
    if plan.lines == "mask":
        faults = faults.masked_only()
    mended = mend(raw, faults)
    sought = without_masked(mended, faults)
    lost = tracking_lost(scan, name)
    if lost.any():
        sought = np.where(lost, np.float32(np.nan), sought)
    return AnalysedChannel(raw, mended, sought, faults)
