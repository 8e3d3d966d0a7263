"""Edits of the types, each of them one step of the undo stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corescout import edits
from corescout.data import InputError, Result
from corescout.data.counted import counted
from corescout.gui.model.result_edits import edit_result
from corescout.gui.model.target_edits import chosen_targets
from corescout.gui.model.workspace import Workspace


class TypeEdits:
    """What the operator does to the types of the present result.

    Parameters
    ----------
    workspace : Workspace
    on_problem : callable
        Told why an edit was not made; empty once one was.
    """

    def __init__(self, workspace: Workspace, on_problem: Callable[[str], None]) -> None:
        self._workspace, self._on_problem = workspace, on_problem

    def rename(self, number: int, name: str) -> bool:
        """Call a type by another name; say whether that was possible."""
        before = self._name(number)
        if name.strip() == before:
            return True
        return self._push(
            f"rename {before} to {name.strip()}", lambda r: edits.rename(r, number, name)
        )

    def recolor(self, number: int, color: str | None) -> bool:
        """Give a type another colour."""
        text = f"colour of {self._name(number)}"
        return self._push(text, lambda r: edits.recolor(r, number, color))

    def set_hidden(self, number: int, hidden: bool) -> bool:
        """Hide a type or show it again."""
        text = f"{'hide' if hidden else 'show'} {self._name(number)}"
        return self._push(text, lambda r: edits.set_hidden(r, number, hidden), choose=True)

    def merge(self, numbers: list[int]) -> bool:
        """Make several types one: the one with the most points keeps its name and colour."""
        result = self._workspace.result
        if result is None or len(numbers) < 2:
            return False
        into = max(numbers, key=result.types.count)
        names = " and ".join(self._name(n) for n in sorted(numbers))
        return self._push(f"merge {names}", lambda r: edits.merge(r, into, numbers), choose=True)

    def split(self, rows: NDArray[np.int64], name: str | None = None) -> bool:
        """Make a new type of some points."""
        text = f"split off {counted(len(rows), 'point')}"
        return self._push(text, lambda r: edits.split(r, rows, name), choose=True)

    def correct(self, rows: NDArray[np.int64], number: int) -> bool:
        """Say that some points are of a type, and let the others follow."""
        are = "is" if len(rows) == 1 else "are"
        text = f"{counted(len(rows), 'point')} {are} {self._name(number)}"
        return self._push(text, lambda r: edits.correct(r, rows, number), choose=True)

    def _name(self, number: int) -> str:
        result = self._workspace.result
        return "" if result is None else result.types.name(number)

    def _push(self, text: str, edit: Callable[[Result], Result], *, choose: bool = False) -> bool:
        """Make an edit, with targets chosen again by the settings of step 5 if types changed."""
        before = self._workspace.result
        if before is None:
            return False
        try:
            after = edit(before)
            if choose:
                after = replace(after, targets=chosen_targets(self._workspace, after))
        except InputError as error:
            self._on_problem(str(error))
            return False
        self._on_problem("")
        edit_result(self._workspace, text, after)
        return True
