"""The experiment on the twin: loops by type differ as the planted ones do."""

import numpy as np
import pytest

from corescout.instruments import Journal, Session, read_journal
from corescout.instruments.twin import DigitalTwin
from corescout.live.demo import limits_of
from corescout.live.experiment import run_experiment
from corescout.live.report import write_experiment


@pytest.fixture(scope="module")
def experiment(surface, quick_plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    twin = DigitalTwin(surface, speed=600.0)
    twin.connect()
    journal = Journal(folder / "journal.jsonl")
    session = Session(twin, limits_of(twin), journal)
    said = []
    done = run_experiment(twin, session, quick_plan, "policy: test", said.append)
    journal.close()
    return done, twin, folder, said


def test_every_target_has_its_loop(experiment):
    done, twin, folder, _ = experiment
    assert set(done.loops) == {t.uid for t in done.targets}
    assert len(twin.written_xy_m) == len(done.targets)
    for target in done.targets:
        found = done.measurements[target.uid]
        assert np.hypot(*np.subtract(found.xy_m, target.xy_m)) < 10e-9
        wanted = twin.loops[twin.true_type(found.xy_m)]
        assert done.loops[target.uid].coercive_v == pytest.approx(wanted.coercive_v, abs=0.2)
    entries = read_journal(folder / "journal.jsonl")
    assert [e["by"] for e in entries if e["what"] == "approved"] == [
        "policy: test",  # the registration
        "policy: test",  # the targets
    ]


def test_partial_scans_come_first_and_the_report_is_whole(experiment):
    done, _, folder, said = experiment
    assert said[0].startswith("scanned 40 of 160")
    page = write_experiment(done, folder / "report").read_text()
    assert "coercive bias" in page
    table = (folder / "report" / "loops.csv").read_text().splitlines()
    assert len(table) == 1 + len(done.targets)
