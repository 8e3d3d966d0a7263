"""The report: every figure drawn, self-contained, safe against odd names."""

import re
from dataclasses import replace

import numpy as np
import pytest

from corescout.report.drawing import ELLIPSE_SHARE, png_bytes
from corescout.report.figures import FIGURES
from corescout.report.html import report_html

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_the_same_twice(quick_result, name):
    _, draw = FIGURES[name]
    one, other = png_bytes(draw(quick_result)), png_bytes(draw(quick_result))
    assert one.startswith(PNG)
    assert len(one) > 5000
    assert one == other


def test_the_page_needs_nothing_else(quick_result):
    page = report_html(quick_result)
    assert page.count("data:image/png;base64,") == len(FIGURES)
    assert not re.search(r"(?:src|href)=['\"](?!data:)", page)
    for target in quick_result.targets:
        assert f"{target.xy_m[0] * 1e6:.4f}" in page


def test_names_are_escaped(quick_result):
    odd = replace(quick_result, scan=replace(quick_result.scan, source="<script>x</script>.ibw"))
    assert "<script>" not in report_html(odd)


def test_an_applied_result_has_no_candidates(quick_result, surface):
    from corescout.pipeline import apply

    page = report_html(apply(quick_result, surface.scan))
    assert "Candidates" not in page
    assert "id='F5'" in page


def test_the_ellipse_holds_what_the_title_says():
    z = np.random.default_rng(0).standard_normal((100_000, 2))
    assert np.mean((z**2).sum(axis=1) <= 4) == pytest.approx(ELLIPSE_SHARE, abs=0.005)
