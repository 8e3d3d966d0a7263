"""Draws overlap.png of live.md: `python docs/overlap.py FIRST SECOND`.

Types are read at the same places of two scans of one area, before and after their registration. On
these scans there is no evidence of more than one type: three components are taken, so that there is
something to compare.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from corescout import Plan, apply, explore, read_scan
from corescout.cores import order_by_size
from corescout.data import Keypoints
from corescout.live.reading.comparison import overlap_figure, overlap_of
from corescout.registration import register

COMPONENTS = 3

first, second = (read_scan(path) for path in sys.argv[1:3])
plan = Plan.preset("live", windows_px=(9, 11, 13), invariances=("r", "rt"))
decision = plan.decision.model_copy(update={"null_surrogates": 0, "seeds": 1})
result = explore(first, plan.model_copy(update={"decision": decision}))
mixture = result.fit.mixtures[COMPONENTS]
types = order_by_size(mixture, np.asarray(result.fit.latents.mean))
result = replace(result, mixture=mixture, type_of_component=types)
found = register(first, second)
print(result.winner.label, found)


def at_the_same_places(drift_m):
    """Read the second scan where the first has its key points."""
    on_sample = first.frame.to_m(np.asarray(result.patches.center_yx_px)) + np.asarray(drift_m)
    inside = second.frame.contains_m(on_sample)
    places = second.frame.to_px(on_sample[inside])
    return apply(result, second, keypoints=Keypoints(places, np.ones(len(places)), "drawn"))


for drift_m in ((0.0, 0.0), found.drift_m):
    again = at_the_same_places(drift_m)
    overlap = overlap_of(result, again, drift_m)
    codes = [
        np.asarray(r.fit.latents.mean)[overlap.rows[:, i]] for i, r in ((0, result), (1, again))
    ]
    alike = [np.corrcoef(codes[0][:, k], codes[1][:, k])[0, 1] for k in range(codes[0].shape[1])]
    print(
        f"drift {1e9 * drift_m[0]:.0f}, {1e9 * drift_m[1]:.0f} nm: {len(overlap.rows)} places,"
        f" agreement {overlap.agreement:.2f} (by chance {overlap.by_chance:.2f}),"
        f" AMI {overlap.mutual_information:.2f}, codes correlate by {np.round(alike, 2).tolist()}"
    )
out = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(__file__).with_name("overlap.png")
overlap_figure(result, again, overlap).savefig(out, dpi=110)
