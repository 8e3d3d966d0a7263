"""Words can be read in both themes, measured on what is drawn; every field has a name."""

import numpy as np
import pytest
from hands import wait_for_preview
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
)

from corescout.data import Finding
from corescout.gui.canvas.layer_data import scan_layers

pytestmark = pytest.mark.gui
LEAST = 4.5  # WCAG 2.1, level AA


def luminance(rgb):
    part = np.asarray(rgb, float) / 255
    linear = np.where(part <= 0.03928, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(widget):
    """Contrast of the words of a widget, from its pixels: the ground is what most of it is."""
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB888)
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
