"""The server over a real pipe, with the client of the protocol's makers."""

import base64
import json
import shlex
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("mcp")

from benchmarks.reliability.door_calls import PROMPT, control_characters, make_files
from benchmarks.reliability.door_client import agent_client, client_of
from corescout.cli.examples import EXAMPLES
from corescout.instruments import read_entries, read_visits
from corescout.instruments.entries import ToolAnswered, ToolCalled
from corescout.instruments.twin import LOOPS
from corescout.instruments.twin_loops import LoopField
from corescout.runs import read_run
from corescout.steering import predict_property
from documentation.blocks import blocks_of, commands_of
from steering.measured_loops import measure_loops

RUN = "scans/run.corescout"


@pytest.fixture(scope="module")
def files(tmp_path_factory, typed_result, surface):
    made = make_files(tmp_path_factory.mktemp("agents"), typed_result)
    for name, formula in (("loops", "junction"), ("unrelated", "none")):
        loops = LoopField(surface, LOOPS, formula, outliers=0.0, failures=0.1, seed=1)
        if formula == "none":  # types alike as well: nothing that structure could tell
            loops = replace(loops, loops=dict.fromkeys(LOOPS, LOOPS[1]), scatter_v=0.4)
        measure_loops(made["scans"] / f"{name}.csv", typed_result, loops, 40)
    return made


@pytest.fixture(scope="module")
def own(files):
    return files["scans"].parent / "own"


@pytest.fixture(scope="module")
def client(files, own):
    with agent_client([files["scans"]], own, "--minutes", "2", name="a\x1bgent") as connected:
        yield connected


def test_tools_are_these_and_none_moves_or_approves(client):
    tools = {tool.name: tool for tool in client.tools()}
    assert list(tools) == [
        "list_files", "read_scan", "explore_scan", "stop_exploration", "explain_verdict",
        "explain_type", "compare_scans", "predict_property", "propose_targets", "read_day",
    ]  # fmt: skip
    for tool in tools.values():
        assert tool.input_schema["additionalProperties"] is False
        for name, field in tool.input_schema.get("properties", {}).items():
            assert field.get("description"), (tool.name, name)
    assert [n for n, t in tools.items() if not t.annotations.read_only_hint] == [
        "explore_scan", "propose_targets",
    ]  # fmt: skip


def test_files_of_the_named_folder_are_listed_and_no_others(client):
    found = client.call("list_files").values
    names = [file["name"] for file in found["files"]]
    assert RUN in names
    assert "scans/good.npz" in names
    assert not [n for n in names if "secret" in n or "link" in n or "stolen" in n or "pipe" in n]


def test_the_verdict_is_said_in_its_own_words(client, typed_result):
    said = client.call("explain_verdict", run=RUN)
    assert said.values["verdict"]["text"] == str(typed_result.verdict)
    assert said.values["verdict"]["headline"] == typed_result.verdict.headline
    assert len(said.values["types"]) == len(typed_result.types.numbers)
    assert base64.b64decode(said.pictures[0]).startswith(b"\x89PNG")


