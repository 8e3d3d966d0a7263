"""One further scan as evidence: what it is, what came of it, and the way to take it away."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from corescout.data import EvidenceCheck
from corescout.data.check import EXCLUDES, OF_SCANS, Way
from corescout.data.sentences import ended
from corescout.gui.look import tint

WAYS: dict[Way, str] = {
    "repeat": "the same place again",
    "reversed": "slow axis reversed",
    "turned": "frame turned",
    "area": "another or wider area",
}
_SHORT = {"one pattern": "one coarse pattern", "time": "time (tip, drift)"}


class FurtherRow(QWidget):
    """What one further scan says of the types.

    Parameters
    ----------
    source : str
        Of the scan.
    checks : sequence of EvidenceCheck
        What came of it: a wider scan shows the same place and an area beyond it.
    """

    way_changed = Signal(str, str)  # source, way
    removed = Signal(str)

    def __init__(self, source: str, checks: Sequence[EvidenceCheck]) -> None:
        super().__init__()
        self.source = source
        self.name = QElidingLabel(checks[0].name)
        self.name.setToolTip(source)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.way = QComboBox()
        for way in OF_SCANS:
            self.way.addItem(WAYS[way], way)
            tip = f"Where the types are found in it again: not {excludes_in_words(way)}"
            self.way.setItemData(self.way.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.way.setCurrentIndex(OF_SCANS.index(_way_of(checks)))
        self.way.setToolTip("What this scan is to the first one; correct it where it is another")
        self.way.setAccessibleName(f"What {checks[0].name} is to the first scan")
        self.way.activated.connect(self._choose)
        self.remove_button = QToolButton()
        self.remove_button.setText("✕")
        self.remove_button.setToolTip("Take this scan away again")
        self.remove_button.setAccessibleName(f"Take {checks[0].name} away")
        self.remove_button.clicked.connect(lambda: self.removed.emit(self.source))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.name, stretch=1)
        line.addWidget(self.way)
        line.addWidget(self.remove_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(1)
        layout.addLayout(line)
        self.outcomes = [outcome_label(check) for check in checks]
        for label in self.outcomes:
            layout.addWidget(label)

    def _choose(self, index: int) -> None:
        self.way_changed.emit(self.source, str(self.way.itemData(index)))


def excludes_in_words(way: Way) -> str:
    """Everything that a scan can exclude: "noise or chance"."""
    names = [_SHORT.get(each, each) for each in EXCLUDES[way]]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def outcome_label(check: EvidenceCheck) -> QLabel:
    """What came of a check, with the figures to act on."""
    figures = (
        f"agreement {check.agreement:.2f} ± {check.agreement_error:.2f}, p {check.p_value:.2f}"
    )
    where = "Beyond the first scan: " if check.kind == "area" else ""
    if check.found:
        names = ", ".join(_SHORT.get(each, each) for each in check.excludes)
        text = ended(f"✓ {where}found again ({figures}). Excludes {names}")
    elif check.found is None:
        text = ended(f"? {where}cannot tell: {check.reason}")
    else:
        text = f"✗ {where}not found again ({figures}). No types are claimed."
    if check.reason and check.found is not None:
        text += f" {ended(check.reason[:1].upper() + check.reason[1:])}"
    label = QLabel(text.replace("+-", "±"))
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    tint(label, "" if check.found else "hint" if check.found is None else "doubt")
    return label


def _way_of(checks: Sequence[EvidenceCheck]) -> Way:
    """What a scan is: of a wider one, the same place."""
    kinds = [check.kind for check in checks]
    return next((way for way in OF_SCANS if way in kinds), "repeat")
