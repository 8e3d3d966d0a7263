"""Fields that take what is typed: one format of numbers, and a wheel that changes nothing unasked.

Numbers are written with a point, whatever the language of the computer; a comma that is typed is
shown as a point at once, and a separator of thousands is refused. The wheel scrolls the column and
changes a value only where the operator has put the focus.
"""

from __future__ import annotations

import re

from qtpy.QtCore import QEvent, QLocale, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QComboBox, QWidget

_FIELDS = (QAbstractSpinBox, QComboBox, QAbstractSlider)


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
    """

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        root.setLocale(plain_locale())
        for field in root.findChildren(QWidget):
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
        if kind == QEvent.Type.Wheel and not _focused(watched):
            event.ignore()
            return True
        comma = kind == QEvent.Type.KeyPress and event.text() == ","
        if comma and isinstance(watched, QAbstractSpinBox):
            point = QKeyEvent(kind, Qt.Key.Key_Period, event.modifiers(), ".")
            QApplication.sendEvent(watched, point)
            return True
        return False


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
