"""The rewards in the words of the lab: the same in window, report, figures and sentences."""

from __future__ import annotations

# name -> words, unit ("" for none)
_WORDS: dict[str, tuple[str, str]] = {
    "context_retention": ("context retention", "R²"),
    "wall_retention": ("wall retention", "R²"),
    "property": ("measured property", "R²"),
    "gain": ("gain", "nats/point"),
    "icl": ("ICL (w = 2)", "per point"),
    "icl_1": ("ICL (w = 1)", "per point"),
    "icl_4": ("ICL (w = 4)", "per point"),
    "bic": ("BIC", "per point"),
    "aic": ("AIC", "per point"),
    "log_likelihood": ("log likelihood", "nats/point"),
    "stability": ("agreement of seeds (ARI)", ""),
    "held_out_gain": ("held-out gain", "nats/point"),
    "held_out_log_likelihood": ("held-out log likelihood", "nats/point"),
    "neg_elbo": ("-ELBO", "nats"),
    "bayesian_h": ("H", "nats"),
    "neg_elbo_plus_h": ("-ELBO + H", "nats"),
    "effective_components": ("effective K", ""),
    "variance_product": ("variance product", ""),
    "total_variance": ("total variance", ""),
    "reconstruction": ("reconstruction loss", "nats/pixel"),
    "bce_minus_entropy": ("BCE - H(x)", "nats/pixel"),
    "evidence": ("evidence", ""),
}
NAMES = tuple(_WORDS)


def reward_words(name: str, *, unit: bool = False) -> str:
    """Return how a reward is called; a user's own goes by its function.

    Parameters
    ----------
    unit : bool
        With its unit in brackets, where it has one: for axes.
    """
    words, of = _WORDS.get(name, (name.rpartition(":")[2].replace("_", " "), ""))
    return f"{words} ({of})" if unit and of else words
