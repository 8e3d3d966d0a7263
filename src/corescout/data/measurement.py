"""What came back from a target: spectra over one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import readonly, set_readonly
from corescout.data.short_repr import short_repr


@dataclass(frozen=True, eq=False)
class Measurement:
    """A curve measured at one point.

    Attributes
    ----------
    target_uid : str or None
        The target it answers; None until it is tied to one.
    axis : (n,) float64
    axis_name, axis_unit : str
        Such as "bias" and "V".
    channels : mapping of str to (n,) float64
    units : mapping of str to str
    xy_m : tuple of float or None
        Where it was measured, as the file or the instrument says.
    acquired_at : datetime or None
    source : str
    metadata : mapping
    """

    target_uid: str | None
    axis: NDArray[np.float64]
    axis_name: str
    axis_unit: str
    channels: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str] = field(default_factory=dict)
    xy_m: tuple[float, float] | None = None
    acquired_at: datetime | None = None
    source: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    __repr__ = short_repr

    def __post_init__(self) -> None:
        set_readonly(self, "axis", (None,))
        checked = {
            name: readonly(f"Measurement.channels[{name!r}]", values, self.axis.shape)
            for name, values in self.channels.items()
        }
        object.__setattr__(self, "channels", checked)
