"""napari's canvas as the panels see it: our layers shown, images offered, the mouse heard."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from psygnal import Signal

from corescout.data import Scan
from corescout.gui.canvas.connections import Connections
from corescout.gui.canvas.fitted_view import FittedView
from corescout.gui.canvas.large_files import LargeFiles
from corescout.gui.canvas.layer_data import (
    CHANNEL,
    LIVE,
    OURS,
    RESULT,
    SCAN,
    LayerData,
    empty_layers,
    scan_layers,
)
from corescout.gui.canvas.layer_queue import LayerQueue
from corescout.gui.canvas.layer_updates import raise_ours
from corescout.gui.canvas.plain_images import refusal, scan_of
from corescout.gui.jobs.work import Work
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.workspace import Workspace


class Canvas:
    """The viewer of a window, with everything that is connected to it.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
    workspace : Workspace
    work : Work
        Shows layers in turns with its jobs.

    Attributes
    ----------
    connections : Connections
        To the viewer and its layers; closed with the window.
    queue : LayerQueue
    large_files : LargeFiles
        Opened by napari's reader.
    """

    mouse_moved = Signal(object)  # world coordinates under the mouse
    images_changed = Signal()  # one that was there is another now

    def __init__(self, viewer: Any, workspace: Workspace, work: Work) -> None:
        self.viewer, self._workspace, self._work = viewer, workspace, work
        self.connections = Connections()
        self.queue = LayerQueue(viewer)
        self.large_files = LargeFiles(viewer, work, self.images_changed.emit)
        self._view = FittedView(viewer, self.connections)
        work.queue = self.queue
        self._plain: tuple[Any, Scan] | None = None  # data of an image that is no scan, and its own
        self._before: ChosenImage | None = None
        self._follow_mouse()
        workspace.chosen_changed.connect(self._image_chosen)

    def show_layers(self, layers: list[LayerData]) -> None:
        """Add or update layers of ours, one for each tick."""
        self.queue.put(layers)
        self._work.take_turns()

    def prepare_layers(self, scan: Scan) -> None:
        """Have our layers in the viewer before a run fills them: adding one takes a while."""
        raise_ours(self.viewer, self.image_layer())
        missing = [e for e in empty_layers(scan) if not self.queue.holds(e[1]["name"])]
        if missing:
            self.show_layers(missing)

    # -- images ---------------------------------------------------------------------------

    def _image_chosen(self, image: ChosenImage | None) -> None:
        """Look at the scan; without one nothing of ours is still to be drawn."""
        before, self._before = self._before, image
        if image is None:
            self.queue.clear()
        else:
            self._fit(image, before)

    def images(self) -> list[Any]:
        """Return the image layers that may be explored, the topmost first."""
        return [layer for layer in reversed(self.viewer.layers) if is_scan_image(layer)]

    def image_layer(self) -> Any | None:
        """Return the layer of the chosen image, None where there is none."""
        chosen = self._workspace.chosen
        return None if chosen is None else self.image_named(chosen.name)

    def image_named(self, name: str) -> Any | None:
        """Return the layer of a name that may be explored."""
        return next((layer for layer in self.images() if layer.name == name), None)

    def chosen_image(self, layer: Any) -> ChosenImage:
        """Return what is analysed where a layer is chosen; an image that is no scan is one."""
        scan = layer.metadata.get(SCAN)
        if not isinstance(scan, Scan):
            scan = self._scan_of_plain(layer)
        channel = layer.metadata.get(CHANNEL, layer.name)
        return ChosenImage(layer.name, channel, scan, layer.metadata.get(RESULT))

    def _scan_of_plain(self, layer: Any) -> Scan:
        known = self._plain
        if known is None or known[0] is not layer.data or known[1].source != layer.name:
            known = layer.data, scan_of(layer)
            self._plain = known
        return known[1]

    def refusal(self) -> str:
        """Say why an image that is there cannot be explored; "" if there is none."""
        reasons = [refusal(layer) for layer in reversed(self.viewer.layers)]
        return next((reason for reason in reasons if reason), "")

    def show_run(self, path: str | list[str]) -> bool:
        """Show the result of a run folder on its scan, where that is open; say whether it is.

        Without a scan, or while a search runs, the folder opens with layers of its own.
        """
        from corescout.runs import is_run, read_run

        paths = [path] if isinstance(path, str) else path
        if len(paths) != 1 or self._workspace.running or not is_run(Path(paths[0])):
            return False
        result = read_run(Path(paths[0]))
        there = [layer for layer in self.images() if SCAN in layer.metadata]
        if not any(layer.metadata[SCAN].uid == result.scan.uid for layer in there):
            return False
        self._workspace.take_result(result, origin="opened")
        return True

    def add_scan(self, scan: Scan) -> None:
        """Open the channels of a scan that has no image any more."""
        for data, options, _ in scan_layers(scan):
            self.viewer.add_image(data, **options)

    def put_below(self, layer: Any) -> None:
        """Put an image that came during a search under the one that is searched."""
        chosen, layers = self.image_layer(), self.viewer.layers
        if chosen is not None and chosen is not layer:
            layers.move(layers.index(layer), layers.index(chosen))

    def fit(self) -> None:
        """Look at the whole scan that is chosen."""
        layer = None if self._workspace.closed else self.image_layer()
        if layer is not None:
            self._view.fit(layer)

    def _fit(self, image: ChosenImage, before: ChosenImage | None) -> None:
        """Look at the scan that is chosen, where it is another one that lies elsewhere."""
        layer = self.image_layer()
        if layer is None or layer.metadata.get(OURS) == LIVE:
            return  # a live image follows its frame by itself
        if before is None or before.scan.uid != image.scan.uid:
            self._view.fit(layer)
        if before is None and image.scan.frame is not None:
            self.viewer.canvas.overlays.scale_bar.visible = True

    # -- the mouse ------------------------------------------------------------------------

    def _follow_mouse(self) -> None:
        me = weakref.ref(self)

        def follow(viewer: Any, event: Any) -> None:
            canvas = me()
            if canvas is not None:
                canvas.mouse_moved.emit(event.position)

        self.connections.append(self.viewer.mouse_move_callbacks, follow)


def is_scan_image(layer: Any) -> bool:
    """Say whether a layer may be explored; a map of ours, or a scan under way, is none."""
    from napari.layers import Image

    image = isinstance(layer, Image) and layer.ndim == 2 and not layer.rgb
    image = image and (SCAN in layer.metadata or not refusal(layer))
    ours = layer.metadata.get(OURS)
    analysed = ours == LIVE and RESULT in layer.metadata
    return image and (ours is None or analysed)
