"""The rewards in the words of the lab."""

from __future__ import annotations

REWARD_WORDS: dict[str, str] = {
    "context_retention": "context retention",
    "gain": "gain over one type (nats)",
    "icl": "ICL",
    "bic": "BIC",
    "aic": "AIC",
    "log_likelihood": "log likelihood (nats)",
    "stability": "agreement of seeds (ARI)",
    "held_out_gain": "gain on points held out (nats)",
    "held_out_log_likelihood": "log likelihood held out (nats)",
    "neg_elbo_plus_h": "Bayesian: -ELBO + entropy",
    "variance_product": "product of variances",
    "total_variance": "total variance",
    "reconstruction": "reconstruction loss",
    "bce_minus_entropy": "reconstruction minus entropy",
}
REWARD_TIPS: dict[str, str] = {
    "context_retention": "how much of what surrounds a point its code tells: large where the codes"
    " stand for structure and not for noise",
    "gain": "how much better the best mixture describes the codes than one Gaussian does",
    "icl": "the paper's: BIC with the entropy of the assignment; low for few, clear clusters",
    "bic": "likelihood of the mixture, less a penalty for its parameters; low is better",
    "held_out_gain": "the gain, on points that the mixture did not see",
}
# Offered to decide by; any other name, or module:function of one's own, can be typed.
OFFERED = ("context_retention", "gain", "icl", "bic", "held_out_gain", "neg_elbo_plus_h")


def reward_words(name: str) -> str:
    """Return how a reward is called on screen; the user's own go by their function."""
    return REWARD_WORDS.get(name, name.rpartition(":")[2].replace("_", " "))
