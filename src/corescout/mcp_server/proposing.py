"""The tool that proposes targets: a plan of visits as a file, which nothing reads by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from corescout.data import InputError
from corescout.instruments.visit_file import write_visits
from corescout.interactive.exploration import Exploration
from corescout.mcp_server.answers import ToolAnswer, target_row, verdict_values
from corescout.mcp_server.arguments import ProposeTargets
from corescout.mcp_server.desk import Desk
from corescout.mcp_server.lanes import Call
from corescout.mcp_server.pictures import png_of
from corescout.mcp_server.places import RESULTS

MOST_PLANS = 500
WAITS = (
    "nothing was sent and nothing is approved: a person reads the file, previews the plan under the"
    " limits of the instrument and approves it there, or does not"
)


def propose_targets(desk: Desk, asked: ProposeTargets, _call: Call) -> ToolAnswer:
    """Choose targets and write the plan of their visits."""
    from corescout.report.figures import targets_route

    run = desk.run(asked.run)
    chosen = _choose(run, asked)
    found = replace(chosen, targets=chosen.targets[: asked.count])
    plan = found.visits(asked.action, _settings(asked), hours=asked.hours)
    folder = desk.places.own / "plans"
    folder.mkdir(exist_ok=True)
    count = sum(1 for _ in folder.iterdir())
    if count >= MOST_PLANS:
        raise InputError(
            f"fewer than {MOST_PLANS} plans in the server's folder", f"{count}",
            "ask the person to clear it",
        )  # fmt: skip
    stem = asked.run.rpartition("/")[2].removesuffix(".corescout")
    safe = "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "_" for c in stem)[:60]
    file = write_visits(plan, folder / f"{safe}-{count + 1:03d}-{plan.digest[:8]}.json")
    values = {
        "plan_file": f"{RESULTS}/plans/{file.name}",
        "digest": plan.digest,
        "state": "waits for a person",
        "what_happens_next": WAITS,
        "usable_until": plan.expires_at.isoformat(),
        "action": asked.action,
        "verdict": verdict_values(found),
        "targets_in_order_of_the_way": [target_row(found, t) for t in plan.targets],
        **_fewer(len(plan.targets), asked.count),
    }
    picture = png_of(desk, lambda: targets_route(found)) if asked.picture else None
    return ToolAnswer(values, picture)


def _choose(run: Exploration, asked: ProposeTargets) -> Exploration:
    shown = len(run.types.numbers) - len(run.types.hidden)
    settings: dict[str, Any] = {
        "per_type": -(-asked.count // max(1, shown)),
        "margin_m": asked.margin_nm * 1e-9,
        "choice": asked.choice,
    }
    if asked.spacing_nm is not None:
        settings["spacing_m"] = asked.spacing_nm * 1e-9
    chosen = run.choose_targets(**settings)
    if len(chosen.targets) < asked.count:  # a type may have few: the others make up for it
        chosen = run.choose_targets(**{**settings, "per_type": asked.count})
    if not chosen.targets:
        raise InputError(
            "a target that keeps the margin and the distance", "none",
            "ask for a smaller margin or spacing",
        )  # fmt: skip
    return chosen


def _settings(asked: ProposeTargets) -> dict[str, float]:
    """What is said of the action, with units in the names."""
    if asked.bias_v is not None and asked.action != "spectrum":
        raise InputError("bias_v with action spectrum", f"action {asked.action}", "leave one out")
    if asked.frame_size_nm is not None and asked.action != "zoom":
        raise InputError("frame_size_nm with action zoom", f"action {asked.action}", "leave it out")
    if asked.action == "zoom":
        if asked.frame_size_nm is None:
            raise InputError("frame_size_nm for action zoom", "none", "give it, such as 200")
        return {"size_m": asked.frame_size_nm * 1e-9}
    if asked.bias_v is not None:
        return {"bias_start_v": -asked.bias_v, "bias_end_v": asked.bias_v}
    return {}


def _fewer(count: int, wanted: int) -> dict[str, str]:
    if count == wanted:
        return {}
    return {"fewer": f"{count} of {wanted}: no more points keep the distance and the margin"}
