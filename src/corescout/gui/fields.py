"""Fields that take what is typed: one format of numbers, and a wheel that changes nothing unasked.

Numbers are written with a point, whatever the language of the computer; a comma that is typed is
shown as a point at once, and a separator of thousands is refused. The wheel scrolls the column and
changes a value only where the operator has put the focus. Ctrl+Z takes the last edit of the window
back, also in a field; letters that are typed in a line and not yet taken are taken back first.
"""

from __future__ import annotations

import re
from functools import partial

from qtpy.QtCore import QEvent, QLocale, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence, QUndoStack
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QWidget,
)

_FIELDS = (QAbstractSpinBox, QComboBox, QAbstractSlider, QLineEdit)
_KEYS = QKeySequence.StandardKey


def plain_locale() -> QLocale:
    """Return the format of all numbers in the window: a point, and no separator of thousands."""
    locale = QLocale.c()
    refuse = QLocale.NumberOption.RejectGroupSeparator | QLocale.NumberOption.OmitGroupSeparator
    locale.setNumberOptions(refuse)
    return locale


class PlainFields(QObject):
    """Watches the fields that are below a widget when it is built.

    Parameters
    ----------
    root : QWidget
        A dock or a dialog.
    undo_stack : QUndoStack, optional
        That Ctrl+Z works on; without it a field keeps its own.
    """

    def __init__(self, root: QWidget, undo_stack: QUndoStack | None = None) -> None:
        super().__init__(root)
        self._undo_stack = undo_stack
        root.setLocale(plain_locale())
        for field in root.findChildren(QWidget):
            if isinstance(field, QAbstractItemView) and not field.accessibleName():
                field.setAccessibleName(_name_of(field, root))
            if isinstance(field, QLineEdit):
                field.editingFinished.connect(partial(field.setModified, False))
            if isinstance(field, _FIELDS):
                field.setLocale(plain_locale())
                field.installEventFilter(self)
                if not field.accessibleName():
                    field.setAccessibleName(_name_of(field, root))
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep the wheel from a field without focus; show a typed comma as a point."""
        kind = event.type()
        wheel = kind == QEvent.Type.Wheel and not isinstance(watched, QLineEdit)
        if wheel and not _focused(watched):
            event.ignore()
            return True
        if kind == QEvent.Type.KeyPress and self._undone(watched, event):
            return True
        comma = kind == QEvent.Type.KeyPress and event.text() == ","
        if comma and isinstance(watched, QAbstractSpinBox):
            point = QKeyEvent(kind, Qt.Key.Key_Period, event.modifiers(), ".")
            QApplication.sendEvent(watched, point)
            return True
        return False

    def _undone(self, field: QObject, event: QKeyEvent) -> bool:
        """Undo or redo on the stack of the window, if these are its keys."""
        stack = self._undo_stack
        if stack is None or (isinstance(field, QLineEdit) and field.isModified()):
            return False
        if event.matches(_KEYS.Undo):
            stack.undo()
        elif event.matches(_KEYS.Redo):
            stack.redo()
        else:
            return False
        return True


def _name_of(field: QWidget, root: QWidget) -> str:
    """What a reader of the screen says: the first words of the tip of a field, or of what it is in.

    The parts of a slider with a number have no tip of their own.
    """
    widget: QWidget | None = field
    while widget is not None and widget is not root:
        if widget.accessibleName() or widget.toolTip():
            return str(widget.accessibleName() or re.split(r"[.;,(:]", widget.toolTip())[0].strip())
        widget = widget.parentWidget()
    return ""


def _focused(field: QWidget) -> bool:
    focus = field.window().focusWidget()
    return focus is field or (focus is not None and field.isAncestorOf(focus))
