"""The demonstration: an invented couple on a throw-away installation, with a clock that can be stepped."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
)
from sqlalchemy import func, select

from notifiers.base import Inbound
from service import inbound, jobs, migrate, people, reminding, taking_up
from service.db import Database
from service.inbound import Understood
from service.models import Nudge
from service.people import NewPerson
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.site import Site, open_site
from service.states import AddressKind, NudgeKind, NudgeState
from service.taking_up import NewHabit

ZONE = "America/New_York"
STARTS = time(8, 30)
CHANNEL = "phone"
COUPLE = (("Alex", "+12025550101"), ("Sam", "+12025550102"))
DAY = timedelta(days=1)
MOST_STEPS = 200


class Isolated(Settings):
    """Settings that only this module gives: a real database or account in `ATTUNE_*` is not the demo's."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (The library's signature.)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(file_secret_settings, SecretsSettingsSource)
        # There is no secrets folder here; without this source the library warns of settings it would not use.
        return (init_settings, NestedSecretsSettingsSource(file_secret_settings))


class SteppedClock:
    """A clock that goes on by itself and can be set ahead, never back."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def step_to(self, at: datetime) -> None:
        """Set the clock to `at`; a time that is past already changes nothing."""
        with self._lock:
            self._ahead = max(self._ahead, at - datetime.now(UTC))


class Demo:
    """The invented couple's installation, its clock, and the numbers of their two phones."""

    def __init__(self, site: Site, clock: SteppedClock, phones: dict[UUID, str]) -> None:
        self.site = site
        self.clock = clock
        self.phones = phones
        self._stepping = threading.Lock()

    def step_to_next_nudge(self) -> None:
        """Step through the due instants until a nudge goes out."""
        with self._stepping:
            before = self._gone()
            for _ in range(MOST_STEPS):
                at = self.next_at()
                if at is None:
                    return
                self.clock.step_to(at)
                jobs.run_all(self.site)
                # The engine beside us may have been quicker: what counts is that one went out, not by whom.
                if self._gone() > before:
                    return

    def step_a_day(self) -> None:
        """Step through every due instant of the next 24 hours."""
        with self._stepping:
            end = self.clock() + DAY
            for _ in range(MOST_STEPS):
                at = self.next_at()
                if at is None or at > end:
                    break
                self.clock.step_to(at)
                jobs.run_all(self.site)
            self.clock.step_to(end)
            jobs.run_all(self.site)

    def say(self, person_id: UUID, text: str) -> tuple[UUID | None, Understood | None]:
        """Send a text from a person's phone; return its id, how it was understood, and have it answered."""
        now = self.clock()
        message = Inbound(f"phone-{uuid4().hex}", self.phones[person_id], text)
        reply_id = inbound.store(self.site, CHANNEL, AddressKind.SMS, message, now)
        understood = inbound.understand(self.site, reply_id, now) if reply_id else None
        jobs.run_all(self.site)
        return reply_id, understood

    def next_at(self) -> datetime | None:
        """Return the next instant at which something is due."""
        with self.site.db.read() as session:
            return jobs.next_instant(session, self.clock())

    def _gone(self) -> int:
        """Return how many nudges and check-ins have been handed over, or are being handed over now."""
        gone = select(func.count()).where(
            Nudge.kind.in_((NudgeKind.NUDGE, NudgeKind.PULSE)),
            Nudge.state.not_in((NudgeState.PLANNED, NudgeState.LAPSED)),
        )
        with self.site.db.read() as session:
            return session.scalar(gone) or 0

    def close(self) -> None:
        self.site.db.close()


def prepare(folder: Path, host: str, port: int, database_url: str | None = None) -> Demo:
    """Set up the demonstration in an empty folder, or database: both have taken up two practices."""
    settings = Isolated(
        home=folder,
        database_url=SecretStr(database_url) if database_url else None,
        key=new_key(),
        notifiers={CHANNEL: {}},
        host=host,
        port=port,
    )
    database = Database(settings.url)
    migrate.upgrade(database, _sealer(settings))
    database.close()
    clock = SteppedClock(_this_morning())
    site = open_site(settings, clock)
    couple_id = people.add_couple(site)
    demo = Demo(site, clock, {})
    for name, number in COUPLE:
        new = NewPerson(name, AddressKind.SMS, number, ZONE, couple_id, country="US")
        demo.phones[people.add_person(site, new, clock())] = number
    jobs.run_all(site)
    both = list(demo.phones)
    taking_up.add_habit(site, both, NewHabit("gratitude", "daily", ("daily 20:00",)), clock())
    taking_up.add_habit(
        site, both, NewHabit("quality-time", "3 a week", ("mon wed sat 18:30", "sun 11:00")), clock()
    )
    for person_id in both:
        reminding.add_check_in(site, person_id, "sun 17:00", clock())
    return demo


def both_say_yes(demo: Demo, say: Callable[[UUID, str], object]) -> None:
    """Let the couple answer the opt-in question on their phones, as it is answered in life."""
    for person_id in demo.phones:
        say(person_id, "YES")


def _sealer(settings: Settings) -> Sealer:
    assert settings.key is not None
    return Sealer(settings.key.get_secret_value())


def _this_morning() -> datetime:
    today = datetime.now(ZoneInfo(ZONE)).date()
    return datetime.combine(today, STARTS, ZoneInfo(ZONE)).astimezone(UTC)
