"""Every reason goes back to one of the ten rules, and docs/why.md tells them as the code does."""

import re
from pathlib import Path

from habits.reasons import Reason
from habits.rules import RULE_OF, RULES

PAGE = Path(__file__).parents[2] / "docs" / "why.md"
NUMBERED = re.compile(r"^(\d+)\. (.+(?:\n {3}.+)*)", re.MULTILINE)


def test_every_reason_has_a_rule_and_every_rule_a_reason() -> None:
    assert set(RULE_OF) == set(Reason)
    assert set(RULE_OF.values()) | {9, 10} == set(RULES) == set(range(1, 11))


def test_the_page_tells_the_same_ten_rules() -> None:
    _, _, policy = PAGE.read_text("utf-8").partition("## What the policy does")
    policy, _, _ = policy.partition("\n## ")
    told = [(int(found[1]), " ".join(found[2].split())) for found in NUMBERED.finditer(policy)]
    assert told == list(RULES.items())
