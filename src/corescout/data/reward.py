"""The value of one reward for one candidate, with the parts that explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Direction = Literal["higher", "lower"]


@dataclass(frozen=True)
class Reward:
    """A score in the paper's sign.

    Attributes
    ----------
    name : str
    value : float
        NaN where void.
    direction : {"higher", "lower"}
        Which is better.
    parts : mapping of str to float
        Named terms, such as K or the entropy.
    void_because : str or None
        Why the value must not be compared (collapsed, too few points).
    per_block : tuple of float
        What each spatial block adds to the value, which is their sum; empty where it is no such
        sum. From it comes the error of a comparison on one scan; not stored with a run.
    """

    name: str
    value: float
    direction: Direction
    parts: Mapping[str, float] = field(default_factory=dict)
    void_because: str | None = None
    per_block: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise ValueError(
                f"expected the direction 'higher' or 'lower' of {self.name}, found"
                f" {self.direction!r}; name the one that is better"
            )

    @property
    def utility(self) -> float:
        """The value turned so that higher is better; -inf where void."""
        if self.void_because is not None:
            return float("-inf")
        return self.value if self.direction == "higher" else -self.value
