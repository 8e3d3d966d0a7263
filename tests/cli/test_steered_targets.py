"""`corescout targets --goal`: the next places by what was measured, within the limits."""

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from corescout.cli.app import app
from corescout.runs import write_run

LIMITS = """
[instruments.bench]
kind = "twin"
[instruments.bench.limits]
x_m = [{x_low}, {x_high}]
y_m = [-1e-6, 1e-6]
largest_step_m = 5e-6
largest_speed_m_per_s = 1e-5
largest_bias_v = 10.0
longest_spectrum_s = 10.0
most_targets = 50
readback_tolerance_m = 1e-8
rotation_verified = true
emergency = "halt"
"""


@pytest.fixture(scope="module")
def run(typed_result, tmp_path_factory):
    return write_run(typed_result, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def table(typed_result, tmp_path_factory):
    """A column of the user's: rises with the density of the walls."""
    from corescout.wall_descriptors import wall_descriptors

    density = wall_descriptors(typed_result).columns["wall_density_200nm_per_m"]
    rng = np.random.default_rng(0)
    rows = rng.choice(np.flatnonzero(np.isfinite(density)), 30, replace=False)
    path = tmp_path_factory.mktemp("own") / "own.csv"
    scale = np.nanstd(density)
    lines = [f"{r},{density[r] / scale + 0.05 * rng.standard_normal()}" for r in rows]
    path.write_text("\n".join(["key_point,hardness_gpa", *lines]) + "\n")
    return path


def targets(run, table, *more):
    args = ["targets", str(run), "--measurements", str(table), "--property", "hardness_gpa"]
    return CliRunner().invoke(app, [*args, *map(str, more)])


def test_targets_come_with_their_reasons_and_how_things_stand(run, table):
    done = targets(run, table, "--goal", "map", "--batch", 6, "--error", 0.01)
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 6
    assert all(row["reason"].startswith("map: known to") for row in rows)
    assert "structure predicts hardness_gpa: R2" in done.stderr
    assert "halve it" in done.stderr
    as_json = json.loads(
        targets(run, table, "--goal", "map=1,types=0.5", "--error", 0.01, "--json").stdout
    )
    assert all(t["reason"] for t in as_json["targets"])


def test_every_so_many_loops_one_goes_to_the_reference_area(run, table):
    done = targets(run, table, "--goal", "map", "--error", 0.01, "--reference-every", 4)
    assert done.exit_code == 0, done.output
    reasons = [row["reason"] for row in csv.DictReader(io.StringIO(done.stdout))]
    measured = len(table.read_text().splitlines()) - 1
    expected = [i for i in range(10) if (measured + i + 1) % 4 == 0]
    assert [i for i, reason in enumerate(reasons) if reason.startswith("reference")] == expected
    assert "drift" in done.stderr


def test_nothing_outside_the_limits_is_proposed(run, table, typed_result, tmp_path):
    x_m = typed_result.scan.frame.to_m(np.asarray(typed_result.patches.center_yx_px))[:, 0]
    middle = float(np.median(x_m))
    profiles = tmp_path / "instruments.toml"
    profiles.write_text(LIMITS.format(x_low=middle, x_high=1e-6))
    done = targets(run, table, "--error", 0.01, "--instrument", "bench", "--profiles", profiles,
                   "--action", "spectrum", "--bias", "5V")  # fmt: skip
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 10
    assert all(float(row["x_m"]) >= middle for row in rows)


def test_what_is_missing_is_said(run, table):
    for more, why in (
        (("--goal", "maps"), "did you mean"),
        (("--property", "softness"), "softness"),
    ):
        done = targets(run, table, *more)
        assert done.exit_code != 0
        assert why in done.output + str(done.exception).lower()
    alone = CliRunner().invoke(app, ["targets", str(run), "--goal", "map"])
    assert alone.exit_code != 0
    assert "--measurements" in alone.output + str(alone.exception)


def test_what_a_property_depends_on_is_drawn(run, table, tmp_path):
    from matplotlib.image import imread

    done = targets(run, table, "--goal", "map", "--plot", tmp_path / "inputs.png")
    assert done.exit_code == 0, done.output
    picture = imread(tmp_path / "inputs.png")[..., :3]
    colored = np.ptp(picture, axis=2) > 0.2
    thirds = np.array_split(colored[picture.shape[0] // 10 :], 3, axis=1)
    assert all(part.sum() > 200 for part in thirds)  # dots in each column of panels
    black = (picture.max(axis=2) < 0.2).any(axis=0).mean()
    assert black > 0.3  # the predictions' lines
