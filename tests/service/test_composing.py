from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habits import practices, safety, wording
from notifiers.segments import Encoding, count
from service import composing
from service.composing import Line
from service.settings import Settings
from service.states import AddressKind, NudgeKind

PRACTICES = list(practices.catalogue().values())
TITLES = [practice.title for practice in PRACTICES]
SMS, EMAIL = AddressKind.SMS, AddressKind.EMAIL
GRATITUDE = Line(1, "Gratitude", "Thank your partner for one thing.")
EMPATHY = Line(12, "Empathy", "Ask how the day felt.")
CUE = "after the kids are in bed"


def assert_one_segment(words: str) -> None:
    found = count(words)
    assert (found.encoding, found.segments) == (Encoding.GSM7, 1), words


@pytest.mark.parametrize("practice", PRACTICES, ids=lambda practice: practice.slug)
def test_every_prompt_fits_one_segment_with_its_number(practice: practices.Practice) -> None:
    for prompt in practice.prompts:
        for turn in range(3):
            words = composing.nudge("en", False, [Line(12, practice.title, prompt.text)], turn)
            assert_one_segment(words)
            assert prompt.text in words
            assert "Reply 12" in words


def test_a_nudge_names_its_practice_where_there_is_room() -> None:
    assert composing.nudge("en", False, [GRATITUDE], 0) == (
        "Gratitude: Thank your partner for one thing. Reply 1 when done."
    )
    long = "x" * 140
    assert composing.nudge("en", False, [Line(1, "Gratitude", long)], 0) == f"{long} Reply 1 when done."


def test_turns_say_the_same_in_other_words() -> None:
    said = {composing.nudge("en", False, [GRATITUDE], turn) for turn in range(10)}
    assert len(said) == 2
    assert composing.nudge("en", False, [GRATITUDE], 7) == composing.nudge("en", False, [GRATITUDE], 1)


def test_the_persons_own_cue_leads() -> None:
    words = composing.nudge("en", False, [Line(1, "Gratitude", "Thank them.", CUE)], 0)
    assert words == "After the kids are in bed: Thank them. Reply 1 when done."


@given(st.text(min_size=1, max_size=300))
def test_a_cue_never_costs_a_second_segment(cue: str) -> None:
    words = composing.nudge("en", False, [Line(1, "Gratitude", "Thank them.", cue)], 0)
    assert count(words).segments == 1
    assert "Thank them." in words


def test_several_habits_are_one_message_with_their_numbers() -> None:
    words = composing.nudge("en", False, [GRATITUDE, EMPATHY], 0)
    assert_one_segment(words)
    for part in ("1", "Gratitude", "12", "Empathy"):
        assert part in words
    all_ten = [Line(n, practice.title, practice.prompts[0].text) for n, practice in enumerate(PRACTICES, 1)]
    words = composing.nudge("en", False, all_ten[:6], 0)
    assert_one_segment(words)
    assert all(f"{line.number} {line.title}" in words for line in all_ten[:6])
    assert count(composing.nudge("en", False, all_ten, 0)).segments <= 2


def test_nothing_shows_on_the_lock_screen_of_a_discreet_person() -> None:
    secret = Line(3, "Vulnerability", "Tell a fear.", CUE)
    for turn in range(4):
        alone = composing.nudge("en", True, [secret], turn)
        digest = composing.nudge("en", True, [secret, EMPATHY], turn)
        for words in (alone, digest):
            assert_one_segment(words)
            assert "3" in words
            for private in (*TITLES, "fear", "kids", "felt", "partner", "couple"):
                assert private.lower() not in words.lower()
        assert "12" in digest
    assert "Vulnerability" not in composing.title("en", True, 3, "Vulnerability")
    assert "3" in composing.title("en", True, 3, "Vulnerability")
    assert composing.title("en", False, 3, "Vulnerability") == "Vulnerability"


def test_habits_are_listed_with_their_numbers() -> None:
    assert composing.numbered("en", [(1, "Gratitude"), (12, "Quality time")]) == (
        "1 Gratitude, 12 Quality time"
    )
    assert composing.numbered("en", []) == ""


