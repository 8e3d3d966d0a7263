"""What the user asks for: frozen, validated, the same in a file, a script and the window.

A plan refuses a misspelt key and names the nearest one. Three presets differ in named options only:
``live`` decides while the tip comes back, ``standard`` confirms the finalists with the spatial
decoder, ``paper`` does what the paper says. A plan is its preset with what is given laid over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from corescout.data.candidate import Candidate, Decoder, Likelihood
from corescout.plan_changes import (
    PlanError,
    did_you_mean,
    laid_over,
    nested,
    path_of_error,
    plan_error,
)
from corescout.plan_groups import (
    BayesianPlan,
    CleaningPlan,
    DecisionPlan,
    DensityFilterPlan,
    KeypointPlan,
    MeasuredPlan,
    MixturePlan,
    NormalisationPlan,
    PlanGroup,
    SearchPlan,
    TargetPlan,
    TrainingPlan,
    each_once,
)
from corescout.presets import PRESETS
from corescout.vocabulary import Baseline, Preset

SCATTERING_PX, SCATTERING_DIM = 21, 6  # how far it sees, and components that are kept

__all__ = [
    "SCATTERING_DIM",
    "SCATTERING_PX",
    "BayesianPlan",
    "CleaningPlan",
    "DecisionPlan",
    "DensityFilterPlan",
    "KeypointPlan",
    "MixturePlan",
    "NormalisationPlan",
    "Plan",
    "PlanError",
    "SearchPlan",
    "TargetPlan",
    "TrainingPlan",
    "not_known",
]


class Plan(PlanGroup):
    """Everything an exploration does. `Plan.preset("live")` is the default.

    What is not given is as the preset of `preset_name` has it, group by group and field by field.
    """

    preset_name: Preset = "live"
    channels: tuple[str, ...] | None = Field(None, description="None: the scan's default channel")
    windows_px: tuple[int, ...] = (7, 9, 11, 13, 17, 21)
    invariances: tuple[str, ...] = ("none", "r", "rt")
    latent_dims: tuple[int, ...] = Field(
        (2,), min_length=1, description="numbers of latent dimensions that are tried"
    )
    decoder: Decoder = Field(
        "canonical",
        description="canonical: one patch for each code, turned and shifted; spatial: the paper's",
    )
    likelihood: Likelihood = Field(
        "bernoulli", description="comparison of a reconstructed patch with the measured one"
    )
    beta0: float = Field(
        1.0, gt=0, description="weight of the KL divergence; larger: simpler codes"
    )
    baselines: tuple[Baseline, ...] = Field(
        ("scattering",),
        description="as candidates: PCA, NMF, NMF of the sliding Fourier transform, wall"
        " descriptors (physical numbers of the wall, the same in every window), and scattering,"
        " which sees the surroundings of a point and is shown beside the others: it decides where"
        " nothing else can",
    )
    extra_rewards: tuple[str, ...] = Field(
        (),
        description="computed beside the quick ones: held_out_log_likelihood, neg_elbo_plus_h, ...,"
        " or module:function of your own",
    )
    seed: int = Field(0, ge=0, le=2**62)
    budget_s: float | None = Field(None, gt=0)
    pixel_size_m: float | None = Field(None, gt=0, description="where the file has no scale")
    max_trials: int | None = Field(
        None, ge=1, description="stop after this many candidates; set in plans cut by a budget"
    )
    max_repeated: int | None = Field(
        None, ge=0, description="repeat at most this many finalists; set likewise"
    )
    max_keypoints: int | None = Field(None, ge=50, description="more are thinned out evenly")
    search: SearchPlan = SearchPlan()
    keypoints: KeypointPlan = KeypointPlan()
    normalisation: NormalisationPlan = NormalisationPlan()
    cleaning: CleaningPlan = CleaningPlan()
    training: TrainingPlan = TrainingPlan()
    mixtures: MixturePlan = MixturePlan()
    bayesian: BayesianPlan = BayesianPlan()
    decision: DecisionPlan = DecisionPlan()
    targets: TargetPlan = TargetPlan()
    measured: MeasuredPlan | None = Field(
        None, description="what was measured on the sample, for the reward 'property'"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_preset(cls, values: Any) -> Any:
        """Lay what is given over the preset."""
        if not isinstance(values, Mapping):
            return values
        name = values.get("preset_name", "live")
        settings = PRESETS.get(name, {}) if isinstance(name, str) else {}
        return laid_over(cls, settings, values)

    @field_validator("channels")
    @classmethod
    def _channels(cls, channels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if channels is not None:
            if not channels:
                raise ValueError("expected at least one channel; None for the default one")
            each_once("channels", channels)
        return channels

    @field_validator("windows_px")
    @classmethod
    def _windows(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if not windows or any(w < 3 or w > 101 for w in windows):
            raise ValueError("windows_px: expected windows of 3 to 101 px")
        return tuple(sorted(set(windows)))

    @field_validator("latent_dims")
    @classmethod
    def _latent_dims(cls, dims: tuple[int, ...]) -> tuple[int, ...]:
        if any(d < 1 or d > 16 for d in dims):
            raise ValueError("latent_dims: expected 1 to 16 dimensions")
        return tuple(sorted(set(dims)))

    @field_validator("invariances")
    @classmethod
    def _invariances(cls, invariances: tuple[str, ...]) -> tuple[str, ...]:
        for name in invariances:
            Candidate(window_px=3, invariances=name)
        return tuple(dict.fromkeys(invariances))

    @model_validator(mode="after")
    def _something_to_try(self) -> Self:
        if not (self.invariances or self.baselines):
            raise ValueError("invariances: expected at least one, or baselines alone")
        return self

    @property
    def wanted_rewards(self) -> tuple[str, ...]:
        """Names of the rewards that are asked for beside the quick ones of the table."""
        return tuple(dict.fromkeys((*self.extra_rewards, *self.decision.reward_names)))

    @classmethod
    def preset(cls, name: Preset = "live", **changes: object) -> Plan:
        """Return a preset with changes; groups are merged, so that it keeps its other settings.

        >>> Plan.preset("paper", decision={"seeds": 2}).decision.reward
        'icl_1'

        Raises
        ------
        PlanError
            If there is no such preset or setting, or a value cannot be used.
        """
        if name not in PRESETS:
            hint = did_you_mean(name, PRESETS) or "choose one of these"
            raise PlanError(f"a preset: {', '.join(PRESETS)}", repr(name), hint)
        try:
            return cls.model_validate({"preset_name": name, **changes})
        except ValidationError as error:
            raise plan_error(error) from error

    def changed(self, path: str, value: object) -> Plan:
        """Return the plan with one setting changed, by its dotted name.

        >>> Plan.preset("live").changed("training.epochs", 80).training.epochs
        80

        Parameters
        ----------
        path : str
            Such as ``seed``, ``training.epochs``, or a group with a mapping of its settings.

        Raises
        ------
        PlanError
            If there is no such setting, or the value cannot be used.
        """
        change = nested(path, value)
        values = laid_over(type(self), self.model_dump(), change)
        decision = change.get("decision")
        if isinstance(decision, Mapping) and "reward" in decision:
            rival = next((n for n in ("weights", "objectives") if values["decision"][n]), None)
            if rival is not None:
                raise PlanError(
                    "a reward that decides",
                    f"decision.reward beside decision.{rival}, which decide instead",
                    f"set decision.{rival} to None before",
                )
        try:
            return type(self).model_validate(values)
        except ValidationError as error:
            raise plan_error(error) from error

    def candidates(self, channels: tuple[str, ...]) -> tuple[Candidate, ...]:
        """Return the search space in its fixed order.

        Windows come middle first, then between, so that a list cut short by the clock still
        spans the range; all invariances of a window stand together.
        """
        vaes = tuple(
            Candidate(
                window_px=window,
                invariances=invariances,
                latent_dim=latent_dim,
                channels=channels,
                decoder=self.decoder,
                likelihood=self.likelihood,
                beta0=self.beta0,
                seed=self.seed,
            )
            for window in _spread(self.windows_px)
            for latent_dim in self.latent_dims
            for invariances in self.invariances
        )
        baselines = tuple(
            Candidate(
                window_px=window,
                latent_dim=latent_dim,
                channels=channels,
                seed=self.seed,
                kind=kind,
            )
            for kind in dict.fromkeys(self.baselines)
            if kind not in ("descriptors", "scattering")
            for window in _spread(self.windows_px)
            for latent_dim in self.latent_dims
        )
        return vaes + baselines + self._of_one_window(channels)

    def _of_one_window(self, channels: tuple[str, ...]) -> tuple[Candidate, ...]:
        """Candidates that see the same whatever the window: wall descriptors, then scattering."""
        window = max((w for w in self.windows_px if w <= SCATTERING_PX), default=self.windows_px[0])
        dims: dict[Baseline, tuple[int, ...]] = {
            "descriptors": self.latent_dims, "scattering": (SCATTERING_DIM,),
        }  # fmt: skip
        return tuple(
            Candidate(
                window_px=window, latent_dim=dim, channels=channels, seed=self.seed, kind=kind
            )
            for kind, of_kind in dims.items()
            if kind in self.baselines
            for dim in of_kind
        )


PlanGroup.whole = Plan


def _spread(windows_px: tuple[int, ...]) -> tuple[int, ...]:
    """Order windows so that each next one halves the widest gap."""
    order: list[int] = []
    gaps = [(0, len(windows_px))]
    while gaps:
        first, end = gaps.pop(0)
        if first < end:
            middle = (first + end) // 2
            order.append(windows_px[middle])
            gaps += [(first, middle), (middle + 1, end)]
    return tuple(order)


def not_known(stored: object) -> str | None:
    """Return what of a stored plan this version does not know, in words; None if it knows all."""
    try:
        Plan.model_validate(stored)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{path_of_error(first)} ({first['msg']})"
    return None
