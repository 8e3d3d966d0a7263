"""The demonstration, started beside what a killed one left."""

import pytest

from corescout.data import InputError
from corescout.instruments import Journal
from corescout.live.demo import FILES, live_demo, prepare_folder
from corescout.plan import Plan


@pytest.fixture
def left(tmp_path):
    """The folder of one that was killed in a run."""
    folder = tmp_path / "demo"
    journal = Journal(folder / "journal.jsonl")
    journal.write("state", before="ARMED", state="RUNNING", why="")
    journal.close()
    return folder


def test_it_is_refused_before_any_work_and_begins_anew_if_asked(left):
    with pytest.raises(InputError, match="--overwrite"):
        prepare_folder(left)
    with pytest.raises(InputError, match="RUNNING"):
        live_demo(left, Plan.preset("live"), lambda text: pytest.fail("it has begun to work"))
    prepare_folder(left, overwrite=True)
    assert list(left.iterdir()) == []


def test_only_a_folder_of_such_an_experiment_is_emptied(left):
    (left / "letters.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        prepare_folder(left, overwrite=True)
    assert {p.name for p in left.iterdir()} == {"letters.txt", "journal.jsonl"}
    assert "journal.jsonl" in FILES
