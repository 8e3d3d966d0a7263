"""Which candidates are listed, and which of them is looked at; the winner is not lost by a look."""

from __future__ import annotations

from corescout.data import Progress, Result
from corescout.gui.model.candidate_view import view_of, winner_view
from corescout.gui.model.workspace import Workspace


def candidates_of(workspace: Workspace) -> Result | Progress | None:
    """Return whose candidates are listed: of a search under way or stopped, else of the result."""
    return workspace.progress if workspace.progress is not None else workspace.result


def show_candidate(workspace: Workspace, number: int) -> None:
    """Look at a candidate, also of a search under way."""
    source, scan = candidates_of(workspace), workspace.searched
    if isinstance(source, Result):
        scan = source.scan
    if source is None or scan is None:
        return
    share = workspace.plan().decision.core_share
    view = view_of(number, source, scan, source.keypoints, share)
    if view is not None:
        workspace.show_view(view)


def show_winner(workspace: Workspace) -> None:
    """Look at what was decided on, and at its candidates."""
    if workspace.result is None:
        return
    if workspace.progress is not None and not workspace.running:
        workspace.progress = None
        workspace.candidates_changed.emit(workspace.result)
    workspace.show_view(winner_view(workspace.result))
