"""Where the user's things are kept, and how the library of 0.1.0 comes along on Windows."""

import pytest

from corescout import folders


@pytest.fixture
def old_and_new(tmp_path):
    old, new = tmp_path / "corescout" / "types", tmp_path / "corescout" / "corescout" / "types"
    old.mkdir(parents=True)
    (old / "a.type.npz").write_text("a")
    return old, new


def test_all_data_lie_below_one_folder(monkeypatch):
    monkeypatch.delenv(folders.LIBRARY_VARIABLE, raising=False)
    kept = (
        folders.sessions_folder(), folders.days_folder(),
        folders.types_folder(),
    )  # fmt: skip
    assert len({path.parent for path in kept}) == 1
    assert len(set(kept)) == 3


def test_the_variable_names_the_library(monkeypatch, tmp_path):
    monkeypatch.setenv(folders.LIBRARY_VARIABLE, str(tmp_path))
    assert folders.types_folder() == tmp_path


def test_the_types_of_windows_move_with_their_content(old_and_new):
    old, new = old_and_new
    folders.move_files(old, new)
    assert (new / "a.type.npz").read_text() == "a"
    assert not old.exists()
    folders.move_files(old, new)  # a second program comes too late
    assert [p.name for p in new.iterdir()] == ["a.type.npz"]


def test_a_name_that_is_taken_is_not_overwritten(old_and_new):
    old, new = old_and_new
    new.mkdir(parents=True)
    (new / "a.type.npz").write_text("newer")
    (old / "b.type.npz").write_text("b")
    folders.move_files(old, new)
    assert (new / "a.type.npz").read_text() == "newer"
    assert (old / "a.type.npz").read_text() == "a"
    assert (new / "b.type.npz").read_text() == "b"


def test_the_library_of_windows_is_found_after_the_move(monkeypatch, tmp_path):
    """With the paths that Windows gives: an author's folder above the program's."""

    def windows(app, appauthor=None):
        return tmp_path / app if appauthor is False else tmp_path / app / app

    monkeypatch.delenv(folders.LIBRARY_VARIABLE, raising=False)
    monkeypatch.setattr(folders, "user_data_path", windows)
    (tmp_path / "corescout" / "types").mkdir(parents=True)
    (tmp_path / "corescout" / "types" / "a.type.npz").write_text("a")
    assert (folders.types_folder() / "a.type.npz").read_text() == "a"
    assert folders.types_folder().parent == folders.sessions_folder().parent
