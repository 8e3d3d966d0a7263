"""Draw `images/evidence_*.png`, and print what `evidence.md` says of the real scans.

Run with CORESCOUT_TEST_DATA set to the folder of scans.
"""

import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from PIL import Image

import corescout
from corescout.colors import TYPE_COLORS
from corescout.pipeline import apply, explore
from corescout.plan import Plan
from corescout.search.agreement import adjusted_rand

SCANS = ("PZT_final0001.h5", "PZT_thick0009.h5", "scan_0001.ibw", "PTO_Funakubo0004.h5",
         "PTO_Funakubo0005.h5", "PMN28Pt0000.h5", "PMN28Pt0001.h5")  # fmt: skip
TRACE_RETRACE = "A151216.123306-02602.sxm"
NEAR_PX = 3.0


def only(plan, shown):
    """The plan for the chosen candidate and as many types, one seed, whatever the evidence is."""
    decision = plan.decision.model_copy(
        update={
            "null_surrogates": 0, "seeds": 1, "largest_agreement": None,
            "merged_types": max(2, shown.n_types),
        }
    )  # fmt: skip
    return plan.model_copy(
        update={
            "windows_px": (shown.winner.window_px,),
            "invariances": (shown.winner.invariances,),
            "training": plan.training.model_copy(update={"collapse_variance": 0.0}),
            "decision": decision,
        }
    )


def part(scan, rows, columns):
    """A crop of a scan as a scan of its own."""
    channels = {n: np.array(v[rows, columns]) for n, v in scan.channels.items()}
    shape = next(iter(channels.values())).shape
    frame = replace(scan.frame, shape_px=shape)
    return replace(scan, uid=f"{scan.uid}-part", channels=channels, frame=frame, rows_done=None)


def of_points(result):
    """Types and places of the key points."""
    return np.asarray(result.types.of_point), np.asarray(result.patches.center_yx_px)


def same_places(one, other, offset=(0, 0)):
    """Types of two results at the places that they share (N,), (N,)."""
    from scipy.spatial import cKDTree

    types, yx = of_points(one)
    other_types, other_yx = of_points(other)
    distance, nearest = cKDTree(yx).query(other_yx + np.asarray(offset))
    near = distance <= NEAR_PX
    return types[nearest[near]], other_types[near]


def halves(scan, shown, plan):
    """Train on one half, apply to the other, compare with a training of its own; both ways."""
    plan = only(plan, shown)
    middle = scan.shape_px[1] // 2
    left, right = (part(scan, slice(None), s) for s in (slice(0, middle), slice(middle, None)))
    try:
        trained = [explore(half, plan) for half in (left, right)]
    except corescout.InputError as error:
        return str(error)
    out = []
    for own, other, half in ((*trained, right), (*trained[::-1], left)):
        pair = same_places(apply(own, half), other)
        out.append(f"ARI {adjusted_rand(*pair):.2f} ({own.n_types} and {other.n_types} types)")
    return ", ".join(out)


def crop_keeps(scan, shown):
    """Share of the key points of a crop that keep their type, and how many there are."""
    corner = (scan.shape_px[0] // 4, scan.shape_px[1] // 4)
    crop = part(scan, slice(corner[0], None), slice(corner[1], None))
    one, other = same_places(shown, apply(shown, crop), corner)
    return float(np.mean(one == other)), len(one)


def trace_against_retrace(scan, plan):
    """Types found on the trace, and those of the same places on the retrace."""
    plan = plan.model_copy(update={"channels": ("AmplitudeTrace",)})
    trace = explore(scan, plan)
    back = {**scan.channels, "AmplitudeTrace": scan.channels["AmplitudeRetrace"]}
    retrace = apply(trace, replace(scan, uid="retrace", channels=back), keypoints=trace.keypoints)
    one, other = same_places(trace, retrace)
    print(
        f"trace against retrace: {trace.winner.label}, {trace.types_in_words},"
        f" {np.mean(one == other):.0%} of {len(one)} are of the same, ARI"
        f" {adjusted_rand(one, other):.2f}\n",
        flush=True,
    )


def draw(shown, path):
    """The scan, and its key points in the colours of their types."""
    image = np.asarray(shown.scan.channel(shown.channels[0]))
    low, high = np.percentile(image, [1, 99])
    height, width = image.shape
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 0.3 + 3.15 * height / width))
    types, yx = of_points(shown)
    for ax in axes:
        ax.imshow(image, cmap="gray", vmin=low, vmax=high)
        ax.set_axis_off()
    for number in np.unique(types):
        color = TYPE_COLORS[(number - 1) % len(TYPE_COLORS)]
        axes[1].scatter(*yx[types == number][:, ::-1].T, s=10, lw=0, color=color)
    name = path.stem.removeprefix("evidence_")
    figure.suptitle(f"{name}: {shown.winner.label}, {shown.types_in_words}", fontsize=9)
    top = 1 - 0.24 / figure.get_figheight()
    figure.subplots_adjust(0.005, 0.005, 0.995, top, 0.01)
    with io.BytesIO() as drawn:
        figure.savefig(drawn, dpi=90)
        _small(Image.open(drawn).convert("RGB")).save(path, optimize=True)
    plt.close(figure)


def _small(picture):
    """64 greys, the colours of the types, and mixtures of both where dots end."""
    colors = [tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in TYPE_COLORS]
    half = [tuple((c + g) // 2 for c in color) for color in colors for g in (40, 120, 200)]
    greys = [(4 * i + 1,) * 3 for i in range(64)]
    palette = Image.new("P", (1, 1))
    flat = [value for color in [*greys, *colors, *half] for value in color]
    palette.putpalette(flat + [0] * (768 - len(flat)))
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def main(names):
    """Explore, draw and tell of every scan."""
    folder = Path(os.environ["CORESCOUT_TEST_DATA"])
    images = Path(__file__).parent / "images"
    images.mkdir(exist_ok=True)
    plan = Plan.preset("live")
    for name in names:
        scan = corescout.read_scan(next(iter(folder.rglob(name))))
        try:
            if name == TRACE_RETRACE:
                trace_against_retrace(scan, plan)
                continue
            shown = explore(scan, plan)
        except corescout.InputError as error:
            print(f"{name}: refused: {error}\n")
            continue
        draw(shown, images / f"evidence_{name.split('.')[0]}.png")
        share, count = crop_keeps(scan, shown)
        found = shown.evidence
        print(f"{name}: {shown.why}")
        print(
            f"  {shown.types_in_words}, {np.bincount(of_points(shown)[0])[1:].tolist()}, agreement"
            f" {found.agreement:.2f} +- {found.agreement_error:.2f}"
        )
        print(f"  crop: {share:.0%} of {count} keep theirs")
        print(f"  halves: {halves(scan, shown, plan)}\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or (*SCANS, TRACE_RETRACE))
