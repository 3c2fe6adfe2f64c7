"""`attune simulate`."""

import click

from habits.described import described
from habits.parts import Agree
from notifiers.base import Inbound
from service import addresses, inbound, people, privacy
from service.cli import show
from service.errors import WrongUsage
from service.ids import new_id
from service.inbound import LONGEST, Understood
from service.site import Site
from service.states import AddressKind
from service.strangers import Sender

CHANNEL = "simulate"
ONLY_THEIRS = (
    "Consent counts only from their own phone or mailbox; nothing was changed. `--dry-run` shows how it is "
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
    goes out. Where a real channel reaches the person, their code is needed, as for `attune log`.
    """
    if len(text) > LONGEST:
        raise WrongUsage(f"That is too long: a message has at most {LONGEST} characters.")
    with show.site() as site:
        kind = AddressKind.EMAIL if "@" in sender else AddressKind.SMS
        address = addresses.normalised(kind, sender, site.settings.region)
        message = Inbound(new_id().hex, address, text)
        _check_allowed(site, kind, address, code)
        seen = inbound.rehearse(site, CHANNEL, kind, message, site.now())
        if not dry_run:
            if seen and any(isinstance(part, Agree) for part in seen.parts) and not site.is_simulated(kind):
                raise WrongUsage(ONLY_THEIRS)
            reply_id = inbound.store(site, CHANNEL, kind, message, site.now())
            assert reply_id is not None
            seen = inbound.understand(site, reply_id, site.now(), Sender(kind, address))
    if seen is None:
        raise WrongUsage(
            "It is kept, but was not understood, because of a bug of ours; `attune doctor` counts it."
        )
    show.record(_shown(seen), json_)


def _check_allowed(site: Site, kind: AddressKind, address: str, code: str | None) -> None:
    """Ask for the person's code, unless nobody but a simulator gets their messages."""
    with site.db.read() as session:
        found = addresses.find(session, addresses.lookup(site.sealer, kind, address))
        person_id = people.find_person(session, site, str(found.person_id)).id if found else None
    if person_id and not site.is_simulated(kind):
        privacy.look(site, person_id, "simulate", code, site.now())


def _shown(seen: Understood) -> dict[str, object]:
    return {
        "understood": described(seen.parts),
        "because": seen.rule.value,
        "answer": seen.answer,
        "no_answer_because": seen.unanswered,
        "enrolled": not seen.of_stranger,
    }
