"""What the decoder says: a patch as rebuilt, and a grid of patches over the latent plane. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corescout.data import Latents, Result
from corescout.plan import Plan
from corescout.upright import upright_patches

_GRID = 13  # patches along each axis


@dataclass(frozen=True, eq=False)
class PatchTriple:
    """One patch in three forms, (C, w, w) in [0, 1]; None where the method has no such form."""

    measured: NDArray[np.float32]
    upright: NDArray[np.float32] | None
    rebuilt: NDArray[np.float32] | None


class PatchDecoder:
    """Decodes one patch in a millisecond or two, once the engine is loaded.

    Parameters
    ----------
    result : Result
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self._plan = Plan.model_validate(result.plan)
        self.ready = False

    def load(self) -> None:
        """Load the engine (seconds, the first time): call it off the GUI thread."""
        if self.result.winner.kind == "vae":
            self._decode(_rows(self.result.fit.latents, np.zeros(1, np.int64)))
        self.ready = True

    def patch(self, row: int) -> PatchTriple:
        """Return a patch as measured, turned upright, and as rebuilt."""
        latents = _rows(self.result.fit.latents, np.array([row]))
        measured = np.asarray(self.result.patches.values[row : row + 1])
        upright = None
        if latents.angle_rad is not None or latents.shift_px is not None:
            upright = upright_patches(measured, latents.angle_rad, latents.shift_px)[0]
        rebuilt = None
        if self.ready and self.result.winner.kind == "vae":
            rebuilt = self._decode(latents)[0]
        return PatchTriple(measured[0], upright, rebuilt)

    def grid(self, dims: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float64]] | None:
        """Decode a grid over the plane of two dimensions, the others at their median.

        Returns
        -------
        image : (13 w, 13 w)
            First channel, upright; row 0 is the top, the largest value of the second dimension.
        bounds : (2, 2)
            Left and right, bottom and top of the image in latent units. None without a decoder.
        """
        if self.result.winner.kind != "vae" or not self.ready:
            return None
        z = self.result.fit.codes
        low, high = np.percentile(z, [1, 99], axis=0)
        axes = [np.linspace(low[d], high[d], _GRID) for d in _present(dims, z)]
        if len(axes) == 1:
            axes.append(np.zeros(1))
        codes = np.tile(np.median(z, axis=0), (len(axes[0]) * len(axes[1]), 1))
        across, up = np.meshgrid(axes[0], axes[1][::-1])
        for dim, values in zip(_present(dims, z), (across, up), strict=False):
            codes[:, dim] = values.ravel()
        patches = self._decode(Latents(codes, np.zeros_like(codes)), upright=True)[:, 0]
        side = patches.shape[-1]
        rows, columns = across.shape
        image = patches.reshape(rows, columns, side, side).swapaxes(1, 2)
        steps = [(axis[1] - axis[0]) / 2 if len(axis) > 1 else 0.5 for axis in axes]
        bounds = [(a[0] - s, a[-1] + s) for a, s in zip(axes, steps, strict=True)]
        return image.reshape(rows * side, columns * side), np.array(bounds)

    def _decode(self, latents: Latents, *, upright: bool = False) -> NDArray[np.float32]:
        from corescout.vae import reconstruct, specification_of

        spec = specification_of(self.result.winner, self._plan.training)
        return reconstruct(latents, self.result.weights, spec, upright=upright)


def _present(dims: tuple[int, int], z: NDArray[np.float64]) -> list[int]:
    return [d for d in dims if d < z.shape[1]]


def _rows(latents: Latents, rows: NDArray[np.int64]) -> Latents:
    """Return the latents of some patches."""

    def some(values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        return None if values is None else values[rows]

    return Latents(
        latents.mean[rows],
        latents.std[rows],
        some(latents.angle_rad),
        some(latents.shift_px),
        some(latents.scale),
    )
