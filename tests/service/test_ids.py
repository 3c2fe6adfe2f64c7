import time
from uuid import RFC_4122, UUID

from service.ids import as_id, ends_with, new_id


def milliseconds(made: UUID) -> int:
    return made.int >> 80


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()
    assert made.version == 7
    assert made.variant == RFC_4122


def test_an_id_begins_with_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert before <= milliseconds(made) <= time.time_ns() // 1_000_000


def test_ids_sort_as_they_were_made() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(made)
    assert [str(one) for one in made] == sorted(str(one) for one in made)
    assert len(set(made)) == 2000


def test_an_id_is_read_as_it_is_shown() -> None:
    made = new_id()
    assert as_id(str(made)) == as_id(made.hex) == made
    for wrong in ("", "gratitude", str(made)[:-1], f"{made}0"):
        assert as_id(wrong) is None


def test_an_id_is_found_by_its_end() -> None:
    made = UUID("01930000-0000-7000-8000-0000abcdef12")
    for end in ("ef12", "EF12", "0000-abcd-ef12", str(made)):
        assert ends_with(made, end)
    for other in ("", "f12", "0193", "ef13", "xyz"):
        assert not ends_with(made, other)
