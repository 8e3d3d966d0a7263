"""Undo and redo: one stack for every panel, and parameters whose changes are edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtGui import QUndoCommand, QUndoStack

_MERGE_ID = 1


class Change(QUndoCommand):
    """An edit: a text that reads after "Undo: ", and a function for each direction.

    `redo` is called when the command is pushed, as Qt does it.
    """

    def __init__(self, text: str, redo: Callable[[], object], undo: Callable[[], object]) -> None:
        super().__init__(text)
        self._redo, self._undo = redo, undo

    def redo(self) -> None:
        """Do the edit."""
        self._redo()

    def undo(self) -> None:
        """Take it back."""
        self._undo()


class Parameter:
    """The value of a widget, every change of which is an edit that can be undone.

    Parameters
    ----------
    stack : QUndoStack
    widget : combo box, spin box, check box or line edit
        Known by its methods: no widget is imported here.
    name : str
        As it reads after "Undo: ", such as "spacing".
    """

    def __init__(self, stack: QUndoStack, widget: Any, name: str) -> None:
        self.widget, self.name = widget, name
        self._stack, self._value = stack, read(widget)
        _signal(widget).connect(self._changed)

    @property
    def value(self) -> Any:
        """The value as it was last set or edited."""
        return self._value

    def set(self, value: Any) -> None:
        """Set a value without making an edit of it."""
        self._value = value
        write(self.widget, value)

    def _changed(self, *_: object) -> None:
        now = read(self.widget)
        if now != self._value:
            before, self._value = self._value, now
            self._stack.push(_SetValue(self, before, now))


class Parameters:
    """The parameters of all steps. One that is added is kept with the session and can be undone.

    Parameters
    ----------
    stack : QUndoStack
    """

    def __init__(self, stack: QUndoStack) -> None:
        self._stack = stack
        self._of_step: dict[str, dict[str, Parameter]] = {}

    def add(self, step: str, name: str, widget: Any) -> Parameter:
        """Make the value of a widget a parameter of a step."""
        parameter = Parameter(self._stack, widget, name)
        self._of_step.setdefault(step, {})[name] = parameter
        return parameter

    def get(self, step: str, name: str) -> Parameter:
        """Return a parameter of a step by its name."""
        return self._of_step[step][name]

    def values(self) -> dict[str, dict[str, Any]]:
        """Return the values of all parameters, as plain numbers and texts, step by step."""
        return {
            step: {name: parameter.value for name, parameter in found.items()}
            for step, found in self._of_step.items()
        }

    def restore(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Set values as `values` returned them; what is not known any more is passed over."""
        for step, found in self._of_step.items():
            kept = values.get(step, {})
            for name, parameter in found.items():
                if name in kept:
                    parameter.set(kept[name])


class _SetValue(QUndoCommand):
    """A parameter got another value; changes of one parameter in a row are one step."""

    def __init__(self, parameter: Parameter, before: Any, after: Any) -> None:
        super().__init__(f"{parameter.name} {_words(parameter.widget, after)}")
        self.parameter, self.before, self.after = parameter, before, after

    def redo(self) -> None:
        self.parameter.set(self.after)

    def undo(self) -> None:
        self.parameter.set(self.before)

    def id(self) -> int:
        return _MERGE_ID

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        if not isinstance(other, _SetValue) or other.parameter is not self.parameter:
            return False
        self.after = other.after
        self.setText(other.text())
        self.setObsolete(self.after == self.before)
        return True


def read(widget: Any) -> Any:
    """Return the value of a combo box, spin box, check box or line edit."""
    for name in ("currentIndex", "isChecked", "value", "text"):
        if hasattr(widget, name):
            return getattr(widget, name)()
    raise TypeError(f"no value of {type(widget).__name__}")


def write(widget: Any, value: Any) -> None:
    """Set a value; the widget sends its signals."""
    if read(widget) == value:
        return
    for name in ("setCurrentIndex", "setChecked", "setValue"):
        if hasattr(widget, name):
            getattr(widget, name)(value)
            return
    widget.setText(value)
    widget.editingFinished.emit()


def _signal(widget: Any) -> Any:
    for name in ("currentIndexChanged", "toggled", "valueChanged", "editingFinished"):
        if hasattr(widget, name):
            return getattr(widget, name)
    raise TypeError(f"no signal of {type(widget).__name__}")


def _words(widget: Any, value: Any) -> str:
    if hasattr(widget, "itemText"):
        return f"to {widget.itemText(value)}"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"to {value:.3g}" if isinstance(value, int | float) else f"to {value}"
