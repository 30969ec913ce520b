"""What was planted, what was found, what was invented: each planted fault against the cases of reconciliation."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orders.models import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.ninety.business import Planted


@dataclass
class Report:
    """Faults by cause. `missed` were planted and not found under their name, `invented` are cases of nothing planted."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[Planted] = field(default_factory=list)
    invented: list[Case] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """The report as a table."""
        invented = Counter(case.cause for case in self.invented)
        yield f"{'cause':26} {'planted':>8} {'found':>8} {'false':>8}"
        for cause in sorted(self.planted | invented):
            yield f"{cause:26} {self.planted[cause]:8} {self.found[cause]:8} {invented[cause]:8}"
        yield f"{'all':26} {self.planted.total():8} {self.found.total():8} {invented.total():8}"
        yield from (f"not found: {one}" for one in self.missed)
        yield from (f"invented: {case.key} of {case.fact_day}: {case.ours} | {case.theirs}" for case in self.invented)


def compare(planted: Sequence[Planted]) -> Report:
    """Set each planted fault against the cases of its cause that speak of the same thing. One fault may be several cases:
    a notice that came three times came twice too often, for each kind of notice.
    """
    report = Report()
    left = {case.pk: case for case in Case.objects.order_by("opened_at")}
    for one in planted:
        report.planted[one.cause] += 1
        mine = [case for case in left.values() if case.cause == one.cause and one.ref in _words_of(case)]
        if not mine:
            report.missed.append(one)
            continue
        report.found[one.cause] += 1
        for case in mine:
            del left[case.pk]
    report.invented = list(left.values())
    return report


def _words_of(case: Case) -> str:
    return f"{case.key} {case.stream} {json.dumps(case.ours)} {json.dumps(case.theirs)}"
