"""Invented people: they join, say yes, take up a habit and answer its nudge, all of it from their phones.

A phone repeats a text until the installation has taken it, with the same id, as providers repeat a post that
failed; now and then one is repeated although it was taken.
"""

import queue
import random
import threading
from collections.abc import Iterator
from datetime import time, timedelta
from itertools import count
from typing import Self
from uuid import UUID

import phonenumbers
from sqlalchemy import func, select

from notifiers.standin import Record, TwilioServer
from service import outbox, people, taking_up
from service.models import Address, Nudge, Reminder
from service.people import NewPerson
from service.site import Site
from service.states import AddressKind, NudgeState
from service.taking_up import NewHabit

PRACTICE, TITLE = "gratitude", "Gratitude"
MIDNIGHT = time(0)
PHONES = 4
BREATH_SECONDS = 0.05
MOST_WAITING = 40
"""Messages and texts that wait: with more nobody joins, or a slow machine would never catch up."""
REPEATED = 0.1
"""The share of texts that are posted once more."""


def numbers() -> Iterator[str]:
    """Yield numbers that belong to nobody: 555-0100 to 555-0199 in one area after the other."""
    for area in count(201):
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{area}5550100")):
            yield from (f"+1{area}55501{line:02}" for line in range(100))


class Crowd:
    """People at one installation, `wanted` of them; they join while it is at work and not too far behind."""

    def __init__(self, site: Site, twilio: TwilioServer, chance: random.Random) -> None:
        self.wanted = 0
        self.reminded: set[UUID] = set()
        """The reminders that were made due."""
        self.begun: dict[str, str] = {}
        """The texts that people wrote, by the id of each."""
        self.taken: set[str] = set()
        """The ids of texts that the installation said it has."""
        self.trouble: list[str] = []
        """What stopped somebody from joining; it was tried again."""
        self._site = site
        self._twilio = twilio
        self._chance = chance
        self._numbers = numbers()
        self._joined = 0
        self._waiting: set[UUID] = set()
        self._said: set[tuple[str, str]] = set()
        self._seen = 0
        self._texts: queue.Queue[Record] = queue.Queue()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._join_all)]
        self._threads += [threading.Thread(target=self._post_all) for _ in range(PHONES)]

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
        """Whether everybody has joined and no phone has anything to say."""
        messages = len(self._twilio.messages)
        return self._joined >= self.wanted and self._seen == messages and self.begun.keys() == self.taken

    def _join_all(self) -> None:
        while not self._closing.wait(BREATH_SECONDS):
            try:
                if self._joined < self.wanted and self._waiting_now() < MOST_WAITING:
                    self._join()
                self._take_up()
            except (
                Exception
            ) as error:  # A database that is locked for long, say: the next breath tries again.
                self.trouble.append(type(error).__name__)
            self._read()

    def stop_joining(self) -> None:
        """Let nobody else join."""
        self.wanted = min(self.wanted, self._joined)

    def _waiting_now(self) -> int:
        planned = select(func.count()).where(Nudge.state == NudgeState.PLANNED)
        with self._site.db.read() as session:
            return (session.scalar(planned) or 0) + len(self.begun) - len(self.taken)

    def _join(self) -> None:
        new = NewPerson(
            name=f"Person {self._joined + 1}",
            address_kind=AddressKind.SMS,
            address=next(self._numbers),
            zone="UTC",
            quiet_from=MIDNIGHT,
            quiet_to=MIDNIGHT,
        )
        self._waiting.add(people.add_person(self._site, new, self._site.now()))
        self._joined += 1

    def _take_up(self) -> None:
        """Give a habit to whoever has said yes since, and make its reminder due within a second."""
        with self._site.db.read() as session:
            ready = session.scalars(
                select(Address.person_id).where(
                    Address.person_id.in_(self._waiting), Address.verified_at.is_not(None)
                )
            ).all()
        for person_id in ready:
            now = self._site.now()
            new = NewHabit(PRACTICE, "daily", ("daily 12:00",))
            habit_id = taking_up.add_habit(self._site, [person_id], new, now)
            self._waiting.discard(person_id)
            due_at = now + timedelta(seconds=self._chance.random())
            with self._site.db.write() as session:
                person = outbox.lock_people(session, [person_id])[person_id]
                reminder = session.scalars(select(Reminder).where(Reminder.habit_id == habit_id)).one()
                reminder.next_at = person.due_at = due_at
                self.reminded.add(reminder.id)

    def _read(self) -> None:
        """Let people write what the messages ask for that have come since the last look."""
        messages = self._twilio.messages
        for record in messages[self._seen :]:
            words = "done" if TITLE in record.body else "YES"
            if (record.to, words) not in self._said:
                self._said.add((record.to, words))
                text = self._twilio.text_in_unposted(record.to, words)
                self.begun[text.sid] = words
                self._texts.put(text)
        self._seen = len(messages)

    def _post_all(self) -> None:
        while not self._closing.is_set():
            try:
                text = self._texts.get(timeout=BREATH_SECONDS)
            except queue.Empty:
                continue
            while not self._closing.is_set():
                if self._post(text):
                    self.taken.add(text.sid)
                    break
                self._closing.wait(BREATH_SECONDS)

    def _post(self, text: Record) -> bool:
        """Post a text, sometimes twice; say whether it was taken."""
        try:
            taken = self._twilio.post_text(text) == 200
            if taken and self._chance.random() < REPEATED:
                self._twilio.post_text(text)
        except OSError:
            return False
        return taken
