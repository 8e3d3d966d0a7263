"""A trained representation on another scan: its codes there, without training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import Fit, Keypoints, LineFaults, PatchSet, Representation, Scan
from corescout.data.short_repr import short_repr
from corescout.encoding import encode_with
from corescout.patches import cut_patches
from corescout.plan import Plan
from corescout.preparation import prepare_like
from corescout.vae import single_threaded


@dataclass(frozen=True, eq=False)
class Transferred:
    """What a representation says of a scan that it was not trained on.

    Attributes
    ----------
    scan : Scan
        With the derived channels that were asked for.
    keypoints : Keypoints
    patches : PatchSet
        Centres on the scan's own pixels.
    fit : Fit
    notes : tuple of str
    line_faults : LineFaults
    """

    scan: Scan
    keypoints: Keypoints
    patches: PatchSet
    fit: Fit
    notes: tuple[str, ...]
    line_faults: LineFaults

    __repr__ = short_repr

    @property
    def z(self) -> NDArray[np.float64]:
        """Codes (N, L)."""
        return self.fit.codes


def transfer(
    representation: Representation, scan: Scan, keypoints: Keypoints | None = None
) -> Transferred:
    """Encode the patches of a scan with a representation of another one.

    The normalisation is the representation's, and the window keeps its size on the sample: the
    scan is resampled to the pitch that it was trained at.

    Parameters
    ----------
    keypoints : Keypoints, optional
        On the scan's own pixels; found by the plan's detector if None.

    Raises
    ------
    InputError
        If the scan has no such channel, no scale where the representation has one, or no key point.
    """
    plan = Plan.model_validate(representation.plan)
    with single_threaded():
        prepared = prepare_like(representation, scan, plan, keypoints)
        patches = cut_patches(
            prepared.images,
            prepared.keypoints,
            np.arange(len(prepared.keypoints)),
            representation.candidate.window_px,
            prepared.normalisation,
        )
        encoding = encode_with(
            representation.candidate,
            representation.weights,
            np.asarray(patches.values),
            plan.training,
            seed=representation.candidate.seed,
            scattering=prepared.scattering
            if representation.candidate.kind == "scattering"
            else None,
        )
    to_scan = prepared.grid.to_scan_px
    patches = replace(patches, center_yx_px=to_scan(np.asarray(patches.center_yx_px)))
    return Transferred(
        scan=prepared.scan,
        keypoints=replace(prepared.keypoints, yx_px=to_scan(np.asarray(prepared.keypoints.yx_px))),
        patches=patches,
        fit=Fit(
            candidate=representation.candidate,
            latents=encoding.latents,
            log_likelihood_per_px=encoding.log_likelihood_per_px,
            target_entropy_per_px=encoding.target_entropy_per_px,
            kl_nats=encoding.kl_nats,
            kept=np.ones(len(patches), bool),
            mixtures={representation.mixture.n_components: representation.mixture},
            center_yx_px=patches.center_yx_px,
            context=prepared.context,
        ),
        notes=prepared.notes,
        line_faults=prepared.line_faults,
    )
