"""What the window says of rewards beside their names."""

from __future__ import annotations

REWARD_TIPS: dict[str, str] = {
    "context_retention": "how much of what surrounds a point its code tells: large where the codes"
    " describe structure and not noise",
    "gain": "how much better the best mixture describes the codes than one Gaussian does",
    "icl": "the paper's: BIC with the entropy of the assignment; low for few, clear clusters",
    "bic": "likelihood of the mixture, less a penalty for its parameters; low is better",
    "held_out_gain": "the gain, on points that the mixture did not see",
}
# Offered to decide by; any other name, or module:function of one's own, can be typed.
OFFERED = ("context_retention", "gain", "icl", "bic", "held_out_gain", "neg_elbo_plus_h")
