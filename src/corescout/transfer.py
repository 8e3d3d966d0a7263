"""A trained representation on another scan: its codes there, without training."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import (
    Candidate,
    Encoding,
    Fit,
    Keypoints,
    LineFaults,
    Neighbours,
    PatchSet,
    Representation,
    Scan,
    Votes,
)
from corescout.data.consensus import Voter
from corescout.data.short_repr import short_repr
from corescout.encoding import codes_with, encode_with
from corescout.plan import Plan
from corescout.preparation import Prepared, prepare_like
from corescout.vae import single_threaded


@dataclass(frozen=True, eq=False)
class Transferred:
    """What a representation says of a scan that it was not trained on.

    Attributes
    ----------
    scan : Scan
        With the derived channels that were asked for.
    keypoints : Keypoints
    patches : PatchSet
        Centres on the scan's own pixels.
    fit : Fit
    notes : tuple of str
    line_faults : LineFaults
    votes : Votes or None
        Where a consensus makes the types.
    """

    scan: Scan
    keypoints: Keypoints
    patches: PatchSet
    fit: Fit
    notes: tuple[str, ...]
    line_faults: LineFaults
    votes: Votes | None = None

    __repr__ = short_repr

    @property
    def z(self) -> NDArray[np.float64]:
        """Codes (N, L) that types are made of."""
        return self.fit.codes if self.votes is None else self.votes.codes

    @property
    def neighbours(self) -> Neighbours | None:
        """The key points as neighbours, where types are smoothed over these."""
        return None if self.votes is None else self.votes.neighbours


def transfer(
    representation: Representation,
    scan: Scan,
    keypoints: Keypoints | None = None,
    *,
    blunted_px: float = 0.0,
    quarter_turns: int = 0,
    line_faults: tuple[LineFaults, ...] | None = None,
) -> Transferred:
    """Encode the patches of a scan with a representation of another one.

    The normalisation is the representation's, and the window keeps its size on the sample: the
    scan is resampled to the pitch that it was trained at.

    Parameters
    ----------
    keypoints : Keypoints, optional
        On the scan's own pixels; found by the plan's detector if None.
    blunted_px : float
        Gaussian width, on the grid of the analysis, of a tip through which patches are seen.
    quarter_turns : int
        By which the frame is turned clockwise from that of the representation: patches are turned
        back, as a network knows the directions of walls that it was trained on.
    line_faults : tuple of LineFaults, optional
        Of each channel; estimated from the scan if None.

    Raises
    ------
    InputError
        If the scan has no such channel, no scale where the representation has one, or no key point.
    """
    plan = Plan.model_validate(representation.plan)
    with single_threaded():
        prepared = prepare_like(
            representation,
            scan,
            plan,
            keypoints,
            blunted_px=blunted_px,
            quarter_turns=quarter_turns,
            line_faults=line_faults,
        )
        candidate, weights = representation.candidate, representation.weights
        patches = prepared.patches(candidate.window_px)
        encoding = _encoded(candidate, weights, prepared, plan)
        votes = _votes(representation, encoding, prepared, plan)
    to_scan = prepared.grid.to_scan_px
    patches = replace(patches, center_yx_px=to_scan(np.asarray(patches.center_yx_px)))
    own = representation.winner_mixture
    return Transferred(
        scan=prepared.scan,
        keypoints=replace(prepared.keypoints, yx_px=to_scan(np.asarray(prepared.keypoints.yx_px))),
        patches=patches,
        fit=Fit(
            candidate=candidate,
            latents=encoding.latents,
            log_likelihood_per_px=encoding.log_likelihood_per_px,
            target_entropy_per_px=encoding.target_entropy_per_px,
            kl_nats=encoding.kl_nats,
            kept=np.ones(len(patches), bool),
            mixtures={own.n_components: own},
            center_yx_px=patches.center_yx_px,
            context=prepared.context,
        ),
        notes=prepared.notes,
        line_faults=prepared.line_faults,
        votes=votes,
    )


def _encoded(
    candidate: Candidate,
    weights: Mapping[str, NDArray[np.float32]],
    prepared: Prepared,
    plan: Plan,
) -> Encoding:
    return encode_with(
        candidate,
        weights,
        np.asarray(prepared.patches(candidate.window_px).values),
        plan.training,
        seed=candidate.seed,
        features=prepared.trial_data.features(candidate, plan.keypoints, weights),
    )


def _votes(
    known: Representation, of_winner: Encoding, prepared: Prepared, plan: Plan
) -> Votes | None:
    """What the voters say of the key points; the winner among them is not encoded twice.

    In a session whose winner was trained further it votes with the weights that it had before. Two
    at a time, scattering first: it takes as long as all others.
    """
    if known.consensus is None:
        return None
    data = prepared.trial_data

    def codes(voter: Voter) -> NDArray[np.float64]:
        candidate = voter.candidate
        if candidate == known.candidate and _same(voter.weights, known.weights):
            return np.asarray(of_winner.latents.mean)
        return codes_with(
            candidate,
            voter.weights,
            np.asarray(data.patches(candidate.window_px).values),
            plan.training,
            features=data.features(candidate, plan.keypoints, voter.weights),
        )

    voters = known.consensus.voters
    order = sorted(range(len(voters)), key=lambda i: voters[i].candidate.kind != "scattering")
    with ThreadPoolExecutor(2) as pool:
        found = {i: pool.submit(codes, voters[i]) for i in order}
    parts = [found[i].result() for i in range(len(voters))]
    return Votes(
        known.consensus, known.consensus.codes(parts), np.asarray(prepared.keypoints.yx_px)
    )


def _same(one: Mapping[str, NDArray[np.float32]], other: Mapping[str, NDArray[np.float32]]) -> bool:
    return one is other or (
        one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
    )
