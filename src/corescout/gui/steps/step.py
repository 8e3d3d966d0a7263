"""A step of the dock: a header that shows its state, and a body that folds."""

from __future__ import annotations

import re
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from corescout.gui.look import STATE_COLORS
from corescout.gui.model.workflow import STEPS, StepState
from corescout.gui.model.workspace import Workspace


def breakable(text: str) -> str:
    """Let long names of files wrap: one that does not would widen the whole column."""
    return re.sub(r"(?<=[-_./])", "\u200b", text)


class Step(QWidget):
    """One step of the workflow.

    Parameters
    ----------
    workspace : Workspace
        Its `workflow` has the state of the step, its `undo_stack` takes every edit.
    name : str
        Key of `workflow.STEPS`.

    Attributes
    ----------
    body : QVBoxLayout
        Contents of the step, shown while it is open.
    """

    changed = Signal()  # the operator changed a parameter of this step

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__()
        self.workspace, self.name = workspace, name
        info = STEPS[name]
        self.setObjectName(f"corescout-step-{name}")
        self._header = _Header(info.number, info.title)
        self.by_hand = False  # whether the operator folds and opens this step
        self._header.pressed.connect(self._toggle)
        self._header.redo.clicked.connect(lambda: self.do_again())
        self._inner = QFrame()
        self.body = QVBoxLayout(self._inner)
        self.body.setContentsMargins(20, 2, 2, 6)
        self.body.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(self._inner)
        self.set_expanded(False)
        self.changed.connect(self.publish)
        workspace.workflow.changed.connect(self._follow)
        workspace.running_changed.connect(self.set_running)
        self._follow(name)

    # -- what a step overrides ------------------------------------------------------------

    def publish(self) -> None:
        """Hand what is set here to the workspace, half-typed lines too."""

    def do_again(self) -> None:
        """Bring this step up to date; most are done by exploring again."""
        self.workspace.ask_for_search()

    def set_running(self, running: bool) -> None:
        """An exploration began or ended: lock what must not change meanwhile."""

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""

    # -- header ---------------------------------------------------------------------------

    @property
    def expanded(self) -> bool:
        """Whether the body is shown."""
        return not self._inner.isHidden()

    def set_expanded(self, expanded: bool) -> None:
        """Show or fold the body."""
        self._inner.setVisible(expanded)
        self._header.show_expanded(expanded)

    def form(self) -> QFormLayout:
        """Add a form to the body and return it."""
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.body.addLayout(form)
        return form

    def _toggle(self) -> None:
        self.by_hand = True
        self.set_expanded(not self.expanded)

    def _follow(self, name: str) -> None:
        if name == self.name:
            workflow = self.workspace.workflow
            self._header.show_state(workflow.state(name), workflow.text(name))


class _Header(QFrame):
    pressed = Signal()

    def __init__(self, number: int, title: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Step {number}, {title}")
        name = QLabel(f"<b>{number}</b>&nbsp; <b>{title}</b>")
        self.summary = QElidingLabel()
        self.summary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.chip = QLabel()
        self.redo = QToolButton()
        self.redo.setText("Redo")
        self.redo.setToolTip("Redo this step: a setting above it has changed")
        self.redo.setVisible(False)
        self.arrow = QToolButton()
        self.arrow.setAutoRaise(True)
        self.arrow.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.arrow.clicked.connect(self.pressed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 2, 2)
        layout.setSpacing(6)
        layout.addWidget(name)
        layout.addWidget(self.summary, stretch=1)
        layout.addWidget(self.redo)
        layout.addWidget(self.chip)
        layout.addWidget(self.arrow)

    def show_expanded(self, expanded: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if expanded else Qt.ArrowType.RightArrow
        self.arrow.setArrowType(arrow)
        self.arrow.setToolTip("Fold this step" if expanded else "Open this step")

    def show_state(self, state: StepState, text: str) -> None:
        color = STATE_COLORS[state]
        self.chip.setText(state.value)
        self.chip.setStyleSheet(
            f"background: {color}; color: black; border-radius: 6px; padding: 1px 6px;"
        )
        self.summary.setText(text)
        self.summary.setToolTip(text)
        self.redo.setVisible(state is StepState.OUT_OF_DATE)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        self.pressed.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class Fold(QWidget):
    """Parameters that are seldom changed, under a word that opens them.

    Attributes
    ----------
    form : QFormLayout
    """

    def __init__(self, title: str = "More") -> None:
        super().__init__()
        inner = QWidget()
        self.form = QFormLayout(inner)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setVerticalSpacing(4)
        self.toggle = QToolButton()
        self.toggle.setText(title)
        self.toggle.setCheckable(True)
        self.toggle.setAutoRaise(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.setArrowType(Qt.ArrowType.RightArrow)
        self.toggle.toggled.connect(inner.setVisible)
        self.toggle.toggled.connect(self._turn)
        inner.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.toggle)
        layout.addWidget(inner)

    def _turn(self, opened: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow
        self.toggle.setArrowType(arrow)
