"""`attune simulate`."""

from uuid import UUID

import click

from habits import parts
from habits.described import described
from notifiers.base import Inbound
from service import addresses, deliveries, inbound, privacy
from service.acting import SIMULATED
from service.cli import show
from service.errors import WrongUsage
from service.ids import new_id
from service.inbound import Understood
from service.site import Site
from service.storing import LONGEST
from service.strangers import Sender

THEIRS_ALONE = (parts.Agree, parts.Together, parts.Share, parts.Delete, parts.Code)
"""What nobody may say in somebody else's name: it consents, discloses or deletes."""
REFUSED = (
    "That counts only from their own phone or mailbox; nothing was changed. `--dry-run` shows how it is "
    "understood."
)


@click.command()
@click.argument("text")
@click.option(
    "--from", "sender", required=True, metavar="ADDRESS", help="The number or mailbox that it comes from."
)
@click.option("--dry-run", is_flag=True, help="Only show how it would be understood and answered.")
@click.option("--code", help="The code that was sent to the person, where a real channel reaches them.")
@show.as_json
def simulate(text: str, sender: str, dry_run: bool, code: str | None, json_: bool) -> None:
    """Put one message through the real path, and say what was understood.

    It is stored, understood and answered as if it had come from that address: it logs habits, and the answer
    goes out. Where a real channel reaches the person, their code is needed, as for `attune log`; what
    consents, discloses or deletes is refused there. A stranger is answered here only.
    """
    if len(text) > LONGEST:
        raise WrongUsage(f"That is too long: a message has at most {LONGEST} characters.")
    with show.site() as site:
        kind = addresses.kind_of(sender)
        came = Sender(kind, addresses.normalised(kind, sender, site.settings.region))
        message = Inbound(new_id().hex, came.address, text)
        real = _is_real(site, came, code)
        seen = inbound.rehearse(site, SIMULATED, kind, message, site.now()) if real or dry_run else None
        if not dry_run:
            if seen and any(isinstance(part, THEIRS_ALONE) for part in seen.parts):
                raise WrongUsage(REFUSED)
            seen = _say(site, came, message, real)
    if seen is None:
        raise WrongUsage("It was not understood, because of a bug of ours; please report it.")
    show.record(_shown(seen), json_)


def _is_real(site: Site, came: Sender, code: str | None) -> bool:
    """Say whether a real channel reaches this address, or ever did. Asks for the person's code if so."""
    person_id = _person_of(site, came)
    with site.db.read() as session:
        reached = person_id is not None and deliveries.was_really_reached(session, person_id)
    real = reached or not site.is_simulated(came.kind)
    if real and person_id:
        privacy.look(site, person_id, "simulate", code, site.now())
    return real


def _person_of(site: Site, came: Sender) -> UUID | None:
    with site.db.read() as session:
        # As `store` has it: a message from an address that is out of use is its person's, too.
        found = addresses.last_known(session, addresses.lookup(site.sealer, came.kind, came.address))
        return found.person_id if found else None


def _say(site: Site, came: Sender, message: Inbound, real: bool) -> Understood | None:
    reply_id = inbound.store(site, SIMULATED, came.kind, message, site.now())
    assert reply_id is not None
    # Nobody who never wrote to us is written to.
    return inbound.understand(site, reply_id, site.now(), None if real else came)


def _shown(seen: Understood) -> dict[str, object]:
    return {
        "understood": described(seen.parts),
        "because": seen.rule.value,
        "answer": seen.answer,
        "no_answer_because": seen.unanswered,
        "enrolled": not seen.of_stranger,
    }
