"""The notebook of the documentation runs as it stands, and its page is one that can be mailed."""

import base64
import io
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from documentation.blocks import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the machinery of notebooks, not of ours
        NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    return notebook


@pytest.fixture(scope="module")
def page(executed):
    from nbconvert import HTMLExporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        html, _ = HTMLExporter().from_notebook_node(executed)
    return html


def outputs_of(executed, word):
    cells = [c for c in executed.cells if c.cell_type == "code" and word in c.source]
    return [o for c in cells for o in c.outputs]


def text_of(outputs):
    return "".join(
        o.get("text", "") + "".join(o.get("data", {}).get("text/plain", "")) for o in outputs
    )


def test_its_page_is_under_two_megabytes(page):
    assert 100_000 < len(page.encode()) < MOST_BYTES


def test_a_result_shows_itself_once_and_prints_a_line(executed):
    said = outputs_of(executed, "seed=0)\nresult")
    (shown,) = [o for o in said if o.output_type == "execute_result"]
    html = shown["data"]["text/html"]
    assert "<table>" in html
    assert len(shown["data"]["text/plain"]) < 300


@pytest.mark.parametrize("name", ["plot_latent", "plot_rewards", "plot_targets"])
def test_its_figures_are_pictures(executed, name):
    (shown,) = [o for o in outputs_of(executed, f"result.{name}()") if "data" in o]
    picture = Image.open(io.BytesIO(base64.b64decode(shown["data"]["image/png"])))
    assert np.asarray(picture.convert("L")).std() > 10


def test_no_bar_is_left_behind(executed):
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            assert "%|" not in text_of([output])


def test_what_it_says_is_true(executed):
    assert "type 1" in text_of(outputs_of(executed, "summary()"))
    assert "m | probability of its type" in text_of(outputs_of(executed, 'attrs["units"]'))
    assert "numpy.angle" in text_of(outputs_of(executed, "1j"))
    assert text_of(outputs_of(executed, "encode(patches)")) == "True"
    assert text_of(outputs_of(executed, "take(other")).startswith("(True")
    assert "Exploration of notebook_scan.h5" in text_of(outputs_of(executed, "load(run)"))
    assert text_of(outputs_of(executed, "read_visits(write")) == "True"


def test_the_notebook_is_kept_without_outputs():
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not c.get("outputs") for c in notebook.cells)


def test_no_path_of_a_machine_stands_in_the_page(page):
    assert not re.search(r"/(?:home|root|Users|tmp)/[a-z]", re.sub(r"base64,[^\"]+", "", page))
