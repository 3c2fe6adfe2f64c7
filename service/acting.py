"""One message being acted on: what each act needs of it, and what answers the messages it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from habits import wording
from service import composing, due, outbox
from service.facts import Share
from service.ids import new_id
from service.models import Address, Nudge, Person, Reply
from service.outbox import NewItem
from service.reading import Context
from service.site import Site
from service.states import Cause, NudgeState

SOURCE = "reply"
SIMULATED = "simulate"
"""The channel, and the source of a consent, that the command line plays."""
REACTION = "reaction"
"""The source of what a tap on one of our messages logged."""
ARRIVED = "answered, so it arrived"
"""Why a message of unknown fate counts as sent."""


@dataclass(slots=True)
class Answer:
    """What is to be known of our answer besides its words."""

    id: UUID = field(default_factory=new_id)
    cause: Cause = Cause.REPLY
    reason: str = "an answer"
    items: list[NewItem] = field(default_factory=list)
    """The habit that it brings another prompt for."""
    unanswered: str | None = None
    """Why there are no words, if not because nothing has to be said."""
    forgets: bool = False
    """The person is deleted with this message; nobody is left to answer."""


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
    answer: Answer = field(default_factory=Answer)

    @property
    def source(self) -> str:
        """Return what the ledger of consents calls where this came from."""
        return SIMULATED if self.reply.channel == SIMULATED else SOURCE

    def text(self, key: str, **values: str | int) -> str:
        return composing.text(self.person.language, key, self.context.turn, **values)

    def branded(self, key: str) -> str:
        return self.text(key, brand=self.site.settings.brand)

    def title(self, share: Share) -> str:
        plain = share.title(self.person.language)
        return composing.title(self.person.language, self.person.discreet, share.number, plain)

    def titles(self, numbers: Sequence[int]) -> str:
        """Return these habits as `Gratitude, Quality time`."""
        return ", ".join(self.title(self.share(number)) for number in dict.fromkeys(numbers))

    def day(self, day: date) -> str:
        return wording.day_name(self.person.language, day, due.today(self.person, self.now))

    def share(self, number: int) -> Share:
        """Return the habit with this number, living or dropped."""
        return self.context.shares.get(number) or self.context.dropped[number]

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
