"""Draw `images/concept_*.png`: what the pages on the concepts show. Minutes on one core.

python docs/concept_figures.py [turning] [icl] [collapse] [grades]
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Ellipse
from PIL import Image
from scipy.ndimage import map_coordinates

from corescout.colors import TYPE_COLORS, UNASSIGNED_COLOR
from corescout.data import Candidate, Latents
from corescout.mixtures import fit_mixtures
from corescout.pipeline import explore
from corescout.plan import KeypointPlan, MixturePlan, Plan
from corescout.preparation import prepare
from corescout.report.drawing import type_colors
from corescout.rewards.criteria import bic_of, icl_of
from corescout.surfaces import generate_family, null_surface
from corescout.surfaces.imaging import Imaging
from corescout.vae import encode, reconstruct, single_threaded, specification_of, train

IMAGES = Path(__file__).parent / "images"
WINDOW_PX = 13
TURNS_DEG = np.arange(0, 361, 15)
SHIFTS_PX = np.arange(-2.0, 2.01, 0.25)
SHOWN = 5
FADING = Imaging(fade=0.7)


def prepared_surface():
    """Key points of a generated surface whose turned and moved windows stay on the scan."""
    plan = Plan.preset("live", windows_px=(WINDOW_PX,))
    plan = plan.model_copy(update={"keypoints": KeypointPlan(margin_px=14.0)})
    return prepare(generate_family("level_set", 4, (192, 192)).scan, plan), plan


def cut(image, yx, angle_deg=0.0, shift_px=(0.0, 0.0)):
    """Patches (N, 1, w, w) of the scan, turned about each place or moved."""
    offset = np.arange(WINDOW_PX) - (WINDOW_PX - 1) / 2
    y, x = np.meshgrid(offset, offset, indexing="ij")
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turned = np.stack([cos * y - sin * x, sin * y + cos * x])
    places = (yx + np.asarray(shift_px)).T[:, :, None, None] + turned[:, None]
    values = map_coordinates(image, places, order=3, mode="nearest")
    return np.clip(values, 0, 1).astype(np.float32)[:, None]


def trained(patches, invariances, training, seed=0):
    """Weights and specification of one model."""
    candidate = Candidate(WINDOW_PX, invariances, channels=("Amplitude",))
    spec = specification_of(candidate, training)
    with single_threaded():
        return train(patches, spec, 1.0, (seed,), training).weights[0], spec


def save(figure, path, dpi):
    """A picture of few colours, so that the repository stays small."""
    figure.savefig(path, dpi=dpi)
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(160)
    few.save(path, optimize=True)


def bare(axes):
    axes.set_xticks([])
    axes.set_yticks([])


def small_pictures(figure, row, patches, titles, label):
    """A row of patches with a word above each."""
    for k, (patch, title) in enumerate(zip(patches, titles, strict=True)):
        axes = figure.add_subplot(row[k])
        axes.imshow(patch, cmap="gray", vmin=0, vmax=1)
        axes.set_title(title, fontsize=7, pad=2)
        bare(axes)
        if k == 0:
            axes.set_ylabel(label, fontsize=8)


def turning(path):
    """The same patches turned and moved, and where their codes go without, with r and with rt."""
    prepared, plan = prepared_surface()
    image = np.asarray(prepared.images[0], float)
    yx = np.asarray(prepared.patches(WINDOW_PX).center_yx_px)
    upright = cut(image, yx)
    shown = np.linspace(0, len(yx) - 1, SHOWN + 2).astype(int)[1:-1]
    figure = plt.figure(figsize=(9, 7.6))
    rows = figure.add_gridspec(4, 1, height_ratios=(1, 1, 2.9, 2.9), hspace=0.33, top=0.96,
                               bottom=0.05, left=0.07, right=0.98)  # fmt: skip
    first = yx[shown[:1]]
    degrees = range(0, 360, 40)
    turned = [cut(image, first, d)[0, 0] for d in degrees]
    small_pictures(figure, rows[0].subgridspec(1, 9), turned, [f"{d}°" for d in degrees], "turned")
    across = np.linspace(-2, 2, 9)
    moved = [cut(image, first, 0, (0, s))[0, 0] for s in across]
    titles = [f"{s:+.1f} px" for s in across]
    small_pictures(figure, rows[1].subgridspec(1, 9), moved, titles, "moved")
    below = [rows[2].subgridspec(1, 3, wspace=0.12), rows[3].subgridspec(1, 3, wspace=0.12)]
    for column, invariances in enumerate(("none", "r", "rt")):
        weights, spec = trained(upright, invariances, plan.training)
        codes = np.asarray(encode(upright, weights, spec).latents.mean)
        spread = np.sqrt(codes.var(axis=0).mean())
        ways = (
            ("turned", [cut(image, yx, d) for d in TURNS_DEG]),
            ("moved", [cut(image, yx, 0, (0, s)) for s in SHIFTS_PX]),
        )
        for row, (word, sets) in zip(below, ways, strict=True):
            path_of = np.stack([np.asarray(encode(p, weights, spec).latents.mean) for p in sets])
            away = np.median(np.linalg.norm(path_of - codes, axis=-1)) / spread
            axes = figure.add_subplot(row[column])
            axes.scatter(*codes[:, :2].T, s=5, c=UNASSIGNED_COLOR, alpha=0.5, linewidths=0)
            for k, color in zip(shown, TYPE_COLORS, strict=False):
                axes.plot(*path_of[:, k, :2].T, color=color, lw=1.2)
                axes.scatter(*codes[k, :2], s=22, color=color, edgecolors="k", linewidths=0.6)
            axes.set_title(
                f"{invariances}, patch {word}: code goes {away:.2f} away", fontsize=8, pad=3
            )
            bare(axes)
    save(figure, path, 110)


def clouds(seed=0):
    """Three groups of codes, and one curved cloud of as many codes."""
    rng = np.random.default_rng(seed)
    groups = np.concatenate(
        [rng.normal(c, 0.3, (150, 2)) for c in ((-1.1, -0.6), (1.1, -0.5), (0.0, 1.1))]
    )
    angle = rng.uniform(0.1, np.pi - 0.1, 450)
    curved = np.stack([1.4 * np.cos(angle), 1.6 * np.sin(angle) - 0.9], axis=1)
    return {
        "three groups": groups,
        "one curved cloud": curved + rng.normal(0, 0.17, curved.shape),
    }


def draw_mixture(axes, codes, mixture, title):
    """Codes in the colour of their component, with the ellipses of two sigma."""
    component = mixture.assign(codes).argmax(axis=1)
    axes.scatter(*codes.T, s=5, c=[TYPE_COLORS[c] for c in component], alpha=0.6, linewidths=0)
    for k, (mean, covariance) in enumerate(zip(mixture.means, mixture.covariances, strict=True)):
        values, vectors = np.linalg.eigh(covariance)
        axes.add_patch(
            Ellipse(
                mean, *(4 * np.sqrt(values[::-1])), fill=False, lw=1.6, edgecolor=TYPE_COLORS[k],
                angle=np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])),
            )
        )  # fmt: skip
    axes.set_title(title, fontsize=8)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=6)


def icl(path):
    """What BIC and ICL take of separate groups and of one curved cloud."""
    figure, grid = plt.subplots(2, 3, figsize=(9, 5.6), layout="constrained")
    for row, (name, codes) in zip(grid, clouds().items(), strict=True):
        kept = np.ones(len(codes), bool)
        (mixtures,) = fit_mixtures([codes], [kept], MixturePlan(max_components=7, starts=5), [0])
        n = len(codes)
        bic = {k: bic_of(m) / n for k, m in mixtures.items()}
        by_icl = {k: icl_of(m) / n for k, m in mixtures.items()}
        best_bic, best_icl = min(bic, key=bic.get), min(by_icl, key=by_icl.get)
        draw_mixture(row[0], codes, mixtures[best_bic], f"{name}: BIC takes {best_bic}")
        draw_mixture(row[1], codes, mixtures[best_icl], f"{name}: ICL takes {best_icl}")
        row[2].plot(list(bic), list(bic.values()), "o-", ms=4, color="#0072b2", label="BIC")
        row[2].plot(list(bic), list(by_icl.values()), "s-", ms=4, color="#d55e00", label="ICL")
        row[2].plot(best_bic, bic[best_bic], "*", ms=13, color="#0072b2")
        row[2].plot(best_icl, by_icl[best_icl], "*", ms=13, color="#d55e00")
        row[2].set_xlabel("components K", fontsize=8)
        row[2].set_title("per point, in nats; lower is better", fontsize=8)
        row[2].legend(fontsize=7)
        row[2].tick_params(labelsize=6)
    save(figure, path, 110)


def collapse(path):
    """The same network with and without a KL term that comes in slowly: two dimensions, and one."""
    prepared, plan = prepared_surface()
    patches = np.asarray(prepared.patches(WINDOW_PX).values)
    figure = plt.figure(figsize=(9, 5.6))
    outer = figure.add_gridspec(1, 2, wspace=0.12, left=0.06, right=0.985, top=0.94, bottom=0.03)
    for cell, (title, warmup) in zip(
        outer, (("both in use", 0.8), ("collapsed", 0.0)), strict=True
    ):
        training = plan.training.model_copy(update={"kl_warmup": warmup})
        weights, spec = trained(patches, "r", training, seed=1)
        codes = np.asarray(encode(patches, weights, spec).latents.mean)
        variance = codes.var(axis=0)
        order = np.argsort(-variance)
        inner = cell.subgridspec(2, 5, height_ratios=(3.4, 2), hspace=0.1)
        axes = figure.add_subplot(inner[0, :])
        axes.scatter(*codes[:, order].T, s=6, c=TYPE_COLORS[0], alpha=0.6, linewidths=0)
        axes.set_xlim(-3.2, 3.2)
        axes.set_ylim(-3.2, 3.2)
        axes.set_title(
            f"{title}: Var = {variance[order[0]]:.2f} and {variance[order[1]]:.2f}", fontsize=9
        )
        axes.tick_params(labelsize=6)
        steps = np.linspace(-1.5, 1.5, 5)
        rows = inner[1, :].subgridspec(2, 5, hspace=0.08, wspace=0.05)
        for row, dimension in enumerate(order):
            z = np.zeros((5, 2))
            z[:, dimension] = steps
            pictures = reconstruct(Latents(z, np.ones_like(z)), weights, spec, upright=True)
            for k in range(5):
                axes = figure.add_subplot(rows[row, k])
                axes.imshow(pictures[k, 0], cmap="gray", vmin=0, vmax=1)
                bare(axes)
                if k == 0:
                    axes.set_ylabel("first" if row == 0 else "second", fontsize=7)
    save(figure, path, 110)


def graded_surfaces():
    """Generated surfaces, and what they are in truth."""
    shape = (192, 192)
    return (
        ("one labyrinth", null_surface("labyrinth", 0, shape)),
        ("one labyrinth, a tip that fades", null_surface("labyrinth", 0, shape, imaging=FADING)),
        ("several types, on 160 px", generate_family("voronoi", 3, (160, 160))),
        ("several types", generate_family("level_set", 4, shape)),
    )


def grades(path):
    """What is said of one pattern, of one seen by a fading tip, and of types, twice."""
    plan = Plan.preset(
        "live", windows_px=(WINDOW_PX,), invariances=("r",),
        decision={"seeds": 1, "finalists": 1, "null_surrogates": 19},
    )  # fmt: skip
    figure, grid = plt.subplots(2, 4, figsize=(11, 5.9), layout="constrained")
    for column, (truth, surface) in zip(grid.T, graded_surfaces(), strict=True):
        result = explore(surface.scan, plan)
        evidence = result.evidence
        image = surface.scan.channel(result.channels[0])
        for axes in column:
            axes.imshow(image, cmap="gray")
            bare(axes)
        yx = np.asarray(result.patches.center_yx_px)
        column[1].scatter(yx[:, 1], yx[:, 0], s=7, c=type_colors(result), linewidths=0)
        column[0].set_title(f"in truth: {truth}", fontsize=8)
        column[1].set_title(
            f"{evidence.grade}: agreement at a distance {evidence.agreement:.2f},\n"
            f"a plane explains {evidence.drift_share:.0%}, p = {evidence.p_value:.2g}",
            fontsize=8,
        )
    save(figure, path, 75)


def main(wanted):
    drawings = {"turning": turning, "icl": icl, "collapse": collapse, "grades": grades}
    for name in wanted or drawings:
        drawings[name](IMAGES / f"concept_{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