def test_the_check_in_of_every_week_fits_one_segment() -> None:
    weeks = [composing.pulse("en", date(2026, 3, 2) + timedelta(weeks=week)) for week in range(12)]
    for words in weeks:
        assert_one_segment(words)
    assert len(set(weeks)) == 6
    assert weeks[:6] == weeks[6:]


@pytest.mark.parametrize("kind", [SMS, AddressKind.WHATSAPP])
@pytest.mark.parametrize("brand", ["Us", "Attune at Riverside."])
@pytest.mark.parametrize("sees", ["health", "progress"])
def test_the_question_says_what_one_says_yes_to(kind: AddressKind, brand: str, sees: str) -> None:
    words = composing.consent_question(Settings(brand=brand, operator_sees=sees), "en", kind, 3)
    for part in (brand, "up to 3 messages a day", "data rates", "YES", "HELP", "STOP"):
        assert part in words
    assert ("can see your progress" in words) is (sees == "progress")
    assert ("needs a code from you" in words) is (sees == "health")
    assert count(words).encoding is Encoding.GSM7
    assert count(words).segments <= 2


@pytest.mark.parametrize("sees", ["health", "progress"])
def test_the_question_by_e_mail_says_whom_to_ask(sees: str) -> None:
    settings = Settings(contact="Kim, kim@example.org", operator_sees=sees)
    words = composing.consent_question(settings, "en", EMAIL, 1)
    for part in ("Attune", "up to 1 message a day", "YES", "HELP", "STOP", "Kim, kim@example.org"):
        assert part in words
    assert ("can see your progress" in words) is (sees == "progress")


def test_somebody_always_runs_it() -> None:
    assert composing.contact(Settings(), "en") == "whoever set this up"
    assert composing.contact(Settings(contact="Kim"), "de") == "Kim"


@pytest.mark.parametrize("country", [*safety.countries(), "ZZ", ""])
def test_help_says_who_how_to_stop_and_where_to_turn(country: str) -> None:
    words = composing.help_answer(Settings(contact="Kim, kim@example.org"), "en", country)
    assert_one_segment(words)
    for part in ("Attune", "Kim, kim@example.org", "STOP", safety.emergency(country, "en")):
        assert part in words


def test_help_with_the_longest_of_everything() -> None:
    settings = Settings(brand="B" * 20, contact="c" * 60)
    words = composing.help_answer(settings, "en", "ZZ")
    assert count(words).segments <= 2
    assert settings.contact in words


def test_subjects_say_nothing_of_what_is_inside() -> None:
    for kind in NudgeKind:
        for turn in range(3):
            subject = composing.subject("en", kind, "Us Two", False, turn)
            assert 0 < len(subject) <= 60
            assert len(subject.splitlines()) == 1
            assert not any(title.lower() in subject.lower() for title in TITLES)
    assert "Us Two" in composing.subject("en", NudgeKind.CONSENT, "Us Two", False, 0)


def test_a_discreet_person_reads_the_same_subject_over_everything() -> None:
    assert len({composing.subject("en", kind, "Us Two", True, 0) for kind in NudgeKind}) == 1


def test_a_language_that_is_not_translated_is_english() -> None:
    for key in ("stopped", "nothing_to_undo"):
        assert composing.text("xx", key, brand="Us") == composing.text("en", key, brand="Us")
    assert composing.nudge("xx-YY", False, [GRATITUDE], 0) == composing.nudge("en", False, [GRATITUDE], 0)


def test_a_text_that_is_none_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        composing.text("en", "no_such_text")
    with pytest.raises(KeyError):
        composing.text("en", "stopped")


def test_every_text_can_be_composed() -> None:
    """With a value for each name that the catalogue says it needs."""
    for key, text in wording.catalogue().items():
        words = composing.text("en", key, 0, **dict.fromkeys(text.values, 1))
        assert "{" not in words, key
