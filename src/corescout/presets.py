"""What the presets change of the defaults of `corescout.plan`.

`live` decides within about a minute on two cores, `standard` takes more seeds and holds the winner
against the spatial decoder, `paper` is the schedule, decoder and filter of the paper.
"""

from __future__ import annotations

PRESETS: dict[str, dict[str, object]] = {
    "live": {
        "training": {
            "epochs": 50,
            "max_steps": 600,
            "batch_size": 64,
            "learning_rate": 1e-2,
            "retries": 1,
        }
    },
    "standard": {
        "windows_px": (7, 9, 11, 13, 15, 17, 21),
        "training": {"epochs": 80, "batch_size": 64, "learning_rate": 1e-2},
        "decision": {"seeds": 5, "confirm_spatial": True},
        "baselines": ("pca", "nmf", "fft", "scattering"),
    },
    "paper": {
        "windows_px": (3, 7, 9, 11, 13, 20),
        "baselines": (),
        "decoder": "spatial",
        "training": {
            "epochs": 1000,
            "learning_rate": 1e-3,
            "schedule": "constant",
            "kl_warmup": 0.0,
            "retries": 0,
            "angle_guide": "normal",
            "initialisation": "uniform",
        },
        "mixtures": {
            "min_components": 2,
            "starts": 10,
            "engine": "sklearn",
            "density_filter": {"kind": "relative", "max_points": None},
        },
        "extra_rewards": ("neg_elbo", "bayesian_h", "neg_elbo_plus_h", "effective_components"),
        "bayesian": {
            "mean_prior": "uniform",
            "penalty_on": "total",
            "learning_rate": 5e-3,
            "max_steps": 500,
            "patience": None,
        },
        "decision": {
            "reward": "icl_1",
            "seeds": 1,
            "context_margin": None,
            "tie_errors": 0.0,
            "null_surrogates": 0,
            "largest_agreement": None,
            "merging": "none",
            "types": "winner",
            "none_decides": True,
            "clear_cores": False,
        },
    },
}
