"""How a runner goes about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from corescout.data.target import Action


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
    report_every : int
        Scans between two writings of the day's page; it is written at the end in any case.
    most_scans : int or None
        The watch ends by itself when so many came, the last of them is decided and what was
        approved for it is measured; None: it goes on.
    """

    action: Action = "spectrum"
    action_settings: dict[str, float] = field(default_factory=dict)
    learn: bool = True
    drift_check: bool = True
    report_every: int = 10
    most_scans: int | None = None