def test_a_type_is_explained_with_a_picture_of_its_patches(client, typed_result):
    import io

    import matplotlib.image

    said = client.call("explain_type", run=RUN, type=1)
    assert said.values["key_points"] == typed_result.types.count(1)
    picture = matplotlib.image.imread(io.BytesIO(base64.b64decode(said.pictures[0])), "png")
    grey = np.ptp(picture[..., :3], axis=-1) < 0.01
    patches = picture[60:-20, picture.shape[1] // 2 :, 0][grey[60:-20, picture.shape[1] // 2 :]]
    assert len(np.unique(np.round(patches, 2))) > 20  # patches in grey, not an empty sheet
    assert (~grey[:, : picture.shape[1] // 2]).sum() > 200  # points in the colour of the type


def test_targets_become_a_plan_file_that_waits_for_a_person(client, own, typed_result):
    said = client.call("propose_targets", run=RUN, count=10, action="spectrum", bias_v=4.0).values
    assert said["state"] == "waits for a person"
    plan = read_visits(own / "plans" / said["plan_file"].rpartition("/")[2])
    assert plan.digest == said["digest"]
    assert len(plan.targets) == 10
    assert {t.settings["bias_end_v"] for t in plan.targets} == {4.0}
    assert len({t.type for t in plan.targets}) == len(typed_result.types.numbers)


def test_two_runs_are_compared(client):
    found = client.call("compare_scans", run=RUN, other=RUN).values
    assert found["same_representation"] is True
    assert found["places"]["ami"] == 1.0


def test_a_property_is_predicted_with_its_evidence_and_intervals(client, files, typed_result):
    listed = client.call("list_files").values["files"]
    assert {"kind": "measurements", "name": "scans/loops.csv"} in [
        {k: f[k] for k in ("kind", "name")} for f in listed
    ]
    said = client.call("predict_property", run=RUN, measurements="scans/loops.csv")
    kept = read_run(files["scans"] / "run.corescout")
    found = predict_property(kept, files["scans"] / "loops.csv", "coercive_bias_v")
    assert said.values["words"] == found.words
    assert said.values["structure_predicts_it"] == "yes"
    assert said.values["verdict"]["text"] == str(typed_result.verdict)
    assert said.values["measured"]["failed"] > 0
    predicted = said.values["prediction"]
    assert predicted["key_points"] == len(found.mean)
    place = predicted["largest_expected"][0]
    row = int(found.mean.argmax())
    assert place["mean"] == pytest.approx(found.mean[row], rel=1e-5)
    low, high = (end[row] for end in found.interval)
    assert place["interval_90_percent"] == pytest.approx([low, high], rel=1e-5)
    assert base64.b64decode(said.pictures[0]).startswith(b"\x89PNG")


def test_what_structure_does_not_predict_is_said_and_no_map_is_given(client):
    said = client.call("predict_property", run=RUN, measurements="scans/unrelated.csv")
    assert said.values["structure_predicts_it"] == "no better than the mean"
    assert "no better than the mean" in said.values["words"]
    assert said.values["prediction"].startswith("none: take the mean")
    assert not said.pictures


def test_a_table_is_bounded_and_a_wrong_property_is_refused_with_those_there_are(client, files):
    many = ["key_point,hardness_gpa", *(f"{n % 50},{n}" for n in range(700))]
    (files["scans"] / "many.csv").write_text("\n".join(many))
    (files["scans"] / "secrets.csv").write_text("name,password\na,b\n")
    names = [f["name"] for f in client.call("list_files").values["files"]]
    assert "scans/many.csv" in names
    assert "scans/secrets.csv" not in names  # it says of no row where that was measured
    for table, name, why in (
        ("scans/many.csv", "hardness_gpa", "at most 600 measurements"),
        ("scans/loops.csv", "softness", "coercive_bias_v, positive_coercive_bias_v"),
        ("scans/good.npz", "coercive_bias_v", "kind measurements"),
    ):
        said = client.call("predict_property", run=RUN, measurements=table, property=name)
        assert said.refused
        assert why in said.text


def test_names_of_a_file_are_data_that_is_short_and_plain(client):
    said = client.call("read_scan", scan="scans/hostile.npz")
    assert not said.refused
    assert not control_characters(said.text)
    names = [c["name"] for c in said.values["from_the_file"]["channels"]]
    assert any(PROMPT[:40] in name for name in names)
    assert max(map(len, names)) <= 90
    asked = client.call("read_scan", scan="scans/hostile.npz", channel=names[1], picture=False)
    assert asked.values["channel"] == names[1]


def test_the_journal_names_the_caller_of_each_call(client, own):
    client.call("read_scan", scan="scans/../outside/secret.npz")
    entries = read_entries(own / "journal.jsonl")
    called = [e for e in entries if isinstance(e, ToolCalled)]
    answered = {e.number: e for e in entries if isinstance(e, ToolAnswered)}
    assert {e.caller for e in called} == {"a\\x1bgent 1"}
    assert answered[called[-1].number].outcome.startswith("refused: expected a name below")
    assert "../outside" in called[-1].arguments
    assert "called read_scan" in called[-1].words()


def test_one_exploration_at_a_time_tells_its_progress_and_can_be_stopped(client, own):
    told = []
    first = client.start("explore_scan", told, scan="scans/good.npz")
    deadline_s = time.monotonic() + 120
    while not told and not first.done() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    second = client.call("explore_scan", scan="scans/good.npz")
    assert second.refused
    assert "an exploration is under way" in second.text
    assert client.call("stop_exploration").values["stopped"] is True
    said = first.result(60)
    assert told
    assert said.refused
    assert "was stopped" in said.text
    assert not (own / "runs").exists() or not any((own / "runs").iterdir())
    assert client.call("stop_exploration").values["stopped"] is False


def test_a_folder_with_something_else_in_it_is_not_taken(tmp_path):
    from corescout.cli.app import _run

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").touch()
    assert _run(["mcp", str(tmp_path), "--out", str(tmp_path / "own")]) == 2
    assert [p.name for p in (tmp_path / "own").iterdir()] == ["thesis.txt"]


def test_what_a_tool_takes_is_json_schema_that_a_client_can_read(client):
    for tool in client.tools():
        assert json.loads(json.dumps(tool.input_schema))["type"] == "object"
        assert 60 < len(tool.description) < 600, tool.name


def test_the_command_of_the_documentation_serves(tmp_path, monkeypatch):
    (commands,) = [
        [c for c in commands_of(b) if c.startswith("corescout mcp")]
        for b in blocks_of("docs/agents.md")
        if "corescout mcp" in b.code
    ]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for command in {*commands, *EXAMPLES["mcp"]}:
        words = [sys.executable, "-m", *shlex.split(command)]
        with client_of(words, tmp_path / "errors.log") as client:
            assert client.call("list_files").values["folders"] == ["results", "scans"]
    assert (tmp_path / "agent" / "journal.jsonl").is_file()
