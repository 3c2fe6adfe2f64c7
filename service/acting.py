"""One message being acted on: what each act needs of it, and what answers the messages it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from habits import wording
from service import composing, due, outbox
from service.facts import Share
from service.models import Address, Nudge, Person, Reply
from service.reading import Context
from service.site import Site
from service.states import NudgeState

SOURCE = "reply"
ARRIVED = "answered, so it arrived"
"""Why a message of unknown fate counts as sent."""


@dataclass(frozen=True, slots=True)
class Acting:
    """One message being acted on, inside its transaction."""

    session: Session
    site: Site
    person: Person
    address: Address
    reply: Reply
    context: Context
    now: datetime

    def text(self, key: str, **values: str | int) -> str:
        return composing.text(self.person.language, key, self.context.turn, **values)

    def branded(self, key: str) -> str:
        return self.text(key, brand=self.site.settings.brand)

    def title(self, share: Share) -> str:
        plain = share.title(self.person.language)
        return composing.title(self.person.language, self.person.discreet, share.number, plain)

    def titles(self, numbers: Sequence[int]) -> str:
        """Return these habits as `Gratitude, Quality time`."""
        return ", ".join(self.title(self.context.shares[number]) for number in dict.fromkeys(numbers))

    def day(self, day: date) -> str:
        return wording.day_name(self.person.language, day, due.today(self.person, self.now))

    def when(self, instant: datetime) -> str:
        local = instant.astimezone(due.zone_of(self.person.zone))
        return wording.moment(self.person.language, local, self.context.local)

    def listed(self, numbers: Sequence[int] = ()) -> str:
        """Return these habits, or all, as `1 Gratitude, 2 Quality time`."""
        shares = [s for n, s in self.context.shares.items() if n in numbers or not numbers]
        return composing.numbered(self.person.language, [(s.number, self.title(s)) for s in shares])


def mark_answered(at: Acting, nudge: Nudge) -> None:
    """Note what the message answers; one of unknown fate has evidently arrived."""
    at.reply.nudge_id = nudge.id
    nudge.answered_at = at.now
    at.session.flush()
    outbox.move(at.session, nudge.id, [NudgeState.UNKNOWN], NudgeState.SENT, ARRIVED, sent_at=at.now)
