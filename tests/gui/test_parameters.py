"""Parameters of real widgets: each change is an edit with a name, merged and undone."""

from qtpy.QtGui import QUndoStack
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit

from corescout.gui.model.undo import Parameter


def test_parameters_are_undone_with_their_name_and_merged(qtbot):
    stack = QUndoStack()
    spacing, detector = QDoubleSpinBox(), QComboBox()
    detector.addItems(["walls", "grid"])
    kept = [Parameter(stack, spacing, "spacing"), Parameter(stack, detector, "detector")]
    for value in (3.0, 4.0, 5.0):
        spacing.setValue(value)
    assert stack.undoText() == "spacing to 5"
    detector.setCurrentIndex(1)
    assert stack.undoText() == "detector to grid"
    assert stack.count() == 2
    stack.undo()
    assert detector.currentIndex() == 0
    stack.undo()
    assert spacing.value() == 0
    stack.redo()
    assert spacing.value() == 5
    assert stack.count() == 2
    spacing.setValue(0)
    assert stack.count() == 0, "set back by hand: nothing is left to undo"
    del kept


def test_a_line_is_one_edit_when_it_is_finished(qtbot):
    stack, line = QUndoStack(), QLineEdit()
    kept = Parameter(stack, line, "windows")
    qtbot.keyClicks(line, "9, 13")
    assert stack.count() == 0
    line.editingFinished.emit()
    assert stack.undoText() == "windows to 9, 13"
    stack.undo()
    assert line.text() == ""
    del kept
