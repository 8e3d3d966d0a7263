"""Key points: the places that patches are cut around, and what the scan shows there."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr

KINDS = ("unknown", "step", "bright line", "dark line")
WALL_180, NO_PHASE_STEP, PHASE_NOT_GIVEN = "180-degree wall", "no phase step", "phase not given"
_OFF_180_DEG = 40.0  # a phase step of a 180-degree wall may be off by so much


@dataclass(frozen=True, eq=False)
class WallProfiles:
    """What a cut across the wall shows at each of N key points.

    Attributes
    ----------
    kind : (N,) int64
        Place in `KINDS`: a step from one level to another, or a line brighter or darker than what
        lies on both sides of it.
    contrast : (N,) float64
        In the unit of the channel, not negative: height of the step; height or depth of the line
        against the nearer of its two sides. NaN where it cannot be read.
    width_px : (N,) float64
        Full width at half height of a line, width of a step between 12 and 88 % (that of the
        Gaussian tip that makes it), in pixels of the square grid that was analysed, tip included.
    phase_step_deg : (N,) float64
        By how much the phase differs between the two sides, 0 to 180; NaN without a phase.
    direction_rad : (N,) float64
        Direction of the wall in [0, pi): 0 along the fast axis, pi/2 along the slow one,
        counter-clockwise as the scan is shown.
    """

    kind: NDArray[np.int64]
    contrast: NDArray[np.float64]
    width_px: NDArray[np.float64]
    phase_step_deg: NDArray[np.float64]
    direction_rad: NDArray[np.float64]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "kind", (None,), np.int64)
        for name in ("contrast", "width_px", "phase_step_deg", "direction_rad"):
            set_readonly(self, name, (len(self.kind),))

    def __len__(self) -> int:
        return len(self.kind)

    @classmethod
    def unknown(cls, count: int) -> WallProfiles:
        """Return profiles of points of which nothing is known."""
        nothing = np.full(count, np.nan)
        return cls(np.zeros(count, np.int64), nothing, nothing, nothing, nothing)

    @property
    def kind_names(self) -> tuple[str, ...]:
        """Name of the kind of each point."""
        return tuple(KINDS[k] for k in self.kind)

    @property
    def phase_names(self) -> tuple[str, ...]:
        """What the phase says at each point: `WALL_180`, `NO_PHASE_STEP` or `PHASE_NOT_GIVEN`.

        Only a dark line is a 180-degree wall: the amplitude is null there.
        """
        is_wall = (np.asarray(self.kind) == KINDS.index("dark line")) & (
            np.abs(np.asarray(self.phase_step_deg) - 180.0) <= _OFF_180_DEG
        )
        given = np.isfinite(self.phase_step_deg)
        names = np.where(is_wall, WALL_180, np.where(given, NO_PHASE_STEP, PHASE_NOT_GIVEN))
        return tuple(names.tolist())

    @property
    def array(self) -> NDArray[np.float64]:
        """All of it as (N, 5): kind, contrast, width_px, phase_step_deg, direction_rad."""
        return np.column_stack(
            [np.asarray(getattr(self, f.name), dtype=np.float64) for f in fields(self)]
        )

    def take(self, rows: NDArray[np.generic]) -> WallProfiles:
        """Return the profiles of some points, by number or by mask."""
        return WallProfiles(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class Keypoints:
    """N places on a scan.

    Attributes
    ----------
    yx_px : (N, 2) float64
        Array coordinates of the scan they were found on.
    score : (N,) float64
        Strength of the detector's response, larger is clearer.
    source : str
        "canny", "sato", "grid", "orb", "sift" or "drawn".
    profiles : WallProfiles or None
        None until the scan was asked what it shows there.
    """

    yx_px: NDArray[np.float64]
    score: NDArray[np.float64]
    source: str
    profiles: WallProfiles | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "yx_px", (None, 2))
        set_readonly(self, "score", (len(self.yx_px),))
        if self.profiles is not None and len(self.profiles) != len(self.yx_px):
            raise ValueError(
                f"Keypoints.profiles: expected {len(self.yx_px)}, found {len(self.profiles)}"
            )

    def __len__(self) -> int:
        return len(self.yx_px)

    def take(self, rows: NDArray[np.generic]) -> Keypoints:
        """Return some of the points, by number or by mask."""
        profiles = None if self.profiles is None else self.profiles.take(rows)
        return Keypoints(self.yx_px[rows], self.score[rows], self.source, profiles)
