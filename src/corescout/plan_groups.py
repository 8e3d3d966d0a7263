"""The groups of a plan, with what each setting means: key points, training, decision, ..."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from corescout.plan_changes import unknown_setting
from corescout.vocabulary import Detector, Device, Merging, SearchMethod


class PlanGroup(BaseModel):
    """A group of settings: frozen, and refuses a name that is no setting.

    `whole` is the plan that all groups are of: a name that another group has is found in it.
    """

    whole: ClassVar[type[BaseModel] | None] = None

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, values: Any) -> Any:
        """Refuse a name that is no setting, with the nearest that is one."""
        if isinstance(values, Mapping):
            for name in values:
                if name not in cls.model_fields:
                    raise unknown_setting(str(name), cls, PlanGroup.whole or cls)
        return values


class SearchPlan(PlanGroup):
    """How candidates are chosen among those that there could be."""

    method: SearchMethod = Field(
        "grid",
        description="'grid' tries all candidates; 'tpe' and 'nsga2' let Optuna propose them, by"
        " what was found before; 'nsga2' for several objectives",
    )
    trials: int = Field(
        40, ge=4, le=10_000, description="candidates that 'tpe' or 'nsga2' try, one seed each"
    )
    windows_m: tuple[float, float] | None = Field(
        None,
        description="smallest and largest side of a window in metres: every odd number of pixels"
        " between them is tried, instead of windows_px",
    )
    beta0: tuple[float, float] | None = Field(
        None,
        description="smallest and largest weight of the KL divergence that 'tpe' or 'nsga2' try;"
        " None: beta0 alone",
    )

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for name, found in (("windows_m", self.windows_m), ("beta0", self.beta0)):
            if found is not None and not 0 < found[0] < found[1]:
                raise ValueError(f"{name}: expected two values above 0, the smaller one first")
        if self.beta0 is not None and self.method == "grid":
            raise ValueError("beta0: a range needs the method 'tpe' or 'nsga2'; set beta0 for one")
        return self


class KeypointPlan(PlanGroup):
    """Where patches are cut."""

    detector: Detector = "canny"
    spacing_px: float = Field(5.0, ge=1, description="distance between neighbouring key points")
    smoothing_px: float = Field(1.0, gt=0, description="Gaussian sigma before edges are sought")
    margin_px: float | None = Field(
        None, ge=0, description="distance kept from the scan's edge; None: half the largest window"
    )


class NormalisationPlan(PlanGroup):
    """Percentiles of the whole scan that become 0 and 1."""

    low_percent: float = Field(1.0, ge=0, lt=100, description="of all pixels are darker than 0")
    high_percent: float = Field(95.0, gt=0, le=100, description="of all pixels are darker than 1")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_percent >= self.high_percent:
            raise ValueError("low_percent must be below high_percent")
        return self


class CleaningPlan(PlanGroup):
    """What is done to a channel before anything else; None: on for topography, off for the rest."""

    plane: bool | None = Field(
        None, description="subtract a plane; None: on for topography, off for the rest"
    )
    row_median: bool | None = Field(
        None, description="subtract the median of each line; None: on for topography"
    )
    scars: bool | None = Field(None, description="repair lost lines; None: on for topography")
    lines: Literal["mend", "mask", "off"] = Field(
        "mend",
        description="faults of lines, for key points and patches only: 'mask' lines at a jump and"
        " lost ones, 'mend' the gain (or offset) of each line as well, where that beats no mending"
        " on columns left out; 'off': nothing",
    )
    mean_places: bool = Field(
        True,
        description="where trace and retrace are both there and lie apart along the fast axis: move"
        " the channels to the mean of both, which is the place on the sample",
    )
    phase_offset: bool = Field(
        True, description="A cos phase, A sin phase: turn the response onto the real axis"
    )
    background: bool = Field(
        True, description="A cos phase, A sin phase: subtract what does not switch"
    )


class TrainingPlan(PlanGroup):
    """How a candidate is trained."""

    engine: Literal["corescout", "pyroved"] = Field(
        "corescout",
        description="'pyroved' trains pyroved's own iVAE with its SVI trainer, in a process of its"
        " own: with the preset paper the paper to the letter",
    )
    epochs: int = Field(50, ge=1, description="passes over all patches")
    max_steps: int | None = Field(
        None, ge=1, description="cap on optimiser steps; with many key points fewer epochs are run"
    )
    batch_size: int = Field(128, ge=2, description="patches of one step")
    learning_rate: float = Field(8e-3, gt=0, description="peak of the schedule")
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle",
        description="one_cycle: the learning rate rises and falls; constant: it stays",
    )
    kl_warmup: float = Field(
        0.8, ge=0, le=1, description="share of the training over which the KL weight rises to 1"
    )
    hidden: int = Field(128, ge=1, description="units of each hidden layer")
    initialisation: Literal["scaled", "uniform"] = Field(
        "scaled", description="'uniform' is pyroved's (torch.nn.Linear's)"
    )
    angle_guide: Literal["circular", "normal"] = Field(
        "circular", description="'normal' is pyroved's scalar angle, which is not periodic"
    )
    angle_prior_std_rad: float = Field(1.0, gt=0, description="of the 'normal' angle")
    shift_prior_std: float = Field(
        0.1, gt=0, description="prior width of the shift, as a share of half the window"
    )
    mask: Literal["square", "round"] = Field(
        "square",
        description="round: the corners of a patch, which turn out of it, do not count",
    )
    turns: int = Field(
        16,
        ge=1,
        description="a code with r is the mean over the patch turned to so many angles; 1: the"
        " encoder's own; with the 'circular' angle only",
    )
    collapse_variance: float = Field(
        0.3, ge=0, description="a candidate with min Var(z_i) below this is collapsed"
    )
    retries: int = Field(2, ge=0, description="other seeds tried after a collapse")
    step: Literal["torch", "numba"] = Field(
        "torch",
        description="numba: a compiled step, which takes half the time and needs the extra 'fast':"
        " the numbers agree within rounding, not bit for bit",
    )
    device: Device = Field(
        "cpu", description="'cuda' trains there: the numbers agree within rounding, not bit for bit"
    )


class DensityFilterPlan(PlanGroup):
    """Which points the Gaussian mixtures see."""

    kind: Literal["densest", "relative", "none"] = Field(
        "densest", description="which points are left out before the fit"
    )
    share: float = Field(0.95, gt=0, le=1, description="share of points kept by 'densest'")
    threshold: float = Field(0.05, gt=0, lt=1, description="of the maximum density, for 'relative'")
    bandwidth: float = Field(0.05, gt=0, description="of the kernel, for 'relative'")
    max_points: int | None = Field(
        20_000, ge=20, description="a random subset of so many at most: n is equal everywhere"
    )


class MixturePlan(PlanGroup):
    """Gaussian mixtures over the latent codes."""

    min_components: int = Field(
        1, ge=1, description="fewest that a criterion may choose; one is fitted in any case"
    )
    max_components: int = Field(10, ge=1, description="most Gaussians that are fitted to the codes")
    starts: int = Field(3, ge=1, description="times that each mixture is fitted from other centres")
    max_iterations: int = Field(500, ge=1, description="of the EM algorithm")
    engine: Literal["batched", "numba", "sklearn"] = Field(
        "batched", description="batched, all mixtures at once; numba, compiled; sklearn, one by one"
    )
    density_filter: DensityFilterPlan = DensityFilterPlan()
    noise_component: bool = Field(
        False, description="an even haze beside the Gaussians, instead of a density filter"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_components > self.max_components:
            raise ValueError("min_components must not exceed max_components")
        if self.noise_component and self.engine == "sklearn":
            raise ValueError("noise_component needs the engine 'batched' or 'numba'")
        return self


class BayesianPlan(PlanGroup):
    """The Bayesian mixture; fitted where a reward asks for it, on all points."""

    engine: Literal["batched", "sklearn"] = Field(
        "batched", description="'sklearn': its variational mixture, with its own priors"
    )
    n_components: int = Field(20, ge=2, description="K, more than are needed")
    concentration: float = Field(
        0.1, gt=0, description="alpha: the weights are Dirichlet(alpha / K)"
    )
    mean_prior: Literal["normal", "uniform"] = Field(
        "normal", description="Normal(0, width) or Uniform(-width, width)"
    )
    mean_prior_width: float = Field(5.0, gt=0, description="in latent units")
    scale_prior: float = Field(0.05, gt=0, description="of the half normal, in latent units")
    scale_prior_on: Literal["standard_deviation", "variance"] = Field(
        "standard_deviation", description="what the half normal is a prior of"
    )
    lkj_concentration: float = Field(20.0, gt=0, description="eta: large is nearly uncorrelated")
    penalty: float = Field(0.1, ge=0, description="lambda of the overlap of the components")
    penalty_on: Literal["per_point", "total"] = Field(
        "per_point",
        description="'per_point': lambda sum sqrt(w_j w_k) BC on the loss per point; 'total':"
        " lambda sum BC on the whole loss",
    )
    starts: int = Field(3, ge=1, description="from k-means++ centres; the best bound is kept")
    learning_rate: float = Field(5e-2, gt=0, description="of the optimiser")
    max_steps: int = Field(3000, ge=1, description="of the optimiser")
    patience: int | None = Field(
        300, ge=50, description="steps without a gain after which a fit ends; None: all steps"
    )
    tolerance: float = Field(1e-3, ge=0, description="gain that counts, nats per point")
    particles: int = Field(50, ge=50, description="draws that the bound is averaged over")


class DecisionPlan(PlanGroup):
    """How the winner is chosen."""

    reward: str = Field(
        "context_retention", description="name of the reward, or module:function of your own"
    )
    weights: dict[str, float] | None = Field(
        None, description="reward names to weights, for a weighted sum instead of one reward"
    )
    objectives: tuple[str, ...] | None = Field(
        None,
        min_length=2,
        description="rewards whose Pareto front is sought instead of the best of one; of the front"
        " the candidate nearest to the best of each wins",
    )
    context_margin: float | None = Field(
        0.08,
        ge=0,
        description="only candidates this close to the best context retention compete where"
        " another reward decides, but for 'property'; None: all",
    )
    seeds: int = Field(3, ge=1, le=9, description="seeds of each finalist, the first one included")
    finalists: int = Field(4, ge=1, description="candidates that are repeated with other seeds")
    tie_errors: float = Field(
        1.0, ge=0, description="candidates within so many standard errors of the best are tied"
    )
    confirm_spatial: bool = Field(
        False, description="check the winner with the paper's spatial decoder"
    )
    null_surrogates: int = Field(19, ge=0, description="surfaces without types; 0 skips the test")
    significance: float = Field(0.05, gt=0, lt=1, description="types need a p value below this")
    largest_agreement: float | None = Field(
        0.08,
        ge=0,
        lt=1,
        description="agreement at a distance that the parts of one pattern may have; types must"
        " exceed it by a standard error; None: not asked",
    )
    second_channels: tuple[str, ...] = Field(
        (),
        description="channels of the same file in which the types are looked for too: they can"
        " exclude that these are noise",
    )
    possible_types: bool = Field(
        True,
        description="without evidence of separate types, show those that a mixture tells apart"
        " where they keep to their own places; False: all points as one type",
    )
    none_decides: bool = Field(
        False,
        description="whether candidates without rotation may win where others have it: their types"
        " are directions and flanks too; of lateral channels they decide in any case",
    )
    core_share: float = Field(0.25, gt=0, le=1, description="share of each type that is core")
    clear_cores: bool = Field(
        True,
        description="core points are of one likely type; False: as in the paper, typical is enough",
    )
    types: Literal["consensus", "winner"] = Field(
        "consensus",
        description="'winner': types are made of its codes; 'consensus': of those of the finalists"
        " and of scattering, smoothed over neighbours, unless each finds the same types by itself",
    )
    merging: Merging = Field(
        "entropy",
        description="components of the BIC's mixture become one type: 'entropy' those that overlap,"
        " 'places' those that are met in the same places on the sample",
    )
    merged_types: int | None = Field(
        None, ge=1, description="how many types are left; None: those that keep to their places"
    )

    @field_validator("weights")
    @classmethod
    def _weights(cls, weights: dict[str, float] | None) -> dict[str, float] | None:
        if weights is not None and not weights:
            raise ValueError("expected at least one weight, such as gain=1; None for one reward")
        for name, weight in (weights or {}).items():
            if not name.strip() or not math.isfinite(weight) or weight == 0:
                raise ValueError(f"{name!r} has the weight {weight:g}; leave it out")
        return weights

    @field_validator("objectives")
    @classmethod
    def _objectives(cls, objectives: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if objectives is not None:
            each_once("objectives", objectives)
        return objectives

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.weights is not None and self.objectives is not None:
            raise ValueError("weights and objectives exclude each other; set one of them to None")
        return self

    @property
    def reward_names(self) -> tuple[str, ...]:
        """Names of the rewards that the decision needs."""
        if self.objectives is not None:
            return self.objectives
        return tuple(self.weights) if self.weights is not None else (self.reward,)


class MeasuredPlan(PlanGroup):
    """A property that was measured on the sample: the reward `property` asks what codes tell of it.

    A value counts at the nearest key point within 3 px, the first one at each.
    """

    name: str = Field(min_length=1, max_length=200, description="of the property")
    xy_m: tuple[tuple[float, float], ...] = Field(
        min_length=1, max_length=2000, description="places in the coordinates of the instrument"
    )
    value: tuple[float, ...] = Field(description="one for each place, in one unit")

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.value) != len(self.xy_m):
            raise ValueError("expected a value for each place")
        if not all(map(math.isfinite, (*self.value, *(v for place in self.xy_m for v in place)))):
            raise ValueError("expected finite numbers; leave failed measurements out")
        return self


class TargetPlan(PlanGroup):
    """Where to measure next."""

    per_type: int = Field(5, ge=1)
    spacing_m: float | None = Field(None, gt=0)
    spacing_px: float = Field(10.0, ge=0, description="used where spacing_m is not set")
    margin_m: float = Field(0.0, ge=0, description="from the edge of the scan")
    avoid_m: float | None = Field(
        None, gt=0, description="from places measured before; the spacing where not set"
    )
    diversity: float = Field(
        0.3, ge=0, le=1, description="0: the most typical ones; 1: as unlike each other as can be"
    )
    choice: Literal["core", "boundary", "novel"] = "core"


def each_once(what: str, names: tuple[str, ...]) -> None:
    """Raise ValueError where a name is empty or comes twice."""
    if any(not name.strip() for name in names):
        raise ValueError(f"an empty name among the {what}; leave it out")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{', '.join(map(repr, doubled))} twice among the {what}; name it once")
