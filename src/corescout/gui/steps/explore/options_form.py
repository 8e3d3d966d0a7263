"""All options of a plan as a form: made by magicgui from the types that the plan declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_origin

from magicgui.widgets import LiteralEvalLineEdit, create_widget
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from corescout.gui.look import tint
from corescout.gui.model.plan_of_steps import merged
from corescout.gui.model.plan_options import Option, Options, nested, options, values_of
from corescout.plan import Plan

_MOST = 10**9
_LABEL_PX = 150


class OptionsForm(QDialog):
    """Stands beside the window while one looks at a scan; Apply takes what differs.

    Parameters
    ----------
    preset, plan : Plan
        The preset alone, and the plan with its changes.
    """

    applied = Signal(object)  # Options that are not as the preset has them

    def __init__(self, parent: QWidget, preset: Plan, plan: Plan) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Corescout: all options of a search ({preset.preset_name})")
        self.resize(480, 560)
        self._preset, self._plan = preset, plan
        self.widgets: dict[str, Any] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an option by its name or meaning")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self._groups: list[tuple[QLabel, QFormLayout, list[Option]]] = []
        self.note = QLabel()
        self.note.setWordWrap(True)
        tint(self.note, "problem")
        buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        self.apply_button = buttons.addButton("Apply", roles.ApplyRole)
        self.reset_button = buttons.addButton("Reset to the preset", roles.ResetRole)
        buttons.addButton("Close", roles.RejectRole)
        self.apply_button.clicked.connect(self.apply)
        self.reset_button.clicked.connect(self.reset)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        hint = QLabel("None: not set. Put several values in brackets, such as (2, 3).")
        tint(hint, "hint")
        layout.addWidget(hint)
        layout.addWidget(self._build(), stretch=1)
        layout.addWidget(self.note)
        layout.addWidget(buttons)

    def values(self) -> Options:
        """Return what every widget holds."""
        return {name: widget.value for name, widget in self.widgets.items()}

    def apply(self) -> None:
        """Take what differs from the preset, if a plan can be made of it."""
        before, now = values_of(self._preset), self.values()
        changed = {n: v for n, v in now.items() if not _same(v, before[n])}
        try:
            Plan.model_validate(merged(self._preset.model_dump(), nested(changed)))
        except ValueError as error:
            self.note.setText(_reason(error))
            return
        self.note.setText("")
        self.applied.emit(changed)

    def reset(self) -> None:
        """Put every widget back to the preset; Apply takes it."""
        for name, value in values_of(self._preset).items():
            self.widgets[name].value = value

    def _build(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        values = values_of(self._plan)
        for group in dict.fromkeys(o.group for o in options()):
            own = [o for o in options() if o.group == group]
            title = QLabel(f"<b>{group}</b>")
            column.addWidget(title)
            form = QFormLayout()
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
            for option in own:
                widget = self._widget(option, values[option.name])
                label = QLabel(option.label)
                label.setToolTip(widget.tooltip)
                label.setMinimumWidth(_LABEL_PX)
                form.addRow(label, widget.native)
            column.addLayout(form)
            self._groups.append((title, form, own))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        return area

    def _widget(self, option: Option, value: Any) -> Any:
        widget = _maker(option.annotation)(option, value)
        default = values_of(self._preset)[option.name]
        widget.tooltip = f"{option.help}\nPreset: {default!r}".strip()
        self.widgets[option.name] = widget
        return widget

    def _find(self, text: str) -> None:
        """Show the options whose words or meaning hold a text."""
        wanted = text.casefold()
        for title, form, own in self._groups:
            shown = [o for o in own if wanted in f"{o.label} {o.name} {o.help}".casefold()]
            title.setVisible(bool(shown))
            for option in own:
                form.setRowVisible(self.widgets[option.name].native, option in shown)


def _maker(kind: Any) -> Callable[[Option, Any], Any]:
    """Magicgui's widget of a type; what may be none, or several, is written as in Python."""
    plain = kind in (bool, int, float, str)
    literal = get_origin(kind) is not None and all(isinstance(a, str) for a in get_args(kind))
    return _typed if plain or literal else _written


def _typed(option: Option, value: Any) -> Any:
    limits: dict[str, Any] = {}
    if option.annotation is int:
        limits = {"min": -_MOST, "max": _MOST}
    if option.annotation is float:  # a spin box of magicgui's shows 0.001 as 0.00
        return _written(option, value)
    return create_widget(
        value=value,
        annotation=option.annotation,
        name=option.name.replace(".", "_"),
        label=option.label,
        options=limits,
    )


def _written(option: Option, value: Any) -> Any:
    return LiteralEvalLineEdit(value=value, name=option.name.replace(".", "_"), label=option.label)


def _same(one: Any, other: Any) -> bool:
    """A list that was typed is the tuple of the plan."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return bool(one == other)


def _reason(error: ValueError) -> str:
    """The first line that says which option, and what is wrong with it."""
    lines = [line.strip() for line in str(error).splitlines()]
    return ": ".join(lines[1:3]).partition("[type")[0] if len(lines) > 2 else lines[0]
