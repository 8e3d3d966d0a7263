"""The list of instruments, read again each time that it opens, and the file that they stand in."""

from __future__ import annotations

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QComboBox

from corescout.folders import profiles_file
from corescout.gui.steps.instrument.choices import FOLDER, instrument_choices, profile_problem

_EMPTY = """\
# Instruments of this computer, and what they may be told. Without limits nothing can be approved.
# docs/instruments.md lists every key.
"""


class InstrumentList(QComboBox):
    """The twin, the profiles of this computer, a folder."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Instrument")
        self.fill()

    def fill(self) -> None:
        """Offer what there is now; what was chosen stays."""
        chosen = self.currentText()
        self.clear()
        for choice in instrument_choices():
            self.addItem(choice.name, choice)
        self.addItem(FOLDER, None)
        self.setCurrentIndex(max(0, self.findText(chosen)))
        self.setToolTip(
            profile_problem()
            or "Instrument to connect: the digital twin, a profile of this computer, or a folder."
            f" Profiles stand in {profiles_file()}"
        )

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        """Read the profiles again: the file may have been changed meanwhile."""
        self.fill()
        super().showPopup()


def open_profiles() -> None:
    """Open the file of the profiles in an editor; an empty one is begun where there is none."""
    path = profiles_file()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_EMPTY, "utf-8")
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
