"""The key points of the chosen scan: what was detected, and what was done to it by hand."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import Signal

from corescout.data import Keypoints, Scan
from corescout.gui.model.keypoint_edits import KeypointEdits


class EditedKeypoints:
    """Keeps detected points and edits apart; the edits of a scan wait while another is shown.

    Parameters
    ----------
    do : callable
        Given the text of an edit and a function for each direction: puts it on the undo stack.
    spacing_px : callable
        Returns the spacing that paths are followed with.

    Attributes
    ----------
    scan : Scan or None
        Whose key points they are.
    edits : KeypointEdits
    keypoints : Keypoints or None
        Detected and edited; None where none could be found.
    """

    edits_changed = Signal()  # before `changed`, where the edits are others
    changed = Signal()

    def __init__(
        self,
        do: Callable[[str, Callable[[], object], Callable[[], object]], None],
        spacing_px: Callable[[], float],
    ) -> None:
        self._do, self._spacing_px = do, spacing_px
        self._detected: Keypoints | None = None
        self._edits_of: dict[str, KeypointEdits] = {}  # of scans that were shown before, by uid
        self.scan: Scan | None = None
        self.edits = KeypointEdits()
        self.keypoints: Keypoints | None = None

    @property
    def scan_uid(self) -> str | None:
        """The scan whose key points they are."""
        return self.scan.uid if self.scan is not None else None

    @property
    def detected(self) -> Keypoints | None:
        """As the detector found them, without the edits."""
        return self._detected

    def set_detected(self, scan: Scan, detected: Keypoints | None) -> None:
        """Take what was detected on a scan, with its edits; those of other scans are kept."""
        before, self.scan, self._detected = self.scan, scan, detected
        if before is not None and before.uid != scan.uid:
            self._edits_of[before.uid] = self.edits
            self.edits = self._edits_of.pop(scan.uid, KeypointEdits())
            self.edits_changed.emit()
        self._apply()

    def set_edits(self, edits: KeypointEdits, scan: Scan | None = None) -> None:
        """Take other edits without an entry on the undo stack; of a scan, if one is given."""
        self.edits = edits
        if scan is not None:
            self.scan, self._detected = scan, None
        self.edits_changed.emit()
        self._apply()

    def push(self, edits: KeypointEdits, text: str) -> None:
        """Make an edit that can be undone, also after another scan was shown."""
        uid, before = self.scan_uid, self.edits

        def show(wanted: KeypointEdits) -> None:
            if uid is None or uid == self.scan_uid:
                self.set_edits(wanted)
            else:
                self._edits_of[uid] = wanted

        self._do(text, lambda: show(edits), lambda: show(before))

    def clear(self) -> None:
        """Forget all edits; undo brings them back."""
        if self.edits:
            self.push(KeypointEdits(), "clear the edits of key points")

    def edited_of(self, scan: Scan) -> Keypoints | None:
        """Return the key points of a scan if they were edited; None if the detector's are used."""
        if self.scan_uid != scan.uid:  # no preview of a scan that has just come in
            return None
        return self.keypoints if self.edits else None

    def show_used(self, scan: Scan, used: Keypoints) -> None:
        """A result is shown: its key points, where none of its scan are known yet."""
        if self.scan_uid not in (None, scan.uid) or (self.keypoints is None and not self.edits):
            self.set_detected(scan, used)
        elif self.keypoints is not None:
            self.changed.emit()

    def _apply(self) -> None:
        detected, self.keypoints = self._detected, None
        if detected is not None and self.scan is not None:
            self.keypoints = self.edits.apply(detected, self._spacing_px())
        self.changed.emit()
