"""Silence, tapering, rescues, welcomes, summaries, and rests of joint habits."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = {
    "nudge": {
        "nudgekind": "kind IN ('nudge', 'rescue', 'answer', 'pulse', 'welcome', 'consent', 'notice')",
        "cause": "cause_kind IN ('reminder', 'reply', 'opt-out', 'help', 'enrolment', 'code', 'test')",
    },
    "reminder": {
        "purpose": "purpose IN ('nudge', 'pulse', 'summary')",
        "habit_if_nudge": "(habit_id IS NOT NULL) = (purpose = 'nudge')",
    },
}
AFTER = {
    "nudge": {
        "nudgekind": "kind IN ('nudge', 'rescue', 'answer', 'pulse', 'summary', 'welcome', 'question', "
        "'consent', 'notice')",
        "cause": "cause_kind IN ('reminder', 'reply', 'opt-out', 'help', 'enrolment', 'code', 'together', "
        "'test')",
    },
    "reminder": {
        "purpose": "purpose IN ('nudge', 'rescue', 'pulse', 'summary')",
        "habit_if_nudge": "(habit_id IS NOT NULL) = (purpose IN ('nudge', 'rescue'))",
    },
}

UNKNOWN_NUDGES = "SELECT id FROM nudge WHERE kind IN ('summary', 'question') OR cause_kind = 'together'"
UNKNOWN_REMINDERS = "SELECT id FROM reminder WHERE purpose = 'rescue'"


def upgrade() -> None:
    op.add_column("person", sa.Column("away_on", sa.Date(), nullable=True))
    op.add_column("habit", sa.Column("taper", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("reminder", sa.Column("thinned", sa.Integer(), server_default="0", nullable=False))
    op.add_column("member", sa.Column("drawn_from_on", sa.Date(), nullable=True))
    op.add_column("member", sa.Column("drawn_from_id", sa.Uuid(), nullable=True))
    allow(AFTER)
    op.create_table(
        "rest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("habit_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "stopped",
                "silent",
                "apart",
                name="restkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["habit_id"], ["habit.id"], name=op.f("fk_rest_habit_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rest_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rest")),
    )
    op.create_index(op.f("ix_rest_habit_id"), "rest", ["habit_id"])
    op.create_index("ix_rest_person_id_to_on", "rest", ["person_id", "to_on"])


def downgrade() -> None:
    """Go back; what the older version has no word for is deleted."""
    op.drop_table("rest")
    # SQLite's foreign keys are off meanwhile, so what belongs to these rows does not go by itself.
    for table in ("attempt", "nudge_item"):
        op.execute(f"DELETE FROM {table} WHERE nudge_id IN ({UNKNOWN_NUDGES})")
    op.execute(f"UPDATE reply SET nudge_id = NULL WHERE nudge_id IN ({UNKNOWN_NUDGES})")
    op.execute(f"DELETE FROM nudge WHERE id IN ({UNKNOWN_NUDGES})")
    op.execute(f"UPDATE nudge_item SET reminder_id = NULL WHERE reminder_id IN ({UNKNOWN_REMINDERS})")
    op.execute(f"DELETE FROM reminder WHERE id IN ({UNKNOWN_REMINDERS})")
    allow(BEFORE)
    with op.batch_alter_table("reminder") as batch:
        batch.drop_column("thinned")
    with op.batch_alter_table("member") as batch:
        batch.drop_column("drawn_from_id")
        batch.drop_column("drawn_from_on")
    with op.batch_alter_table("habit") as batch:
        batch.drop_column("taper")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("away_on")


def allow(checks: dict[str, dict[str, str]]) -> None:
    """Exchange the conditions that say which words a column may hold; SQLite builds the tables anew for that."""
    for table, conditions in checks.items():
        with op.batch_alter_table(table) as batch:
            for name, condition in conditions.items():
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)
