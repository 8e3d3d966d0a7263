"""A candidate: one way to represent the patches, before it is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CandidateKind = Literal["vae", "pca", "nmf", "fft", "descriptors", "scattering"]
KIND_NAMES = {
    "pca": "PCA", "nmf": "NMF", "fft": "FFT + NMF", "descriptors": "wall descriptors",
    "scattering": "scattering",
}  # fmt: skip
Decoder = Literal["canonical", "spatial"]
Likelihood = Literal["bernoulli", "continuous_bernoulli", "gaussian"]


@dataclass(frozen=True, order=True)
class Candidate:
    """One point of the search space. Hashable; equal candidates give equal results.

    Attributes
    ----------
    window_px : int
        Side of the patches.
    invariances : str
        "none", or letters of "rts" in that order: rotation, translation, scale.
    latent_dim : int
        L, the latent dimensions beside angle, shift and scale.
    channels : tuple of str
    decoder : {"canonical", "spatial"}
    likelihood : {"bernoulli", "continuous_bernoulli", "gaussian"}
    beta0 : float
        Weight of the KL term at the reference window (13 px).
    seed : int
    kind : {"vae", "pca", "nmf", "fft", "descriptors", "scattering"}
        The method; all but "vae" are baselines that ignore invariances, decoder, likelihood and
        beta0.
    """

    window_px: int
    invariances: str = "none"
    latent_dim: int = 2
    channels: tuple[str, ...] = ()
    decoder: Decoder = "canonical"
    likelihood: Likelihood = "bernoulli"
    beta0: float = 1.0
    seed: int = 0
    kind: CandidateKind = "vae"

    def __post_init__(self) -> None:
        letters = "" if self.invariances == "none" else self.invariances
        if self.invariances == "" or letters != "".join(c for c in "rts" if c in letters):
            raise ValueError(
                f"Candidate.invariances: expected 'none' or letters of 'rts' in that order, "
                f"found {self.invariances!r}"
            )
        if self.window_px < 3:
            raise ValueError(f"Candidate.window_px: expected >= 3, found {self.window_px}")

    @property
    def label(self) -> str:
        """Short name for tables and plots, such as "13 px, rt" or "13 px, PCA"."""
        return f"{self.window_px} px, {self._method}"

    def in_nm(self, pitch_m: float | None) -> str:
        """Return the short name with the window as it lies on the sample: "130 nm, rt".

        Parameters
        ----------
        pitch_m : float or None
            Of the pixels that windows count in; pixels are said where there is no scale.
        """
        if not pitch_m:
            return self.label
        return f"{self.window_px * pitch_m * 1e9:.0f} nm, {self._method}"

    @property
    def sees_no_patches(self) -> bool:
        """Whether it is the same in every window: of the surroundings or the wall of a point."""
        return self.kind in ("descriptors", "scattering")

    @property
    def _method(self) -> str:
        dims = "" if self.latent_dim == 2 else f", {self.latent_dim}-D"
        weight = "" if self.beta0 == 1 else f", beta0 {self.beta0:g}"
        return f"{KIND_NAMES.get(self.kind, self.invariances)}{dims}{weight}"
