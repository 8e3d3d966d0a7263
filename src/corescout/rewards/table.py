"""The table of rewards, and the user's own beside them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module

from corescout.data import Fit, InputError, Reward
from corescout.rewards.context import context_retention
from corescout.rewards.criteria import aic, bic, gain, icl, icl_1, icl_4, log_likelihood
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
}
# These describe the collapse itself and stay comparable.
_ALWAYS_VALID = {"reconstruction", "bce_minus_entropy", "variance_product", "total_variance"}


def score(
    fit: Fit, names: Iterable[str] | None = None, *, void_because: str | None = None
) -> dict[str, Reward]:
    """Return the rewards of a fit by name, all of the table if `names` is None.

    Parameters
    ----------
    void_because : str, optional
        Why this fit must not be compared (collapsed): voids every reward of its latent space,
        the value is kept. A reward that raises is void with the error as its reason.
    """
    rewards = {}
    for name in REWARDS if names is None else names:
        reward = _evaluate(name, load_reward(name), fit)
        if void_because is not None and name not in _ALWAYS_VALID:
            reward = replace(reward, void_because=void_because)
        rewards[name] = reward
    return rewards


def load_reward(name: str) -> RewardFunction:
    """Return a reward of the table, of an entry point, or `module:function` of the user's.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name in REWARDS:
        return REWARDS[name]
    if ":" in name:
        module, _, function = name.partition(":")
        try:
            return getattr(import_module(module), function)  # type: ignore[no-any-return]
        except (ImportError, AttributeError) as error:
            raise InputError(
                "a reward as module:function",
                f"{name!r} ({error})",
                "check the spelling and that the module can be imported",
            ) from error
    from importlib.metadata import entry_points

    for entry in entry_points(group="corescout.rewards", name=name):
        return entry.load()  # type: ignore[no-any-return]
    raise InputError(
        f"a reward among {', '.join(REWARDS)}",
        f"{name!r}",
        "choose one of these, or give your own as module:function",
    )


def _evaluate(name: str, function: RewardFunction, fit: Fit) -> Reward:
    try:
        return replace(function(fit), name=name)
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        _log.warning("reward %s failed", name, exc_info=True)
        return Reward(name, float("nan"), "higher", void_because=f"{type(error).__name__}: {error}")
