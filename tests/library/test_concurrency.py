"""The library while another process reads it."""

import multiprocessing

from corescout.library import Library, library_type


def read_often(folder, ready, found):
    """Read until eight types are there; report how many damaged files were seen each time."""
    ready.set()
    library, counts = Library(folder), set()
    while len(library.entries()) < 8:
        counts.add(len(library.damaged()))
    found.put(counts | {len(library.damaged())})


def test_another_process_never_sees_half_a_type(typed_result, tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, found = context.Event(), context.Queue()
    reader = context.Process(target=read_often, args=(tmp_path, ready, found))
    reader.start()
    assert ready.wait(60)
    for number in range(8):
        Library(tmp_path).add(library_type(typed_result, 1, name=f"type {number}"))
    assert found.get(timeout=60) == {0}
    reader.join(20)
