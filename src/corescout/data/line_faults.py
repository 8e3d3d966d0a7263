"""Line faults: what the slow axis of a scan does that the sample does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import readonly, set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class LineFaults:
    """Faults of the H lines of one channel.

    Attributes
    ----------
    masked : (H,) bool
        Lines on which key points are sought from the lines above and below only: lost ones, those
        that stand apart from both neighbours, and the first after a jump that stays.
    lost : (H,) bool
        Of these, lines without usable values; patches see the lines above and below instead.
    jump : (H,) bool
        Lines from which on the level is another one, for good.
    level : (H,) float64
        What was taken off each line: the logarithm of a gain, or an offset in the unit of the
        channel (`of_offsets`); 0 where nothing was mended.
    of_offsets : bool
        The channel is signed, and `level` is added; else it is a gain.
    error_before, error_after : float
        Median difference between neighbouring lines on columns that the levels were not estimated
        from, without and with mending, in the units of `level`; where the first scan told the
        gains, mean difference to it.
    told_by_first : bool
        The gains are those by which the lines differ from a first scan of the same place.
    """

    masked: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    jump: NDArray[np.bool_]
    level: NDArray[np.float64]
    of_offsets: bool = False
    error_before: float = field(default=float("nan"))
    error_after: float = field(default=float("nan"))
    told_by_first: bool = False

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "masked", (None,), np.bool_)
        for name in ("lost", "jump"):
            checked = readonly(
                f"LineFaults.{name}", getattr(self, name), self.masked.shape, np.bool_
            )
            object.__setattr__(self, name, checked)
        set_readonly(self, "level", self.masked.shape)

    @classmethod
    def none(cls, n_lines: int) -> LineFaults:
        """Return the faults of a scan that has none, or whose lines are left as they are."""
        no = np.zeros(n_lines, bool)
        return cls(no, no, no, np.zeros(n_lines))

    def masked_only(self) -> LineFaults:
        """Return these faults with no line mended."""
        return replace(self, level=np.zeros(len(self.level)))

    def __bool__(self) -> bool:
        return bool(self.masked.any() or self.mended.any())

    @property
    def mended(self) -> NDArray[np.bool_]:
        """Lines whose level was changed."""
        return np.asarray(np.asarray(self.level) != 0)

    @property
    def masked_share(self) -> float:
        """Share of the lines that are masked."""
        return float(np.mean(self.masked))

    @property
    def in_words(self) -> str:
        """Say what was masked and mended, in numbers; empty where nothing was."""
        if not self:
            return ""
        said = []
        if self.masked.any():
            kinds = [f"{int(self.jump.sum())} where the level jumps and stays"] * bool(
                self.jump.any()
            )
            kinds += [f"{int(self.lost.sum())} lost"] * bool(self.lost.any())
            apart = int((self.masked & ~self.jump & ~self.lost).sum())
            kinds += [f"{apart} apart from both neighbours"] * bool(apart)
            said.append(
                f"{int(self.masked.sum())} of {len(self.masked)} lines"
                f" ({self.masked_share:.1%}) are masked: {', '.join(kinds)}"
            )
        if self.mended.any():
            what = "offset" if self.of_offsets else "gain"
            compared = "neighbouring lines differ"
            if self.told_by_first:
                compared = "lines differ from the first scan of the place, which told the gains,"
            said.append(
                f"the {what} of {int(self.mended.sum())} lines was mended for key points and"
                f" patches only: on columns left out, {compared} by"
                f" {self.error_after:.2g} instead of {self.error_before:.2g}"
            )
        return "; ".join(said)
