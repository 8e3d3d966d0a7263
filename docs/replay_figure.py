"""Draw `images/evidence_replay.png`: error against the number of loops, of a grid of real loops.

python docs/replay_figure.py GRID.h5    about two minutes on one core; see `benchmarks.truth.replay`
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.truth.replay import COUNTS, run

OUT = Path(__file__).parent / "images" / "evidence_replay.png"
WORDS = {"ours": ("goal map", "#0072B2"), "random": ("random places", "#7A7A7A"),
         "grid": ("grid", "#E69F00"),
         "types": ("random places, type means", "#CC79A7")}  # fmt: skip


def draw(values, path):
    """The error of each policy, and the spread of the values that a map of their mean has."""
    figure = Figure((6.0, 3.4), layout="constrained")
    axes = figure.subplots()
    for policy, (words, color) in WORDS.items():
        errors = [values[f"{policy}_{count}_loops_v"] for count in COUNTS]
        axes.plot(COUNTS, errors, "o-", ms=3, color=color, label=words)
    axes.axhline(values["spread_v"], color="black", lw=0.8, ls=":", label="spread of the values")
    axes.set_xlabel("loops")
    axes.set_ylabel("error of the coercive bias (V)")
    axes.set_ylim(bottom=0)
    axes.set_title("BEPS_PTO_50x50, mean of three starts", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    draw(run(Path(sys.argv[1])).values, OUT)
