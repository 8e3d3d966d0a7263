"""Asylum Research through files: markers and point lists for Igor, scans from the data folder.

Never tried on the hardware; docs/instruments.md has a first day that is safe. Igor is told places
only: bias, speed and the settings of a spectrum are those of its own panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from corescout.data import InputError, Scan, ScanFrame
from corescout.exports.arcmd import FIRST_SPOT, arcmd_commands
from corescout.instruments.folder import FolderInstrument
from corescout.instruments.folder.arrivals import Signature, read_content, signature_of
from corescout.instruments.folder.outbox import PlanFile
from corescout.instruments.messages import Message, MessageKind
from corescout.instruments.protocol import Capabilities, InstrumentError, Status
from corescout.whole import write_whole

Origin = Literal["corner", "absolute"]
_ACTIONS: frozenset[MessageKind] = frozenset({"bias", "speed", "move", "mark", "spectrum"})
_NOTES = (
    "bias, speed and the settings of spectra are those set in Igor: only places are sent, and"
    " curves are started there",
    "Igor may not wait between two spots: visit one at a time until it was seen that it does",
    "Igor may move the tip when it draws a marker: withdraw before, until it was seen that it does"
    " not",
)


class AsylumInstrument(FolderInstrument):
    """Igor, which opens a file of commands.

    Parameters
    ----------
    scans : str or Path
        The folder that Igor saves to.
    commands : str or Path
        The `.arcmd` file that Igor is told to open.
    origin : {"corner", "absolute"}
        What `ARGo2ImagePos` counts from: the lower left corner of the image that Igor shows, or the
        origin of the scanner. The marker check tells.
    first_spot : int
        Number that Igor gives to the first spot; the marker check tells.
    rotation_verified : bool
        As in the limits: without it nothing is said on a rotated image.
    **others
        Of `FolderInstrument`.
    """

    def __init__(
        self,
        scans: str | Path,
        commands: str | Path,
        *,
        origin: Origin = "corner",
        first_spot: int = FIRST_SPOT,
        rotation_verified: bool = False,
        **others: Any,
    ) -> None:
        self._commands = Path(commands)
        super().__init__(scans, self._commands.parent, **others)
        self._origin, self._first_spot = origin, first_spot
        self._rotation_verified = rotation_verified
        self._image: tuple[Path, Signature, ScanFrame] | None = None
        self._previewed = ""

    @property
    def capabilities(self) -> Capabilities:
        """Markers and point lists, whole; no stop, no position."""
        return Capabilities(
            "Asylum (Igor)", f"asylum {self._commands.absolute()}", _ACTIONS,
            can_stop=False, can_read_back=False, whole_plans=True, notes=_NOTES,
        )  # fmt: skip

    def status(self) -> Status:
        """Nothing is known of Igor."""
        self._check()
        return Status(None, 0.0, busy=False)

    def preview(self, messages: Sequence[Message]) -> tuple[str, ...]:
        """Return the lines of the file.

        Raises
        ------
        InstrumentError
            If a place is not on the image that Igor shows, or that image is rotated and no marker
            check was recorded.
        """
        self._previewed = self._text(messages)
        return tuple(self._previewed.splitlines())

    # -- inner ----------------------------------------------------------------------------

    def _hand_over(self, messages: Sequence[Message]) -> PlanFile:
        text = self._text(messages)
        if text != self._previewed:
            raise InstrumentError(
                "Igor shows another image than at the preview: preview and approve again"
            )
        write_whole(self._commands, text.encode("ascii"), sync=True)
        return PlanFile(self._commands, "")

    def _text(self, messages: Sequence[Message]) -> str:
        places, visited = [], []
        for message in messages:
            if message.kind in ("mark", "move"):
                places.append((message.values["x_m"], message.values["y_m"]))
                visited.append(message.kind == "move")
        frame = self._newest_frame()
        if frame.angle_rad and not self._rotation_verified:
            raise InstrumentError(
                "the image in Igor is rotated, and no marker check has shown which way: scan at 0"
                " deg, or record the check (rotation_verified in the limits)"
            )
        try:
            return arcmd_commands(
                places, visited, frame if self._origin == "corner" else None, self._first_spot
            )
        except InputError as error:
            raise InstrumentError(str(error)) from error

    def _newest_frame(self) -> ScanFrame:
        """Frame of the newest image of the folder: the one that Igor shows."""
        found = [(s[1], p, s) for p in self._folder.glob("*.ibw") if (s := signature_of(p))]
        for _, path, signature in sorted(found, reverse=True):
            if self._image is not None and self._image[:2] == (path, signature):
                return self._image[2]
            try:
                content = read_content(path)
            except InputError as error:
                raise InstrumentError(f"the newest image cannot be read: {error}") from error
            if isinstance(content, Scan) and content.frame is not None:
                self._image = (path, signature, content.frame)
                return content.frame
        raise InstrumentError(f"no image in {self._folder}: scan once; the image gives the places")
