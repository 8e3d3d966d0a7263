"""The server over a real pipe, with the client of the protocol's makers."""

import base64
import json
import time

import numpy as np
import pytest

pytest.importorskip("mcp")

from benchmarks.reliability.door_calls import PROMPT, control_characters, make_files
from benchmarks.reliability.door_client import agent_client
from corescout.instruments import read_entries, read_visits
from corescout.instruments.entries import ToolAnswered, ToolCalled

RUN = "scans/run.corescout"


@pytest.fixture(scope="module")
def files(tmp_path_factory, typed_result):
    return make_files(tmp_path_factory.mktemp("agents"), typed_result)


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
        "explain_type", "compare_scans", "propose_targets", "read_day",
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
