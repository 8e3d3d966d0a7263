"""A representation with several types, and scans that follow its own."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import ScanFrame
from corescout.instruments.twin_sample import TwinSample
from corescout.live.reading.next_scan import trained
from corescout.pipeline import explore
from corescout.plan import MixturePlan, Plan, TrainingPlan
from corescout.surfaces import generate_surface


@pytest.fixture(scope="session")
def typed_surface():
    return generate_surface((192, 192), seed=1)


@pytest.fixture(scope="session")
def live_plan():
    """Some seconds; types are taken as they come, without the test of their evidence."""
    plan = Plan.preset(
        "live",
        windows_px=(11,),
        invariances=("rt",),
        training=TrainingPlan(epochs=30, batch_size=64, learning_rate=1e-2, collapse_variance=0.1),
        mixtures=MixturePlan(max_components=5, starts=2),
    )
    decision = plan.decision.model_copy(update={"seeds": 1, "null_surrogates": 0})
    return plan.model_copy(update={"decision": decision})


@pytest.fixture(scope="session")
def typed(typed_surface, live_plan):
    known = trained(explore(typed_surface.scan, live_plan))
    assert known.result.n_types >= 2
    return known


@pytest.fixture(scope="session")
def look(typed_surface):
    """Scan a frame of the typed surface: repeats have noise of their own."""

    def seen(center_px=(0.0, 0.0), shape=(192, 192), zoom=1.0, seed=0, **sample):
        whole = typed_surface.scan.frame
        pitch = whole.pitch_m[0] / zoom
        center = (center_px[1] * whole.pitch_m[0], -center_px[0] * whole.pitch_m[0])
        frame = ScanFrame(shape, (pitch, pitch), center)
        beneath = TwinSample(typed_surface, **sample)
        channels = beneath.seen(frame, [0.0] * shape[0], np.random.default_rng(seed))
        uid = f"{center_px}-{shape}-{zoom}-{seed}"
        return replace(typed_surface.scan, uid=uid, channels=channels, frame=frame)

    return seen
