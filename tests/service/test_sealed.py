"""What is kept in clear, column by column, and why: whoever adds a text says so here, or seals it."""

from sqlalchemy import Enum as Choice
from sqlalchemy import LargeBinary, String

from service.models import Row

IN_CLEAR = {
    "person.zone": "When their day begins; thousands share it.",
    "person.language": "Two letters.",
    "person.country": "Two letters.",
    "habit.practice": "One of the ten of the catalogue, which the couple's other may see as well.",
    "goal.kind": "How a goal is counted, such as times in days.",
    "reminder.schedule": "When it is due, which the admin sets and sees.",
    "nudge.reason": "Why it went out or did not: a sentence of ours.",
    "nudge_item.prompt_id": "Which prompt of the catalogue.",
    "attempt.channel": "Which of our channels.",
    "attempt.sender": "Our own number or mailbox.",
    "attempt.code": "A provider's code.",
    "attempt.provider_id": "A provider's name for a message.",
    "receipt.channel": "Which of our channels.",
    "receipt.provider_id": "A provider's name for a message.",
    "receipt.status": "A provider's word.",
    "receipt.failure": "A kind of ours.",
    "receipt.code": "A provider's code.",
    "reply.channel": "Which of our channels.",
    "reply.provider_id": "A provider's name for a message.",
    "entry.source": "By what way it was logged.",
    "pulse_answer.item_id": "Which question of the catalogue; not the answer.",
    "event.kind": "A sentence of ours.",
    "consent.wording_version": "Which text of ours.",
    "consent.source": "By what way it came.",
    "wording.version": "Which text of ours.",
    "wording.language": "Two letters.",
    "wording.words": "A text of ours, which has nobody's name in it.",
    "suppression.reason": "A word of ours.",
    "access_log.actor": "Who looked: a word of ours.",
    "access_log.what": "At what they looked: a word of ours.",
    "sender_state.sender": "Our own number or mailbox.",
    "sender_state.code": "A provider's code.",
    "meta.key": "Of the installation.",
    "meta.value": "Of the installation; the fingerprint of the key is sealed.",
}
HASHED = {
    "address.lookup": "A keyed hash by which an address is found.",
    "consent.lookup": "The same.",
    "suppression.lookup": "The same.",
    "reply.lookup": "The same.",
    "reply.echo": "A keyed hash by which the same text is known again; emptied after half an hour.",
}


def columns_of(kind: type) -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        # A choice is one of a few words of ours, and the database refuses all others.
        if isinstance(column.type, kind) and not isinstance(column.type, Choice)
    }


def test_every_text_in_clear_has_a_reason() -> None:
    assert columns_of(String) == set(IN_CLEAR)


def test_bytes_are_sealed_or_keyed_hashes() -> None:
    assert {name for name in columns_of(LargeBinary) if not name.endswith("_sealed")} == set(HASHED)


def test_nothing_is_kept_in_a_type_that_could_hide_a_text() -> None:
    """Whatever comes beside texts, bytes, numbers and times has to be thought about first."""
    plain = {"String", "LargeBinary", "Enum", "Uuid", "Integer", "BigInteger", "Double", "Boolean"}
    kinds = {type(column.type).__name__ for table in Row.metadata.sorted_tables for column in table.columns}
    assert kinds == {*plain, "Date", "Time", "UTCDateTime"}
