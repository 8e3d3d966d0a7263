"""What the panels of a window share: the scan, the settings, the result, and what was made of it.

A panel takes the workspace, shows what its signals say, and changes it by its methods. No layer,
no widget and no thread is known here, so all of it works without a display.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from psygnal import Signal
from qtpy.QtGui import QUndoStack

from corescout.data import Finding, Progress, Result, Scan, Target
from corescout.gui.model.candidate_view import CandidateView, winner_view
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.edited_keypoints import EditedKeypoints
from corescout.gui.model.found_results import Found, FoundResults
from corescout.gui.model.point_selection import PointSelection
from corescout.gui.model.settings import Settings, StepSettings
from corescout.gui.model.target_list import TargetList
from corescout.gui.model.undo import Change, Parameters
from corescout.gui.model.workflow import STEPS, StepState, Workflow
from corescout.plan import Plan

_FOUND = ("explore", "types", "targets")
_REPLACED = ("watch", "read")  # origins of which the list holds one result
DROP_A_SCAN = "Drop a scan here, or File > Open Sample > Corescout."


class Workspace:
    """State of one window.

    Attributes
    ----------
    workflow : Workflow
        State of each step.
    undo_stack : QUndoStack
        Every edit in any panel.
    parameters : Parameters
        The settings as widgets hold them, kept with the session.
    settings : Settings
        The same as values, step by step.
    key_points : EditedKeypoints
    selection : PointSelection
        Of the plot and the scan.
    targets : TargetList
    chosen : ChosenImage or None
    searched : Scan or None
        That the search under way, or the last one, is about.
    results : FoundResults
        Every result of this window.
    result : Result or None
        The one of them that the panels show, with its edits.
    drawn : bool
        Whether the layers of the result came with it.
    view : CandidateView or None
        The candidate that is looked at: the winner, if no other was picked.
    progress : Progress or None
        The last snapshot of the search under way, or of one that was stopped; None once it is
        decided, or a result is taken up.
    doubts : tuple of Finding
        What speaks against a decision on the chosen image.
    closing_questions : list of callable
        Each returns what an operator must know before the window closes; "" if nothing.
    running, choosing, closed : bool
        Whether a search is under way, paused or not; whether it only makes the result of another
        candidate; whether the window has closed.
    """

    chosen_changed = Signal(object)  # ChosenImage or None
    key_points_wanted = Signal()  # those of the chosen image are to be found again
    settings_changed = Signal(str)  # of a step
    search_wanted = Signal()
    choice_wanted = Signal(int)  # number of the trial that is to be used
    running_changed = Signal(bool)
    progressed = Signal(object)  # Progress
    result_changed = Signal(object)  # Result or None
    result_edited = Signal(object)  # Result, as a person made it
    search_failed = Signal(str)  # why no result came of it; the one that is shown stays
    image_wanted = Signal(object)  # Scan: its image is to be chosen
    view_changed = Signal(object)  # CandidateView or None
    candidates_changed = Signal(object)  # Result: its candidates are listed again
    targets_edited = Signal(object)  # tuple of Target; the types stay as they are
    result_shown = Signal()  # a search has ended: what it found is to be seen
    doubts_changed = Signal(object)  # tuple of Finding
    said = Signal(str, str)  # words and their state, on top of the steps
    noted = Signal(str)  # below the steps
    closing = Signal()

    def __init__(self) -> None:
        self.workflow = Workflow()
        self.undo_stack = QUndoStack()
        self.parameters = Parameters(self.undo_stack)
        self.settings = Settings()
        self.key_points = EditedKeypoints(self.do, lambda: self.settings.key_points.spacing_px)
        self.selection, self.targets = PointSelection(), TargetList()
        self.chosen: ChosenImage | None = None
        self.searched: Scan | None = None
        self.results = FoundResults()
        self.result: Result | None = None
        self.drawn = False
        self.view: CandidateView | None = None
        self.progress: Progress | None = None
        self.doubts: tuple[Finding, ...] = ()
        self.words = (DROP_A_SCAN, "empty")
        self.running = self.choosing = self.closed = False
        self._found_with: dict[str, Any] | None = None  # settings, when the result was found
        self.closing_questions: list[Callable[[], str]] = []
        self._searched_with: dict[str, Any] = {}  # settings, when the search began
        self._explore_before = (StepState.TO_DO, "")  # of step 3, when the search began

    # -- the image and the settings -------------------------------------------------------

    def choose(self, image: ChosenImage | None) -> None:
        """Another image is analysed; a result that came with it is shown."""
        before, self.chosen = self.chosen, image
        if image is None:
            if not self.running and self.result is not None:
                self.set_result(None)  # it stays in the list
            self.set_doubts(())
            self.workflow.forget(STEPS)
            self.say(DROP_A_SCAN, "empty")
            self.chosen_changed.emit(None)
            return
        if self.words[0] == DROP_A_SCAN:
            self.say("Finding key points ...", "ready")
        self.workflow.set("scan", StepState.DONE, image.name)
        self.chosen_changed.emit(image)
        found = image.result
        if before is not None and before.name == image.name and found is not None:
            return  # the next scan of a watch, which shows what it has understood by itself
        shown = found is not None and self.result is not None and self.result.fit is found.fit
        if found is not None and not shown and not self.running:
            known = self.results.known(found)
            if known is not None:  # of this window, with the edits since
                self._present(known)
            else:
                self._take(found, origin="opened", drawn=True)
            return
        if found is not None and image.channel in found.channels:
            # The layers of a run come one by one: this is the one that was analysed.
            self._found_with = (self._found_with or self._settings_now()) | {"scan": image.name}
        self._show_own(image)
        self.compare()
        self.key_points_wanted.emit()

    def _show_own(self, image: ChosenImage) -> None:
        """Show what was found on the image's scan, where another scan's result is shown."""
        uid = None if self.result is None else self.result.scan.uid
        own = self.results.of_scan(image.scan)
        if own and uid != image.scan.uid and not self.running:
            self._present(own[-1])

    def set_settings(self, step: str, settings: StepSettings) -> None:
        """Take the settings of a step; what was found with others is out of date."""
        change: dict[str, Any] = {step: settings}
        changed = replace(self.settings, **change)
        if changed != self.settings:
            self.settings = changed
            self.compare()
            self.settings_changed.emit(step)

    def plan(self) -> Plan:
        """Return the plan of the settings, the same as the command line would make.

        Raises
        ------
        ValueError
            If a setting cannot be used.
        """
        return self.settings.plan(self.chosen.channel if self.chosen is not None else None)

    def compare(self) -> None:
        """Put out of date what was found with other settings, and take back what is as before."""
        if self.result is not None and self._found_with is not None:
            self.workflow.compare(self._found_with, self._settings_now())

    def settle(self, step: str) -> None:
        """A step was done again with its settings as they stand."""
        if self._found_with is not None:
            self._found_with = self._found_with | {step: self._settings_now()[step]}
            present = self.results.present
            if present is not None:
                self.results.change(present.key, found_with=self._found_with)
            self.compare()

    # -- the search and its result --------------------------------------------------------

    def begin_search(self, scan: Scan, *, choosing: bool = False) -> None:
        """A search begins on a scan; what was found before stays until the new one is decided.

        Parameters
        ----------
        choosing : bool
            Of the candidates that are listed another is used: no new one will join them.
        """
        self.searched, self.progress, self.choosing = scan, None, choosing
        self.note("")
        self._searched_with = self._settings_now()
        workflow = self.workflow
        self._explore_before = (workflow.state("explore"), workflow.text("explore"))
        if self.result is None:
            self.view = None
            self.view_changed.emit(None)
        self.set_running(True)

    def finish_search(self, result: Result) -> None:
        """A search was decided: its result joins the list and is shown; Undo shows the last one."""
        self.set_running(False)
        self.take_up(self.results.add(result, found_with=self._searched_with).key)

    def end_search(self, why: str) -> None:
        """A search ended without a result: all is as it was before, but for what was finished."""
        self.set_running(False)
        if self.progress is not None and not self.progress.trials:
            self.progress = None
        if self.result is not None:
            self.workflow.set("explore", *self._explore_before)
            self.compare()
            if self.progress is None:
                self.candidates_changed.emit(self.result)
        self.search_failed.emit(why)

    def set_running(self, running: bool) -> None:
        """A search has begun or ended."""
        self.running = running
        self.running_changed.emit(running)

    def set_progress(self, progress: Progress) -> None:
        """Take a snapshot of the search under way."""
        self.progress = progress
        self.progressed.emit(progress)

    def set_result(self, result: Result | None, *, drawn: bool = False) -> None:
        """Show a result in every panel, as it is; None shows none.

        Parameters
        ----------
        drawn : bool
            Its layers are in the viewer, or come with it.
        """
        if result is not None:
            known = self.results.known(result)
            entry = known or self.results.add(result, found_with=self._settings_now())
            self.results.change(entry.key, result=result)
            self.results.show(entry.key)
            self._found_with = self._found_with or self._settings_now()
        else:
            self.results.show(None)
        self.show_anew(result, drawn=drawn)

    def take_result(self, result: Result, *, drawn: bool = False, origin: str = "watch") -> None:
        """Show a result that was found elsewhere, with the settings as they stand.

        One of a watch, or one that was read with other types, takes the place of the last such
        result of which a person has edited nothing.
        """
        for entry in self.results:
            if entry.origin == origin and origin in _REPLACED and not entry.edited:
                self.results.remove(entry.key)
        self._take(result, origin=origin, drawn=drawn)

    def show_anew(self, result: Result | None, *, drawn: bool = False) -> None:
        """Show what the present entry of the list holds now in every panel; None shows none."""
        self.result, self.drawn = result, drawn
        self.view = None if result is None else winner_view(result)
        if not self.running:
            self.progress = None
        self.note("")
        if result is None:
            self.workflow.forget(_FOUND)
            self.targets.set(None, ())
        else:
            self.targets.set(result.scan, result.targets)
            self.say(result.verdict.summary, "types" if result.verdict.found else "none")
            self.workflow.finish(result)
            self.compare()
        self.result_changed.emit(result)
        self.view_changed.emit(self.view)

    # -- the list of results --------------------------------------------------------------

    def take_up(self, key: int) -> None:
        """Show a result of the list again, as a step that can be undone."""
        entry, before = self.results.get(key), self.results.shown
        if entry is None or key == before:
            return
        if before is None:
            self.show_found(key)
        else:
            redo, undo = partial(self.show_found, key), partial(self.show_found, before)
            self.do(f"show {entry.words}", redo, undo)

    def show_found(self, key: int | None) -> None:
        """Show a result of the list; None shows none."""
        entry = self.results.get(key)
        if entry is not None:
            self.note(entry.held.lost) if entry.held.lost else self._present(entry)
        elif key is None:
            self.set_result(None)

    # -- candidates -----------------------------------------------------------------------

    def show_view(self, view: CandidateView) -> None:
        """Look at the codes and the core points of a candidate."""
        self.view = view
        self.view_changed.emit(view)

    # -- targets --------------------------------------------------------------------------

    def set_targets(self, targets: tuple[Target, ...]) -> None:
        """Take other targets into the result: types and views stay as they are."""
        if self.result is None:
            return
        self.result = replace(self.result, targets=targets)
        present = self.results.present
        if present is not None:
            self.results.change(present.key, result=self.result)
        self.targets.set(self.result.scan, targets)
        self.targets_edited.emit(self.targets.ordered)
        self.workflow.set("targets", StepState.DONE, f"{len(targets)}")
        self.workflow.touch("targets")

    # -- edits, and what is saved of them -------------------------------------------------

    def do(self, text: str, redo: Callable[[], object], undo: Callable[[], object]) -> None:
        """Make an edit that can be undone; the text reads after "Undo: "."""
        self.undo_stack.push(Change(text, redo, undo))

    @property
    def unsaved(self) -> bool:
        """Whether there is a result or an edit of key points that no run folder holds."""
        if any(entry.unsaved for entry in self.results):
            return True
        return bool(self.key_points.edits) and not self.undo_stack.isClean()

    def mark_exported(self, index: int | None = None) -> None:
        """A run folder holds the edits up to an index of the undo stack; all of them if None."""
        if index is None or index == self.undo_stack.index():
            present = self.results.present
            if present is not None:
                self.results.change(present.key, saved=present.held)
            self.undo_stack.setClean()

    # -- words ----------------------------------------------------------------------------

    def say(self, text: str, state: str) -> None:
        """Say on top of the steps what to do, or what came of it."""
        self.words = (text, state)
        self.said.emit(text, state)

    def note(self, text: str) -> None:
        """Say below the steps what was done, or why it was not; nothing if empty."""
        self.noted.emit(text)

    def set_doubts(self, doubts: tuple[Finding, ...]) -> None:
        """Say what speaks against a decision on the chosen image."""
        self.doubts = doubts
        self.doubts_changed.emit(doubts)

    def ask_for_search(self) -> None:
        """Explore the chosen image with the settings as they stand."""
        self.search_wanted.emit()

    def close(self) -> None:
        """The window closes: who holds something lets it go."""
        if not self.closed:
            self.closed = True
            self.closing.emit()

    # -- inner ----------------------------------------------------------------------------

    def _settings_now(self) -> dict[str, Any]:
        """Settings of each step that a result depends on; the scan's is its image."""
        image = "" if self.chosen is None else self.chosen.name
        return self.settings.by_step(image, self.key_points.edits.left_out)

    def _take(self, result: Result, *, origin: str, drawn: bool = False) -> None:
        entry = self.results.known(result)
        if entry is None:
            entry = self.results.add(result, origin=origin, found_with=self._settings_now())
            if origin == "opened":  # a run folder holds it
                self.results.change(entry.key, saved=entry.held)
        else:
            self.results.change(entry.key, result=result, found_with=self._settings_now())
        self._present(self.results.get(entry.key) or entry, drawn=drawn)

    def _present(self, entry: Found, *, drawn: bool = False) -> None:
        """Show a result of the list in every panel."""
        self.results.show(entry.key)
        self._found_with = dict(entry.found_with) if entry.found_with is not None else None
        self.show_anew(entry.result, drawn=drawn)
        if self.chosen is not None and self.chosen.scan.uid != entry.scan.uid:
            self.image_wanted.emit(entry.scan)
