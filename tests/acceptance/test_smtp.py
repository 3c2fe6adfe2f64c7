"""The same by e-mail, through a real mail server: a person who never texts."""

import re
import signal
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from service.models import Person
from tests.acceptance.conftest import PUBLIC
from tests.acceptance.process import Installation, eventually
from tests.acceptance.soon import ZONE, Soon
from tests.servers import SmtpServer
from tests.web.serving import Web

pytestmark = pytest.mark.process

ALEX = "alex@example.org"
LOGIN = ("attune", "p4ssword-of-the-mailbox")


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer("starttls", login=LOGIN) as server:
        yield server


def use_mail(installation: Installation, mail: SmtpServer) -> None:
    prefix = "ATTUNE_NOTIFIERS__SMTP__"
    installation.environment |= {
        f"{prefix}HOST": "127.0.0.1",
        f"{prefix}PORT": str(mail.port),
        f"{prefix}CA_FILE": str(mail.ca_file),
        f"{prefix}USERNAME": LOGIN[0],
        f"{prefix}SENDER": "Attune <nudge@example.org>",
    }
    installation.set_secret("attune_notifiers__smtp__password", LOGIN[1])


def words(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def page(mail: EmailMessage, kind: str) -> str:
    """Return the path of the `r`eply or `u`nsubscribe page; the text and the HTML part have the same."""
    found = {re.findall(rf"{PUBLIC}(/{kind}/[^\s\"]+)", words(mail, part))[0] for part in ("plain", "html")}
    return str(found.pop()) if len(found) == 1 else ""


def say(web: Web, path: str, text: str) -> str:
    """Fill in the form of a page, and return the page that comes back."""
    (once,) = set(re.findall(r'name="once" value="([0-9a-f]{32})"', web.get(path).text))
    answer = web.post(path, [("once", once), ("text", text)])
    assert answer.status == 200
    return answer.text


def test_a_first_day(installation: Installation, mail: SmtpServer) -> None:
    use_mail(installation, mail)
    with installation.running("up") as up:
        web = Web(int(up.url.rpartition(":")[2]))
        zone = Soon.make(installation.home.parent / "zones")
        installation.attune("person", "add", "Alex", "--email", ALEX, "--zone", ZONE)
        eventually("the opt-in question", lambda: len(mail.messages) == 1)
        question = mail.messages[0]
        assert question["To"] == ALEX
        assert "Welcome to Attune" in say(web, page(question, "r"), "YES")
        reminder = ("--remind", f"daily {zone.clock()}")
        installation.attune("habit", "add", "gratitude", "--person", "Alex", "--goal", "daily", *reminder)
        eventually("the nudge", lambda: len(mail.messages) == 2)
        nudge = mail.messages[1]
        assert_well_formed(nudge)
        assert "Gratitude" in words(nudge, "plain")
        assert "Gratitude" in words(nudge, "html")

        assert "Gratitude is noted for today, 1 day in all" in say(web, page(nudge, "r"), "done")
        assert "Streak: 1 day in a row" in say(web, page(nudge, "r"), "streak")
        stopped = web.post(page(nudge, "u"), [("List-Unsubscribe", "One-Click")])
        assert "All messages are stopped" in stopped.text
        up.stop(signal.SIGTERM)
        up.assert_silent_about(ALEX, LOGIN[1], page(nudge, "r"), page(nudge, "u"), "/r/", "Gratitude")
    assert len(mail.messages) == 2
    with installation.rows() as session:
        person = session.query(Person).one()
        assert person.stopped_at is not None
        assert person.due_at is None


def assert_well_formed(nudge: EmailMessage) -> None:
    assert nudge.get_content_type() == "multipart/alternative"
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", nudge["Message-ID"])
    assert nudge["List-Unsubscribe"] == f"<{PUBLIC}{page(nudge, 'u')}>"
    assert nudge["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert nudge["From"] == "Attune <nudge@example.org>"
    assert nudge["Date"]
    assert nudge["Subject"]
    assert "Gratitude" not in nudge["Subject"]
