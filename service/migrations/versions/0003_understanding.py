"""Understanding people: repeated texts, stuck messages, rests that are over, the code that deletes all."""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = (
    "cause_kind IN ('reminder', 'reply', 'opt-out', 'help', 'enrolment', 'code', 'together', 'test')"
)
AFTER = (
    "cause_kind IN ('reminder', 'reply', 'opt-out', 'help', 'enrolment', 'code', 'together', 'delete', 'test')"
)
UNKNOWN_NUDGES = "SELECT id FROM nudge WHERE cause_kind = 'delete'"
PARTIAL = {
    "ix_nudge_help_words": ("nudge", "not_before", "cause_kind = 'help' AND words_sealed IS NOT NULL"),
    "ix_reply_echo": ("reply", "received_at", "echo IS NOT NULL"),
    "ix_reply_stuck": ("reply", "received_at", "state = 'stuck'"),
    "ix_person_rested_until": ("person", "rested_until", "rested_until IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("reply", sa.Column("answered", sa.Boolean(), server_default=sa.false(), nullable=False))
    kinds = ("sms", "email", "whatsapp", "apprise")
    with op.batch_alter_table("reply") as batch:
        batch.add_column(sa.Column("kind", sa.String(24), nullable=True))
        batch.create_check_constraint(op.f("ck_reply_addresskind"), f"kind IN {kinds}")
    op.add_column("reply", sa.Column("echo", sa.LargeBinary(8), nullable=True))
    allow(AFTER)
    op.create_index("ix_reply_lookup_received_at", "reply", ["lookup", "received_at"])
    for name, (table, column, where) in PARTIAL.items():
        op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Go back; what the older version has no word for is deleted."""
    for name, (table, _, _) in PARTIAL.items():
        op.drop_index(name, table)
    op.drop_index("ix_reply_lookup_received_at", "reply")
    # SQLite's foreign keys are off meanwhile, so what belongs to these rows does not go by itself.
    for table in ("attempt", "nudge_item"):
        op.execute(f"DELETE FROM {table} WHERE nudge_id IN ({UNKNOWN_NUDGES})")
    op.execute(f"UPDATE reply SET nudge_id = NULL WHERE nudge_id IN ({UNKNOWN_NUDGES})")
    op.execute(f"DELETE FROM nudge WHERE id IN ({UNKNOWN_NUDGES})")
    allow(BEFORE)
    with op.batch_alter_table("reply") as batch:
        batch.drop_column("echo")
        batch.drop_constraint(op.f("ck_reply_addresskind"), type_="check")
        batch.drop_column("kind")
        batch.drop_column("answered")


def allow(condition: str) -> None:
    """Exchange the condition that says which causes there are; SQLite builds the table anew for that."""
    with op.batch_alter_table("nudge") as batch:
        batch.drop_constraint(op.f("ck_nudge_cause"), type_="check")
        batch.create_check_constraint(op.f("ck_nudge_cause"), condition)
