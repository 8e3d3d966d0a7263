"""A result in a script: it shows itself, opens again, and is edited as in the window."""

import dataclasses
import io
import json
import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import corescout
from corescout.data import InputError, StoppedError
from corescout.exports import write_nsid
from corescout.instruments import Session, SessionError, plan_visits, read_visits, write_visits
from corescout.interactive.exploration import Exploration
from corescout.plan import Plan
from corescout.plan_changes import PlanError
from corescout.runs import write_run
from corescout.surfaces import generate_surface


@pytest.fixture(scope="module")
def result(typed_result):
    return Exploration.of(typed_result)


def everything_in(thing, depth=4):
    """Every object of ours that a result holds."""
    yield thing
    if depth == 0:
        return
    if isinstance(thing, dict):
        for value in list(thing.values())[:3]:
            yield from everything_in(value, depth - 1)
    elif isinstance(thing, tuple):
        for value in thing[:3]:
            yield from everything_in(value, depth - 1)
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from everything_in(getattr(thing, field.name), depth - 1)


def test_nothing_of_a_result_prints_more_than_a_screen(result, surface):
    assert len(repr(result)) < 200
    assert "3 possible types" in repr(result) or "3 types" in repr(result)
    assert len(repr(surface)) < 1000
    for thing in everything_in(result):
        if dataclasses.is_dataclass(thing):
            assert len(repr(thing)) < 2000, type(thing)


def test_the_page_in_a_notebook_shows_verdict_types_and_targets(result):
    named = result.rename(1, "<b>needles</b>")
    page = named._repr_html_()
    assert "&lt;b&gt;needles&lt;/b&gt;" in page
    assert "<b>needles" not in page
    assert page.count("<tr>") == 2 + len(named.types.looks) + min(12, len(named.targets))
    assert result.why[:60].replace("'", "&#39;") in page
    assert len(page) < 400_000


