"""What a plan would do, before it is approved: way, time, errors, and the very messages."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from corescout.gui.look import DOUBT, PROBLEM
from corescout.instruments import Check, VisitPlan


class DryRun(QWidget):  # type: ignore[misc]
    """Shows one check of one plan, or why there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.errors, self.warnings = QLabel(), QLabel(), QLabel()
        for label, color in ((self.summary, ""), (self.errors, PROBLEM), (self.warnings, DOUBT)):
            label.setWordWrap(True)
            if color:
                label.setStyleSheet(f"color: {color};")
        self.messages = QPlainTextEdit()
        self.messages.setReadOnly(True)
        self.messages.setMaximumHeight(110)
        self.messages.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.messages.setAccessibleName("Messages that would be sent")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self.summary, self.errors, self.warnings, self.messages):
            layout.addWidget(widget)
        self.clear("")

    def clear(self, why: str) -> None:
        """Show nothing but a sentence."""
        self._set(why, (), (), ())

    def show_check(self, plan: VisitPlan, check: Check) -> None:
        """Show what was previewed; nothing was sent."""
        count = len(plan.targets)
        summary = (
            f"{count} target{'' if count == 1 else 's'}, way {check.path_m * 1e6:.2f} µm,"
            f" {_time(check.seconds)}, {len(check.messages)} messages. Plan {plan.digest[:8]}."
        )
        if check.errors:
            summary += " It cannot be approved:"
        warnings = check.warnings
        if plan.drift_check is None:
            warnings = (*warnings, "Drift is not checked during this run.")
        self._set(summary, check.errors, warnings, check.wire)

    def _set(
        self,
        summary: str,
        errors: tuple[str, ...],
        warnings: tuple[str, ...],
        wire: tuple[str, ...],
    ) -> None:
        self.summary.setText(summary)
        self.errors.setText("\n".join(errors[:6] + (("...",) if len(errors) > 6 else ())))
        self.warnings.setText("\n".join(warnings))
        self.messages.setPlainText(
            "\n".join(f"{number:3d}  {line}" for number, line in enumerate(wire, start=1))
        )
        self.summary.setVisible(bool(summary))
        self.errors.setVisible(bool(errors))
        self.warnings.setVisible(bool(warnings))
        self.messages.setVisible(bool(wire))


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.0f} s"
