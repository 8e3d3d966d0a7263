"""Whether types are of the sample where a candidate without rotation is made to decide.

Its codes hold the direction of the wall and the side that a point lies on. A type of the sample
stays what it is when its patch is turned by a quarter, and when the point is moved by 2 px.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Evidence, Mixture
from corescout.encoding import encode_with
from corescout.patches import cut_patches, fits
from corescout.plan import Plan
from corescout.preparation import Prepared
from corescout.search.direction import turns
from corescout.trial import Outcome

MOVED_PX = 2
LEAST_AGREEMENT = 0.4  # adjusted Rand index of the types with those of turned or moved patches
_MOVES = ((MOVED_PX, 0), (-MOVED_PX, 0), (0, MOVED_PX), (0, -MOVED_PX))


def asked_of_turned(
    evidence: Evidence,
    prepared: Prepared,
    winner: Outcome,
    mixture: Mixture,
    types: NDArray[np.int64],
    plan: Plan,
) -> Evidence:
    """Return the evidence; no claim where types change with the direction or the place of a patch.

    Asked where a claim of an autoencoder without rotation was tested, of a channel whose direction
    is no physics.
    """
    candidate = winner.candidate
    lateral = any("lateral" in prepared.scan.roles.get(c, "") for c in prepared.channels)
    tested = evidence.has_types and len(evidence.null_gains) > 0
    if not tested or lateral or candidate.kind != "vae" or turns(candidate.invariances):
        return evidence
    turned, moved = agreement_when_moved(prepared, winner, mixture, types, plan)
    least = min(turned, moved)
    words = (
        f"types of turned patches agree with these by ARI {turned:.2f}, of points moved by"
        f" {MOVED_PX} px by {moved:.2f}"
    )
    if least >= LEAST_AGREEMENT:
        return replace(evidence, reason=f"{evidence.reason}; {words}")
    what = "the direction of the wall" if turned < LEAST_AGREEMENT else "the place on the wall"
    reason = f"no evidence of separate types: they follow {what} ({words})"
    return replace(evidence, has_types=False, reason=reason)


def agreement_when_moved(
    prepared: Prepared,
    winner: Outcome,
    mixture: Mixture,
    types: NDArray[np.int64],
    plan: Plan,
) -> tuple[float, float]:
    """ARI of the types with those of patches turned by quarters, and of points moved by 2 px."""
    from sklearn.metrics import adjusted_rand_score

    patches = prepared.patches(winner.candidate.window_px)
    values = np.asarray(patches.values)

    def type_of(of_patches: NDArray[np.float32]) -> NDArray[np.int64]:
        encoding = encode_with(
            winner.candidate,
            winner.weights,
            np.ascontiguousarray(of_patches),
            plan.training,
            seed=winner.candidate.seed,
        )
        z = np.asarray(encoding.latents.mean)
        return np.asarray(types[mixture.assign(z).argmax(axis=1)])

    before = type_of(values)
    turned = [
        adjusted_rand_score(before, type_of(np.rot90(values, k, axes=(2, 3)))) for k in (1, 2, 3)
    ]
    moved = []
    for by in _MOVES:
        there = replace(
            prepared.keypoints, yx_px=np.asarray(prepared.keypoints.yx_px) + np.asarray(by, float)
        )
        rows = np.flatnonzero(
            fits(np.asarray(there.yx_px), prepared.images, winner.candidate.window_px)
        )
        cut = cut_patches(
            prepared.images, there, rows, winner.candidate.window_px, prepared.normalisation
        )
        moved.append(adjusted_rand_score(before[rows], type_of(np.asarray(cut.values))))
    return float(np.mean(turned)), float(np.mean(moved))
