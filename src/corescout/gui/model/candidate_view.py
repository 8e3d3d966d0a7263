"""What the window shows of one candidate. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corescout.data import (
    Candidate,
    CorePoints,
    Keypoints,
    Mixture,
    Progress,
    Result,
    Scan,
    TypedPoints,
    Types,
)

WINNER, CONSENSUS = "winner", "consensus"  # planes of a result's codes


@dataclass(frozen=True, eq=False)
class CandidateView:
    """Codes, types and core points of one candidate.

    Attributes
    ----------
    typed : TypedPoints
        The patches.
    core : CorePoints
    yx_px : (N, 2)
        Centres of the patches on the scan's own pixels.
    scan : Scan
        That the patches were cut from.
    label : str
        Of the candidate, such as "17 px, rt".
    result : Result or None
        Where this is the winner: patches, losses and the decoder are known.
    plane : str
        Whose codes these are: of the candidate (`WINNER`), or of all that make the types
        (`CONSENSUS`).
    """

    typed: TypedPoints
    core: CorePoints
    yx_px: NDArray[np.float64]
    scan: Scan
    label: str = ""
    result: Result | None = None
    plane: str = WINNER

    @property
    def planes(self) -> tuple[str, ...]:
        """Planes that can be chosen: both where several candidates make the types."""
        several = self.result is not None and self.result.votes is not None
        return (WINNER, CONSENSUS) if several else (WINNER,)

    @property
    def sure(self) -> TypedPoints:
        """The patches with the probabilities of their types, whatever plane is shown."""
        return self.typed if self.result is None else self.result.typed

    @property
    def axis_letter(self) -> str:
        """Of the codes: z1 and z2 of a candidate, c1 and c2 of the candidates together."""
        return "c" if self.plane == CONSENSUS else "z"

    @property
    def plane_in_words(self) -> str:
        """Whose codes these are, where there are others too: "72 nm, r" or "5 candidates"."""
        if self.result is None or self.result.votes is None:
            return ""
        voters = self.result.votes.consensus.voters
        return f"{len(voters)} candidates" if self.plane == CONSENSUS else self.label

    def in_plane(self, plane: str) -> CandidateView:
        """Return it with the codes of a plane; itself where there is no such plane."""
        if self.result is None or plane == self.plane or plane not in self.planes:
            return self
        typed = self.result.typed if plane == CONSENSUS else self.result.in_latent_space
        return replace(self, typed=typed, plane=plane)

    @property
    def z(self) -> NDArray[np.float64]:
        """Codes (N, L)."""
        return self.typed.z

    @property
    def types(self) -> Types:
        """Which type each patch is of."""
        return self.typed.types

    @property
    def core_yx_px(self) -> NDArray[np.float64]:
        """Core points (M, 2) on the scan's own pixels."""
        return np.asarray(self.yx_px[self.core.index])


def winner_view(result: Result) -> CandidateView:
    """Return what a result decided on."""
    return CandidateView(
        typed=result.in_latent_space,
        core=result.core_points,
        yx_px=np.asarray(result.patches.center_yx_px),
        scan=result.scan,
        label=result.winner.in_nm(result.analysis_pitch_m),
        result=result,
    )


def candidate_view(
    scan: Scan,
    keypoints: Keypoints,
    candidate: Candidate,
    z: NDArray[np.float64],
    mixture: Mixture,
    core_share: float,
) -> CandidateView:
    """Return the view of a candidate that did not win (yet)."""
    from corescout.cores import find_core_points, typed_by_size
    from corescout.patches import corner
    from corescout.square_grid import square_grid

    window_px = candidate.window_px
    typed = typed_by_size(mixture, z)
    core = find_core_points(typed, core_share)
    grid = square_grid(scan.shape_px, scan.frame)
    first = corner(grid.from_scan_px(np.asarray(keypoints.yx_px)), window_px)
    centres = grid.to_scan_px(np.asarray(first + (window_px - 1) / 2, dtype=np.float64))
    return CandidateView(typed, core, centres, scan, candidate.in_nm(grid.pitch_m))


def view_of(
    number: int,
    source: Result | Progress,
    scan: Scan,
    keypoints: Keypoints | None,
    core_share: float,
) -> CandidateView | None:
    """Return the view of a trial of a result or of a run under way; None if it has no codes."""
    trial = next((t for t in source.trials if t.number == number), None)
    if trial is None:
        return None
    if isinstance(source, Result) and trial.candidate == source.winner:
        return winner_view(source)
    if isinstance(source, Progress) and source.provisional is not None:
        first = source.provisional
        if number == first.number:
            label = f"{trial.candidate.in_nm(_pitch_m(scan))}, provisional"
            return CandidateView(first.typed, first.core_points, first.yx_px, scan, label)
    if number not in source.mixture_by_trial or keypoints is None:
        return None
    z, mixture = source.latents_by_trial[number], source.mixture_by_trial[number]
    if len(z) != len(keypoints):
        return None
    return candidate_view(scan, keypoints, trial.candidate, z, mixture, core_share)


def _pitch_m(scan: Scan) -> float | None:
    from corescout.square_grid import square_grid

    return square_grid(scan.shape_px, scan.frame).pitch_m
