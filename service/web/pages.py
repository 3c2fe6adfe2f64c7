"""A person's own pages, opened from a link in a message: answer it, or end all messages.

Opening a page says nothing (mail scanners open links), but that somebody is there; only a post acts.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from sqlalchemy import select

from habits import catalogue as texts
from notifiers.base import Inbound
from service import answering, composing, inbound, links, outbox, rests
from service.ids import new_id
from service.models import Address, Member, Nudge, Person, Reply
from service.site import Site
from service.states import AddressKind, Cause, NudgeKind
from service.web.hooks import site_of

router = APIRouter()

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(["html"])
)
# Relative, since public_url may have a path: from `/r/TOKEN` the static files are one up.
TEMPLATES.globals["root"] = ".."
GONE = "This page is not available any more; use the newest message, or answer STOP to end them all."
SEEN_FOR = timedelta(hours=1)
ONCE = r"^[0-9a-f]{32}(-own)?$"
"""What tells one filled-in form from another; the page's two forms have one each."""
ASKS = {
    NudgeKind.CONSENT: "consent",
    NudgeKind.NUDGE: "nudge",
    NudgeKind.RESCUE: "nudge",
    NudgeKind.PULSE: "pulse",
    NudgeKind.QUESTION: "question",  # Are nudges still useful?
}
OTHERWISE = "other"
"""What ends the names of the page's texts in the catalogue, for each kind of message."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The message that a link belongs to."""

    id: UUID
    person_id: UUID
    kind: NudgeKind
    words: str | None = field(repr=False)
    address_id: UUID | None
    language: str
    joint: int | None = None
    """The number of the habit that is asked about, if it is whether it shall be joint."""


@router.get("/r/{token}", response_class=HTMLResponse)
def show_reply(token: str, request: Request) -> str:
    site = site_of(request)
    nudge = _nudge(site, token)
    _seen(site, nudge.person_id)
    return _reply_page(site, nudge, None)


@router.post("/r/{token}", response_class=HTMLResponse)
def reply(
    token: str,
    request: Request,
    text: Annotated[str, Form()],
    once: Annotated[str | None, Form(pattern=ONCE)] = None,
) -> str:
    """Take an answer typed on the page; sending the same form twice changes nothing."""
    site = site_of(request)
    nudge = _nudge(site, token)
    kind, value, language = _address(site, nudge.address_id)
    answer = _say(site, kind, value, text, f"{nudge.id.hex}-{once or new_id().hex}")
    return _reply_page(site, nudge, answer or composing.text(language, "page_arrived"))


@router.get("/u/{token}", response_class=HTMLResponse)
def show_unsubscribe(token: str, request: Request) -> str:
    site = site_of(request)
    _, _, language = _address(site, links.open_token(site, links.UNSUBSCRIBE, token))
    return _page(site, "unsubscribe.html", language, stopped=False)


@router.post("/u/{token}", response_class=HTMLResponse)
def unsubscribe(token: str, request: Request) -> str:
    """End all messages to the address of the token, as RFC 8058 has it: one post, no question."""
    site = site_of(request)
    kind, value, language = _address(site, links.open_token(site, links.UNSUBSCRIBE, token))
    _say(site, kind, value, "STOP", new_id().hex)
    return _page(site, "unsubscribe.html", language, stopped=True)


def _say(site: Site, kind: AddressKind, value: str, text: str, once: str) -> str | None:
    """Put a text through the same door as any message; return the words of our answer, if there is one."""
    now = site.now()
    reply_id = inbound.store(site, answering.PAGE, kind, Inbound(once, value, text), now)
    understood = inbound.understand(site, reply_id, now) if reply_id else None
    return (understood.answer if understood else None) or _answered(site, once)


def _answered(site: Site, once: str) -> str | None:
    """Return how a text from a page was answered, now or when it came for the first time."""
    answer = (
        select(Nudge.words_sealed)
        .join(Reply, Reply.id == Nudge.cause_id)
        .where(Reply.channel == answering.PAGE, Reply.provider_id == once, Nudge.kind == NudgeKind.ANSWER)
    )
    with site.db.read() as session:
        words = session.scalar(answer)
    return site.sealer.unseal(words) if words else None


def _seen(site: Site, person_id: UUID) -> None:
    """Note the sign of life, at most once an hour: whoever opens a page again and again waits for no lock."""
    now = site.now()
    with site.db.read() as session:
        seen_at = session.scalar(select(Person.last_sign_of_life_at).where(Person.id == person_id))
    if seen_at is None or seen_at <= now - SEEN_FOR:
        with site.db.write() as session:
            for person in outbox.lock_people(session, [person_id]).values():
                rests.alive(session, person, now)


def _reply_page(site: Site, nudge: Opened, answer: str | None) -> str:
    asks = ASKS.get(nudge.kind, OTHERWISE)
    title = "thanks" if answer else asks
    return _page(
        site,
        "reply.html",
        nudge.language,
        heading=composing.text(nudge.language, f"page_title_{title}"),
        quick=_answers_to_tap(nudge, asks, answer is not None),
        words=nudge.words,
        answer=answer,
        once=new_id().hex,
        private=site.settings.operator_sees == "health",
    )


def _answers_to_tap(nudge: Opened, asks: str, answered: bool) -> list[str]:
    if answered:
        return composing.alternatives(nudge.language, "page_answers_after") if asks == "nudge" else []
    if nudge.joint:
        # By number: a mere yes would belong to whatever is asked by now.
        return composing.alternatives(nudge.language, "page_answers_together", number=nudge.joint)
    return [] if asks == "pulse" else composing.alternatives(nudge.language, f"page_answers_{asks}")


def _page(site: Site, template: str, language: str, **values: object) -> str:
    """Return a page in a person's language; `say` fills in the catalogue's texts for pages."""
    brand = site.settings.brand

    def say(key: str) -> str:
        return composing.text(language, f"page_{key}", brand=brand)

    lang = texts.language_of(language)
    return TEMPLATES.get_template(template).render(brand=brand, say=say, lang=lang, **values)


def _nudge(site: Site, token: str) -> Opened:
    nudge_id = links.open_token(site, links.REPLY, token)
    with site.db.read() as session:
        nudge = session.get(Nudge, nudge_id) if nudge_id else None
        if nudge is None:
            raise HTTPException(404, GONE)
        words = site.sealer.unseal(nudge.words_sealed) if nudge.words_sealed else None
        member = session.get(Member, (nudge.cause_id, nudge.person_id))
        joint = member.number if member and nudge.cause_kind is Cause.TOGETHER else None
        language = session.get_one(Person, nudge.person_id).language
        return Opened(nudge.id, nudge.person_id, nudge.kind, words, nudge.address_id, language, joint)


def _address(site: Site, address_id: UUID | None) -> tuple[AddressKind, str, str]:
    """Return an address's kind and value, and its person's language."""
    with site.db.read() as session:
        address = session.get(Address, address_id) if address_id else None
        if address is None:
            raise HTTPException(404, GONE)
        language = session.get_one(Person, address.person_id).language
        return address.kind, site.sealer.unseal(address.value_sealed), language
