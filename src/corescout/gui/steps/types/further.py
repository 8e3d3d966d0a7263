"""Further scans as evidence: an operator gives them, and the grade of the result follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from corescout.data import EvidenceCheck, InputError, Progress, Result, Scan, StoppedError
from corescout.data.check import OF_SCANS, Way
from corescout.data.sentences import ended
from corescout.data.wanted_scan import wanted_scan
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.layer_data import SCAN
from corescout.gui.jobs.further import GivenScan, start_asking
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.look import tint
from corescout.gui.model.reasons import in_window_words
from corescout.gui.model.result_edits import edit_result
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.types.further_row import WAYS, FurtherRow, excludes_in_words

_JOB = "further scans"
_GRADES = {
    "one pattern": "one pattern",
    "drift": "drift or zones",
    "possible zones": "possible zones",
    "zones": "zones",
    "distinct": "distinct types",
}


class FurtherEvidence(QWidget):
    """The grade of the result, the further scans that it rests on, and a button for more.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work

    Attributes
    ----------
    said : QLabel
        The grade, and which scan would settle what is left.
    rows : list of FurtherRow
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__()
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self._scans: dict[str, Scan] = {}  # those of the viewer, by their source
        self._asked_of: Result | None = None
        self.rows: list[FurtherRow] = []
        self.said, self.note = QLabel(), QLabel()
        for label in (self.said, self.note):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.note.setVisible(False)
        self.add_button = QPushButton("Add a further scan …")
        self.add_button.setToolTip(_tip())
        self.add_button.setStyleSheet("padding: 3px 4px;")
        menu = QMenu(self.add_button)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.add_button.setMenu(menu)
        self.stop_button = QPushButton("Stop")
        self.stop_button.setToolTip("Stop looking; the result stays as it is")
        self.stop_button.clicked.connect(self._stop)
        self.stop_button.setVisible(False)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        buttons = QHBoxLayout()
        buttons.setSpacing(3)
        buttons.addWidget(self.add_button, stretch=1)
        buttons.addWidget(self.stop_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.said)
        layout.addLayout(self._list)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        workspace.result_changed.connect(self._show)
        self._show(workspace.result)

    # -- what is shown --------------------------------------------------------------------

    def _show(self, result: Result | None) -> None:
        self.setVisible(result is not None)
        for row in self.rows:
            self._list.removeWidget(row)
            row.deleteLater()
        self.rows = []
        if result is None:
            return
        for source, checks in _by_source(result).items():
            row = FurtherRow(source, checks)
            row.way_changed.connect(self._correct)
            row.removed.connect(self._remove, Qt.ConnectionType.QueuedConnection)
            self.rows.append(row)
            self._list.addWidget(row)
        self.said.setText(evidence_in_words(result))
        self._show_possible()

    def _show_possible(self) -> None:
        """Enable what can be done now."""
        result, busy = self._workspace.result, self._work.running(_JOB)
        can = result is not None and result.n_types > 1 and bool(result.evidence.grade)
        self.add_button.setEnabled(can and not busy)
        self.stop_button.setVisible(busy)
        for row in self.rows:
            row.setEnabled(not busy)

    def _say(self, text: str, role: str = "") -> None:
        self.note.setText(text)
        tint(self.note, role)
        self.note.setVisible(bool(text))

    # -- what the operator does -----------------------------------------------------------

    def _fill(self, menu: QMenu) -> None:
        """Offer the other scans of the viewer, and files."""
        menu.clear()
        here = self._offered()
        for scan in here:
            given = GivenScan.of(scan)
            menu.addAction(given.name, lambda given=given: self.ask([given]))
        if here:
            menu.addSeparator()
        menu.addAction("Files …", self._choose_files)

    def _choose_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Further scans of this sample")
        if chosen:
            self.ask([GivenScan(file) for file in chosen])

    def ask(self, given: Sequence[GivenScan]) -> None:
        """Look for the types of the present result in further scans."""
        result = self._workspace.result
        if result is None or self._work.running(_JOB):
            return
        self._scans |= {each.source: each.scan for each in given if each.scan is not None}
        self._asked_of = result
        self._say(f"Looking for the types in {given[0].name} …")
        self._work.start(_JOB, start_asking(result, given), self._end, self._progress)
        self._show_possible()

    def _correct(self, source: str, way: str) -> None:
        """A scan is something else to the first than was thought: it is looked at again."""
        kind: Way = next(each for each in OF_SCANS if each == way)
        self.ask([GivenScan(source, self._scan_of(source), kind)])

    def _remove(self, source: str) -> None:
        result = self._workspace.result
        if result is None or self._work.running(_JOB):
            return
        from corescout.further_scans import without_further

        name = GivenScan(source).name
        self._say("")
        edit_result(self._workspace, f"take {name} away", without_further(result, source))

    def _stop(self) -> None:
        self._work.stop(_JOB)
        self._say("Stopping …")

    # -- inner ----------------------------------------------------------------------------

    def _progress(self, progress: Progress) -> None:
        self._say(f"Looking for the types in {progress.stage} …")

    def _end(self, job: Job[Result]) -> None:
        asked_of, self._asked_of = self._asked_of, None
        present, answer = self._workspace.result, job.answer
        self._show_possible()
        if answer is None:
            self._say(*_why_not(job.error))
        elif present is None or asked_of is None or present.fit is not asked_of.fit:
            self._say("Another result is shown by now: give it the scan again.", "doubt")
        else:
            self._say("")
            after = replace(present, evidence=answer.evidence, why=answer.why)
            edit_result(self._workspace, "add a further scan", after)

    def _offered(self) -> list[Scan]:
        """Scans of the viewer other than the result's, each once."""
        result = self._workspace.result
        found: dict[str, Scan] = {}
        for layer in self._canvas.images():
            scan = layer.metadata.get(SCAN)
            if isinstance(scan, Scan) and result is not None and scan.uid != result.scan.uid:
                found.setdefault(scan.uid, scan)
        return list(found.values())

    def _scan_of(self, source: str) -> Scan | None:
        """The scan of a source, where it is in the viewer or was; else its file is read."""
        scans = {scan.source or scan.uid: scan for scan in self._offered()}
        return scans.get(source) or self._scans.get(source)


