"""A person's own pages, opened from a link in a message: answer it, or end all messages.

Opening a page changes nothing (mail scanners open links); only a post acts.
"""

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from sqlalchemy.orm import Session

from notifiers.base import Inbound
from service import inbound, links
from service.ids import new_id
from service.models import Address, Nudge
from service.site import Site
from service.states import AddressKind
from service.web.hooks import site_of

router = APIRouter()

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(["html"])
)
GONE = "This page is not available any more; use the newest message, or answer STOP to end them all."


@router.get("/r/{token}", response_class=HTMLResponse)
def show_reply(token: str, request: Request) -> str:
    site = site_of(request)
    with site.db.read() as session:
        nudge = _nudge(session, site, token)
        words = site.sealer.unseal(nudge.words_sealed) if nudge.words_sealed else None
    return _page(site, "reply.html", words=words, once=new_id().hex)


@router.post("/r/{token}", response_class=HTMLResponse)
def reply(
    token: str, request: Request, text: Annotated[str, Form()] = "", once: Annotated[str, Form()] = ""
) -> str:
    """Take an answer typed on the page; sending the same form twice changes nothing."""
    site = site_of(request)
    with site.db.read() as session:
        nudge = _nudge(session, site, token)
        words = site.sealer.unseal(nudge.words_sealed) if nudge.words_sealed else None
        address = session.get(Address, nudge.address_id) if nudge.address_id else None
        if address is None:
            raise HTTPException(404, GONE)
        kind, value = address.kind, site.sealer.unseal(address.value_sealed)
    answer = _say(site, kind, value, text, f"{nudge.id.hex}-{once[:64] or new_id().hex}")
    return _page(site, "reply.html", words=words, answer=answer, once=new_id().hex)


@router.get("/u/{token}", response_class=HTMLResponse)
def show_unsubscribe(token: str, request: Request) -> str:
    site = site_of(request)
    _address(site, token)
    return _page(site, "unsubscribe.html", stopped=False)


@router.post("/u/{token}", response_class=HTMLResponse)
def unsubscribe(token: str, request: Request) -> str:
    """End all messages to the address of the token, as RFC 8058 has it: one post, no question."""
    site = site_of(request)
    kind, value = _address(site, token)
    _say(site, kind, value, "STOP", new_id().hex)
    return _page(site, "unsubscribe.html", stopped=True)


def _say(site: Site, kind: AddressKind, value: str, text: str, once: str) -> str:
    """Put a text through the same door as any message; return the words of our answer."""
    now = site.now()
    reply_id = inbound.store(site, inbound.PAGE, kind, Inbound(once, value, text), now)
    understood = inbound.understand(site, reply_id, now) if reply_id else None
    return (understood.answer if understood else None) or "Your answer has arrived."


def _page(site: Site, template: str, **values: object) -> str:
    return TEMPLATES.get_template(template).render(brand=site.settings.brand, **values)


def _nudge(session: Session, site: Site, token: str) -> Nudge:
    nudge_id: UUID | None = links.open_token(site, links.REPLY, token)
    nudge = session.get(Nudge, nudge_id) if nudge_id else None
    if nudge is None:
        raise HTTPException(404, GONE)
    return nudge


def _address(site: Site, token: str) -> tuple[AddressKind, str]:
    address_id = links.open_token(site, links.UNSUBSCRIBE, token)
    with site.db.read() as session:
        address = session.get(Address, address_id) if address_id else None
        if address is None:
            raise HTTPException(404, GONE)
        return address.kind, site.sealer.unseal(address.value_sealed)
