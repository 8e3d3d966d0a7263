"""What is set in the steps, as values: each says its part of the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from corescout.data import InputError
from corescout.gui.model.plan_of_steps import merged, plan_of_steps
from corescout.gui.model.plan_options import nested, read_options
from corescout.plan import Plan, TargetPlan
from corescout.quantities import nearest_windows, windows


def has_unit(windows: str) -> bool:
    """Whether windows were typed as lengths."""
    return any(letter.isalpha() for letter in windows)


class StepSettings(Protocol):
    """Settings of one step; two that are equal give the same result."""

    def plan_values(self) -> dict[str, Any]:
        """Return this step's part of the plan, as `Plan` takes it.

        Raises
        ------
        ValueError
            If a setting cannot be used; the text says what to do.
        """


@dataclass(frozen=True)
class KeypointSettings:
    """Step 2: what marks a key point, how far apart they are, how much noise is smoothed."""

    detector: str = "canny"
    spacing_px: float = 5.0
    smoothing_px: float = 1.0

    def plan_values(self) -> dict[str, Any]:
        """Return detector, spacing and smoothing."""
        return {
            "keypoints": {
                "detector": self.detector,
                "spacing_px": round(self.spacing_px, 1),
                "smoothing_px": round(self.smoothing_px, 1),
            }
        }


@dataclass(frozen=True)
class SearchSettings:
    """Step 3: what is tried, what decides, for how long.

    Attributes
    ----------
    preset : {"live", "standard", "paper"}
    windows : str
        Sides as they were typed, in pixels such as "9, 13", or with a unit; empty: those of the
        preset.
    pitch_m : float or None
        Side of a square pixel of the scan, where the windows have a unit; else None.
    invariances : tuple of str
    reward : str or None
        None: that of the preset.
    seeds : int
        0: as many as the preset has.
    budget_min : float
        0: no limit.
    seed : int
    options : str
        A line that `plan_options.read_options` reads.
    """

    preset: Literal["live", "standard", "paper"] = "live"
    windows: str = ""
    pitch_m: float | None = None
    invariances: tuple[str, ...] = ("none", "r", "rt")
    reward: str | None = None
    seeds: int = 0
    budget_min: float = 0.0
    seed: int = 0
    options: str = ""

    def plan_values(self) -> dict[str, Any]:
        """Return the search space and the decision.

        Raises
        ------
        ValueError
            If a window size or an option cannot be used, or no invariance is left.
        """
        values: dict[str, Any] = {
            "preset_name": self.preset, "seed": self.seed, "invariances": self.invariances,
        }  # fmt: skip
        windows = self.windows_px()
        if windows is not None:
            values["windows_px"] = windows
        if self.budget_min > 0:
            values["budget_s"] = 60 * self.budget_min
        decision: dict[str, Any] = {}
        if self.reward is not None:
            decision["reward"] = self.reward
        if self.seeds > 0:
            decision["seeds"] = self.seeds
        if decision:
            values["decision"] = decision
        return merged(values, nested(read_options(self.options)))

    def windows_px(self) -> tuple[int, ...] | None:
        """Return the window sizes, None for those of the preset.

        Raises
        ------
        ValueError
            If they are neither whole numbers nor lengths, or lengths on a scan without a scale.
        """
        text = self.windows.strip()
        if not text:
            return None
        try:
            if not has_unit(text):
                return tuple(map(int, windows(text, "")))
            found = nearest_windows(text, self.pitch_m or 1.0, "")
        except InputError:
            raise ValueError(
                f"expected window sizes such as 9, 13 or 90, 130 nm; found {text!r}; correct it in"
                " step 3"
            ) from None
        if self.pitch_m is None:
            raise ValueError(f"{text!r} needs a scan with a scale; give pixels in step 3")
        return found

    def windows_tried_px(self) -> tuple[int, ...]:
        """Return the window sizes that a search tries; none where they cannot be used."""
        try:
            chosen = self.windows_px()
            given = {} if chosen is None else {"windows_px": chosen}
            return Plan.preset(self.preset, **given).windows_px
        except ValueError:
            return ()


@dataclass(frozen=True)
class TargetSettings:
    """Step 5: how many targets, how far apart, of which kind."""

    per_type: int = 5
    spacing_m: float | None = None
    margin_m: float = 0.0
    avoid_m: float | None = None
    diversity: float = 0.3
    choice: str = "core"

    def plan(self) -> TargetPlan:
        """Return them as the engine takes them."""
        return TargetPlan.model_validate(self.plan_values()["targets"])

    def plan_values(self) -> dict[str, Any]:
        """Return the settings of the choice."""
        return {
            "targets": {
                "per_type": self.per_type,
                "spacing_m": self.spacing_m,
                "margin_m": self.margin_m,
                "avoid_m": self.avoid_m,
                "diversity": self.diversity,
                "choice": self.choice,
            }
        }


@dataclass(frozen=True)
class Settings:
    """Those of all steps that a result depends on.

    Attributes
    ----------
    key_points : KeypointSettings
    explore : SearchSettings
    targets : TargetSettings
    """

    key_points: KeypointSettings = field(default_factory=KeypointSettings)
    explore: SearchSettings = field(default_factory=SearchSettings)
    targets: TargetSettings = field(default_factory=TargetSettings)

    def by_step(self, image: str, left_out: object) -> dict[str, Any]:
        """Return what a result depends on, step by step.

        Parameters
        ----------
        image : str
            That is analysed.
        left_out : object
            Key points that a person left out; those that were added are read with the types at
            hand, and make no result old.
        """
        return {
            "scan": image,
            "key_points": (self.key_points, left_out),
            "explore": self.explore,
            "targets": self.targets,
        }

    def plan(self, channel: str | None) -> Plan:
        """Return the plan that they make, the same as the command line would make.

        Parameters
        ----------
        channel : str or None
            To analyse; the scan's own choice if None.

        Raises
        ------
        ValueError
            If a setting cannot be used.
        """
        steps: tuple[StepSettings, ...] = (self.key_points, self.explore, self.targets)
        channels = None if channel is None else (channel,)
        return plan_of_steps([step.plan_values() for step in steps], channels)
