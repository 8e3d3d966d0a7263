"""The sheet on which a policy is signed: who, what, how much, until when; all is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from corescout.data.counted import counted
from corescout.gui.fields import PlainFields
from corescout.live.policy import Policy

_HOURS = 12.0
_COMPARED = (
    "Each plan begins with a frame that is compared with its scan, unless the scan has just ended"
    " and the drift is known to be small. If they do not look alike, nothing is measured."
)
_NOT_COMPARED = (
    "This instrument scans no frame on the way: the sample is NOT compared with the scan before a"
    " plan runs."
)


class PolicySheet(QDialog):
    """Asks for a policy; `policy` is what was signed.

    Parameters
    ----------
    parent : QWidget
    action : str
        That is done at each target: "mark", "spectrum" or "zoom".
    bias_v : float
        Of the spectra that are set in step 6.
    most_targets : int
    most_targets_of_plan : int or None
        That the limits allow in one plan.
    compares : bool
        Whether the instrument can scan the frame that plans begin with.
    """

    def __init__(
        self,
        parent: QWidget,
        action: str,
        bias_v: float,
        most_targets: int,
        most_targets_of_plan: int | None = None,
        *,
        compares: bool = True,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Corescout: sign a policy")
        self._action = action
        self.text = QLabel(
            "While it is in force, plans within these bounds run without asking. The limits of the"
            " instrument hold as well. STOP (Esc) takes it back.\n\n"
            + (_COMPARED if compares else _NOT_COMPARED)
        )
        self.text.setWordWrap(True)
        self.name = QLineEdit()
        self.name.setPlaceholderText("your name")
        self.name.setAccessibleName("Name of who signs")
        self.bias = _decimal(0.0, 100.0, bias_v, " V", 1, "Largest bias of a spectrum")
        self.path = _decimal(1.0, 10_000.0, 100.0, " µm", 0, "Longest way of one plan")
        self.plans = _count(1, 1000, 20, " plans", "Plans in all")
        self.targets = _count(1, 1000, most_targets, " targets", "Targets in all")
        self.hours = _decimal(0.5, 24.0, _HOURS, " h", 1, "How long it holds")
        self.until = QLabel()
        form = QFormLayout()
        form.addRow("Signed by", self.name)
        form.addRow("At each target", QLabel(action))
        form.addRow("Bias at most ±", self.bias)
        form.addRow("Way of a plan", self.path)
        form.addRow("At most", self.plans)
        form.addRow("At most", self.targets)
        form.addRow("Holds for", self.hours)
        form.addRow("", self.until)
        if most_targets_of_plan is not None:
            form.addRow(
                "",
                QLabel(f"The limits allow {counted(most_targets_of_plan, 'target')} in one plan."),
            )
        self.buttons = QDialogButtonBox()
        self.sign_button = self.buttons.addButton("Sign", QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel_button = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.sign_button.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self._fields = PlainFields(self)
        self.name.textChanged.connect(self._show_possible)
        self.hours.valueChanged.connect(self._show_until)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show_until()
        self.name.setFocus()

    @property
    def policy(self) -> Policy:
        """What the sheet says."""
        return Policy(
            signed_by=self.name.text().strip(),
            most_plans=self.plans.value(),
            most_targets=self.targets.value(),
            actions=frozenset({self._action}),
            largest_bias_v=self.bias.value(),
            longest_path_m=self.path.value() * 1e-6,
            expires_at=datetime.now(UTC) + timedelta(hours=self.hours.value()),
        )

    def _show_possible(self) -> None:
        self.sign_button.setEnabled(bool(self.name.text().strip()))

    def _show_until(self) -> None:
        end = datetime.now() + timedelta(hours=self.hours.value())
        self.until.setText(f"until {end:%d %b %H:%M}")


def _decimal(
    low: float, high: float, value: float, unit: str, decimals: int, name: str
) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setDecimals(decimals)
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    box.setAccessibleName(name)
    return box


def _count(low: int, high: int, value: int, unit: str, name: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(unit)
    box.setAccessibleName(name)
    return box
