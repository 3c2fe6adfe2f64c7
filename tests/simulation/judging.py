"""All rules over all rows of a play: what was broken, and how often each was looked at."""

from collections import Counter
from dataclasses import dataclass, field

from service.db import Database
from tests.simulation import patience, rules
from tests.simulation.play import Play
from tests.simulation.rows import read

RULES = (*rules.RULES, *patience.RULES)


@dataclass(slots=True)
class Judged:
    """How often each rule was looked at, what was wrong, and how many messages there were."""

    checks: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    messages: int = 0
    sent: int = 0
    replies: int = 0

    def lines(self) -> list[str]:
        """Return all of it in lines for people."""
        head = f"{self.messages} messages decided, {self.sent} sent, {self.replies} replies"
        counts = [f"{count:8} {name.replace('_', ' ')}" for name, count in self.checks.items()]
        return [head, *counts, f"{len(self.breaches)} breaches", *self.breaches]


def judge(play: Play) -> Judged:
    """Read what a play has left in its database, and hold every rule against it."""
    db = Database(play.stage.settings.url)
    try:
        rows = read(db, play.stage.site.sealer, play.moved)
    finally:
        db.close()
    judged = Judged()
    for one in rows.people.values():
        judged.messages += len(one.messages)
        judged.sent += sum(bool(message.attempts) for message in one.messages)
        judged.replies += len(one.replies)
        for rule in RULES:
            for told in rule(rows, one):
                judged.checks[rule.__name__] += 1
                if told:
                    judged.breaches.append(f"{rule.__name__}: {told}")
    return judged
