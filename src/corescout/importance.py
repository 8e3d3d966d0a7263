"""How much each setting of the candidates has mattered to a reward, by functional ANOVA.

Source: Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter
importance, ICML 2014; a forest of regression trees is Optuna's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from corescout.data import Trial

LEAST_TRIALS = 10  # fewer say little of four settings
_SETTINGS = ("window_px", "invariances", "latent_dim", "beta0")


def importances(trials: Sequence[Trial], reward: str) -> Mapping[str, float]:
    """Return the share of a reward's variance that each setting explains, in their order.

    Parameters
    ----------
    trials : sequence of Trial
        Of a search, one seed of each candidate. Those that are not autoencoders, that collapsed or
        have no such reward do not count.
    reward : str

    Returns
    -------
    mapping of str to float
        Settings that all trials share have none. They add up to 1; empty with fewer than ten
        trials, or where the reward is the same everywhere.
    """
    known = [
        t
        for t in trials
        if t.state == "done" and t.candidate.kind == "vae" and _is_known(t, reward)
    ]
    values = [t.rewards[reward].utility for t in known]
    tried = {name: sorted({getattr(t.candidate, name) for t in known}) for name in _SETTINGS}
    varied = {name: found for name, found in tried.items() if len(found) > 1}
    if len(known) < LEAST_TRIALS or not varied or max(values) - min(values) < 1e-12:
        return {}
    return _shares(known, values, varied)


def _is_known(trial: Trial, reward: str) -> bool:
    return reward in trial.rewards and math.isfinite(trial.rewards[reward].utility)


def _shares(
    trials: Sequence[Trial], values: Sequence[float], varied: Mapping[str, Sequence[object]]
) -> dict[str, float]:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges: dict[str, BaseDistribution] = {}
    for name, found in varied.items():
        if name == "invariances":
            ranges[name] = CategoricalDistribution([str(v) for v in found])
        else:
            low, high = float(str(found[0])), float(str(found[-1]))
            ranges[name] = FloatDistribution(low, high, log=name == "beta0")
    study = optuna.create_study(direction="maximize")
    for trial, value in zip(trials, values, strict=True):
        params = {
            name: getattr(trial.candidate, name)
            if name == "invariances"
            else float(getattr(trial.candidate, name))
            for name in ranges
        }
        study.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=value))
    judge = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found_shares = optuna.importance.get_param_importances(study, evaluator=judge)
    return {name: float(found_shares[name]) for name in ranges}