FIGURES = ["plot", "plot_latent", "plot_rewards", "plot_targets"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_itself_and_is_saved(result, name, tmp_path):
    figure = getattr(result, name)()
    picture = Image.open(io.BytesIO(figure._repr_png_()))
    pixels = np.asarray(picture.convert("RGB"))
    assert picture.width > 400
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50
    figure.savefig(tmp_path / "figure.svg")


def test_the_latent_space_is_in_the_colours_of_the_types(result):
    from corescout.colors import type_color

    seen = result.recolor(1, "#ff00ff").plot_latent()._repr_png_()
    pixels = np.asarray(Image.open(io.BytesIO(seen)).convert("RGB")).reshape(-1, 3).astype(int)

    def share(color):
        wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
        return (np.abs(pixels - wanted).max(axis=1) < 12).mean()

    assert share("#ff00ff") > 1e-3
    assert share(type_color(1)) < share("#ff00ff") / 5


def test_figures_of_what_is_not_there_say_so(result):
    with pytest.raises(InputError, match="choose_targets"):
        replace(result, targets=()).plot_targets()
    with pytest.raises(InputError, match="explore"):
        replace(result, trials=()).plot_rewards()


def test_the_summary_is_what_window_and_command_line_say(result, tmp_path, capsys):
    from corescout.cli.running import print_result

    text = result.summary()
    assert text.startswith(str(result.verdict))
    for look in result.types.looks.values():
        assert look.name in text
    print_result(result, tmp_path)
    assert capsys.readouterr().out.startswith(text)


def test_the_window_says_the_same(qtbot, result):
    pytest.importorskip("qtpy.QtWidgets")
    from corescout.gui.model.workspace import Workspace
    from corescout.gui.steps.verdict import VerdictLabel

    workspace = Workspace()
    shown = VerdictLabel(workspace)
    qtbot.addWidget(shown)
    workspace.set_result(result)
    assert shown.text() == result.verdict.summary
    as_in_the_window = result.summary().replace("+-", "±").replace("<=", "≤")
    assert shown.toolTip().splitlines()[0] in as_in_the_window
    assert all(note in result.summary() for note in result.notes)


def test_a_run_opens_again(result, tmp_path):
    again = corescout.load(write_run(result, tmp_path / "run"))
    assert isinstance(again, Exploration)
    assert again.summary() == result.summary()
    with pytest.raises(InputError, match="finished run"):
        corescout.load(tmp_path)


def test_every_key_point_is_a_row_of_the_frame_with_units(result):
    frame = result.to_dataframe()
    assert len(frame) == len(result.patches)
    assert frame.attrs["units"]["x_m"] == "m"
    assert frame.attrs["meanings"]["typicality"]
    counts = frame.groupby("type_name").size().to_dict()
    assert counts == {result.types.name(n): result.types.count(n) for n in result.types.numbers}
    assert frame["core"].sum() == len(result.core_points)


def test_maps_go_out_with_coordinates_and_come_in_again(result):
    maps = result.to_xarray()
    assert maps["x"].attrs["units"] == "m"
    name = result.channels[0]
    assert maps[name].attrs["units"] == result.scan.units[name]
    back = corescout.as_scan(maps)
    np.testing.assert_array_equal(back.channel(name), result.scan.channel(name))
    assert back.frame.pitch_m == pytest.approx(result.scan.frame.pitch_m)
    for target in result.targets[:3]:
        x, y = target.xy_m
        kind = maps["type"].sel(x=x, y=y, method="nearest").item()
        assert kind == target.type


def test_codes_of_other_patches(result):
    levels = result.patches.normalisation
    low, high = np.asarray(levels.low), np.asarray(levels.high)
    raw = np.asarray(result.patches.values) * (high - low)[:, None, None] + low[:, None, None]
    np.testing.assert_allclose(result.encode(raw), result.fit.latents.mean, atol=1e-4)
    np.testing.assert_allclose(result.encode(raw[:, 0]), result.fit.latents.mean, atol=1e-4)
    assert result.encode(raw[:0]).shape == (0, 2)
    for wrong in (raw[:, :, 1:], raw * np.nan, raw[0, 0], raw * 1j):
        with pytest.raises(InputError):
            result.encode(wrong)


def test_types_are_named_merged_split_hidden_and_corrected(result):
    first, second, third = (result.types.name(n) for n in result.types.numbers)
    edited = result.rename(first, "needles").merge("needles", second).hide(third)
    assert edited.types.count(1) == result.types.count(1) + result.types.count(2)
    assert {t.type for t in edited.targets} == {1}
    assert edited.show(third).types.hidden == frozenset()
    rows = edited.types.rows(1)[:5]
    split = edited.split(rows, "tips")
    assert list(split.types.rows(split.type_number("tips"))) == list(rows)
    corrected = edited.correct(rows, third)
    assert corrected.types.by_hand[rows].all()
    assert result.types.looks[1].name == first
    for one in (edited, split, corrected):
        assert isinstance(one, Exploration)
    with pytest.raises(InputError, match="did you mean 'needles'"):
        edited.hide("neddles")


def test_another_candidate_is_taken(result):
    other = next(t.candidate for t in result.trials
                 if t.candidate != result.winner and t.state == "done")  # fmt: skip
    taken = result.take(other.label)
    assert (taken.winner.window_px, taken.winner.invariances) == (
        other.window_px, other.invariances,
    )  # fmt: skip
    np.testing.assert_allclose(taken.keypoints.yx_px, result.keypoints.yx_px)
    assert len(taken.patches) == len(result.patches)
    assert any("taken by hand" in note for note in taken.notes)
    assert len(taken.trials) == len(result.trials)
    with pytest.raises(InputError, match="one of the candidates"):
        result.take("99 px, rt")


def test_a_baseline_is_taken_and_opens_again(tmp_path):
    plan = Plan.preset(
        "live", windows_px=(9,), invariances=("none",), baselines=("pca",),
        decision={"seeds": 1, "null_surrogates": 0}, training={"max_steps": 100},
    )  # fmt: skip
    explored = Exploration.of(corescout.explore(generate_surface((96, 96), seed=3).scan, plan))
    kinds = {trial.candidate.kind: trial.candidate.label for trial in explored.trials}
    other = next(kind for kind in kinds if kind != explored.winner.kind)
    for kind in (other, "pca"):
        taken = explored.take(kinds[kind])
        assert taken.winner.kind == kind
        assert len(taken.trials) == len(explored.trials)
        assert len(taken.targets) > 0
    again = corescout.load(taken.save(tmp_path / "pca.corescout"))
    assert again.winner.kind == "pca"
    assert Plan.model_validate(again.plan).candidates(again.channels) == (again.winner,)
    with pytest.raises(PlanError, match="baselines alone"):
        Plan.preset("live", invariances=(), baselines=())


def test_targets_are_chosen_anew(result):
    chosen = result.choose_targets(per_type=1, away_from_m=[result.targets[0].xy_m])
    assert len(chosen.targets) == 3
    assert chosen.targets[0].xy_m != result.targets[0].xy_m
    assert Plan.model_validate(chosen.plan).targets.per_type == 1
    with pytest.raises(InputError, match="did you mean 'per_type'"):
        result.choose_targets(per_tipe=1)


def test_a_plan_of_visits_is_written_and_read_for_approval(result, tmp_path):
    plan = result.visits("spectrum", {"bias_start_v": -4.0, "bias_end_v": 4.0})
    file = write_visits(plan, tmp_path / "visits.json")
    again = read_visits(file)
    assert again == plan
    assert plan.written_size_m == 0
    looking = result.visits("spectrum", look_at_written=True)
    assert looking.written_size_m == 32 * max(result.scan.frame.pitch_m)
    assert looking.digest != result.visits("spectrum").digest
    assert {t.settings["bias_end_v"] for t in again.targets} == {4.0}
    with pytest.raises(FileExistsError):
        write_visits(plan, file)
    said = json.loads(file.read_text())
    said["plan"]["targets"][0]["settings"]["bias_end_v"] = 400.0
    file.write_text(json.dumps(said))
    with pytest.raises(InputError, match="changed"):
        read_visits(file)
    for wrong in ("{}", "[]", "nothing"):
        file.write_text(wrong)
        with pytest.raises(InputError, match="plan of visits"):
            read_visits(file)
    with pytest.raises(InputError, match="hours"):
        result.visits(hours=0)


def test_a_written_plan_is_approved_by_its_digest_and_runs_on_the_twin(tmp_path):
    from corescout.instruments import Journal
    from corescout.instruments.twin import DigitalTwin
    from corescout.instruments.twin_demo import limits_of
    from corescout.surfaces import generate_surface

    surface = generate_surface((64, 64), seed=1)
    twin, scan = DigitalTwin(surface, 1e4), surface.scan
    twin.connect()
    target = corescout.Target("t1", scan.uid, (32.0, 32.0), tuple(scan.frame.to_m((32, 32))), 1, 1)
    file = write_visits(plan_visits(scan, [target]), tmp_path / "visits.json")
    journal = Journal(tmp_path / "journal.jsonl")
    session = Session(twin, limits_of(twin), journal)
    plan = read_visits(file)
    assert session.preview(plan).errors == ()
    with pytest.raises(SessionError):
        session.approve("0" * 64, "A. N.")
    session.approve(plan.digest, "A. N.")
    assert list(session.run(plan))
    assert twin.status().at_m == pytest.approx(target.xy_m, abs=5e-9)
    twin.close()
    journal.close()


def test_an_array_is_explored_and_an_interrupt_keeps_what_was_finished(surface):
    plan = Plan.preset("live", windows_px=(9, 13, 17), invariances=("none", "r", "rt"))
    seen = threading.Event()

    def interrupt(progress):
        if len(progress.trials) >= 1 and not seen.is_set():
            seen.set()
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(StoppedError, match="trials") as stopped:
        corescout.explore(
            np.array(surface.scan.channel()), plan, pitch="8nm", on_progress=interrupt, workers=1
        )
    assert len(stopped.value.trials) >= 1
    assert all(t.rewards for t in stopped.value.trials)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_types_of_one_vendor_are_found_in_the_file_of_another(result, surface, tmp_path):
    theirs = replace(
        surface.scan,
        channels={"PFM Amplitude": surface.scan.channels["Amplitude"]},
        units={"PFM Amplitude": "m"},
    )
    file = write_nsid(theirs, tmp_path / "theirs.h5")
    with pytest.raises(InputError, match="Amplitude"):
        result.apply(file)
    applied = result.apply(
        file, channel_map={"Amplitude": "PFM Amplitude"}, keypoints=result.keypoints
    )
    np.testing.assert_allclose(applied.fit.latents.mean, result.fit.latents.mean, atol=1e-4)
    in_volts = replace(theirs, units={"PFM Amplitude": "V"})
    with pytest.raises(InputError, match="calibrate"):
        result.apply(in_volts, channel_map={"Amplitude": "PFM Amplitude"})
    with pytest.raises(InputError, match="channel of the run"):
        result.apply(theirs, channel_map={"Nope": "PFM Amplitude"})


def test_it_logs_what_it_does(surface, quick_plan, caplog):
    with caplog.at_level("INFO", logger="corescout"):
        corescout.explore(surface.scan, quick_plan.changed("windows_px", (9,)), workers=2)
    said = " ".join(r.getMessage() for r in caplog.records)
    for word in ("key points", "candidates", "training", "decided on"):
        assert word in said


def test_why_a_reward_is_void_is_said_where_it_decides(surface, quick_plan, tmp_path, monkeypatch):
    (tmp_path / "broken_reward.py").write_text("def broken(fit):\n    raise OSError('no file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plan = quick_plan.changed("decision.reward", "broken_reward:broken")
    with pytest.raises(InputError, match=r"OSError: no file \(broken_reward.py, line 2\)"):
        corescout.explore(surface.scan, plan.changed("windows_px", (9,)), workers=2)
