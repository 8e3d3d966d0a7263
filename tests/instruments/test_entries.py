"""Every entry goes to its line and back, has words, and lines of 0.1.0 are read."""

import json

import pytest

from corescout.instruments import Journal, last_state, read_entries
from corescout.instruments.entries import FORMAT, KNOWN, Entry, Unknown, entry_of, said
from corescout.whole import read_journal

# as version 0.1.0 wrote them: no format, no field that came later
OLD = [
    {"at": "2026-01-01T10:00:00+00:00", "what": "watch", "source": "a folder"},
    {"at": "2026-01-01T10:00:01+00:00", "what": "preview", "digest": "abcdef0123", "errors": []},
    {"at": "2026-01-01T10:00:02+00:00", "what": "approved", "digest": "abcdef0123", "by": "Ada"},
    {"at": "2026-01-01T10:00:03+00:00", "what": "state", "before": "ARMED", "state": "RUNNING",
     "why": ""},
    {"at": "2026-01-01T10:00:04+00:00", "what": "message", "kind": "move", "target_uid": "t1",
     "values": {"x_m": 1e-6, "y_m": 2e-6}},
    {"at": "2026-01-01T10:00:05+00:00", "what": "arrived", "target_uid": "t1", "off_m": 1e-9},
    {"at": "2026-01-01T10:00:06+00:00", "what": "message", "kind": "spectrum", "target_uid": "t1",
     "values": {"bias_start_v": -5.0, "bias_end_v": 5.0, "n_points": 64.0, "seconds": 0.5}},
    {"at": "2026-01-01T10:00:07+00:00", "what": "measured", "target_uid": "t1", "source": "twin"},
    {"at": "2026-01-01T10:00:08+00:00", "what": "drift", "drift_m": [3e-9, 4e-9], "refused": None},
    {"at": "2026-01-01T10:00:09+00:00", "what": "something else", "number": 3},
]  # fmt: skip


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in OLD))
    return path


@pytest.mark.parametrize("kind", KNOWN.values(), ids=KNOWN)
def test_an_entry_comes_back_from_its_line(kind):
    entry = kind()
    line = {"at": "2026-01-01T10:00:00+00:00", **json.loads(json.dumps(_finite(entry.to_json())))}
    again = entry_of(line)
    assert type(again) is kind
    assert again.to_json().keys() == entry.to_json().keys()
    assert entry.words()
    assert (line["what"], line["format"]) == (kind.what, FORMAT)


def test_no_two_entries_share_a_name():
    assert len(KNOWN) == len([k for k in Entry.__subclasses__() if k is not Unknown])


def test_a_journal_of_the_first_version_is_read(old):
    state = last_state(read_journal(old))
    assert (state.state, state.digest) == ("RUNNING", "abcdef0123")
    assert state.begun == {"t1": (1e-6, 2e-6)}
    assert state.finished == {"t1"}
    words = [entry.words() for entry in read_entries(old)]
    assert words[:4] == [
        "watching a folder", "dry run of plan abcdef01", "plan abcdef01 approved by Ada",
        "ARMED -> RUNNING",
    ]  # fmt: skip
    assert words[5] == "arrived, 1.0 nm off"
    assert words[8] == "drift 5.0 nm"
    assert words[9] == "something else number 3"


def test_a_journal_is_taken_up_by_the_next_version(old):
    journal = Journal(old)
    journal.write(KNOWN["released"](by="Bob"))
    journal.close()
    lines = read_journal(old)
    assert [line.get("format", 1) for line in lines] == [1] * len(OLD) + [FORMAT]
    assert read_entries(old)[-1].words() == "released by Bob"


def test_a_line_that_nobody_knows_is_kept_as_it_is():
    line = {"at": "2026-01-01T10:00:00+00:00", "what": "new", "a": [1, 2]}
    entry = entry_of(line)
    assert isinstance(entry, Unknown)
    assert entry.to_json() == {"what": "new", "a": [1, 2]}


def _finite(values):
    return {k: None if isinstance(v, float) and v != v else v for k, v in values.items()}


@pytest.mark.parametrize("kind", KNOWN.values(), ids=KNOWN)
def test_a_line_with_anything_in_it_is_said_on_one_line(kind):
    """Of another program, or of a disk that failed: no field is what it should be."""
    for wrong in (None, "a\n\x1b[2J<b>", [], {}, 7, -1e400):
        names = set(kind().to_json()) - {"what", "format"}
        entry = entry_of({"what": kind.what, "at": wrong, **dict.fromkeys(names, wrong)})
        words = said(entry)
        assert words
        assert words.isprintable()
