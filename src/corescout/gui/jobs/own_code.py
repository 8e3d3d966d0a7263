"""A plan that names code of somebody's own: it runs only after a person has said so."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication, QMessageBox

from corescout.data.sentences import ended
from corescout.plan import Plan

_allowed: set[str] = set()  # in this program, once said


def may_run(plan: Plan) -> bool:
    """Ask whether the rewards `module:function` of a plan may run; True where it has none."""
    from corescout.rewards import look_in_current_folder, own_rewards

    own = own_rewards(plan.wanted_rewards)
    if not own:
        return True
    new = [name for name in own if name not in _allowed]
    if new and not _ask(new):
        return False
    _allowed.update(new)
    look_in_current_folder()
    return True


def _ask(names: list[str]) -> bool:
    box = QMessageBox(QApplication.activeWindow())
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Corescout")
    box.setText(ended(f"The search uses code that is not Corescout's: {', '.join(names)}"))
    box.setInformativeText(
        "It can do whatever you can do on this computer. Run it only if you wrote it or trust who"
        " did; settings and plans of others may name it."
    )
    run = box.addButton("Run it", QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton("Do not run it", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(leave)
    box.setEscapeButton(leave)
    box.exec()
    return bool(box.clickedButton() is run)
