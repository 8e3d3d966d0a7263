"""Asking one scan for evidence of types, as an exploration asks it, by five procedures.

"scattering": of scattering's codes, which need no training. "scattering, repeat": the same with a
perfect repeat of the place, other noise over the same sample, so that it can be claimed. "13 px":
of one autoencoder of 13 px with rotation, trained once. "13 px, repeat": the same with a perfect
repeat. "live": the whole exploration, sweep, finalists and surrogates. Where the extra `fast` is
installed the trainings and mixtures are the compiled ones.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from benchmarks.truth.null_families import Null, Points
from corescout.data import Candidate, Evidence, InputError, Keypoints, Scan
from corescout.plan import Plan
from corescout.surfaces import generate_family

Procedure = Literal["scattering", "scattering, repeat", "13 px", "13 px, repeat", "live"]
CLAIMS = ("zones", "distinct")  # grades that claim that there are several types
_CLOUD_PX = 128
_ALONE: dict[str, Any] = {
    "windows_px": (13,), "invariances": ("r",), "baselines": (), "decision": {"seeds": 1},
}  # fmt: skip
# One surface without types is too few for a claim of gaps, which scattering alone never makes.
_SCATTERING: dict[str, Any] = {
    "invariances": (), "baselines": ("scattering",), "decision": {"seeds": 1, "null_surrogates": 1},
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What was said of one scan.

    Attributes
    ----------
    null : Null
    points, procedure : str
    grade : str
        "one type" where nothing is left to tell apart, "refused" where the scan was.
    has_types : bool
        The verdict claims types.
    shown : int
        Types that are shown; 0 where the scan was refused.
    """

    null: Null
    points: Points
    procedure: Procedure
    grade: str
    has_types: bool
    shown: int

    @property
    def claimed(self) -> bool:
        """Whether several types are claimed, by the verdict or by the grade."""
        return self.has_types or self.grade in CLAIMS

    def __str__(self) -> str:
        return (
            f"{self.procedure}: {self.null.family}, {self.null.change}, {self.points} points,"
            f" {'coarse' if self.null.coarse else 'fine'}, {self.null.side_px} px, seed"
            f" {self.null.seed}: {self.grade}"
        )


def ask(null: Null, points: Points, procedure: Procedure) -> Asked:
    """Ask a scan of one pattern for types."""
    scan = null.scan()
    again = null.scan(again=1) if procedure.endswith("repeat") else None
    try:
        keypoints = _keypoints(null, points, scan)
        evidence, shown = evidence_of(scan, keypoints, procedure, again)
    except InputError:
        return Asked(null, points, procedure, "refused", False, 0)
    grade = evidence.grade or "one type"
    return Asked(null, points, procedure, grade, evidence.has_types, shown)


def _keypoints(null: Null, points: Points, scan: Scan) -> Keypoints | None:
    from corescout.preparation import prepare

    if points == "detected":
        return None
    return null.keypoints(points, prepare(scan, Plan.preset("live")).keypoints)


def evidence_of(
    scan: Scan, keypoints: Keypoints | None, procedure: Procedure, repeat: Scan | None = None
) -> tuple[Evidence, int]:
    """Return what is said of a scan by a procedure, and how many types are shown.

    Parameters
    ----------
    repeat : Scan, optional
        Of the same place, for the procedures that explore.

    Raises
    ------
    InputError
        If the scan is refused, or the one candidate collapsed.
    """
    if procedure in ("scattering", "13 px"):
        return _of(scan, keypoints, procedure)
    from corescout.further_scans import FurtherScan
    from corescout.pipeline import explore

    asked: dict[Procedure, dict[str, Any]] = {"live": {}, "scattering, repeat": _SCATTERING}
    plan = Plan.preset("live", **_compiled(), **asked.get(procedure, _ALONE))
    further = [] if repeat is None else [FurtherScan(repeat)]
    result = explore(scan, plan, keypoints=keypoints, further=further)
    return result.evidence, result.n_types


def _compiled() -> dict[str, Any]:
    """Settings of the compiled training and mixtures, where numba is installed."""
    if importlib.util.find_spec("numba") is None:
        return {}
    return {"training": {"step": "numba"}, "mixtures": {"engine": "numba"}}


def _of(scan: Scan, keypoints: Keypoints | None, procedure: Procedure) -> tuple[Evidence, int]:
    """The evidence of one candidate, trained once, as if it had won."""
    from corescout.pipeline import types_with_evidence
    from corescout.preparation import prepare
    from corescout.search.executors import Threads
    from corescout.search.study import Study
    from corescout.vae import single_threaded

    plan = Plan.preset("live", **_compiled())
    with single_threaded(), Threads(1) as executor:
        prepared = prepare(scan, plan, keypoints)
        study = Study(
            prepared, plan, executor, None, threading.Event(), None, time.monotonic()
        )  # fmt: skip
        outcome = study.train_one(_candidate(plan, prepared.channels, procedure))
        _, types, evidence = types_with_evidence(study, outcome)
    return evidence, int(types.max())


def _candidate(plan: Plan, channels: tuple[str, ...], procedure: Procedure) -> Candidate:
    for one in plan.candidates(channels):
        if one.kind == "scattering" and procedure == "scattering":
            return one
        if (one.kind, one.window_px, one.invariances) == ("vae", 13, "r") and procedure == "13 px":
            return one
    raise ValueError(f"no candidate for the procedure {procedure!r}")


def cloud_claimed(seed: int) -> bool:
    """Whether types are claimed of codes drawn from N(0, I), as far as codes alone can say."""
    from corescout.data import Fit, Latents
    from corescout.mixtures import fit_mixtures, keep_dense
    from corescout.preparation import prepare
    from corescout.rewards import score
    from corescout.search import Places, agreement_of, settled

    plan = Plan.preset("live")
    prepared = prepare(generate_family("voronoi", seed, (_CLOUD_PX, _CLOUD_PX)).scan, plan)
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
