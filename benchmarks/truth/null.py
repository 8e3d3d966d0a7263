"""`bench null`: how often types are claimed, or shown as possible ones, where there are none.

Clouds of Gaussian codes on the key points of a surface; smoothed noise, one labyrinth, one set of
stripes and phase-randomised scans, each explored with `live` as a scan is, the sweep included. A
surface that is refused (too few key points, every candidate collapsed) is replaced by the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.outcome import Bar, BenchReport, Value
from corescout.data import InputError
from corescout.plan import Plan
from corescout.surfaces import NULLS, generate_family, null_surface

SIDE_PX = 128
PER_KIND, QUICK_PER_KIND = 40, 2
MOST_CLAIMED = 0.05
_MOST_REFUSED = 2  # times the number that is wanted


def run(scan: Path | None = None, *, quick: bool = False) -> BenchReport:
    """Count the claims on 40 surfaces of each kind; on two of each with `quick`."""
    wanted = QUICK_PER_KIND if quick else PER_KIND
    values: dict[str, Value] = {"clouds_claimed": sum(map(cloud_claimed, range(wanted)))}
    tested, possible, notes = wanted, 0, []
    for kind in NULLS:
        found = _explored(kind, wanted)
        values |= {
            f"{kind}_claimed": len(found.claimed),
            f"{kind}_possible": found.possible,
            f"{kind}_refused": found.refused,
        }
        tested += found.tested
        possible += found.possible
        notes += found.claimed
    counts = [v for k, v in values.items() if k.endswith("_claimed")]
    share = sum(float(c) for c in counts) / tested
    values |= {"tested": tested, "claimed_share": round(share, 3)}
    values |= {"possible_share": round(possible / (tested - wanted), 3)}
    least = 5 * wanted
    bars = (Bar("tested", ">=", least), Bar("claimed_share", "<=", MOST_CLAIMED))
    return BenchReport("null", values, bars if not quick else bars[:1], tuple(notes))


def cloud_claimed(seed: int) -> bool:
    """Whether types are claimed of codes drawn from N(0, I), as far as codes alone can say."""
    from corescout.data import Fit, Latents
    from corescout.mixtures import fit_mixtures, keep_dense
    from corescout.preparation import prepare
    from corescout.rewards import score
    from corescout.search import Places, agreement_of, settled

    plan = Plan.preset("live")
    prepared = prepare(generate_family("voronoi", seed, (SIDE_PX, SIDE_PX)).scan, plan)
    yx = np.asarray(prepared.keypoints.yx_px)
    z = np.random.default_rng(seed).standard_normal((len(yx), 2))
    kept = keep_dense(z, plan.mixtures.density_filter)
    zeros = np.zeros(len(z))
    fit = Fit(
        candidate=plan.candidates(prepared.channels)[0],
        latents=Latents(z, np.ones_like(z)),
        log_likelihood_per_px=zeros,
        target_entropy_per_px=zeros,
        kl_nats=zeros,
        kept=kept,
        mixtures=fit_mixtures([z], [kept], plan.mixtures, [seed])[0],
        center_yx_px=yx,
        context=np.zeros((len(z), 0)),
    )
    rewards = score(fit, ("gain", "bic"))
    places = Places.of(yx, fit.candidate.window_px)
    agreement = agreement_of(fit.mixtures, rewards, z, places, plan.decision)
    return not settled(rewards["gain"].value, (), plan, agreement)


@dataclass
class _Found:
    """What was said of the surfaces of a kind.

    Attributes
    ----------
    claimed : list of str
        The reasons of the claims.
    possible : int
        Surfaces on which possible types are shown and none claimed.
    tested, refused : int
    """

    claimed: list[str] = field(default_factory=list)
    possible: int = 0
    tested: int = 0
    refused: int = 0


def _explored(kind: str, wanted: int) -> _Found:
    """Explore as many surfaces of a kind."""
    from corescout.pipeline import explore

    found, seed = _Found(), 0
    while found.tested < wanted and found.refused < _MOST_REFUSED * wanted:
        surface = null_surface(kind, seed, (SIDE_PX, SIDE_PX))
        try:
            result = explore(surface.scan, Plan.preset("live"))
        except InputError:
            found.refused += 1
        else:
            found.tested += 1
            if result.evidence.has_types:
                found.claimed.append(f"{kind} {seed}: {result.evidence.reason}")
            elif result.n_types > 1:
                found.possible += 1
        seed += 1
    return found
