"""What the operator does to the results of the window, each of them one step of the undo stack."""

from __future__ import annotations

from corescout.data import Result
from corescout.gui.model.workspace import Workspace


def remove_result(workspace: Workspace, key: int) -> None:
    """Take a result out of the list; another of its scan is shown instead."""
    results = workspace.results
    entry = results.get(key)
    if entry is None:
        return
    shown = results.shown == key
    entry.held.get()  # its folder goes with it: Undo must not need it

    def remove() -> None:
        results.remove(key)
        if shown:
            left = results.of_scan(entry.scan)
            workspace.show_found(left[-1].key if left else None)

    def bring_back() -> None:
        results.put_back(entry)
        if shown:
            workspace.show_found(key)

    workspace.do(f"remove {entry.words}", remove, bring_back)


def edit_result(workspace: Workspace, text: str, after: Result) -> None:
    """Change the present result; undone later, its result is shown again."""
    results = workspace.results
    entry = results.present
    if entry is None:
        return
    key, before = entry.key, entry.result

    def show(result: Result) -> None:
        if results.get(key) is None:
            return
        results.change(key, result=result, edited=True)
        if results.shown == key:
            workspace.show_anew(result)
        else:
            workspace.show_found(key)
        workspace.result_edited.emit(result)

    workspace.do(text, lambda: show(after), lambda: show(before))
