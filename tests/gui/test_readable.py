"""Words can be read in both themes, measured on what is drawn; every field has a name."""

import numpy as np
import pytest
from hands import wait_for_preview
from qtpy.QtCore import QRect
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
)

from corescout.data import Finding
from corescout.gui.canvas.layer_data import scan_layers
from corescout.live.states import ScanRecord

pytestmark = pytest.mark.gui
LEAST = 4.5  # WCAG 2.1, level AA


def luminance(rgb):
    part = np.asarray(rgb, float) / 255
    linear = np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(widget, rect=None):
    """Contrast of the words of a widget, from its pixels: the ground is what most of it is."""
    image = (widget.grab() if rect is None else widget.grab(rect)).toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    pixels = rows.reshape(-1, 3)
    colors, counts = np.unique(pixels, axis=0, return_counts=True)
    ground = luminance(colors[counts.argmax()])
    words = luminance(colors)
    high, low = np.maximum(words, ground), np.minimum(words, ground)
    return float(((high + 0.05) / (low + 0.05)).max())


@pytest.fixture
def opened(explorer, qtbot, typed_result):
    for data, options, _ in scan_layers(typed_result.scan):
        explorer.viewer.add_image(data, **options)
    wait_for_preview(explorer, qtbot)
    explorer.workspace.set_result(typed_result)
    for step in explorer.steps.values():
        step.set_expanded(True)
    qtbot.waitUntil(lambda: not explorer.busy)
    return explorer


def test_a_laptops_window_keeps_its_size_and_shows_scan_and_latent_space_whole(opened, qtbot):
    window, plot = opened.window(), opened.latent_panel.plot
    for step in opened.steps.values():
        for other in opened.steps.values():
            other.set_expanded(other is step)
        qtbot.wait(200)
        assert (window.width(), window.height()) == (1280, 720), step.name
        inner = opened.column.widget()
        assert inner.minimumSizeHint().width() <= opened.column.viewport().width(), step.name
    assert min(plot.width(), plot.height()) >= 250
    shot = opened.viewer.screenshot(canvas_only=True, flash=False)
    edges = [shot[0], shot[-1], shot[:, 0], shot[:, -1]]
    assert all((edge == shot[0, 0]).all() for edge in edges)  # the scan has a margin on each side


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_can_be_read(opened, qtbot, theme):
    opened.viewer.theme = theme
    step = opened.key_points_step
    step.count.setText("12 key points: an exploration needs at least 50")
    step._say(step.count.text(), problem=True)
    opened.workspace.set_doubts((Finding("drift", "mostly noise", lines=(3, 4)),))
    opened.instrument_step.panel.preview_box._set("", ("too far",), ("drift is not checked",), ())
    qtbot.wait(200)
    low, seen = [], 0
    for root in (opened, opened.bottom):
        for widget in root.findChildren((QLabel, QPushButton)):
            words = widget.text().strip()
            if not words or not widget.isVisible() or not widget.isEnabled():
                continue
            if not any(letter.isalnum() for letter in words):
                continue
            seen += 1
            found = contrast(widget)
            if found < LEAST:
                low.append((round(found, 2), words[:40]))
    assert seen > 40
    assert low == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_rows_can_be_read(opened, qtbot, theme):
    """Of the lists and tables of the window, by the pixels of each cell."""
    opened.viewer.theme = theme
    qtbot.wait(200)
    low, views = [], set()
    for root in (opened, opened.bottom):
        for view in root.findChildren(QAbstractItemView):
            inner = isinstance(view, QHeaderView) or isinstance(view.parentWidget(), QComboBox)
            if view.isVisible() and not inner:
                found = unreadable(view)
                views.add(view.accessibleName())
                low += found
    assert {"Types", "Targets in the order of their visits"} <= views
    assert low == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_became_of_scans_can_be_read(instrument_step, qtbot, theme):
    viewer = instrument_step.explorer.viewer
    viewer.theme = "light" if theme == "dark" else "dark"
    instrument_step.set_expanded(True)
    instrument_step.panel.live_fold.toggle.setChecked(True)
    rows = instrument_step.panel.live_section.records
    rows.setVisible(True)  # as soon as a watch has begun
    rows.show_records(tuple(map(record, (1, 2, 3), OUTCOMES)))
    viewer.theme = theme  # what is shown changes with it
    instrument_step.explorer.column.ensureWidgetVisible(rows)
    qtbot.waitUntil(rows.isVisible)
    qtbot.wait(200)
    assert len(list(cells(rows))) == 3
    assert unreadable(rows) == []


def unreadable(view):
    """Words of a view whose contrast is too low, with it."""
    window, inner = view.window(), view.viewport()
    found = []
    for words, rect in cells(view):
        seen = QRect(inner.mapTo(window, rect.topLeft()), rect.size())  # on its true ground
        whole = window.rect().contains(seen) and not inner.visibleRegion().isEmpty()
        at = contrast(window, seen) if whole else contrast(inner, rect)
        found.append((round(at, 2), words))
    return [(at, words[:40]) for at, words in found if at < LEAST]


OUTCOMES = ("analysed", "superseded", "set aside")


def record(number, outcome):
    return ScanRecord(number, f"s{number}", 0, outcome, "as it was found", types={1: 3})


def cells(view):
    """Words and place of what a view shows, cell by cell."""
    model, inside = view.model(), view.viewport().rect()
    columns = 1 if isinstance(view, QListView) else model.columnCount()
    for row in range(model.rowCount()):
        for column in range(columns):
            index = model.index(row, column)
            words, rect = str(index.data() or ""), view.visualRect(index)
            if any(letter.isalnum() for letter in words) and inside.contains(rect):
                yield words, rect


def test_every_field_has_a_name_for_a_reader_of_the_screen(opened):
    fields = [
        w for root in (opened, opened.bottom)
        for w in root.findChildren((QComboBox, QAbstractSpinBox, QAbstractSlider))
        if w.metaObject().className() != "QScrollBar"
    ]  # fmt: skip
    assert len(fields) > 15
    for root in (opened, opened.bottom):
        fields += root.findChildren((QAbstractItemView, QLineEdit))
        fields += [b for b in root.findChildren(QAbstractButton) if not b.text()]
    own = [
        w for w in fields
        if w.isVisible() and w.window() is opened.window()
        and not isinstance(w.parentWidget(), QLineEdit | QAbstractItemView)  # Qt's own parts
    ]  # fmt: skip
    unnamed = [
        (type(w).__name__, type(w.parentWidget()).__name__, w.toolTip())
        for w in own
        if not w.accessibleName() and not (isinstance(w, QAbstractButton) and w.toolTip())
    ]
    assert unnamed == []
