"""The proof of what somebody agreed to: every row of the ledger about them, with the text they were shown.

It takes no code of the person's, as it tells nothing of what they practise or answer; and whoever hears "you
wrote to me without my consent" must be able to show it, of somebody who was forgotten as well. That somebody
who is enrolled stopped, or came back, is theirs to tell: the operator may be the partner. It is left out,
unless the opt-in said that the operator sees progress. Each look is noted where the person can read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import addresses, people
from service.errors import WrongUsage
from service.models import AccessLog, Address, Consent, Person, Reply, Wording
from service.site import Site
from service.states import AddressKind, ConsentEvent

LOOKED_AT = "consent ledger"
Key = tuple[bytes, UUID | None]
"""An address by its look-up, and its enrolment: None for those that are over, and for what was imported."""
PHONES = (AddressKind.SMS, AddressKind.WHATSAPP)


@dataclass(frozen=True, slots=True)
class Proof:
    """One row of the ledger, in full."""

    at: datetime
    event: ConsentEvent
    kind: AddressKind
    address: str
    """With its middle hidden."""
    source: str
    channel: str | None
    """Of the message that said so, and the provider's id of it; None if there was none, or it is gone."""
    message: str | None
    wording: str
    """The version of the opt-in text that this is about."""
    words: str | None
    """That text; None for versions of before texts were kept."""


def of_person(site: Site, person_id: UUID, now: datetime) -> list[Proof]:
    """Return the ledger of all addresses of a person, oldest first, and note the look."""
    with site.db.write() as session:
        person = session.get(Person, person_id)
        if person is None:
            raise WrongUsage("There is no such person; `attune person list` shows them all.")
        theirs = session.scalars(select(Address).where(Address.person_id == person_id)).all()
        shown = {
            row.lookup: (row.kind, people.masked(site.sealer.unseal(row.value_sealed))) for row in theirs
        }
        _note(session, {person_id}, now)
        return _seen_by(site, _proofs(session, shown), set(shown))


def of_address(site: Site, typed: str, now: datetime) -> list[Proof]:
    """Return the ledger of an address, oldest first, whether anybody has it still; note the look if so.

    Raises WrongUsage if it is no address.
    """
    kind = addresses.kind_of(typed)
    kinds = PHONES if kind in PHONES else (kind,)
    shown: dict[bytes, tuple[AddressKind, str]] = {}
    for kind in kinds:
        value = addresses.normalised(kind, typed, site.settings.region)
        shown[addresses.lookup(site.sealer, kind, value)] = (kind, people.masked(value))
    with site.db.write() as session:
        owned = select(Address.lookup, Address.person_id).where(Address.lookup.in_(shown))
        owners = {row.lookup: row.person_id for row in session.execute(owned)}
        _note(session, set(owners.values()), now)
        return _seen_by(site, _proofs(session, shown), set(owners))


def _seen_by(site: Site, proofs: list[tuple[Key, Proof]], enrolled: set[bytes]) -> list[Proof]:
    """Return what the operator may see: of whom is enrolled, that they were asked and that they said yes."""
    if site.settings.operator_sees == "progress":
        return [proof for _, proof in proofs]
    seen: list[Proof] = []
    said_yes: set[Key] = set()
    for key, proof in proofs:
        if key[0] not in enrolled or proof.event is ConsentEvent.ASKED:
            seen.append(proof)
        elif proof.event is not ConsentEvent.WITHDRAWN and key not in said_yes:
            # The first yes of each enrolment, even if a STOP came before it.
            seen.append(replace(proof, event=ConsentEvent.GIVEN))
            said_yes.add(key)
    return seen


def _note(session: Session, person_ids: set[UUID], now: datetime) -> None:
    session.add_all(
        AccessLog(person_id=person_id, actor="operator", what=LOOKED_AT, at=now) for person_id in person_ids
    )


def _proofs(session: Session, shown: Mapping[bytes, tuple[AddressKind, str]]) -> list[tuple[Key, Proof]]:
    """Return every row about these addresses, oldest first, each with its address and enrolment."""
    rows = session.execute(
        select(Consent, Wording.words, Reply.channel, Reply.provider_id)
        .join(Wording, Wording.version == Consent.wording_version, isouter=True)
        .join(Reply, Reply.id == Consent.reply_id, isouter=True)
        .where(Consent.lookup.in_(shown))
        .order_by(Consent.at, Consent.id)
    )
    return [
        (
            (row.lookup, row.address_id),
            Proof(
                at=row.at,
                event=row.event,
                kind=shown[row.lookup][0],
                address=shown[row.lookup][1],
                source=row.source,
                channel=channel,
                message=provider_id,
                wording=row.wording_version,
                words=words,
            ),
        )
        for row, words, channel, provider_id in rows
    ]
