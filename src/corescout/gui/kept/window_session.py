"""The session of the window: saved as it changes, offered after a crash, asked about at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QWidget

from corescout import folders
from corescout.data import InputError, Result
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import RESULT, result_layers
from corescout.gui.canvas.opening import read
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.kept import autosave
from corescout.gui.kept.dock_guard import DockGuard, may_end, under_way
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.held_result import HeldResult
from corescout.gui.model.keypoint_edits import KeypointEdits, Outline
from corescout.gui.model.workspace import Workspace

_log = logging.getLogger(__name__)
_SETTLE_MS = 1500  # what changes in a row is saved once


class WindowSession(QObject):
    """Watches the edits and the result of a window and keeps them on disk.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
        Gets the layers of a session that is taken up again.
    work : Work
    parent : QWidget
        The dock: the question at the end is shown over its window.
    leave : callable
        Called when the window has really closed: the dock leaves the viewer.
    keep : bool
        Off for measurements and pictures.
    """

    offered = Signal(object)  # a line on what was left behind, to be shown on top of everything

    def __init__(
        self,
        workspace: Workspace,
        canvas: Canvas,
        work: Work,
        parent: QWidget,
        leave: Callable[[], None],
        *,
        keep: bool = True,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._parent, self._leave, self._keep = parent, leave, keep
        self._root = folders.sessions_folder()
        self._store = autosave.Autosave(self._root)
        self._closing = self._hidden = False  # it was told to close, and may; it has
        self._answer: bool | None = None  # keep what is not saved? None: not asked
        self._discarded: list[autosave.Kept] = []  # dropped when this window closes
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._save)
        self._window: QObject | None = None
        self._dock = DockGuard(workspace, self)
        workspace.undo_stack.indexChanged.connect(self._changed)
        workspace.result_changed.connect(self._result_changed)
        workspace.closing.connect(self.leave)

    @property
    def unsaved(self) -> bool:
        """Whether there is something that would be lost."""
        return self._keep and self._workspace.unsaved

    def leave(self) -> None:
        """The dock closes: what is not saved is offered when it opens again."""
        self._settle.stop()
        if self._window is not None:
            self._window.removeEventFilter(self)
            self._window = None
        keep = self.unsaved and not (self._hidden and self._answer is False)
        if keep:
            self._work.wait(10)
            try:
                self._store.save(self._values(), self._results())
            except (OSError, InputError):  # a full disk must not hold the window open
                _log.exception("the session could not be kept")
        self._store.close(keep=keep)
        for kept in self._discarded:
            autosave.drop(kept)

    # -- saving ---------------------------------------------------------------------------

    def _result_changed(self, result: Result | None) -> None:
        if result is not None:
            self._changed()

    def _changed(self, *_: object) -> None:
        self._settle.start()

    def _save(self) -> None:
        work = self._work
        if not self.unsaved and not (self._keep and len(self._workspace.results) > 1):
            return
        if work.running("autosave") or self._workspace.running:
            self._settle.start()
            return
        values, results = self._values(), self._results()

        def save(on_progress: object, stop: object) -> None:
            self._store.save(values, results)

        def ended(job: Job[None]) -> None:
            if job.error is not None:
                self._workspace.note(f"The session could not be saved: {job.error}")
            elif not self._workspace.closed:
                self._shelve(results)

        work.start("autosave", Job(save), ended)

    def _shelve(self, saved: Mapping[int, HeldResult]) -> None:
        """Let go of the memory of what is on disk and not shown."""
        for entry in self._workspace.results:
            here = saved.get(entry.key) is entry.held and entry.held.in_memory
            if here and entry.key != self._workspace.results.shown:
                entry.held.shelve(self._store.reader(entry.key))

    def _results(self) -> dict[int, HeldResult]:
        return {e.key: e.held for e in self._workspace.results if e.origin != "read"}

    def _values(self) -> dict[str, Any]:
        workspace, chosen = self._workspace, self._workspace.chosen
        edits, result, holds = workspace.key_points.edits, workspace.result, []
        if result is not None:
            holds.append(result.types_in_words)
        if len(workspace.results) > 1:
            holds.append(f"{len(workspace.results)} results")
        if workspace.running:
            holds.append("a search under way")
        count = workspace.undo_stack.index()
        if count:
            holds.append(counted(count, "edit"))
        source = chosen.scan.source if chosen is not None else ""
        title = source.replace("\\", "/").rpartition("/")[2]
        return {
            "title": title or (chosen.name if chosen is not None else ""),
            "holds": holds,
            "source": source,
            "channel": chosen.channel if chosen is not None else "",
            "shown": workspace.results.shown,
            "results": [
                {"key": e.key, "origin": e.origin, "at_s": e.at_s}
                for e in workspace.results
                if e.origin != "read"
            ],
            "settings": workspace.parameters.values(),
            "edits": {
                "added": edits.added.tolist(),
                "removed": edits.removed.tolist(),
                "outlines": [[o.kind, o.vertices_px.tolist(), o.closed] for o in edits.outlines],
            },
        }

    def keep_search(self) -> Callable[[], Path | None]:
        """A search begins; returns what its job calls for the folder that keeps its trials."""
        if not self._keep:
            return lambda: None
        values, results = self._values(), self._results()

        def place() -> Path:
            self._store.save(values, results)
            return self._store.search_folder()

        return place

    # -- taking one up again --------------------------------------------------------------

    def offer(self) -> None:
        """Offer what another window left behind, if anything."""
        kept = autosave.kept_sessions(self._root) if self._keep else []
        if kept:
            self.offered.emit(Offer(self, kept[0]))

    def restore(self, kept: autosave.Kept) -> None:
        """Put layers, settings, edits and results of a session back; its search goes on."""
        workspace, viewer, values = self._workspace, self._canvas.viewer, kept.values
        results = autosave.read_results(kept)
        result = results.get(values.get("shown") or -1)
        if result is not None:
            for data, options, kind in result_layers(result):
                options.get("metadata", {}).pop(RESULT, None)
                getattr(viewer, f"add_{kind}")(data, **options)
        elif values.get("source"):
            for data, options, kind in read(values["source"]):
                getattr(viewer, f"add_{kind}")(data, **options)
        workspace.parameters.restore(values.get("settings", {}))
        scan = workspace.chosen.scan if workspace.chosen is not None else None
        workspace.key_points.set_edits(_edits(values.get("edits", {})), scan)
        for about in values.get("results", []):
            if about["key"] in results:
                workspace.results.add(
                    results[about["key"]], origin=about["origin"], at_s=about["at_s"]
                )
        if result is not None:
            workspace.take_result(result, drawn=True, origin="search")
            workspace.result_shown.emit()
        search = self._store.take_search(kept)
        autosave.drop(kept)
        self._changed()
        if search:
            workspace.ask_for_search()

    # -- the end --------------------------------------------------------------------------

    def watch_window(self, window: QObject) -> None:
        """Ask before a window closes over what is not saved, or its dock over what is under way."""
        self._dock.watch(self._parent)
        if self._window is not window:
            self._window = window
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hold a close until the operator has answered; leave when the window has really closed.

        napari asks after this, and may keep the window: what was answered is done when it hides.
        """
        if watched is not self._window or self._workspace.closed:
            return False
        if event.type() == QEvent.Type.Close and not self._may_close():
            event.ignore()
            return True
        if event.type() == QEvent.Type.Hide and not event.spontaneous() and self._closing:
            self._hidden = True
            self._leave()
        return False

    def _may_close(self) -> bool:
        """Ask what is to be asked; False where the window stays."""
        self._answer = None
        ends = under_way(self._workspace)
        if ends and not may_end(self._parent, ends, "Keep the window"):
            return False
        if self.unsaved and preferences().ask:
            self._answer = self.ask()
            if self._answer is None:
                return False
        self._closing = True
        return True

    def ask(self) -> bool | None:
        """Ask what becomes of what is not saved: whether to keep it; None if the window stays."""
        box = QMessageBox(self._parent.window())
        box.setWindowTitle("Corescout")
        box.setText("You have unsaved results or edits.")
        box.setInformativeText("If kept, they are offered next time Corescout opens.")
        keep = box.addButton("Keep for next time", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(cancel)
        box.exec()
        return None if box.clickedButton() is cancel else box.clickedButton() is keep

    # -- what was left behind -------------------------------------------------------------

    def discard(self, kept: autosave.Kept, *, discarded: bool = True) -> None:
        """Drop what another window left behind when this one closes, or do not."""
        self._discarded = [other for other in self._discarded if other is not kept]
        if discarded:
            self._discarded.append(kept)


class Offer(QWidget):
    """A line on top of the dock: what was left behind, and what to do with it."""

    def __init__(self, session: WindowSession, kept: autosave.Kept) -> None:
        super().__init__()
        self._session, self.kept = session, kept
        self.text = QLabel(f"Unsaved from last time: {kept.words}")
        self.text.setWordWrap(True)
        searched = (kept.folder / autosave.SEARCH).is_dir()
        self.restore_button = QPushButton("Continue" if searched else "Restore")
        goes_on = ", and go on with the search" if searched else ""
        self.restore_button.setToolTip(
            f"{ended('Put settings, edits and all results back' + goes_on)} Undo starts empty"
        )
        self.discard_button = QPushButton("Discard")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, stretch=1)
        row.addWidget(self.restore_button)
        row.addWidget(self.discard_button)
        self.restore_button.clicked.connect(self._restore)
        self.discard_button.clicked.connect(self._discard)

    def _restore(self) -> None:
        self.hide()
        self._session.discard(self.kept, discarded=False)
        self._session.restore(self.kept)
        self.deleteLater()

    def _discard(self) -> None:
        """Forget it when this window closes; until then it can be brought back."""
        self._session.discard(self.kept)
        self.text.setText(f"Discarded when this window closes: {self.kept.words}")
        self.discard_button.hide()


def _edits(values: dict[str, Any]) -> KeypointEdits:
    outlines = [
        Outline(kind, np.array(vertices, dtype=np.float64), bool(closed))
        for kind, vertices, closed in values.get("outlines", [])
    ]
    return KeypointEdits(
        added=np.array(values.get("added", []), dtype=np.float64).reshape(-1, 2),
        removed=np.array(values.get("removed", []), dtype=np.float64).reshape(-1, 2),
        outlines=tuple(outlines),
    )
