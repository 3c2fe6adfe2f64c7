"""The course of it: all nudges due at once, workers killed, one cut off, then the ledger."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session

from notifiers.standin import Record, TwilioServer
from notifiers.standin.api import Api
from service.models import Attempt, Nudge, Person, Reply
from service.proving import course as proving
from service.proving import ground, ledger
from service.proving.ledger import Cut, Ledger
from service.settings import Settings
from service.site import Site
from service.states import NudgeState, ReplyState
from tests import postgres
from tests.cluster import crowd, hosts
from tests.cluster.crowd import Phones
from tests.cluster.hosts import Host
from tests.cluster.machines import Machine

WORKERS = ("one", "two", "three")
WEBS = ("left", "right")
PORT = 8017
LATENCY = (0.005, 0.02)
"""Seconds until the provider has stored a message, and again until it answers."""
LOOK_SECONDS = 0.1
STALLED_SECONDS = 120
"""What has not moved for so long will not move any more."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be done."""

    nudges: int
    cut_seconds: float
    """How long the second worker is cut off from the database."""
    patient: bool
    """Whether the living workers are given the time to take up what dead ones had claimed."""


@dataclass(slots=True)
class Happening:
    """Something that was done to a worker, and who sent what within the seconds after it."""

    seconds: float
    what: str
    at: datetime
    until: datetime | None = None
    sent_meanwhile: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Outcome:
    """All that is known afterwards."""

    private: bool
    ledger: Ledger
    seconds: float
    happenings: list[Happening]
    sent_by: Counter[str]
    left_claimed: int
    """Hand-overs whose end was open when a worker was killed or cut off, and still when all was quiet."""
    posts: int
    posts_refused: int
    end_seconds: float
    """The longest that a worker or web server took to end when it was told to."""
    codes: list[int | None]

    @property
    def per_second(self) -> float:
        return self.ledger.provider_saw / self.seconds

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or sent twice, all took part, and all ended as they were told to."""
        took_part = all(self.sent_by[name] for name in WORKERS)
        return self.ledger.is_proof and took_part and not any(self.codes)


class Cluster:
    """Everything at work, and the clock by which things happen."""

    def __init__(self, site: Site, twilio: TwilioServer, machines: dict[str, Machine]) -> None:
        self.site, self.twilio, self.machines = site, twilio, machines
        self.cut = Cut()
        self.happenings: list[Happening] = []
        self.began = time.monotonic()

    def note(self, what: str) -> Happening:
        """Note what is done to a worker now, and which hand-overs are under way."""
        with self.site.db.read() as session:
            open_now = _under_way(session)
        self.cut.note(open_now, waiting=True)
        self.happenings.append(Happening(time.monotonic() - self.began, what, self.site.now()))
        return self.happenings[-1]

    def kill(self, name: str) -> None:
        self.machines[name].kill()
        self.note(f"{name} killed")

    def start(self, name: str) -> None:
        self.machines[name].start()
        self.machines[name].wait_until_at_work()
        self.happenings.append(Happening(time.monotonic() - self.began, f"{name} started", self.site.now()))

    @contextmanager
    def cut_off(self, name: str, seconds: float) -> Iterator[None]:
        """Cut a worker off from the database, not from the provider, for so long at the least."""
        machine = self.machines[name]
        since = time.monotonic()
        machine.host.cut() if machine.host.network else machine.freeze()
        time.sleep(LOOK_SECONDS)  # What it had sent to the database by then is there.
        happening = self.note(f"{name} cut off")
        yield
        time.sleep(max(0.0, since + seconds - time.monotonic()))
        machine.host.mend() if machine.host.network else machine.thaw()
        happening.until = self.site.now()
        self.happenings.append(Happening(time.monotonic() - self.began, f"{name} back", self.site.now()))

    def wait(self, what: str, happened: Callable[[], object]) -> None:
        """Wait as long as messages or rows move."""
        moved, before = time.monotonic(), -1
        while not happened():
            now = len(self.twilio.records)
            if now != before:
                moved, before = time.monotonic(), now
            assert time.monotonic() < moved + STALLED_SECONDS, f"This did not happen: {what}."
            time.sleep(LOOK_SECONDS)

    def living(self, since: datetime) -> int:
        """Return how many workers have said since then that they live."""
        with self.site.db.read() as session:
            found: int = session.execute(
                text("SELECT count(*) FROM attune_jobs.procrastinate_workers WHERE last_heartbeat > :since"),
                {"since": since},
            ).scalar_one()
            return found

    def left(self) -> int:
        """Return how much there is to do: people, messages, texts."""
        now = self.site.now()
        counts = (
            select(func.count()).where(Person.due_at <= now),
            select(func.count()).where(Nudge.state == NudgeState.PLANNED, Nudge.not_before <= now),
            select(func.count()).where(Reply.state == ReplyState.RECEIVED),
        )
        with self.site.db.read() as session:
            return sum(session.scalar(one) or 0 for one in counts)

    def claimed(self) -> int:
        with self.site.db.read() as session:
            return len(_under_way(session))


def _under_way(session: Session) -> set[UUID]:
    wanted = select(Attempt.id).join(Nudge, Nudge.id == Attempt.nudge_id)
    return set(session.scalars(wanted.where(Nudge.state == NudgeState.SENDING, Attempt.outcome.is_(None))))


def run(course: Course, private: bool, tell: Callable[[str], None]) -> Outcome:
    """Do all of it, and return what came of it."""
    with ExitStack() as stack:
        made = hosts.make([*WORKERS, *WEBS], private)
        # Within reach of the user without rights that PostgreSQL runs as.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attune-hosts-")))
        folder.chmod(0o711)
        heard = f"{postgres.SETTINGS} -c listen_addresses=*" if private else postgres.SETTINGS
        server = postgres.start(folder / "postgres", heard)
        stack.callback(postgres.stop, folder / "postgres")
        url = postgres.named(server, postgres.create(server, "attune"))
        twilio = stack.enter_context(TwilioServer(public_url=ground.PUBLIC, latency=LATENCY))
        home = folder / "home"
        home.mkdir()
        site = stack.enter_context(ground.installation(home, url, twilio))
        machines = {host.name: _machine(host, site.settings, twilio, stack) for host in made}
        tell(f"{course.nudges} people join")
        ids = crowd.enrol(site, course.nudges)
        cluster = Cluster(site, twilio, machines)
        stack.callback(_kill_all, machines)
        return _play(cluster, ids, course, private, tell)


def _machine(host: Host, settings: Settings, twilio: TwilioServer, stack: ExitStack) -> Machine:
    door = hosts.open_door(host, lambda: Api(twilio, 0))
    stack.callback(door.shutdown)
    url = make_url(settings.url).set(host=host.database).render_as_string(hide_password=False)
    twilio_settings = {**settings.notifiers["twilio"], "base_url": f"http://127.0.0.1:{door.server_port}"}
    serves = host.name in WEBS
    own = {
        "database_url": SecretStr(url),
        "host": host.address,
        "port": PORT,
        "notifiers": {"twilio": twilio_settings},
        # Each message asks for reports there: so it tells who sent it.
        "public_url": ground.PUBLIC if serves else f"{ground.PUBLIC}/{host.name}",
    }
    return Machine(host, settings.model_copy(update=own), serves)


def _kill_all(machines: dict[str, Machine]) -> None:
    for machine in machines.values():
        if machine.process and machine.process.exitcode is None:
            machine.process.kill()
            machine.process.join()


def _play(
    cluster: Cluster, ids: list[UUID], course: Course, private: bool, tell: Callable[[str], None]
) -> Outcome:
    site, twilio, machines = cluster.site, cluster.twilio, cluster.machines
    for machine in machines.values():
        machine.start()
    for machine in machines.values():
        machine.wait_until_at_work()
    urls = [f"http://{machines[name].host.address}:{PORT}/hooks/twilio/sms" for name in WEBS]
    last = len(ids) // 10
    cluster.began = time.monotonic()
    with Phones(twilio, urls) as phones:
        phones.reminded |= crowd.make_due(site, ids[last:], site.now())
        _wait_for_share(cluster, course, 0.1, tell)
        cluster.kill("one")
        _wait_for_share(cluster, course, 0.3, tell)
        with cluster.cut_off("two", course.cut_seconds):
            cluster.start("one")
            _wait_for_share(cluster, course, 0.5, tell)
            cluster.kill("three")
            _wait_for_share(cluster, course, 0.6, tell)
            cluster.start("three")
        back = site.now()
        cluster.wait("three workers live", lambda: cluster.living(back) == len(WORKERS))
        tell("all workers are back")
        phones.reminded |= crowd.make_due(site, ids[:last], site.now())
        cluster.wait("all is sent", lambda: phones.is_quiet and not cluster.left())
        seconds = time.monotonic() - cluster.began
        if course.patient:
            tell("the claims of the dead are taken up")
            cluster.wait("no claim is open", lambda: not cluster.claimed())
    left_claimed = cluster.claimed()
    since = time.monotonic()
    for machine in machines.values():
        machine.end()
    for machine in machines.values():
        machine.wait_for_end(since)
    proving._settle(site)
    found = ledger.draw(site, twilio, phones, cluster.cut, 0)
    found.daemons_ended_alone = sum(machine.ended_alone for machine in machines.values())
    _tell_apart(cluster.happenings, twilio.messages)
    return Outcome(
        private=private,
        ledger=found,
        seconds=seconds,
        happenings=cluster.happenings,
        sent_by=Counter(_sender(record) for record in twilio.messages),
        left_claimed=left_claimed,
        posts=phones.posts,
        posts_refused=phones.refused,
        end_seconds=max(second for machine in machines.values() for second in machine.end_seconds),
        codes=[code for machine in machines.values() for code in machine.codes],
    )


def _wait_for_share(cluster: Cluster, course: Course, share: float, tell: Callable[[str], None]) -> None:
    wanted = int(course.nudges * share)
    cluster.wait(f"{wanted} messages", lambda: len(cluster.twilio.messages) >= wanted)
    tell(f"{len(cluster.twilio.messages)} messages sent after {time.monotonic() - cluster.began:.1f} s")


def _sender(record: Record) -> str:
    """Return which worker a message came from."""
    return (record.status_callback or "").removeprefix(f"{ground.PUBLIC}/").partition("/")[0]


def _tell_apart(happenings: list[Happening], messages: list[Record]) -> None:
    """Count who sent what from each happening to the next, or to its own end."""
    for nth, one in enumerate(happenings):
        after = happenings[nth + 1].at if nth + 1 < len(happenings) else None
        until = one.until or after
        one.sent_meanwhile = Counter(
            _sender(record)
            for record in messages
            if record.date_created >= one.at and (until is None or record.date_created < until)
        )
