"""The session of the window: saved as it changes, offered after a crash, asked about at the end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QWidget

from corescout.data import InputError, Result
from corescout.gui.canvas import layer_data as shown
from corescout.gui.jobs.job import Job
from corescout.gui.kept import autosave
from corescout.gui.kept.preferences import preferences
from corescout.gui.model.keypoint_edits import KeypointEdits, Outline

if TYPE_CHECKING:
    from corescout.gui.explorer import Explorer

_log = logging.getLogger(__name__)
_SETTLE_MS = 1500  # what changes in a row is saved once


class WindowSession(QObject):  # type: ignore[misc]
    """Watches the edits and the result of an explorer and keeps them on disk."""

    def __init__(self, explorer: Explorer, *, keep: bool = True) -> None:
        super().__init__(explorer)
        self._keep = keep
        self._explorer = explorer
        self._root = autosave.sessions_folder()
        self._store = autosave.Autosave(self._root)
        self._exported: Result | None = None
        self._again = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._save)
        self._window: QObject | None = None
        explorer.undo_stack.indexChanged.connect(self._changed)
        explorer.result_changed.connect(self._result_changed)

    @property
    def unsaved(self) -> bool:
        """Whether there is a result or an edit that no run folder holds."""
        if not self._keep:
            return False
        result = self._explorer.result
        if result is not None and result is not self._exported:
            return True
        return bool(self._explorer.key_points_step.editor.edits) and (
            not self._explorer.undo_stack.isClean()
        )

    def exported(self, index: int) -> None:
        """A run folder was written, of the edits up to an index of the undo stack."""
        if index == self._explorer.undo_stack.index():
            self._exported = self._explorer.result
            self._explorer.undo_stack.setClean()

    def opened(self, result: Result) -> None:
        """A result was read from a run folder: it is saved there."""
        self._exported = result

    def leave(self) -> None:
        """The dock closes: what is not saved is offered when it opens again."""
        self._settle.stop()
        if self._window is not None:
            self._window.removeEventFilter(self)
            self._window = None
        keep = self.unsaved
        if keep:
            self._explorer.work.wait(10)
            try:
                self._store.save(self._values(), self._explorer.result)
            except (OSError, InputError):  # a full disk must not hold the window open
                _log.exception("the session could not be kept")
        self._store.close(keep=keep)

    # -- saving ---------------------------------------------------------------------------

    def _result_changed(self, result: Result | None) -> None:
        if result is not None:
            self._changed()

    def _changed(self, *_: object) -> None:
        self._settle.start()

    def _save(self) -> None:
        work = self._explorer.work
        if not self.unsaved:
            return
        if work.running("autosave") or self._explorer.running:
            self._settle.start()
            return
        values, result = self._values(), self._explorer.result

        def save(on_progress: object, stop: object) -> None:
            self._store.save(values, result)

        def ended(job: Job[None]) -> None:
            if job.error is not None:
                self._explorer.session_bar.say(f"The session is not kept: {job.error}")

        work.start("autosave", Job(save), ended)

    def _values(self) -> dict[str, Any]:
        explorer = self._explorer
        layer, edits = explorer.image_layer(), explorer.key_points_step.editor.edits
        scan = explorer.scan_of(layer) if layer is not None else None
        result, holds = explorer.result, []
        if result is not None:
            holds.append(result.types_in_words)
        count = explorer.undo_stack.index()
        if count:
            holds.append("1 edit" if count == 1 else f"{count} edits")
        source = scan.source if scan is not None else ""
        return {
            "title": source.replace("\\", "/").rpartition("/")[2] or (layer.name if layer else ""),
            "holds": holds,
            "source": source,
            "channel": layer.metadata.get(shown.CHANNEL, "") if layer is not None else "",
            "settings": {
                name: {p.name: p.value for p in step.parameters}
                for name, step in explorer.steps.items()
            },
            "edits": {
                "added": edits.added.tolist(),
                "removed": edits.removed.tolist(),
                "outlines": [[o.kind, o.vertices_px.tolist(), o.closed] for o in edits.outlines],
            },
        }

    # -- taking one up again --------------------------------------------------------------

    def offer(self) -> None:
        """Offer what another window left behind, if anything."""
        kept = autosave.kept_sessions(self._root) if self._keep else []
        if kept:
            self._explorer.show_offer(Offer(self, kept[0]))

    def restore(self, kept: autosave.Kept) -> None:
        """Put the layers, the settings, the edits and the result of a session back."""
        explorer, values = self._explorer, kept.values
        result = autosave.read_result(kept)
        if result is not None:
            for data, options, kind in shown.result_layers(result):
                options.get("metadata", {}).pop(shown.RESULT, None)
                getattr(explorer.viewer, f"add_{kind}")(data, **options)
        elif values.get("source"):
            from corescout.gui.contributions import read

            for data, options, kind in read(values["source"]):
                getattr(explorer.viewer, f"add_{kind}")(data, **options)
        for name, settings in values.get("settings", {}).items():
            for parameter in explorer.steps[name].parameters:
                if parameter.name in settings:
                    parameter.set(settings[parameter.name])
        layer = explorer.image_layer()
        scan = explorer.scan_of(layer) if layer is not None else None
        explorer.key_points_step.editor.set_edits(_edits(values.get("edits", {})), scan)
        if result is not None:
            explorer.take_restored(result)
        autosave.drop(kept)
        self._changed()

    # -- the end --------------------------------------------------------------------------

    def watch_window(self, window: QObject) -> None:
        """Ask before a window closes over what is not saved."""
        if self._window is not window:
            self._window = window
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Hold a close until the operator has said what becomes of the session."""
        if event.type() != QEvent.Type.Close or watched is not self._window:
            return False
        if self._explorer.closed or not self.unsaved:
            return False
        if not preferences().ask:
            self._explorer.disconnect_viewer()
        elif not self.ask():
            event.ignore()
            return True
        return False

    def ask(self) -> bool:
        """Ask what becomes of what is not saved; False where the window stays."""
        box = QMessageBox(self._explorer.window())
        box.setWindowTitle("Corescout")
        box.setText("What was found or edited is not in a run folder yet.")
        box.setInformativeText("Kept, it is offered when Corescout is opened the next time.")
        keep = box.addButton("Keep for next time", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(cancel)
        box.exec()
        if box.clickedButton() is cancel:
            return False
        if box.clickedButton() is not keep:
            self._exported = self._explorer.result
            self._explorer.undo_stack.setClean()
        self._explorer.disconnect_viewer()
        return True


class Offer(QWidget):  # type: ignore[misc]
    """A line on top of the dock: what was left behind, and what to do with it."""

    def __init__(self, session: WindowSession, kept: autosave.Kept) -> None:
        super().__init__()
        self._session, self.kept = session, kept
        self.text = QLabel(f"Not saved last time: {kept.words}")
        self.text.setWordWrap(True)
        self.restore_button = QPushButton("Restore")
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
        self._session.restore(self.kept)
        self.deleteLater()

    def _discard(self) -> None:
        autosave.drop(self.kept)
        self.hide()
        self.deleteLater()


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
