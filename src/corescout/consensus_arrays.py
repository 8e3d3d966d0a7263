"""A consensus as plain arrays and JSON values, and back, for runs and for the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, Consensus, Mixture, Voter

_MIXTURE = ("weights", "means", "covariances")

Arrays = Mapping[str, NDArray[Any]]


def consensus_table(consensus: Consensus) -> dict[str, object]:
    """Return who votes and how, as JSON values."""
    return {
        "voters": [asdict(voter.candidate) for voter in consensus.voters],
        "reach_px": consensus.reach_px,
        "share": consensus.share,
        "weights_bytes": consensus.size_bytes,
    }


def consensus_arrays(consensus: Consensus) -> dict[str, NDArray[Any]]:
    """Return its arrays, ``consensus.axes`` and, of voter 0, ``consensus.0.weights.NAME``."""
    own = consensus.winner_mixture
    found = {f"consensus.winner.{name}": np.asarray(getattr(own, name)) for name in _MIXTURE}
    found["consensus.axes"] = np.asarray(consensus.axes)
    for i, voter in enumerate(consensus.voters):
        at = f"consensus.{i}"
        found[f"{at}.mean"], found[f"{at}.factor"] = voter.mean, voter.factor
        found |= {f"{at}.weights.{n}": np.asarray(w) for n, w in voter.weights.items()}
    return found


def consensus_of(
    table: Mapping[str, Any] | None, arrays: Arrays, winner_mixture: Mixture | None = None
) -> Consensus | None:
    """Return the consensus of a table and the arrays that hold it; None of no table.

    Parameters
    ----------
    winner_mixture : Mixture, optional
        With what it says of the points seen; without them if None.
    """
    if table is None:
        return None
    return Consensus(
        voters=tuple(_voter(i, values, arrays) for i, values in enumerate(table["voters"])),
        axes=arrays["consensus.axes"],
        reach_px=float(table["reach_px"]),
        share=float(table["share"]),
        winner_mixture=winner_mixture or _bare(arrays),
    )


def _voter(number: int, values: Mapping[str, Any], arrays: Arrays) -> Voter:
    candidate = Candidate(**{**values, "channels": tuple(values["channels"])})
    prefix = f"consensus.{number}.weights."
    weights = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
    mean, factor = (arrays[f"consensus.{number}.{name}"] for name in ("mean", "factor"))
    return Voter(candidate, weights, mean, factor)


def _bare(arrays: Arrays) -> Mixture:
    parts: dict[str, Any] = {name: arrays[f"consensus.winner.{name}"] for name in _MIXTURE}
    nothing = np.zeros((0, len(parts["weights"])))
    return Mixture(
        **parts, responsibilities=nothing, seen=np.zeros(0, np.int64),
        log_likelihood_nats=float("nan"),
    )  # fmt: skip