def evidence_in_words(result: Result) -> str:
    """Say the grade of a result, what is not excluded, and which scan would settle it."""
    evidence = result.evidence
    if not evidence.grade:
        return "Evidence was not asked for (no surfaces without types in the options)."
    words = f"<b>Evidence: {_GRADES[evidence.grade]}.</b>"
    lengths = evidence.correlation_lengths
    words += f" The scan is {lengths:.0f} correlation lengths of its pattern wide." * (lengths > 0)
    if result.n_types < 2:
        return f"{words} Of one type nothing is asked of further scans."
    if evidence.is_denied:
        denied = next(check for check in evidence.checks if check.found is False)
        return f"{words} Denied: {denied.name} does not show these types at these places."
    if evidence.is_spread:
        return (
            f"{words} That is of the winner's codes. The types that are shown do not keep to their"
            " own places by their patches alone, so no further scan can make zones of them."
        )
    wanted = wanted_scan(result)
    return words if wanted is None else ended(f"{words} To settle it: {wanted}")


def _by_source(result: Result) -> dict[str, list[EvidenceCheck]]:
    found: dict[str, list[EvidenceCheck]] = {}
    for check in result.evidence.checks:
        if check.kind in OF_SCANS:
            found.setdefault(check.source, []).append(check)
    return found


def _tip() -> str:
    lines = [f"{WAYS[way]}: can exclude {excludes_in_words(way)}" for way in OF_SCANS]
    return "\n".join(["Is it so? The types are looked for in another scan.", *lines])


def _why_not(error: BaseException | None) -> tuple[str, str]:
    """Why nothing came of it, and the role of the words."""
    if isinstance(error, StoppedError):
        return "Stopped. The result is as it was.", ""
    told = in_window_words(str(error))
    if not isinstance(error, InputError):
        told = f"A bug: {ended(f'{type(error).__name__}: {error}')} Please report it."
    return told, "problem"
