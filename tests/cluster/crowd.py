"""A crowd whose nudges are all due at once, copied from one person, and the phones of some of them."""

import random
import threading
from collections.abc import Mapping
from datetime import datetime, time
from queue import Empty, Queue
from typing import Any, Self
from uuid import UUID

from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session

from notifiers.standin import Record, TwilioServer, posts
from service import consent, due, outbox, people, taking_up
from service.ids import new_id
from service.models import Address, Consent, GoalRow, Habit, Member, Nudge, Person, Reminder
from service.models.base import Row
from service.people import NewPerson
from service.proving.crowd import PRACTICE, numbers
from service.site import Site
from service.states import AddressKind
from service.taking_up import NewHabit

COPIED: tuple[type[Row], ...] = (Person, Address, Consent, Habit, GoalRow, Member, Reminder)
BATCH = 2_000
ANSWERING = 5
"""One of so many people answers."""
REPEATED = 0.2
"""The share of answers that come to another web server as well, as after a post that took too long."""
PHONES = 4
BREATH_SECONDS = 0.05


def enrol(site: Site, size: int) -> list[UUID]:
    """Make people who have said yes and practise one habit, each with a number of their own; return them."""
    now, number = site.now(), numbers()
    midnight = time(0)
    new = NewPerson("Person", AddressKind.SMS, next(number), "UTC", quiet_from=midnight, quiet_to=midnight)
    first = people.add_person(site, new, now)
    with site.db.write() as session:
        person = outbox.lock_people(session, [first])[first]
        consent.given(session, person, session.scalars(select(Address)).one(), "test", now)
        session.execute(delete(Nudge))  # The opt-in question: it is not of interest here.
    taking_up.add_habit(site, [first], NewHabit(PRACTICE, "daily", ("daily 12:00",)), now)
    made = [first]
    with site.db.write() as session:
        due.refresh(session, session.get_one(Person, first), now)
        rows = {row: _rows(session, row) for row in COPIED}
    while len(made) < size:
        with site.db.write() as session:
            copies: dict[type[Row], list[dict[str, Any]]] = {row: [] for row in COPIED}
            for _ in range(min(BATCH, size - len(made))):
                ids: dict[UUID, UUID] = {}
                phone = next(number)
                own = {"lookup": site.sealer.lookup("sms", phone), "value_sealed": site.sealer.seal(phone)}
                for row, found in rows.items():
                    copies[row] += [_copy(one, ids, own) for one in found]
                made.append(ids[first])
            for row, found in copies.items():
                session.execute(row.__table__.insert(), found)  # type: ignore[attr-defined]
    return made


def _rows(session: Session, row: type[Row]) -> list[dict[str, Any]]:
    names = [column.key for column in inspect(row).column_attrs]
    return [{name: getattr(one, name) for name in names} for one in session.scalars(select(row))]


def _copy(row: dict[str, Any], ids: dict[UUID, UUID], own: Mapping[str, object]) -> dict[str, Any]:
    """Return a row of another person: ids become others, the same one each time."""
    copied = {
        name: ids.setdefault(value, new_id()) if isinstance(value, UUID) else value
        for name, value in row.items()
    }
    return copied | {name: value for name, value in own.items() if name in row}


def make_due(site: Site, person_ids: list[UUID], at: datetime) -> set[UUID]:
    """Make the reminders of these people due; return them."""
    reminders: set[UUID] = set()
    for begin in range(0, len(person_ids), BATCH):
        some = person_ids[begin : begin + BATCH]
        with site.db.write() as session:
            session.execute(update(Person).where(Person.id.in_(some)).values(due_at=at))
            moved = update(Reminder).where(Reminder.person_id.in_(some)).values(next_at=at)
            reminders.update(session.scalars(moved.returning(Reminder.id)))
    return reminders


class Phones:
    """The phones of the crowd: some answer `done`, at one of the web servers, some of these at both."""

    def __init__(self, twilio: TwilioServer, inbound_urls: list[str]) -> None:
        self.reminded: set[UUID] = set()
        self.begun: dict[str, str] = {}
        self.taken: set[str] = set()
        self.posts = 0
        self.refused = 0
        self._twilio = twilio
        self._urls = inbound_urls
        self._seen = 0
        self._answered: set[str] = set()
        self._texts: Queue[Record] = Queue()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._read_all)]
        self._threads += [threading.Thread(target=self._post_all, args=(n,)) for n in range(PHONES)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_quiet(self) -> bool:
        """Whether no phone has anything to say."""
        return self._seen == len(self._twilio.records) and self.begun.keys() == self.taken

    def _read_all(self) -> None:
        while not self._closing.wait(BREATH_SECONDS):
            records = self._twilio.records
            for record in records[self._seen :]:
                self._seen += 1
                wanted = record.direction != "inbound" and int(record.to[-4:]) % ANSWERING == 0
                if wanted and record.to not in self._answered:  # What is said of the answer is not answered.
                    self._answered.add(record.to)
                    text = self._twilio.text_in_unposted(record.to, "done")
                    self.begun[text.sid] = "done"
                    self._texts.put(text)

    def _post_all(self, nth: int) -> None:
        chance = random.Random(nth)
        while not self._closing.is_set():
            try:
                text = self._texts.get(timeout=BREATH_SECONDS)
            except Empty:
                continue
            url = chance.choice(self._urls)
            while not self._closing.is_set() and not self._post(text, url):
                self._closing.wait(BREATH_SECONDS)
            self.taken.add(text.sid)
            if chance.random() < REPEATED:
                self._post(text, next(other for other in self._urls if other != url))

    def _post(self, text: Record, url: str) -> bool:
        self.posts += 1
        signed = posts.public_address(url, self._twilio.public_url)
        try:
            taken = self._twilio.post(url, signed, posts.inbound_fields(text, {})) == 200
        except OSError:
            taken = False
        self.refused += not taken
        return taken
