"""What a report of a problem needs: versions, plan, states and the last lines of the log."""

from __future__ import annotations

import logging
import platform
import sys
from collections import deque
from importlib.metadata import PackageNotFoundError, version

from corescout.gui.model.workflow import STEPS
from corescout.gui.model.workspace import Workspace

_PACKAGES = ("napari-corescout", "napari", "npe2", "qtpy", "PyQt6", "PySide6", "pyqtgraph",
             "superqt", "magicgui", "vispy", "numpy", "torch", "pyro-ppl")  # fmt: skip
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LINES = 300


class LogTail(logging.Handler):
    """The last lines of Corescout's log while a window is open."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter(_FORMAT))
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._logger = logging.getLogger("corescout")
        self._level = self._logger.level
        self._logger.addHandler(self)
        if self._logger.getEffectiveLevel() > logging.INFO:
            self._logger.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(self.format(record))

    def text(self) -> str:
        """Return the lines."""
        return "\n".join(self._lines)

    def leave(self) -> None:
        """Keep no more lines."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)


def diagnostic(workspace: Workspace, log: str) -> str:
    """Return what to send with a report: no scan data, but the names of files."""
    from qtpy import API_NAME, QT_VERSION

    parts = ["Corescout diagnostic", "", f"Python {sys.version.split()[0]}, {platform.platform()}"]
    parts.append(f"Qt {QT_VERSION} by {API_NAME}")
    parts += [f"{name} {found}" for name in _PACKAGES if (found := _version(name)) is not None]
    parts += ["", "Steps"]
    workflow = workspace.workflow
    parts += [f"{info.number} {info.title}: {workflow.state(name)} {workflow.text(name)}".rstrip()
              for name, info in STEPS.items()]  # fmt: skip
    parts += ["", f"Verdict: {workspace.words[0]}"]
    result = workspace.result
    if result is not None:
        parts += [f"Note: {note}" for note in result.notes]
    parts += ["", "Plan", _plan(workspace), "", "Log", log]
    return "\n".join(parts)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _plan(workspace: Workspace) -> str:
    try:
        return str(workspace.plan().model_dump_json())
    except ValueError as error:
        return str(error)
