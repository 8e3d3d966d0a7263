"""The loops that were measured: small ones beside their targets, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corescout.colors import type_color
from corescout.data import Target
from corescout.gui.canvas.canvas import Canvas
from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.model.workspace import Workspace
from corescout.gui.steps.instrument.loop_plot import loop_words, loops_layer
from corescout.gui.steps.instrument.panel import InstrumentPanel
from corescout.live.day.measured_table import MEASUREMENTS


class MeasuredLoops:
    """Shows what a link has measured at the targets of the workspace.

    Parameters
    ----------
    workspace : Workspace
    canvas : Canvas
    panel : InstrumentPanel
        Has the plot and its words.
    wanted : callable
        Given the plot when it appears: it is to be seen.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: Canvas,
        panel: InstrumentPanel,
        wanted: Callable[[object], None],
    ) -> None:
        self._workspace, self._canvas, self._panel = workspace, canvas, panel
        self._wanted = wanted

    def take(self, link: InstrumentLink, uids: Sequence[str]) -> None:
        """Take what has just been measured, by target: places to keep away from, and loops."""
        targets, result = self._workspace.targets, self._workspace.result
        if not uids or result is None:
            return
        targets.measurements = link.day.folder / MEASUREMENTS
        targets.limits = link.limits
        places = [link.measurements[uid].xy_m for uid in uids]
        targets.measured_xy_m += [place for place in places if place is not None]
        colors = result.types.colors
        layer = loops_layer(result.scan, targets.ordered, link.measurements, colors)
        self._canvas.show_layers([layer])
        self.show(link, next((t for t in targets.ordered if t.uid == uids[-1]), None))

    def show(self, link: InstrumentLink | None, target: Target | None) -> None:
        """Show the loop of a target over those of its type; nothing if it has none."""
        panel, result = self._panel, self._workspace.result
        curve = link.measurements.get(target.uid) if link is not None and target else None
        panel.loop_box.setVisible(curve is not None)
        if link is None or target is None or curve is None:
            return
        targets = self._workspace.targets.ordered
        others = [link.measurements[t.uid] for t in targets
                  if t.type == target.type and t.uid in link.measurements]  # fmt: skip
        color = type_color(target.type, None if result is None else result.types.colors)
        panel.loop_plot.show_loop(curve, color, others)
        panel.loop_box.setText(loop_words(target, link.loops.get(target.uid)))
        if panel.loop_plot.isHidden():
            panel.loop_plot.setVisible(True)
            self._wanted(panel.loop_plot)
