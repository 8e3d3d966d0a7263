"""What trials need of a prepared scan: small enough to be sent to another process, and hashed."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from corescout.data import Candidate, InputError, Keypoints, Normalisation, PatchSet
from corescout.data.arrays import set_readonly
from corescout.data.short_repr import short_repr
from corescout.patches import cut_patches
from corescout.plan import KeypointPlan
from corescout.scattering import centre_of, scattering_features
from corescout.wall_codes import wall_features

_ARRAYS = ("images", "keypoints_yx_px", "context", "block")
_UNTRAINED = ("measured", "walls")  # may be None; nothing is trained on them


@dataclass(frozen=True, eq=False)
class TrialData:
    """Images, key points and their surroundings: the same for every candidate.

    Attributes
    ----------
    images : (C, H, W) float32 in [0, 1]
        On the square grid, NaN where missing.
    normalisation : Normalisation
        Of the channels.
    keypoints_yx_px : (N, 2)
        On the square grid.
    keypoint_source : str
        What found them: a detector, or "drawn".
    context : (N, P)
    block : (N,) int64
    measured : (N,) or None
        A measured property at the key points, NaN where it was not measured.
    walls : (N, 5) or None
        What a cut across the wall shows at the key points, as `WallProfiles.array`. Nothing is
        trained on this and on what was measured, so that `digest` leaves them out.
    bands : tuple of (first row, end, width)
        Where the scans lie that one image holds; empty for one scan.
    pitch_m : float or None
        Of the pixels; None without a scale.
    quarter_turns : int
        By which the frame is turned clockwise from that of the exploration: patches are turned
        back. 0 for an exploration.
    """

    images: NDArray[np.float32]
    normalisation: Normalisation
    keypoints_yx_px: NDArray[np.float64]
    keypoint_source: str
    context: NDArray[np.float64]
    block: NDArray[np.int64]
    bands: tuple[tuple[int, ...], ...] = ()
    measured: NDArray[np.float64] | None = None
    walls: NDArray[np.float64] | None = None
    pitch_m: float | None = None
    quarter_turns: int = 0

    __repr__ = short_repr

    def __post_init__(self) -> None:
        # Every fit holds these: what is read-only already is shared by all of them, not copied.
        set_readonly(self, "context", (None, None))
        set_readonly(self, "block", (None,), np.int64)
        if self.measured is not None:
            set_readonly(self, "measured", (None,))
        if self.walls is not None:
            set_readonly(self, "walls", (None, 5))

    def __len__(self) -> int:
        return len(self.keypoints_yx_px)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return self.normalisation.channels

    @property
    def keypoints(self) -> Keypoints:
        """The key points without what is known of them beside their places."""
        return Keypoints(self.keypoints_yx_px, np.zeros(len(self)), self.keypoint_source)

    def patches(self, window_px: int) -> PatchSet:
        """Cut the patches of one window; the key points are the same for every window.

        Trials of one window that run at a time have the same patches, not a copy each.
        """
        with self._cutting:
            found = self._in_use.get(window_px)
            if found is None:
                found = self._in_use[window_px] = self._cut(window_px)
        return found

    def _cut(self, window_px: int) -> PatchSet:
        index = np.arange(len(self))
        cut = cut_patches(self.images, self.keypoints, index, window_px, self.normalisation)
        if self.quarter_turns % 4 == 0:
            return cut
        back = np.rot90(np.asarray(cut.values), -self.quarter_turns, axes=(2, 3))
        return replace(cut, values=np.ascontiguousarray(back))

    @cached_property
    def _cutting(self) -> threading.Lock:
        return threading.Lock()

    @cached_property
    def _in_use(self) -> WeakValueDictionary[int, PatchSet]:
        """Patches that somebody holds, by their window."""
        return WeakValueDictionary()

    @cached_property
    def scattering(self) -> NDArray[np.float64]:
        """Scattering coefficients (N, F) of the surroundings of each key point."""
        return scattering_features(self.images, self.keypoints_yx_px, self.centre)

    def _scattering_unless(self, stop: threading.Event | None) -> NDArray[np.float64]:
        """The same, ended by `stop` where it is not known yet."""
        if "scattering" not in self.__dict__:
            found = scattering_features(self.images, self.keypoints_yx_px, self.centre, stop)
            self.__dict__["scattering"] = found
        return self.scattering

    @cached_property
    def centre(self) -> NDArray[np.float32]:
        """Mean grey level (C,) of the channels: what scattering subtracts."""
        return centre_of(self.images)

    def features(
        self,
        candidate: Candidate,
        plan: KeypointPlan,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
        *,
        stop: threading.Event | None = None,
    ) -> NDArray[np.float64] | None:
        """Return what a candidate that sees no patches is fitted to, (N, F); None for others.

        Parameters
        ----------
        weights : mapping of str to array, optional
            Of the candidate, where it was fitted on another scan: its grey level is subtracted.

        Raises
        ------
        InputError
            If the weights of scattering are of a version that kept no grey level.
        StoppedError
            If `stop` was set.
        """
        if candidate.kind == "scattering":
            if weights is None:
                return self._scattering_unless(stop)
            if "centre" not in weights:
                raise InputError(
                    "weights of scattering with the grey level that it subtracts",
                    "those of an earlier version, which measured it on each scan",
                    "explore the scan again",
                )
            return scattering_features(self.images, self.keypoints_yx_px, weights["centre"], stop)
        if candidate.kind == "descriptors":
            return wall_features(self.images[0], self.keypoints, self.pitch_m, plan)
        return None

    @cached_property
    def digest(self) -> str:
        """BLAKE2 over all of it: equal data give equal trials."""
        found = hashlib.blake2b(digest_size=16)
        for name in _ARRAYS:
            array = np.ascontiguousarray(getattr(self, name))
            found.update(f"{name} {array.dtype} {array.shape}\0".encode())
            found.update(array.tobytes())
        found.update(json.dumps(self._facts()).encode())
        return found.hexdigest()

    def to_bytes(self) -> bytes:
        """Return it as the bytes of an ``.npz``."""
        memory = io.BytesIO()
        facts = np.frombuffer(json.dumps(self._facts()).encode(), np.uint8)
        arrays = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        for name in _UNTRAINED:
            if getattr(self, name) is not None:
                arrays[name] = np.asarray(getattr(self, name))
        np.savez(memory, allow_pickle=False, facts=facts, **arrays)
        return memory.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> TrialData:
        """Return what `to_bytes` wrote; nothing in it is code."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            facts = json.loads(stored["facts"].tobytes())
            arrays = {name: stored[name] for name in (*_ARRAYS, *_UNTRAINED) if name in stored}
        low, high = np.array(facts["low"]), np.array(facts["high"])
        return cls(
            normalisation=Normalisation(tuple(facts["channels"]), low, high),
            keypoint_source=facts["keypoint_source"],
            bands=tuple(tuple(band) for band in facts["bands"]),
            pitch_m=facts["pitch_m"],
            **arrays,
        )

    def _facts(self) -> dict[str, object]:
        of = self.normalisation
        return {
            "bands": [list(band) for band in self.bands],
            "pitch_m": self.pitch_m,
            "keypoint_source": self.keypoint_source,
            "channels": list(of.channels),
            "low": np.asarray(of.low, float).tolist(),
            "high": np.asarray(of.high, float).tolist(),
        }
