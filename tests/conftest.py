"""What all tests share: the real scans, and one short exploration."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from corescout.plan import Plan, TrainingPlan
from corescout.surfaces import Surface, generate_surface

ROOT = Path(__file__).parent.parent
# These wait for real controllers' clocks and compute next to nothing: one process, more than there
# are processors, takes them all, one after the other, so that no two of them make each other late.
WAITING = (
    "foreign/test_stop_situations", "foreign/test_random_stops", "foreign/test_scan_watch",
    "instruments/nanonis/test_scan_watch", "foreign/test_image_situations",
    "foreign/test_safety_situations", "instruments/nanonis/test_stop",
    "foreign/test_live_situations", "foreign/test_read_back",
)  # fmt: skip
# Where files are dealt to processes (`--dist loadfile`), these come first: one that takes long and
# comes last is waited for by all. Those that mostly wait stand among those that mostly compute.
LONGEST = (
    "gui/test_explorer", "documentation/test_blocks", "gui/test_instrument", "gui/test_types",
    "cli/test_cli", "gui/test_policy", "gui/test_window", "gui/test_other_screens",
    "test_pipeline", "runs/test_run_folder", "gui/test_one_scan", "gui/test_live",
    "search/test_cluster", "cli/test_watch", "gui/test_safety", "gui/test_results_kept",
    "cli/test_resume", "instruments/test_soak", "gui/test_window_session", "live/test_runner",
    "documentation/test_notebook", "gui/test_plugin", "gui/test_targets",
    "vae/test_pyroved_engine", "report/test_report", "runs/test_record", "gui/test_explore_step",
    "gui/test_watch_folder", "search/test_processes", "cli/test_options",
    "mcp_server/test_hostile_calls", "gui/test_readable",
)  # fmt: skip


# A busy machine is slow at drawing examples, too; that says nothing of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One process for each processor and one that waits, for `-n auto`."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal whole files to processes, those that wait as one."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class WaitingFilesTogether(LoadFileScheduling):
        def _split_scope(self, nodeid):  # made to be overridden
            file = super()._split_scope(nodeid)
            waits = file.removeprefix("tests/").removesuffix(".py") in WAITING
            return "files that wait" if waits else file

    return WaitingFilesTogether(config, log)


def pytest_collection_modifyitems(items):
    """Put the files that wait first, and then the longest."""
    first = (*WAITING, *LONGEST)
    place = {ROOT / "tests" / f"{name}.py": n for n, name in enumerate(first)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


class _CrashesAfterAWindow:
    """Triton's LLVM beside that of Mesa's OpenGL ends a process at once: fail the one test instead.

    Nothing in `src` imports it; pyroved does, over torchvision.
    """

    def find_spec(self, name, path=None, target=None):
        maps = Path("/proc/self/maps")
        if name == "triton._C" and maps.is_file() and "libLLVM" in maps.read_text():
            raise ImportError(
                "expected: triton in a process that has shown no window; found: Mesa's LLVM is "
                "loaded; import what needs triton (pyroved) in a process of its own"
            )


sys.meta_path.insert(0, _CrashesAfterAWindow())


@pytest.fixture(scope="session", autouse=True)
def control_of_its_own(tmp_path_factory):
    """Locks of instruments beside those of this computer's users: tests may run side by side."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORESCOUT_CONTROL", str(tmp_path_factory.mktemp("control")))
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Real scans; a stranger without them skips, continuous integration fails."""
    folder = Path(os.environ.get("CORESCOUT_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        reason = f"no test data in {folder}; set CORESCOUT_TEST_DATA to their folder"
        if os.environ.get("CORESCOUT_REQUIRE_TEST_DATA") or os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def scan_file(data_dir):
    """Find a real scan by its file name."""

    def find(name: str) -> Path:
        found = sorted(data_dir.rglob(name))
        if not found:
            pytest.fail(f"{name} is not among the test data in {data_dir}")
        return found[0]

    return find


@pytest.fixture(scope="session")
def surface() -> Surface:
    return generate_surface((160, 160), seed=3)


@pytest.fixture(scope="session")
def quick_plan() -> Plan:
    """A whole exploration in a few seconds: two windows, two invariances, few epochs."""
    return Plan.preset(
        "live",
        windows_px=(9, 13),
        invariances=("none", "rt"),
        training=TrainingPlan(
            epochs=30, max_steps=None, batch_size=128, learning_rate=8e-3, retries=2,
            collapse_variance=0.02,
        ),
        decision={"seeds": 2, "finalists": 2, "null_surrogates": 3},
    )  # fmt: skip


@pytest.fixture(scope="session")
def quick_result(surface, quick_plan):
    from corescout.pipeline import explore

    return explore(surface.scan, quick_plan, workers=2)


@pytest.fixture(scope="session")
def consensus_result(surface, quick_plan):
    """An exploration whose types candidates make together, whatever its evidence says."""
    from corescout.pipeline import explore

    decision = quick_plan.decision.model_copy(
        update={"types": "consensus", "null_surrogates": 0, "largest_agreement": None}
    )
    plan = quick_plan.model_copy(update={"decision": decision})
    found = explore(surface.scan, plan, workers=2)
    assert found.votes is not None
    return found


@pytest.fixture(scope="session")
def typed_result(quick_result):
    """The quick result with three types of the winner alone, whatever its evidence says."""
    from corescout.cores import typed_by_size
    from corescout.edits import with_types

    alone = replace(quick_result, votes=None)
    return with_types(alone, typed_by_size(alone.fit.mixtures[3], alone.codes))


@pytest.fixture(scope="session")
def wide_sample():
    """Response (H, 2 H) of a sample of several types; frames are half of it."""
    from benchmarks.truth.zones import CLEAN, SIDE_PX
    from corescout.surfaces import generate_family

    shape = (SIDE_PX, 2 * SIDE_PX)
    return np.asarray(generate_family("voronoi", 7204, shape, imaging=CLEAN).response, float)


@pytest.fixture(scope="session")
def left_half(wide_sample):
    """Response (H, H) of one frame of it."""
    return wide_sample[:, : len(wide_sample)]


@pytest.fixture(scope="session")
def half_result(left_half):
    """Its types as scattering finds them: nothing is trained."""
    from benchmarks.truth.zones import CLEAN, PLAN, scanned
    from corescout.pipeline import explore

    return explore(scanned(left_half, CLEAN, 1), PLAN, workers=1)


class _PressedAtLook(threading.Event):
    """A stop that is pressed when it is looked at for the n-th time."""

    def __init__(self, look: int) -> None:
        super().__init__()
        self.look, self.looks = look, 0

    def is_set(self) -> bool:
        self.looks += 1
        if self.looks == self.look:
            self.set()
        return super().is_set()


@pytest.fixture
def pressed_at_look():
    """Make stops that are pressed in the middle of work, however fast a machine is."""
    return _PressedAtLook


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond some bytes: writes fail as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def full(most_bytes: int):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return full


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
