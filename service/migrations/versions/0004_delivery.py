"""Delivery to be trusted: a sender's sums of the day, and the texts that people agreed to."""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


INDEXES = {
    "ix_nudge_urgent": (
        ["cause_kind", "not_before"],
        "state = 'planned' AND cause_kind IN ('opt-out', 'help', 'delete')",
    ),
    "ix_nudge_failed": (["due_at"], "state = 'failed'"),
    "ix_nudge_words": (["due_at"], "words_sealed IS NOT NULL"),
}


def upgrade() -> None:
    with op.batch_alter_table("sender_state") as batch:
        batch.add_column(sa.Column("today", sa.Date(), nullable=True))
        batch.add_column(sa.Column("messages_today", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch.add_column(sa.Column("segments_today", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("capped_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("reported", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("consent") as batch:
        batch.add_column(sa.Column("reply_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("reply") as batch:
        batch.add_column(sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("attempt") as batch:
        batch.add_column(sa.Column("cost", sa.Double(), server_default=sa.text("0"), nullable=False))
    for name, (columns, where) in INDEXES.items():
        op.create_index(
            name, "nudge", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.drop_index("ix_entry_person_id_habit_id_day", table_name="entry")
    op.create_index(
        "ix_entry_person_id_habit_id_day_kind", "entry", ["person_id", "habit_id", "day", "kind"]
    )
    op.create_table(
        "wording",
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("words", sa.String(2000), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_wording")),
    )


def downgrade() -> None:
    op.drop_table("wording")
    op.drop_index("ix_entry_person_id_habit_id_day_kind", table_name="entry")
    op.create_index("ix_entry_person_id_habit_id_day", "entry", ["person_id", "habit_id", "day"])
    with op.batch_alter_table("consent") as batch:
        batch.drop_column("reply_id")
    with op.batch_alter_table("reply") as batch:
        batch.drop_column("stored_at")
    for name in INDEXES:
        op.drop_index(name, table_name="nudge")
    with op.batch_alter_table("attempt") as batch:
        batch.drop_column("cost")
    with op.batch_alter_table("sender_state") as batch:
        for column in ("reported", "capped_on", "told_at", "segments_today", "messages_today", "today"):
            batch.drop_column(column)
