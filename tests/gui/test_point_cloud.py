"""The picture of many points: where the dots are, their colours, their bounds."""

import numpy as np
import pyqtgraph as pg
import pytest
from qtpy.QtWidgets import QApplication

from corescout.gui.plots.point_cloud import PointCloud

pytestmark = pytest.mark.gui
PALETTE = np.array([[1.0, 0, 0, 1], [0, 0, 1.0, 1]])


@pytest.fixture
def plot(qtbot):
    widget = pg.PlotWidget(background="w")
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def pixel_at(plot, place):
    """Colour of the screen at a place in data units."""
    at = plot.mapFromScene(plot.getViewBox().mapViewToScene(pg.Point(*place)))
    return plot.grab().toImage().pixelColor(at).name()


@pytest.mark.parametrize("outlined", [False, True])
def test_dots_are_where_their_points_are(plot, outlined, rng):
    cloud = PointCloud(6, outlined=outlined)
    plot.addItem(cloud)
    xy = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, -2.0]])
    cloud.set_points(xy, PALETTE, np.array([0, 1, 1]))
    plot.autoRange()
    QApplication.processEvents()
    assert [pixel_at(plot, place) for place in xy] == ["#ff0000", "#0000ff", "#0000ff"]
    assert pixel_at(plot, (2.0, 0.0)) == "#ffffff"
    plot.setXRange(2.5, 3.5)
    QApplication.processEvents()
    assert pixel_at(plot, xy[1]) == "#0000ff"
    assert cloud.colors() == ["#ff0000", "#0000ff", "#0000ff"]


def test_dots_at_and_beyond_every_edge_are_cut_off(plot, rng):
    cloud = PointCloud(7, outlined=True)
    plot.addItem(cloud)
    edge = np.linspace(-1, 1, 401)
    sides = [np.column_stack(p) for p in ((edge, edge * 0 + 1), (edge, edge * 0 - 1))]
    sides += [side[:, ::-1] for side in sides]
    far = rng.normal(scale=1e9, size=(50, 2))
    xy = np.vstack([*sides, far])
    cloud.set_points(xy, PALETTE, np.zeros(len(xy), np.int64))
    for span in (1.0, 0.99, 0.98, 1.01, 0.5):
        plot.setRange(xRange=(-span, span), yRange=(-span, span), padding=0)
        plot.grab()  # an error while painting fails the test


def test_no_points_are_no_picture_and_no_bounds(plot):
    cloud = PointCloud(5)
    plot.addItem(cloud)
    plot.grab()
    assert cloud.dataBounds(0) == (None, None)
    cloud.set_points(np.array([[1.0, 2.0], [3.0, 5.0]]), PALETTE, np.array([0, 0]))
    assert cloud.dataBounds(1) == (2.0, 5.0)
