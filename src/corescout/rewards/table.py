"""The table of rewards, and the user's own beside them."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from corescout.data import Fit, InputError, Reward
from corescout.data.raised import raised_at
from corescout.plan_changes import did_you_mean
from corescout.rewards.bayesian import (
    bayesian_h,
    effective_components,
    neg_elbo,
    neg_elbo_plus_h,
)
from corescout.rewards.context import context_retention, wall_retention
from corescout.rewards.criteria import aic, bic, gain, icl, icl_1, icl_4, log_likelihood
from corescout.rewards.held_out import held_out_gain, held_out_log_likelihood
from corescout.rewards.measured import property_r2
from corescout.rewards.reconstruction import (
    bce_minus_entropy,
    reconstruction,
    total_variance,
    variance_product,
)

RewardFunction = Callable[[Fit], Reward]
_log = logging.getLogger(__name__)

REWARDS: dict[str, RewardFunction] = {
    "reconstruction": reconstruction,
    "bce_minus_entropy": bce_minus_entropy,
    "variance_product": variance_product,
    "total_variance": total_variance,
    "log_likelihood": log_likelihood,
    "bic": bic,
    "aic": aic,
    "icl": icl,
    "icl_1": icl_1,
    "icl_4": icl_4,
    "gain": gain,
    "context_retention": context_retention,
    "wall_retention": wall_retention,
    "property": property_r2,
    "held_out_log_likelihood": held_out_log_likelihood,
    "held_out_gain": held_out_gain,
    "neg_elbo": neg_elbo,
    "bayesian_h": bayesian_h,
    "neg_elbo_plus_h": neg_elbo_plus_h,
    "effective_components": effective_components,
}
# These need fits of their own and are computed where they are asked for.
HELD_OUT = ("held_out_log_likelihood", "held_out_gain")
BAYESIAN = ("neg_elbo", "bayesian_h", "neg_elbo_plus_h", "effective_components")
MEASURED = ("property",)  # of what was measured on the sample
ASKED = ("wall_retention",)  # where a plan names them
QUICK = tuple(name for name in REWARDS if name not in (*HELD_OUT, *BAYESIAN, *MEASURED, *ASKED))
# These describe the collapse itself and stay comparable.
_ALWAYS_VALID = {"reconstruction", "bce_minus_entropy", "variance_product", "total_variance"}
# These mean the same in a latent space of any size and unit.
_FREE_OF_UNITS = {
    "gain", "context_retention", "held_out_gain", "bayesian_h", "effective_components", "property",
    "wall_retention",
}  # fmt: skip


def score(
    fit: Fit, names: Iterable[str] | None = None, *, void_because: str | None = None
) -> dict[str, Reward]:
    """Return the rewards of a fit by name.

    Parameters
    ----------
    names : iterable of str, optional
        All of the table that the fit has what is needed for, if None.
    void_because : str, optional
        Why this fit must not be compared (collapsed): voids every reward of its latent space,
        the value is kept. A reward that raises is void with the error as its reason.
    """
    rewards = {}
    for name in applicable(fit) if names is None else names:
        reward = _evaluate(name, load_reward(name), fit)
        if void_because is not None and name not in _ALWAYS_VALID:
            reward = replace(reward, void_because=void_because)
        if fit.candidate.kind == "scattering" and name in REWARDS and name not in _FREE_OF_UNITS:
            why = f"scattering has {fit.candidate.latent_dim} dimensions, in units of its own"
            reward = replace(reward, value=math.nan, void_because=why)
        rewards[name] = reward
    return rewards


def applicable(fit: Fit) -> tuple[str, ...]:
    """Return the names of the table's rewards that a fit has what is needed for."""
    held_out = HELD_OUT if fit.held_out_nats else ()
    bayesian = BAYESIAN if fit.bayesian is not None else ()
    measured = MEASURED if fit.measured is not None else ()
    return (*QUICK, *held_out, *bayesian, *measured)


def load_reward(name: str) -> RewardFunction:
    """Return a reward of the table, of an entry point, or `module:function` of the user's.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be imported.
    """
    if name in REWARDS:
        return REWARDS[name]
    if ":" in name:
        return _own(name)
    installed = entry_points(group="corescout.rewards")
    for entry in installed.select(name=name):
        return _installed(entry)
    known = (*REWARDS, *sorted(installed.names - set(REWARDS)))
    raise InputError(
        f"a reward among {', '.join(known)}",
        f"{name!r}",
        did_you_mean(name, known) or "choose one of these, or give your own as module:function",
    )


def own_rewards(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are `module:function`: to look one up runs that module's code."""
    return tuple(name for name in names if name not in REWARDS and ":" in name)


def look_in_current_folder() -> None:
    """Find modules of the user's beside what they work on: once they have allowed their code."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # an installed command does not look there by itself


def _installed(entry: EntryPoint) -> RewardFunction:
    """The function that a package offers by an entry point."""
    try:
        found = entry.load()
    except Exception as error:  # somebody else's package may raise anything while it is imported
        package = entry.dist.name if entry.dist is not None else "a package"
        raise InputError(
            f"a reward {entry.name!r} at {entry.value}, as {package} says",
            f"{type(error).__name__}: {error}",
            f"correct the entry point or the module, and install {package} again",
        ) from error
    return cast(RewardFunction, found)


def _own(name: str) -> RewardFunction:
    """A function of the user's, from a module that can be imported."""
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except Exception as error:  # a user's module may raise anything while it is imported
        raise InputError(
            "a reward as module:function",
            f"{name!r} ({type(error).__name__}: {error})",
            "check the spelling and that the module can be imported from here",
        ) from error
    if not callable(found):
        raise InputError(
            "a reward as module:function", f"{name!r}, which is no function", "name a function"
        )
    return cast(RewardFunction, found)


def _evaluate(name: str, function: RewardFunction, fit: Fit) -> Reward:
    try:
        reward = function(fit)
        if not isinstance(reward, Reward):
            raise TypeError(f"expected a corescout.data.Reward, found {type(reward).__name__}")
        if reward.void_because is None and not math.isfinite(reward.value):
            return replace(reward, name=name, void_because=f"its value is {reward.value}")
        return replace(reward, name=name)
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        why = f"{type(error).__name__}: {error}{raised_at(error, function)}"
        _log.warning("reward %s is void for %s: %s", name, fit.candidate.label, why)
        return Reward(name, float("nan"), "higher", void_because=why)
