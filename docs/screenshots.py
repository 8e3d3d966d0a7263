"""Make the pictures of the window, every step, light and dark, at two sizes.

    python docs/screenshots.py FOLDER [SCAN] [--only STEP ...]

A generated surface is shown unless a SCAN is given; of a run folder the types and what follows.
Pictures are PNG with a palette of 256 colours.
The picture of the README is `types-dark-1280.png`. Windows beside the main one (`options`,
`library`, `compare`) are taken once for each theme. `consensus` is taken where several candidates
make the types, as on `generate_family("level_set", 201, (192, 192))` explored with `live`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from corescout.gui.model.candidate_view import CONSENSUS, WINNER
from corescout.gui.model.keypoint_edits import Outline

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the benches stand in the checkout
from benchmarks.scripted_window import ScriptedWindow, open_session

SIZES = {"1280": (1280, 720), "1920": (1920, 1080)}
THEMES = ("dark", "light")
_LIMIT_S = 600


def main() -> None:
    """Walk through the workflow and take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("scan", nargs="?")
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    wanted = {*(asked.only or ())}
    with open_session(asked.scan, size=SIZES["1280"], windows_px=(7, 9, 13, 17)) as session:
        for name in walk_run(session) if session.explorer.result is not None else walk(session):
            if not asked.only or name in asked.only:
                take(session, asked.folder, name)
            wanted.discard(name)
            if name == "types" and (
                not asked.only or {"options", "library", "compare"} & {*asked.only}
            ):
                beside(session, asked.folder)
            if asked.only and not wanted:
                break


def beside(session: ScriptedWindow, folder: Path) -> None:
    """Take the windows that stand beside the main one."""
    from corescout.library import Library, library_type
    from corescout.pipeline import save

    explorer = session.explorer
    with tempfile.TemporaryDirectory() as place:
        finder = explorer.types_step.finder
        finder.folder = Path(place) / "library"
        for number in explorer.result.types.numbers:
            Library(finder.folder).add(library_type(explorer.result, number))
        run = save(explorer.result, Path(place) / "yesterday.corescout")
        explorer.types_step.comparer.compare_with_run(run)
        session.pump(60.0, until=lambda: not explorer.busy)
        explorer.explore_step.show_options()
        explorer.types_step.finder.show_library()
        dialogs = {
            "options": explorer.explore_step.form_of_options,
            "library": explorer.types_step.finder.library,
            "compare": explorer.types_step.comparer.view,
        }
        for theme in THEMES:
            session.viewer.theme = theme
            session.pump(0.6)
            for name, dialog in dialogs.items():
                dialog.grab().save(str(folder / f"{name}-{theme}.png"))
        for dialog in dialogs.values():
            dialog.close()


def walk(session: ScriptedWindow) -> Iterator[str]:
    """Bring the window from state to state, as an operator would; give each a name."""
    explorer = session.explorer
    layers = [layer.as_layer_data_tuple() for layer in session.viewer.layers
              if "corescout_scan" in layer.metadata]  # fmt: skip
    session.pump(_LIMIT_S, until=lambda: not explorer.busy)
    session.viewer.layers.clear()
    yield "empty"
    for data, options, kind in layers:
        getattr(session.viewer, f"add_{kind}")(data, **options)
    session.pump(_LIMIT_S, until=lambda: explorer.verdict.text().startswith("Ready"))
    session.viewer.reset_view()
    editor = explorer.workspace.key_points
    height, width = explorer.workspace.chosen.scan.shape_px
    wall = np.array([[0.2 * height, 0.15 * width], [0.3 * height, 0.5 * width]])
    hole = np.array([[0.6, 0.55], [0.6, 0.85], [0.85, 0.85], [0.85, 0.55]]) * (height, width)
    editor.push(
        editor.edits.with_outlines([Outline("along", wall), Outline("exclude", hole, True)]),
        "key points along a line",
    )
    yield "key-points"
    explorer.undo_stack.undo()
    open_only(session, "explore")
    explorer.explore_step.patches.setChecked(True)
    explorer.start()
    session.pump(_LIMIT_S, until=lambda: len(explorer.candidate_panel.plot.dots) >= 5)
    explorer.pause()
    yield "explore"
    explorer.pause(False)
    session.pump(_LIMIT_S, until=lambda: not explorer.running)
    explorer.explore_step.patches.setChecked(False)
    yield from walk_run(session)


def walk_run(session: ScriptedWindow) -> Iterator[str]:
    """Go through what was found."""
    explorer = session.explorer
    session.pump(3.0)
    open_only(session, "types")
    yield "types"
    if CONSENSUS in explorer.workspace.view.planes:
        explorer.latent_panel.show_plane(CONSENSUS)
        yield "consensus"
        explorer.latent_panel.show_plane(WINNER)
    open_only(session, "targets")
    yield "targets"
    open_only(session, "instrument")
    step = explorer.instrument_step
    step.connect_instrument()
    session.pump(60.0, until=lambda: step.link is not None)
    session.pump(1.0)
    step.dry_run()
    session.pump(30.0, until=lambda: not explorer.busy)
    yield "instrument"
    step.approve()
    session.pump(30.0, until=step.panel.run_button.isEnabled)
    step.link.instrument.speed = 10
    step.run()
    session.pump(120.0, until=lambda: step.progress.done > 3)
    step.stop()
    session.pump(30.0, until=lambda: step.state == "HOLD")
    explorer.workspace.targets.select({0})
    yield "hold"
    step.release()
    session.pump(30.0, until=lambda: step.state == "OBSERVE")
    step.link.instrument.speed = 60
    step.panel.live_fold.toggle.setChecked(True)
    step.watch_scans(step.panel.live_section.source.itemText(0))
    session.pump(120.0, until=lambda: step.panel.live_section.records.count() > 1)
    explorer.column.ensureWidgetVisible(step.panel.live_section)
    yield "live"


def open_only(session: ScriptedWindow, name: str) -> None:
    """Open one step and fold the others."""
    for step in session.explorer.steps.values():
        step.set_expanded(step.name == name)
    session.pump(0.2)
    session.explorer.column.ensureWidgetVisible(session.explorer.steps[name])


def take(session: ScriptedWindow, folder: Path, name: str) -> None:
    """Take the pictures of one state."""
    from PIL import Image

    for size, (width, height) in SIZES.items():
        session.viewer.window.resize(width, height)
        for theme in THEMES:
            session.viewer.theme = theme
            session.pump(0.6)
            session.viewer.reset_view()
            session.pump(0.4)
            path = folder / f"{name}-{theme}-{size}.png"
            session.screenshot(path)
            picture = Image.open(path).convert("RGB")
            picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
