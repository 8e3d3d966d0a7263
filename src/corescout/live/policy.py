"""Who approves: a person each plan, or a policy with limits that a person signs for a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from corescout.data.counted import counted
from corescout.instruments.clock import SteadyClock
from corescout.instruments.messages import Message
from corescout.instruments.protocol import Check
from corescout.instruments.visit_plan import VisitPlan


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(hours=12)


@dataclass(frozen=True)
class Policy:
    """What may be done in this session without asking; the limits of the instrument hold as well.

    Attributes
    ----------
    signed_by : str
        The person.
    most_plans, most_targets : int
        In the session.
    actions : frozenset of str
        "mark", "spectrum", "zoom".
    largest_bias_v : float
        Absolute, of spectra.
    longest_path_m : float
        Of one plan.
    expires_at : datetime
        UTC; after half a day if not said.
    """

    signed_by: str
    most_plans: int
    most_targets: int
    actions: frozenset[str] = frozenset({"mark", "spectrum"})
    largest_bias_v: float = 5.0
    longest_path_m: float = 100e-6
    expires_at: datetime = field(default_factory=_tomorrow)

    def refusal(
        self, plan: VisitPlan, check: Check, plans: int, targets: int, now: datetime | None = None
    ) -> str | None:
        """Say why a plan needs a person, None if the policy covers it.

        Parameters
        ----------
        plans, targets : int
            That used it up so far.
        now : datetime, optional
            That its end is held against; the computer's clock if not said.
        """
        biases = [
            abs(value)
            for message in check.messages
            for name, value in message.values.items()
            if name.startswith("bias")
        ]
        other = {t.action for t in plan.targets} - self.actions
        if check.errors:
            return "; ".join(check.errors)
        if (now or datetime.now(UTC)) > self.expires_at:
            return "the policy has expired"
        if plans >= self.most_plans:
            return f"the policy allows no more than {counted(self.most_plans, 'plan')}"
        if targets + len(plan.targets) > self.most_targets:
            allowed = counted(self.most_targets, "target")
            return f"the policy allows no more than {allowed}, {targets} are done"
        if other:
            return f"the policy does not allow {', '.join(sorted(other))}"
        if max(biases, default=0.0) > self.largest_bias_v:
            return f"{max(biases):g} V exceed the policy's {self.largest_bias_v:g} V"
        if check.path_m > self.longest_path_m:
            return f"a way of {check.path_m * 1e6:.0f} µm, longer than the policy allows"
        return None


@dataclass
class Signed:
    """The policy in force, if any, and what was carried out under it.

    Attributes
    ----------
    policy : Policy or None
    plans, targets : int
        That used the policy up: plans of which something was sent, and targets to which something
        was sent. What was held before that costs nothing.
    suspended : bool
        It approves nothing until it is resumed.
    """

    policy: Policy | None = None
    plans: int = 0
    targets: int = 0
    suspended: bool = False
    clock: SteadyClock = field(default_factory=SteadyClock)  # a policy that expired stays so

    def refusal(self, plan: VisitPlan, check: Check) -> str | None:
        """Say why a plan needs a person, None if the policy covers it."""
        if self.policy is None:
            return "no policy is signed"
        return self.policy.refusal(plan, check, self.plans, self.targets, self.clock.now())

    @property
    def words(self) -> str:
        """Say who signed what, and what is left of it; "" without a policy."""
        if self.policy is None:
            return ""
        p, end = self.policy, self.policy.expires_at.astimezone()
        return (
            f"signed by {p.signed_by}: {max(0, p.most_plans - self.plans)} of {p.most_plans} plans"
            f" and {max(0, p.most_targets - self.targets)} of {p.most_targets} targets left,"
            f" ±{p.largest_bias_v:g} V, until {end:%d %b %H:%M}"
        )

    def count(self, given: Sequence[Message]) -> None:
        """Note what a plan under it gave to the instrument; a plan that gave nothing is free."""
        self.plans += bool(given)
        self.targets += len({m.target_uid for m in given if m.target_uid is not None})
