"""The dock that says what was read: frame, channels, doubts, and the vendor's metadata."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from qtpy.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from corescout.data import Scan
from corescout.gui import layers as shown
from corescout.quality import assess

Rows = list[tuple[str, str]]


class ScanInformation(QWidget):  # type: ignore[misc]
    """Shows the scan of the selected layer; the filter finds a key or a value.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._shown: tuple[Scan, str] | None = None
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Find, such as ScanRate")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._apply_filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["What", "Value"])
        self.tree.setAlternatingRowColors(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.filter)
        layout.addWidget(self.tree)
        viewer.layers.selection.events.active.connect(self._refresh)
        self._refresh()

    def closeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Leave the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self._refresh)
        super().closeEvent(event)

    def _refresh(self, event: object = None) -> None:
        layer = self._viewer.layers.selection.active
        metadata = getattr(layer, "metadata", {})
        scan = metadata.get(shown.SCAN)
        if not isinstance(scan, Scan):
            if self._shown is None:
                self._fill({"": [("Select a scan's layer", "")]})
            return
        channel = str(metadata.get(shown.CHANNEL, scan.default_channel))
        if self._shown is not None and self._shown[0] is scan and self._shown[1] == channel:
            return
        self._shown = (scan, channel)
        self._fill(sections(scan, channel))

    def _fill(self, groups: dict[str, Rows]) -> None:
        self.tree.clear()
        for title, rows in groups.items():
            parent = QTreeWidgetItem([title])
            for key, value in rows:
                item = QTreeWidgetItem([key, value])
                item.setToolTip(1, value)
                parent.addChild(item)
            self.tree.addTopLevelItem(parent)
            parent.setExpanded(title != _VENDOR)
        self._apply_filter(self.filter.text())

    def _apply_filter(self, text: str) -> None:
        wanted = text.strip().lower()
        for i in range(self.tree.topLevelItemCount()):
            parent = self.tree.topLevelItem(i)
            found = 0
            for k in range(parent.childCount()):
                item = parent.child(k)
                hit = wanted in f"{item.text(0)} {item.text(1)}".lower()
                item.setHidden(not hit)
                found += hit
            parent.setHidden(bool(wanted) and not found)
            if wanted and found:
                parent.setExpanded(True)


_VENDOR = "Vendor's metadata"


def sections(scan: Scan, channel: str) -> dict[str, Rows]:
    """Return what is known of a scan, as (what, value) under titles."""
    doubts = [(f.kind, f.message) for f in assess(scan, channel)]
    return {
        "Place": _place(scan),
        "Doubts": doubts or [("none", f"{channel} looks fit for a decision")],
        "How it was read": [("note", text) for text in _notes(scan)]
        or [("note", "nothing assumed")],
        "Channels": [
            (name, ", ".join(filter(None, (scan.units[name], scan.roles.get(name, "")))))
            for name in scan.channels
        ],
        _VENDOR: [(str(k), str(v)) for k, v in scan.metadata.items()],
    }


def _place(scan: Scan) -> Rows:
    height, width = scan.shape_px
    rows = [("file", scan.source), ("pixels", f"{width} x {height}")]
    if scan.rows_done is not None:
        rows.append(("lines scanned", f"{scan.rows_done} of {height}"))
    if scan.acquired_at is not None:
        rows.append(("acquired", f"{scan.acquired_at:%Y-%m-%d %H:%M:%S}"))
    frame = scan.frame
    if frame is None:
        return [*rows, ("scale", "none in the file; give a pixel size")]
    size, centre = np.array(frame.size_m) * 1e6, np.array(frame.center_m) * 1e6
    pitch = np.array(frame.pitch_m) * 1e9
    return [
        *rows,
        ("size", f"{size[0]:.4g} x {size[1]:.4g} \u00b5m"),
        ("pixel pitch", f"{pitch[0]:.4g} x {pitch[1]:.4g} nm"),
        ("centre X, Y", f"{centre[0]:.4f}, {centre[1]:.4f} \u00b5m"),
        ("angle", f"{np.rad2deg(frame.angle_rad):.2f}\u00b0 clockwise"),
    ]


def _notes(scan: Scan) -> list[str]:
    assumed = scan.frame.assumed if scan.frame is not None else ()
    return [*scan.warnings, *assumed]
