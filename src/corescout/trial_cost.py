"""What a stack of candidates costs, before anything of it is begun."""

from __future__ import annotations

from dataclasses import dataclass

from corescout.data import Candidate
from corescout.plan import BayesianPlan, TrainingPlan
from corescout.vae import epochs_of, specification_of

_STEP_COST = 100_000  # multiply-adds that a patch's share of the bookkeeping of a step is worth
_MIXTURE_COST = 2_000_000  # and of fitting the mixtures
_BAYESIAN_COST = 600  # for each step, start and component


@dataclass(frozen=True)
class TrialWork:
    """What a stack of candidates costs, in multiply-adds, before its patches are cut.

    Attributes
    ----------
    candidates : tuple of Candidate
        They differ in their seed only.
    n_patches : int
    training : TrainingPlan
    bayesian : BayesianPlan or None
        Where a Bayesian mixture is fitted too.
    """

    candidates: tuple[Candidate, ...]
    n_patches: int
    training: TrainingPlan
    bayesian: BayesianPlan | None = None

    @property
    def cost(self) -> float:
        """All of it."""
        after, of = _MIXTURE_COST, self.bayesian
        if of is not None:
            after += _BAYESIAN_COST * of.max_steps * of.starts * of.n_components
        if self.candidates[0].kind != "vae":
            after += 10 * specification_of(self.candidates[0], self.training).n_pixels
        return self.training_cost + len(self.candidates) * self.n_patches * after

    @property
    def passes(self) -> int:
        """Times that a training sees every patch; 0 for a baseline."""
        if self.candidates[0].kind != "vae":
            return 0
        return epochs_of(self.training, self.n_patches)

    @property
    def training_cost(self) -> float:
        """Work of training alone; 0 for a baseline."""
        if not self.passes:
            return 0.0
        spec = specification_of(self.candidates[0], self.training)
        per_patch = spec.n_pixels * spec.hidden + 3 * spec.hidden**2
        side = spec.canvas_px if spec.invariances else spec.window_px
        if spec.decoder == "spatial" and spec.invariances:
            per_patch += spec.window_px**2 * 2 * spec.hidden**2
        else:
            per_patch += spec.n_channels * side**2 * (spec.hidden + 200 * bool(spec.invariances))
        count = len(self.candidates) * self.n_patches
        return float(count * self.passes * (per_patch + _STEP_COST))
