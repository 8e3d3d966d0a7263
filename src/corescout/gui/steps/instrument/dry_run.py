"""What a plan would do, before it is approved: way, time, errors, and the very messages."""

from __future__ import annotations

import re

from qtpy.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from corescout.data import Scan
from corescout.data.counted import counted
from corescout.data.sentences import ended
from corescout.gui.look import tint
from corescout.instruments import Check, VisitPlan
from corescout.instruments.first_look import minutes

_MOST = 4  # errors that are shown at once
_METRES = re.compile(r"(-?[\d.]+(?:e[+-]?\d+)?)(?: to (-?[\d.]+(?:e[+-]?\d+)?))? m\b")
_BEFORE = "measured before:"
_AGAIN = (
    'Tick "measure targets again" under "Tolerance, drift, repeats", or delete them in step 5 and'
    " dry run again."
)
_ELSEWHERE = (
    "No target lies where this instrument may go: was this scan taken with it? The digital twin has"
    " a sample of its own, File > Open Sample > Corescout."
)


class DryRunPanel(QWidget):
    """Shows one check of one plan, or why there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.summary, self.errors, self.warnings = QLabel(), QLabel(), QLabel()
        for label, role in ((self.summary, ""), (self.errors, "problem"), (self.warnings, "doubt")):
            label.setWordWrap(True)
            tint(label, role)
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

    @property
    def has_errors(self) -> bool:
        """Whether the plan that is shown cannot be approved."""
        return bool(self.errors.text())

    def clear(self, why: str) -> None:
        """Show nothing but a sentence."""
        self._set(why, (), (), ())

    def show_check(self, plan: VisitPlan, check: Check, *, foreign: str = "") -> None:
        """Show what was previewed; nothing was sent.

        Parameters
        ----------
        foreign : str
            Where the scan comes from, if not from this instrument in this session.
        """
        summary = ended(
            f"{counted(len(plan.targets), 'target')}, way {check.path_m * 1e6:.2f} µm,"
            f" {minutes(check.seconds)}, {counted(len(check.messages), 'message')}."
            f" Plan {plan.digest[:8]}"
        )
        if check.errors:
            summary += " It cannot be approved:"
        warnings = check.warnings
        if plan.drift_check is None:
            warnings = (*warnings, "Drift is not checked during this run.")
        if foreign:
            warnings = (foreign, *warnings)
        self._set(summary, readable(check.errors, plan), warnings, check.wire)

    def _set(
        self,
        summary: str,
        errors: tuple[str, ...],
        warnings: tuple[str, ...],
        wire: tuple[str, ...],
    ) -> None:
        self.summary.setText(summary)
        more = len(errors) - _MOST
        self.errors.setText("\n".join(errors[:_MOST] + ((f"and {more} more",) if more > 0 else ())))
        self.errors.setToolTip("\n".join(errors))
        self.warnings.setText("\n".join(warnings))
        self.messages.setPlainText(
            "\n".join(f"{number:3d}  {line}" for number, line in enumerate(wire, start=1))
        )
        self.summary.setVisible(bool(summary))
        self.errors.setVisible(bool(errors))
        self.warnings.setVisible(bool(warnings))
        self.messages.setVisible(bool(wire))


def readable(errors: tuple[str, ...], plan: VisitPlan) -> tuple[str, ...]:
    """Return errors with targets by their number, lengths in micrometres, and what to look at."""
    found = [_METRES.sub(_in_um, _numbered(error, plan)) for error in errors]
    outside = sum("lies outside" in error for error in errors)
    if plan.targets and outside >= len(plan.targets):
        found.insert(0, _ELSEWHERE)
    return tuple(found)


def _numbered(error: str, plan: VisitPlan) -> str:
    """Say the numbers of targets that the scan shows, not their ids; and where to go on."""
    number_of = {t.uid: str(t.number) for t in plan.targets}
    ids = sorted(map(re.escape, number_of), key=len, reverse=True)
    words = re.sub(
        rf"(?<![\w.-])(?:{'|'.join(ids)})(?![\w-])", lambda m: number_of[m.group()], error
    )
    if words.startswith(_BEFORE):
        numbers = words.removeprefix(_BEFORE).partition(";")[0].strip()
        return f"{ended(f'measured before: targets {numbers}')} {_AGAIN}"
    return words


def in_words_of_file(scan: Scan) -> str:
    """Say that a scan is a file, of when, and not one that this instrument took."""
    name = scan.source.replace("\\", "/").rpartition("/")[2] or scan.uid
    return (
        f"This scan is a file ({name}), not one of this instrument in this session: is its sample"
        " under the tip?"
    )


def _in_um(match: re.Match[str]) -> str:
    return " to ".join(f"{float(text) * 1e6:.3f}" for text in match.groups() if text) + " µm"
