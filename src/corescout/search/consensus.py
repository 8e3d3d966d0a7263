"""Types from several candidates together: each sees one scale, and the choice of one loses most.

The whitened codes of all voters stand side by side, W = [W_1 ... W_m]; their first principal
components are the codes that mixtures are fitted to, from several seeds, which are averaged so that
another seed does not change the answer (`mixtures.averaging`). Posteriors of the components are
smoothed over neighbours on the sample (`data.Neighbours`), and components become types as those
of one candidate do (`search.merging`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.cores import numbered_by_size
from corescout.data import Consensus, Mixture, TypedPoints, Voter, Votes
from corescout.data.neighbours import REACH_PX, SHARE
from corescout.mixtures import averaged, fit_mixtures, keep_dense
from corescout.mixtures.whitening import whitening
from corescout.plan import Plan
from corescout.rewards.criteria import bic_of
from corescout.search.agreement import mean_agreement, medoid
from corescout.search.merging import merged
from corescout.search.places import Places
from corescout.trial import Outcome

DIMS = 6  # principal components of the whitened codes
SEEDS = 10  # fits that are averaged

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Agreed:
    """What voters agree on.

    Attributes
    ----------
    votes : Votes
    mixture : Mixture
    type_of_component : (K,) int64
    """

    votes: Votes
    mixture: Mixture
    type_of_component: NDArray[np.int64]

    @property
    def typed(self) -> TypedPoints:
        """The points with their types."""
        return TypedPoints(
            self.votes.codes, self.mixture, self.type_of_component,
            neighbours=self.votes.neighbours,
        )  # fmt: skip


def agreed_over_seeds(
    voters: Sequence[Sequence[Outcome]],
    yx_px: Floats,
    window_px: int,
    winner_mixture: Mixture,
    plan: Plan,
    stop: threading.Event | None = None,
) -> tuple[Agreed, float | None]:
    """Return the types of the seed that agrees best with the others, and how far they agree.

    Parameters
    ----------
    voters : sequence of sequence of Outcome
        Those of each seed; the mixtures start from other seeds too.
    yx_px, window_px, winner_mixture, plan
        As of `agreed`.
    stop : Event, optional
        Looked at every few iterations of a fit.

    Returns
    -------
    Agreed
    agreement : float or None
        Mean adjusted Rand index over pairs of seeds; None of one.

    Raises
    ------
    StoppedError
        If `stop` was set.
    """
    found = [
        agreed(
            each, yx_px, window_px, winner_mixture,
            plan.model_copy(update={"seed": plan.seed + SEEDS * number}), stop,
        )
        for number, each in enumerate(voters)
    ]  # fmt: skip
    types = [np.asarray(one.typed.types.of_point) for one in found]
    return found[medoid(types)], mean_agreement(types) if len(types) > 1 else None


def agreed(
    voters: Sequence[Outcome],
    yx_px: Floats,
    window_px: int,
    winner_mixture: Mixture,
    plan: Plan,
    stop: threading.Event | None = None,
) -> Agreed:
    """Return the types that candidates of the same N key points make together.

    Parameters
    ----------
    voters : sequence of Outcome
        One or more, none of them collapsed.
    yx_px : (N, 2)
        Of the key points, on the grid that windows count in.
    window_px : int
        Beyond which patches share no pixels.
    winner_mixture : Mixture
        What the candidate that was decided on says alone; kept beside.
    """
    consensus = _consensus(voters, winner_mixture)
    votes = Votes(consensus, consensus.codes([o.fit.codes for o in voters]), yx_px)
    mixture = mixture_of_votes(votes.codes, plan, stop)
    tau = votes.neighbours.smoothed(mixture.assign(votes.codes))
    group = merged(tau, Places.of(yx_px, window_px), plan.decision)
    types = numbered_by_size(group[tau.argmax(axis=1)], group)
    return Agreed(votes, mixture, types)


def _consensus(voters: Sequence[Outcome], winner_mixture: Mixture) -> Consensus:
    each = [Voter(o.candidate, o.weights, *whitening(o.fit.codes)) for o in voters]
    side_by_side = sum(len(v.mean) for v in each)
    all_of_it = Consensus(tuple(each), np.eye(side_by_side), REACH_PX, SHARE, winner_mixture)
    white = all_of_it.codes([o.fit.codes for o in voters])
    _, vectors = np.linalg.eigh(white.T @ white)
    axes = vectors[:, ::-1][:, :DIMS]
    # A sign by rule, so that the codes do not depend on the linear algebra library.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return Consensus(tuple(each), axes, REACH_PX, SHARE, winner_mixture)


def mixture_of_votes(codes: Floats, plan: Plan, stop: threading.Event | None = None) -> Mixture:
    """Fit the codes (N, L) of a consensus from several seeds; return their average.

    Of as many components as the mean BIC over the seeds likes best.
    """
    kept = keep_dense(codes, plan.mixtures.density_filter, seed=plan.seed)
    seeds = [plan.seed + s for s in range(SEEDS)]
    fits: list[dict[int, Mixture]] = fit_mixtures(
        [codes] * SEEDS, [kept] * SEEDS, plan.mixtures, seeds, stop
    )
    least = plan.mixtures.min_components
    counts = [k for k in fits[0] if k >= least] or [max(fits[0])]
    k = min(counts, key=lambda k: float(np.mean([bic_of(fit[k]) for fit in fits])))
    return averaged([fit[k] for fit in fits], codes)
