"""Who reads only what `list_tools` says explores a scan and proposes ten targets."""

import re

import pytest

pytest.importorskip("mcp")

from benchmarks.reliability.door_client import agent_client
from corescout.instruments import read_visits


class FreshReader:
    """Knows a goal in words and the descriptions, and nothing of this project.

    A required value is looked for where its description says that it comes from.
    """

    def __init__(self, client):
        self.client, self.answers = client, {}
        self.tools = {tool.name: tool for tool in client.tools()}

    def do(self, goal, **said):
        """Take the tool whose name and description share most words with the goal, and call it."""
        name = max(self.tools, key=lambda n: self._likeness(n, goal))
        schema = self.tools[name].input_schema
        values = {p: self._value(schema["properties"][p]) for p in schema.get("required", [])}
        for word, value in said.items():  # the goal's own figures, where a description names them
            fields = schema["properties"].items()
            values[next(p for p, f in fields if word in f["description"].lower())] = value
        return self._call(name, values)

    def _likeness(self, name, goal):
        words = set(re.findall(r"[a-z]+", goal.lower()))
        own = set(name.split("_"))
        described = set(re.findall(r"[a-z]+", self.tools[name].description.lower()))
        return 3 * len(words & own) + len(words & described)

    def _value(self, field):
        """A value of the kind that the description begins with, from the tools that it names."""
        kind = re.match(r"an? (\w+) ", field["description"].lower())[1]
        for tool in reversed([t for t in self.tools if t in field["description"]]):
            answer = self.answers.get(tool) or self._call(tool, {})
            if kind in answer:  # the answer has one under this very name
                return answer[kind]
            for entry in answer.get("files", []):
                if entry["kind"] == kind:
                    return entry["name"]
        raise AssertionError(f"nothing says where {field} comes from")

    def _call(self, name, values):
        said = self.client.call(name, **values)
        assert not said.refused, (name, values, said.text)
        self.answers[name] = said.values
        return said.values


@pytest.mark.slow
def test_a_fresh_reader_explores_and_proposes_ten_targets(tmp_path):
    from corescout.cli.app import _run

    scans, own = tmp_path / "scans", tmp_path / "own"
    scans.mkdir()
    assert _run(["sample", "--out", str(scans / "scan.h5")]) == 0
    with agent_client([scans], own, "--minutes", "10") as client:
        reader = FreshReader(client)
        found = reader.do("explore a scan and find its types")
        assert found["verdict"]["headline"]
        proposed = reader.do("propose targets to measure next", targets=10)
    assert proposed["state"] == "waits for a person"
    plan = read_visits(own / "plans" / proposed["plan_file"].rpartition("/")[2])
    assert len(plan.targets) == 10
