"""The model of a finished run for pyroved."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corescout.data import Result
from corescout.plan import TrainingPlan


def write_model(result: Result, file: str | Path) -> tuple[Path, Path]:
    """Write the winner as a state dict of `pyroved.models.iVAE`, and how to build that in JSON.

    Raises
    ------
    InputError
        If pyroved has no such model, with the reason.
    """
    from corescout.vae import specification_of, write_pyroved

    training = TrainingPlan.model_validate(result.plan.get("training", {}))
    about = {
        "channel": result.channels[0],
        "zero": float(np.asarray(result.patches.low)[0]),
        "one": float(np.asarray(result.patches.high)[0]),
        "pitch_m": result.analysis_pitch_m,
        "scan": result.scan.source or result.scan.uid,
    }
    spec = specification_of(result.winner, training)
    return write_pyroved(file, result.weights, spec, kind=result.winner.kind, about=about)
