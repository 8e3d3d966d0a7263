"""Draw `surfaces.png`: both families of generated surfaces with the truth at two levels."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D

from corescout.colors import TYPE_COLORS
from corescout.surfaces import NULLS, PLACES, generate_family, null_surface

PLACE_COLORS = ("#bbbbbb", "#d55e00", "#0072b2")


def truth(axes, labels, names, colors):
    axes.imshow(
        np.where(labels > 0, labels, np.nan),
        cmap=ListedColormap(colors[: len(names)]),
        vmin=0.5,
        vmax=len(names) + 0.5,
        interpolation="nearest",
    )
    handles = [Line2D([], [], marker="s", ls="", color=c) for c in colors]
    axes.legend(
        handles[: len(names)],
        names,
        fontsize=6,
        ncols=3,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        frameon=False,
        handletextpad=0,
        columnspacing=0.3,
    )


def draw(path, seeds=(("voronoi", 2), ("voronoi", 3), ("level_set", 4), ("level_set", 5))):
    figure, grid = plt.subplots(5, 4, figsize=(9, 12.2))
    for column, (family, seed) in zip(grid.T, seeds, strict=True):
        surface = generate_family(family, seed)
        amplitude, phase = surface.scan.channel("Amplitude"), surface.scan.channel("Phase")
        column[0].imshow(amplitude, cmap="gray")
        column[0].set_title(f"{family}, seed {seed}", fontsize=8)
        column[1].imshow(phase, cmap="twilight", vmin=-180, vmax=180)
        truth(column[2], surface.wall_type, surface.type_names, TYPE_COLORS)
        truth(column[3], surface.place_type, PLACES, PLACE_COLORS)
    for axes, kind in zip(grid[4], NULLS, strict=True):
        axes.imshow(null_surface(kind, 2).scan.channel(), cmap="gray")
        axes.set_title(f"null: {kind}", fontsize=8)
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.97, wspace=0.04, hspace=0.22)
    for axes in grid.flat:
        axes.set_axis_off()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".png"))
