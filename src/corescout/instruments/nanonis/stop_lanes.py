"""The ways that a stop of a Nanonis controller has, and what it reads of the tip at one moment."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from corescout.instruments.nanonis.client import Answer, Connection

POSITION, BIAS = "FolMe.XYPosGet", "Bias.Get"


@dataclass
class Look:
    """What was read in one turn: statuses, bias and place, and when."""

    asked: list[Answer] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)  # the one of each that came
    values: dict[str, list[Any] | None] = field(default_factory=dict)  # None: refused

    @property
    def xy_m(self) -> tuple[float, float]:
        """Place of the tip; NaN where it was not told."""
        x, y = self.values.get(POSITION) or (math.nan, math.nan)
        return float(x), float(y)

    @property
    def bias_v(self) -> float:
        """Bias of the controller; NaN where it was not told."""
        (bias_v,) = self.values.get(BIAS) or (math.nan,)
        return float(bias_v)


class StopLane:
    """A connection that the stop uses."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.began_s = time.monotonic()
        self.sent_s = self.came_s = -math.inf
        self.asked: Answer | None = None  # a question that is under way

    @property
    def answered_s(self) -> float:
        """When it last answered anything since the stop began, also what others had asked."""
        came_s = self.connection.came_s
        return came_s if came_s > self.began_s else -math.inf

    @property
    def over(self) -> bool:
        """Whether no question is under way.

        A reply counts for the oldest question of its name, and one that was dropped has none: what
        came after the last question was sent frees the lane, whichever it is counted for.
        """
        return self.asked is None or self.asked.over or self.came_s > self.asked.sent_s

    @property
    def asked_s(self) -> float:
        """When the last question was asked."""
        return -math.inf if self.asked is None else self.asked.sent_s
