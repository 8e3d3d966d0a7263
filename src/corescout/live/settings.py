"""How a runner goes about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corescout.data.target import Action


@dataclass(frozen=True)
class Steering:
    """What is to be known of the loops: after the first ones, plans are chosen by what they showed.

    Attributes
    ----------
    name : str
        A property of loops, see `corescout.loop_properties.PROPERTIES`.
    goals : mapping of str to float
        Weights of "map", "types", "extremes", "surprise".
    batch : int
        Targets of a plan.
    error : float or None
        That is asked for, in the unit of the property; a tenth of its range if None.
    reference_every : int
        Every so many loops one goes to the reference area; 0: none does.
    """

    name: str = "coercive_bias_v"
    goals: Mapping[str, float] = field(default_factory=lambda: {"map": 1.0})
    batch: int = 10
    error: float | None = None
    reference_every: int = 0


@dataclass(frozen=True)
class LiveSettings:
    """What is done at targets, what is learned, what is written.

    Attributes
    ----------
    action : str
        What is done at targets.
    action_settings : mapping of str to float
        Such as ``bias_start_v``; units in the names.
    learn : bool
        Train on what is new on scans that fit.
    drift_check : bool
        Look at the drift during a plan.
    look_at_written : bool
        Scan a frame around each target before and after its spectrum: targets then keep 1.5 times
        the radius that was written from what was measured and from each other.
    report_every : int
        Scans between two writings of the day's page; it is written at the end in any case.
    most_scans : int or None
        The watch ends by itself when so many came, the last of them is decided and what was
        approved for it is measured; None: it goes on.
    steering : Steering or None
        Of spectra; None: targets by type.
    """

    action: Action = "spectrum"
    action_settings: dict[str, float] = field(default_factory=dict)
    learn: bool = True
    drift_check: bool = True
    look_at_written: bool = False
    report_every: int = 10
    most_scans: int | None = None
    steering: Steering | None = None
