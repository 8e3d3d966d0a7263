"""Parameters: kept by step and name, and none can be forgotten."""

import pytest
from psygnal import Signal


class Box:
    """A spin box, as far as a parameter looks at one: no widget is needed."""

    valueChanged = Signal(float)  # noqa: N815 - Qt's name

    def __init__(self, value=0.0):
        self._value = value

    def value(self):
        return self._value

    def setValue(self, value):
        if value != self._value:
            self._value = value
            self.valueChanged.emit(value)


def test_a_parameter_that_is_added_is_kept_and_comes_back_without_an_edit(workspace):
    margin, seed = Box(10.0), Box(3.0)
    workspace.parameters.add("targets", "margin", margin)
    workspace.parameters.add("explore", "seed", seed)
    kept = workspace.parameters.values()
    assert kept == {"targets": {"margin": 10.0}, "explore": {"seed": 3.0}}
    margin.setValue(70.0)
    assert workspace.undo_stack.undoText() == "margin to 70"
    workspace.parameters.restore(kept)
    assert margin.value() == 10.0
    assert workspace.undo_stack.count() == 1


def test_what_is_not_known_any_more_is_passed_over(workspace):
    seed = Box(3.0)
    workspace.parameters.add("explore", "seed", seed)
    workspace.parameters.restore({"explore": {"gone": 1, "seed": 5.0}, "nowhere": {"x": 1}})
    assert seed.value() == 5.0


def test_a_name_that_is_not_there_is_an_error(workspace):
    with pytest.raises(KeyError):
        workspace.parameters.get("explore", "seed")
