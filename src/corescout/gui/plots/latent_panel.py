"""The latent space of the result, or of the candidate that is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from corescout.gui.canvas.canvas import Canvas
from corescout.gui.canvas.latent_maps import start_maps
from corescout.gui.canvas.scan_selection import ScanSelection
from corescout.gui.canvas.type_points import TypePoints
from corescout.gui.jobs.job import Job
from corescout.gui.jobs.work import Work
from corescout.gui.look import STATE_COLORS, text_color
from corescout.gui.model.candidate_view import WINNER, CandidateView
from corescout.gui.model.workflow import StepState
from corescout.gui.model.workspace import Workspace
from corescout.gui.plots.decoder import PatchDecoder
from corescout.gui.plots.descriptor_colors import (
    DESCRIPTOR,
    descriptor_values,
    start_descriptors,
)
from corescout.gui.plots.latent_plot import LatentPlot
from corescout.gui.plots.patch_strip import PatchStrip
from corescout.gui.plots.plane_choice import PlaneChoice
from corescout.gui.plots.point_colors import PointColors, color_choices, color_points
from corescout.gui.plots.select_box import TOOLS

_NARROW_PX = 560  # too narrow for a choice of planes and a sentence in one line
_HINT = "Draw around points to select them; Shift adds, Ctrl takes away"
_EMPTY = "Run Explore to see the latent space"
_TOOL_TIPS = {
    "lasso": "Draw around points to select them",
    "rectangle": "Select the points in a rectangle",
    "pan": "Move the plot; the wheel zooms, a double click shows all",
}
_TOOL_STYLE = (
    "QToolButton { padding: 1px 4px; } QToolButton::menu-indicator { image: none; }"
    f"QToolButton:checked {{ border-bottom: 2px solid {STATE_COLORS[StepState.RUNNING]}; }}"
)
_TOOL_SIGNS = {"lasso": "Lasso", "rectangle": "Box", "pan": "Pan"}


class LatentPanel(QWidget):
    """Left half of the dock at the bottom.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    work : Work

    Attributes
    ----------
    plot : LatentPlot
    strip : PatchStrip
    decoder : PatchDecoder or None
        Of the result that is looked at.
    """

    def __init__(self, workspace: Workspace, canvas: Canvas, work: Work) -> None:
        super().__init__()
        self._workspace, self._canvas, self._work = workspace, canvas, work
        self.selection = workspace.selection
        self.plot = LatentPlot()
        self.strip = PatchStrip()
        self._view: CandidateView | None = None
        self.decoder: PatchDecoder | None = None
        self._plane = WINNER  # that is wanted where there are two
        self._pointed = -1  # point under the mouse on the scan
        self._points = TypePoints(workspace, canvas)
        self._on_scan = ScanSelection(workspace, canvas, self._points)
        self._lay_out()
        self.plot.outlined.connect(self.selection.combine)
        self.plot.hovered.connect(self.show_point)
        self.selection.changed.connect(self._show_selected)
        workspace.view_changed.connect(self.show_view)
        canvas.mouse_moved.connect(self.show_place)
        self.show_view(workspace.view)

    # -- what the operator sees -----------------------------------------------------------

    def show_view(self, view: CandidateView | None) -> None:
        """Show the codes of a candidate, in the plane that is chosen; nothing if None."""
        view = None if view is None else view.in_plane(self._plane)
        before, self._view = self._view, view
        same = before is not None and view is not None and before.z is view.z
        self._offer_choices()
        self._load_decoder()
        if view is None:
            self.plot.clear_codes()
            self.strip.show_patch(None)
            self.text.setText(_EMPTY)
            self.scale.setText("")
        else:
            self.plot.show_view(view, self._colors(), fit=not same)
            self.show_on_scan()
            self._show_selected(self.selection.rows)
            self._show_grid()

    def show_plane(self, plane: str) -> None:
        """Show the codes of the winner, or of all candidates that make the types together."""
        self._plane = plane
        self.show_view(self._workspace.view)

    def set_dark(self, dark: bool) -> None:
        """The theme is dark or light now."""
        self.plot.set_text_color(text_color(dark))

    def color_by(self, key: str) -> None:
        """Colour the points in the plot and on the scan by one of `point_colors.color_choices`."""
        self.colors.setCurrentIndex(max(0, self.colors.findData(key)))

    def use_tool(self, tool: str) -> None:
        """Choose what a drag does: "lasso", "rectangle" or "pan"."""
        self.plot.box.tool = tool
        for name, button in self.tools.items():
            button.setChecked(name == tool)

    def select_inside(self, polygon: NDArray[np.float64]) -> None:
        """Select the points inside a polygon (n, 2) in latent units, as a lasso does."""
        self.selection.set(self.plot.rows_inside(polygon))

    def show_point(self, row: int) -> None:
        """Show the patch of a point in its three forms, and its numbers; -1 for none."""
        view = self._view
        self.plot.point_at(row)
        self._on_scan.point_at(row)
        if view is None or row < 0:
            self.strip.show_patch(None)
            self._say_selected()
            return
        if self.decoder is not None:
            self.strip.show_patch(self.decoder.patch(row))
        self.text.setText(_words(view, row))

    def show_place(self, position: tuple[float, ...]) -> None:
        """Show the patch under the mouse on the scan, at a place in the viewer's world."""
        row = self._points.row_at(position)
        if row is not None and row != self._pointed:
            self._pointed = row
            self.show_point(row)

    def show_on_scan(self) -> None:
        """Colour the patches on the scan as they are in the plot."""
        if self._view is not None:
            self._points.show(self._view, self._colors().rgba)

    def add_maps(self) -> None:
        """Add maps of the codes and of the angle to the viewer, as layers of their own."""
        result = self._workspace.result
        if result is not None and not self._work.running("maps"):
            self._work.start("maps", start_maps(result), self._finish_maps)

    # -- building -------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.colors = QComboBox()
        self.colors.setToolTip(
            "Colour of the points, in the plot and on the scan. By type, a pale point lies between"
            " two types"
        )
        self.colors.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.colors.setMinimumContentsLength(5)
        self.colors.setMinimumWidth(84)  # room for type and the arrow: the window is not widened
        self.colors.currentIndexChanged.connect(self._recolor)
        self.scale = QLabel()
        self.scale.setToolTip("Ends of the colour scale")
        self.plane = PlaneChoice()
        self.plane.plane_changed.connect(self.show_plane)
        self.plane.dims_changed.connect(self._change_dims)
        self.tools = {name: _tool_button(_TOOL_SIGNS[name], _TOOL_TIPS[name]) for name in TOOLS}
        for name, button in self.tools.items():
            button.clicked.connect(lambda _=False, tool=name: self.use_tool(tool))
        self.use_tool("lasso")
        bar = QHBoxLayout()
        bar.setSpacing(3)
        bar.addWidget(self.colors)
        bar.addWidget(self.scale)
        bar.addStretch(1)
        for button in self.tools.values():
            bar.addWidget(button)
        bar.addWidget(self._build_menu())
        self.enlarge_button = _tool_button("⤢", "Plots in a large window of their own, and back")
        self.enlarge_button.toggled.connect(self._enlarge)
        bar.addWidget(self.enlarge_button)
        self.text = QElidingLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        left = QVBoxLayout()
        left.setSpacing(1)
        left.addWidget(self.plot, stretch=1)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._below.setSpacing(3)
        self._below.addWidget(self.plane)
        self._below.addWidget(self.text, stretch=1)
        left.addLayout(self._below)
        middle = QHBoxLayout()
        middle.setSpacing(2)
        middle.addLayout(left, stretch=1)
        middle.addWidget(self.strip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 2)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addLayout(middle, stretch=1)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Put what is said of a point beside the choice of the plane, or below it."""
        narrow = self.width() < _NARROW_PX
        ways = QBoxLayout.Direction
        self._below.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        super().resizeEvent(event)

    def _enlarge(self, large: bool) -> None:
        """Take the dock of the plots out of the window, or put it back."""
        dock: QWidget | None = self
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        if isinstance(dock, QDockWidget):
            dock.setFloating(large)
            if large:
                dock.resize(1000, 700)

    def _build_menu(self) -> QToolButton:
        button = _tool_button("View ▾", "More to show in the plot and on the scan")
        button.setCheckable(False)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        self.ellipses = menu.addAction("Ellipses (2 σ)")
        self.ellipses.setCheckable(True)
        self.ellipses.setChecked(True)
        self.ellipses.toggled.connect(self.plot.set_ellipses)
        self.grid = menu.addAction("Decoded patches behind the points")
        self.grid.setCheckable(True)
        self.grid.toggled.connect(self._show_grid)
        self.maps = menu.addAction("Maps of codes and angle on the scan")
        self.maps.triggered.connect(self.add_maps)
        menu.addAction("Select on the scan").triggered.connect(self._on_scan.select_on_scan)
        menu.addAction("Select nothing").triggered.connect(self.selection.clear)
        button.setMenu(menu)
        return button

    # -- colours and axes -----------------------------------------------------------------

    def _offer_choices(self) -> None:
        """Offer what the view can be coloured by, and its dimensions; what was chosen stays."""
        wanted, offered = self.colors.currentData(), color_choices(self._view)
        self.colors.blockSignals(True)
        self.colors.clear()
        for choice in offered:
            self.colors.addItem(choice.label, choice.key)
        self.colors.setCurrentIndex(max(0, self.colors.findData(wanted)))
        self.colors.blockSignals(False)
        self.colors.setEnabled(self._view is not None)
        dims = self.plane.offer(self._view, self.plot.dims)
        if dims != self.plot.dims:
            self.plot.set_dims(dims)
        self.grid.setEnabled(self._view is None or self._view.plane == WINNER)
        self.maps.setEnabled(self._view is not None and self._view.result is not None)

    def _colors(self) -> PointColors:
        assert self._view is not None
        found = color_points(self._view, self.colors.currentData() or "type", self.plot.dims)
        self.scale.setText(_scale_text(found))
        by_type = self.colors.currentData() in (None, "type")
        self.plot.set_core_shown(by_type)  # else they would hide what was asked for
        return found

    def _recolor(self) -> None:
        if self._view is not None:
            self.plot.show_colors(self._colors())
            self.show_on_scan()
            if str(self.colors.currentData()).startswith(DESCRIPTOR):
                self._look_for_descriptors(self._view)

    def _look_for_descriptors(self, view: CandidateView) -> None:
        """Offer those that are defined on the scan; compute them where nobody has."""
        if descriptor_values(view, self.colors.currentData()) is not None:
            self._offer_choices()
        elif view.result is not None and not self._work.running(DESCRIPTOR):
            self._work.start(DESCRIPTOR, start_descriptors(view.result), self._recolor_known)

    def _recolor_known(self, job: Job[Any]) -> None:
        if job.answer is not None:
            self._recolor()

    def _change_dims(self, first: int, second: int) -> None:
        if self._view is None:
            return
        self.plot.set_dims((first, second))
        self.plot.show_view(self._view, self._colors())
        self._show_selected(self.selection.rows)
        self._show_grid()

    # -- selection and hover --------------------------------------------------------------

    def _show_selected(self, rows: NDArray[np.int64]) -> None:
        self.plot.show_selected(rows)
        self._say_selected()

    def _say_selected(self) -> None:
        count = len(self.selection.rows)
        if self._view is not None:
            self.text.setText(f"{count:,} of {len(self._view.z):,} selected" if count else _HINT)

    # -- decoder --------------------------------------------------------------------------

    def _load_decoder(self) -> None:
        result = None if self._view is None else self._view.result
        if result is None:
            self.decoder = None
            return
        if self.decoder is not None and self.decoder.result.fit is result.fit:
            return
        decoder = PatchDecoder(result)
        self.decoder = decoder

        def load(on_progress: object, stop: object) -> None:
            decoder.load()

        self._work.start("decoder", Job(load), lambda job: self._show_grid())

    def _show_grid(self, *_: object) -> None:
        found = None
        decoded = self._view is not None and self._view.plane == WINNER
        if self.grid.isChecked() and decoded and self.decoder is not None:
            found = self.decoder.grid(self.plot.dims)
        if found is None:
            self.plot.show_grid(None)
            return
        image, ((left, right), (bottom, top)) = found
        self.plot.show_grid(image, QRectF(left, bottom, right - left, top - bottom))

    def _finish_maps(self, job: Job[Any]) -> None:
        if job.answer is not None:
            self._canvas.show_layers(job.answer)


def _words(view: CandidateView, row: int) -> str:
    codes = ", ".join(f"{value:.2f}" for value in view.z[row])
    parts = [f"No. {row}", view.sure.type_in_words(row), f"{view.axis_letter} {codes}"]
    if view.result is not None and view.result.fit.latents.angle_rad is not None:
        parts.append(f"{np.degrees(view.result.fit.latents.angle_rad[row]) % 360:.0f}°")
    if view.types.by_hand[row]:
        parts.append("by hand")
    return " · ".join(parts)


def _scale_text(colors: PointColors) -> str:
    """The ends of a scale with its colours between them."""
    if not colors.low:
        return ""
    blocks = []
    for color in colors.palette[:: max(1, len(colors.palette) // 8)]:
        code = "#" + "".join(f"{round(255 * float(c)):02x}" for c in color[:3])
        blocks.append(f"<span style='background:{code}; color:{code}'>▪</span>")
    return f"<small>{colors.low} {''.join(blocks)} {colors.high}</small>"


def _tool_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setCheckable(True)
    button.setAutoRaise(True)
    button.setStyleSheet(_TOOL_STYLE)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
