"""Point and know: a place, a drawn wall or a new scan is read with the types at hand."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corescout.data import Result, StoppedError
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.keypoint_edits import KeypointEdits, Outline
from corescout.gui.model.workspace import Workspace

_EVERY_PX = 3.0  # along a drawn wall


class Reader:
    """Reads what is pointed at, in about a second and without a search.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._pointing = False
        self._known: KeypointEdits | None = None
        workspace.key_points.edits_changed.connect(self._edited)
        workspace.chosen_changed.connect(self._chosen)
        self._listen()

    def point(self, pointing: bool) -> None:
        """Read the place of each click on the scan, or leave clicks to napari."""
        self._pointing = pointing

    def read(self, yx_px: NDArray[np.float64], what: str) -> None:
        """Say what type places of the chosen scan are of."""
        chosen, result = self._workspace.chosen, self._workspace.result
        if chosen is None or result is None or len(yx_px) == 0:
            return
        scan = chosen.scan

        def look(on_progress: object, stop: object) -> str:
            from corescout.reading import read_places

            return _in_words(what, result, read_places(result, scan, yx_px))

        self._work.start("read", Job(look), self._say, quick=True)

    # -- what is heard --------------------------------------------------------------------

    def _listen(self) -> None:
        me = weakref.ref(self)

        def clicked(viewer: Any, event: Any) -> Any:
            reader = me()
            if reader is None or not reader._pointing:
                return
            start = event.pos
            yield
            while event.type == "mouse_move":
                yield
            if np.hypot(*np.subtract(event.pos, start)) < 4:  # a drag moves the view
                reader._clicked(event.position)

        self._canvas.connections.append(self._canvas.viewer.mouse_drag_callbacks, clicked)

    def _clicked(self, position: tuple[float, ...]) -> None:
        layer = self._canvas.image_layer()
        if layer is not None and len(position) >= 2:
            place = np.asarray(layer.world_to_data(position[-2:]))
            self.read(place.reshape(1, 2), "Here")

    def _edited(self) -> None:
        """A line or points that were drawn since are read."""
        now, before = self._workspace.key_points.edits, self._known
        self._known = now
        if before is None or self._workspace.result is None:
            return
        lines = [o for o in now.outlines if o.kind == "along"]
        if len(lines) > len([o for o in before.outlines if o.kind == "along"]):
            self.read(_along(lines[-1]), "This wall")
        elif len(now.added) > len(before.added):
            self.read(np.asarray(now.added[len(before.added) :]), "This point")

    def _chosen(self, image: ChosenImage | None) -> None:
        """Another scan, on which nothing was found yet, is read with the types at hand."""
        workspace = self._workspace
        self._known = None if image is None else workspace.key_points.edits
        known = workspace.result
        free = image is not None and known is not None and not workspace.running
        if not free or image is None or known is None or image.result is not None:
            return
        if known.scan.uid == image.scan.uid or workspace.results.of_scan(image.scan):
            return
        scan = image.scan

        def look(on_progress: object, stop: object) -> Result:
            from corescout.pipeline import apply

            return apply(known, scan)

        def take(job: Job[Result]) -> None:
            chosen = workspace.chosen
            if chosen is None or chosen.scan is not scan or workspace.running:
                return
            if job.answer is not None:
                workspace.take_result(job.answer, origin="read")
            elif job.error is not None and not isinstance(job.error, StoppedError):
                workspace.note(f"Not read with the types at hand: {job.error}")

        self._work.start("read scan", Job(look), take)

    def _say(self, job: Job[str]) -> None:
        self._workspace.note(job.answer or ended(f"Not read: {job.error}"))


def _along(line: Outline) -> NDArray[np.float64]:
    from corescout.keypoints import along_path

    return np.asarray(along_path(np.asarray(line.vertices_px), _EVERY_PX).yx_px)


def _in_words(what: str, result: Result, reading: Any) -> str:
    """Say the type of most places, how likely it is, and the target that is most alike."""
    numbers, counts = np.unique(reading.type, return_counts=True)
    number = int(numbers[counts.argmax()])
    mine = reading.type == number
    likely = float(np.mean(reading.probability[mine]))
    new = float(np.median(reading.novelty_p[mine]))
    words = f"{what}: {result.types.name(number)}, {likely:.2f} of the types that were found"
    words += f"; novelty p = {new:.2f}" if new >= 0.01 else "; novelty p < 0.01"
    if len(reading.type) > 1:
        words += f" ({int(mine.sum())} of {counted(len(reading.type), 'point')})"
    targets = reading.target[mine]
    if targets.size and targets[0] >= 0:
        place = int(np.bincount(targets).argmax())
        words += f"; like target {result.targets[place].number}"
    if np.mean(reading.unlike) > 0.5:
        words += ". Unlike every type: explore this scan to tell what it is"
    return ended(words)
