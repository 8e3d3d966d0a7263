"""The answer of an exploration, with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corescout.data.arrays import readonly
from corescout.data.bayesian import BayesianMixture
from corescout.data.candidate import Candidate
from corescout.data.check import ENOUGH_LENGTHS, EvidenceCheck, Explanation
from corescout.data.consensus import Votes
from corescout.data.cores import CorePoints
from corescout.data.counted import counted
from corescout.data.fit import Fit
from corescout.data.keypoints import Keypoints
from corescout.data.line_faults import LineFaults
from corescout.data.mixture import Mixture
from corescout.data.neighbours import Neighbours
from corescout.data.patches import PatchSet
from corescout.data.representation import Representation
from corescout.data.scan import Scan
from corescout.data.shown_places import ShownPlaces
from corescout.data.target import Target
from corescout.data.trial import Trial
from corescout.data.typed_points import TypedPoints
from corescout.data.types import Types
from corescout.data.verdict import Verdict, verdict_of

Grade = Literal["one pattern", "drift", "possible zones", "zones", "distinct"]


@dataclass(frozen=True)
class Evidence:
    """Whether there is more than one type at all.

    Asked of the winner's codes, and where candidates make the types together of these too.

    Attributes
    ----------
    p_value : float
        The largest of that of the gain, (1 + count) / (1 + n) with the count of the n null
        surfaces whose gain is at least the observed one, that of the agreement, and where types
        are claimed that of `shown`.
    gain : float
        The observed gain of the winner, nats per point.
    null_gains : tuple of float
    has_types : bool
        Types are claimed.
    reason : str
        In plain words.
    agreement, agreement_error : float
        How far the winner's types agree at a distance: they keep to their own places on the scan.
        With its standard error; NaN where it was not asked.
    keeps_to_places : bool
        They agree at a distance beyond what the parts of one pattern do. Without evidence such
        types are possible ones: shown, not claimed.
    grade : str
        "one pattern", "drift", "possible zones", "zones" or "distinct"; "" where nothing was asked.
    drift_share : float
        Share of what varies over the scan that a plane explains.
    trend_share : float
        The same of a trend that only rises or only falls from row to row.
    code_trend : float
        How much more of a direction of the winner's codes follows the row than the column, as a
        share.
    correlation_lengths : float
        Of the pattern, along the shorter side of the scan.
    checks : tuple of EvidenceCheck
        What further images say of the types.
    alone : Evidence or None
        What was said before further images were looked at; None where none were.
    shown : ShownPlaces or None
        Whether the types of a vote keep to their own places; None where the winner's are shown.
    """

    p_value: float
    gain: float
    null_gains: tuple[float, ...]
    has_types: bool
    reason: str
    agreement: float = float("nan")
    agreement_error: float = float("nan")
    keeps_to_places: bool = False
    grade: Grade | Literal[""] = ""
    drift_share: float = float("nan")
    trend_share: float = float("nan")
    code_trend: float = float("nan")
    correlation_lengths: float = float("nan")
    checks: tuple[EvidenceCheck, ...] = ()
    alone: Evidence | None = None
    shown: ShownPlaces | None = None

    @property
    def excluded(self) -> frozenset[Explanation]:
        """Every explanation but several types that the checks exclude together."""
        found = {each for check in self.checks for each in check.excludes}
        if "chance" in found and self.correlation_lengths >= ENOUGH_LENGTHS:
            found.add("one pattern")
        return frozenset(found)

    @property
    def is_denied(self) -> bool:
        """Whether another image does not show the types at these places."""
        return any(check.found is False for check in self.checks)

    @property
    def grade_in_short(self) -> str:
        """The grade, and whether another image denies it; "claimed" or "none" without a grade."""
        ungraded = "claimed" if self.has_types else "none"
        return f"{self.grade or ungraded}{', denied' if self.is_denied else ''}"

    @property
    def is_spread(self) -> bool:
        """Whether the types of a vote are met everywhere, by the patches alone."""
        return self.shown is not None and not self.shown.keep_to_places

    @property
    def is_microscope(self) -> bool:
        """Whether a repeat with the slow axis reversed or turned has found a drift out."""
        ways = ("reversed", "turned")
        return self.grade == "drift" and any(
            check.found is False and check.kind in ways for check in self.checks
        )


@dataclass(frozen=True)
class RunnerUp:
    """A candidate that did not win, and why."""

    candidate: Candidate
    score: float
    reason: str


@dataclass(frozen=True, eq=False)
class Result:
    """What an exploration found.

    Attributes
    ----------
    scan : Scan
        As it was read.
    channels : tuple of str
        Those that were analysed.
    keypoints : Keypoints
        On `scan`'s own pixels.
    patches : PatchSet
        Of the winner; centres on `scan`'s own pixels.
    analysis_pitch_m : float or None
        Pixel pitch of the square grid that windows count in; None without a scale.
    winner : Candidate
    fit : Fit
        Of the winner.
    weights : mapping of str to array
        The winner's network, by parameter name.
    mixture : Mixture
        The one that types are made of: of the codes of the winner, or of the consensus.
    type_of_component : (K,) int64
        Type (from 1) of each component; several may share one after merging.
    core_points : CorePoints
    targets : tuple of Target
    evidence : Evidence
    why : str
        The verdict in plain words.
    tied, runners_up : tuple of RunnerUp
    trials : tuple of Trial
        All, in the order of the plan, those not tried among them.
    latents_by_trial : mapping of int to (N, L)
        Codes of every finished trial by its number, for the panels and figures.
    mixture_by_trial : mapping of int to Mixture
        The mixture of each that its gain is highest with.
    bayesian_by_trial : mapping of int to BayesianMixture
        Where rewards asked for them.
    plan : mapping
        The plan as it was executed (JSON values); running it again gives the same numbers.
    seconds : float
    notes : tuple of str
        What was skipped, masked or assumed.
    line_faults : LineFaults or None
        Of the channel that key points were sought on: what was masked and mended.
    edited_types : Types or None
        Of the patches, once a person has changed them; `types` has them in any case.
    votes : Votes or None
        What the candidates that make the types together say of the patches; None where the winner
        alone makes them.
    """

    scan: Scan
    channels: tuple[str, ...]
    keypoints: Keypoints
    patches: PatchSet
    analysis_pitch_m: float | None
    winner: Candidate
    fit: Fit
    weights: Mapping[str, NDArray[np.float32]]
    mixture: Mixture
    type_of_component: NDArray[np.int64]
    core_points: CorePoints
    targets: tuple[Target, ...]
    evidence: Evidence
    why: str
    tied: tuple[RunnerUp, ...] = ()
    runners_up: tuple[RunnerUp, ...] = ()
    trials: tuple[Trial, ...] = ()
    latents_by_trial: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)
    mixture_by_trial: Mapping[int, Mixture] = field(default_factory=dict)
    bayesian_by_trial: Mapping[int, BayesianMixture] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    edited_types: Types | None = None
    line_faults: LineFaults | None = None
    votes: Votes | None = None

    def __repr__(self) -> str:
        source = self.scan.source.replace("\\", "/").rpartition("/")[2] or self.scan.uid
        return (
            f"<{type(self).__name__} of {source}: {self.types_in_words}, {self.winner.label},"
            f" {counted(len(self.keypoints), 'key point')},"
            f" {counted(len(self.core_points), 'core point')},"
            f" {counted(len(self.targets), 'target')}>"
        )

    def __post_init__(self) -> None:
        count = self.mixture.n_components
        checked = readonly("Result.type_of_component", self.type_of_component, (count,), np.int64)
        object.__setattr__(self, "type_of_component", checked)
        codes = {
            number: readonly(f"Result.latents_by_trial[{number}]", z, (None, None))
            for number, z in self.latents_by_trial.items()
        }
        object.__setattr__(self, "latents_by_trial", codes)
        if self.edited_types is not None:
            readonly(
                "Result.edited_types.of_point", self.edited_types.of_point, (len(self.patches),),
                np.int64,
            )  # fmt: skip

    @property
    def n_types(self) -> int:
        """Number of types of microstructure."""
        return len(np.unique(self.type_of_component))

    @property
    def types_in_words(self) -> str:
        """How many types, and whether they are claimed: "3 types", "2 possible types"."""
        possible = "" if self.evidence.has_types or self.n_types == 1 else "possible "
        return f"{counted(self.n_types, f'{possible}type')}"

    @property
    def worth(self) -> str:
        """What is claimed of the types, for a narrow place: "possible types (drift)"."""
        kinds = "one type" if self.n_types == 1 else "types"
        claimed = self.evidence.has_types or self.n_types == 1
        grade = f" ({self.evidence.grade_in_short})" if self.evidence.grade else ""
        return f"{kinds if claimed else 'possible types'}{grade}"

    @property
    def verdict(self) -> Verdict:
        """What was found, what to do next and why, for a person to read."""
        return verdict_of(self)

    @property
    def codes(self) -> NDArray[np.float64]:
        """Codes (N, L) of the patches that types are made of; `fit.codes` are the winner's."""
        return self.fit.codes if self.votes is None else self.votes.codes

    @property
    def neighbours(self) -> Neighbours | None:
        """The patches as neighbours, where types are smoothed over these."""
        return None if self.votes is None else self.votes.neighbours

    @property
    def _near(self) -> Neighbours | None:
        """The patches as neighbours on the grid of the analysis, where types are the winner's."""
        if self.votes is not None:
            return None
        yx, frame = np.asarray(self.patches.center_yx_px), self.scan.frame
        if frame is None or self.analysis_pitch_m is None:
            return Neighbours.around(yx)
        return Neighbours.around(yx * frame.pitch_m[::-1] / self.analysis_pitch_m)

    @cached_property
    def typed(self) -> TypedPoints:
        """The patches with their types, in the space that these are made in."""
        return TypedPoints(
            self.codes, self.mixture, self.type_of_component, self.edited_types,
            self.core_points.type_names, self.neighbours, self._near,
        )  # fmt: skip

    @cached_property
    def in_latent_space(self) -> TypedPoints:
        """The patches with the same types in the winner's latent space, to look at.

        The Gaussians are those of the winner's own mixture, each of the type that most of its
        points are of.
        """
        if self.votes is None:
            return self.typed
        own, kinds = self.votes.consensus.winner_mixture, np.asarray(self.types.of_point)
        component = own.component_of(self.fit.codes)
        most = [
            np.bincount(kinds[component == k] if (component == k).any() else kinds).argmax()
            for k in range(own.n_components)
        ]
        return TypedPoints(
            self.fit.codes, own, np.array(most), self.types, self.core_points.type_names
        )

    def with_looks(self, types: Types) -> Result:
        """Return it with the same types under other names, colours or eyes.

        What is known of its points is kept: 50,000 take a tenth of a second.
        """
        found = replace(self, edited_types=types)
        known = ("typed",) if self.votes is None else ("typed", "in_latent_space")
        for name in known:
            found.__dict__[name] = getattr(self, name).with_looks(types)
        return found

    @property
    def winner_mixture(self) -> Mixture:
        """The winner's own mixture, of `fit.codes`."""
        return self.in_latent_space.mixture

    @property
    def types(self) -> Types:
        """Which type each patch is of, and what they are called: the mixture's, or as edited."""
        return self.typed.types

    @property
    def representation(self) -> Representation:
        """What it takes to find the types on another scan."""
        return Representation(
            candidate=self.winner,
            analysis_pitch_m=self.analysis_pitch_m,
            normalisation=self.patches.normalisation,
            weights=self.weights,
            mixture=self.mixture,
            type_of_component=self.type_of_component,
            looks=self.types.looks,
            plan=self.plan,
            source=self.scan.source or self.scan.uid,
            consensus=None if self.votes is None else self.votes.consensus,
            units=tuple(self.scan.units.get(name, "") for name in self.channels),
        )
