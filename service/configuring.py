"""An installation's settings are read, and what is wrong with one of them is said in a sentence.

The sentence names the setting and never its value.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from service.errors import WrongUsage
from service.settings import PREFIX, Settings


class SettingsError(WrongUsage):
    """A setting cannot be right; the message names it and never its value."""


def home_folder(named: str | None = None) -> Path:
    """Return the installation's home: the folder that was named, `ATTUNE_HOME`, or the current folder."""
    try:
        return Path(named or os.environ.get(f"{PREFIX}HOME") or ".").absolute()
    except FileNotFoundError:
        raise SettingsError("The current folder is gone; go to the installation's folder first.") from None


def load(home: Path, **given: object) -> Settings:
    """Read the settings of the installation in `home`; `given` ones go before all others.

    Raises SettingsError with one sentence that names the setting, and never its value.
    """

    class Located(Settings):
        model_config = SettingsConfigDict(toml_file=home / "attune.toml", secrets_dir=home / "secrets")

    try:
        refuse_unknown([*os.environ, *_names_of_secrets(home / "secrets")])
        return Located(home=home, **given)  # type: ignore[arg-type]  # They are checked right here.
    except ValidationError as error:
        sentence = _sentence(error)
    except SourceError as error:
        sentence = _sentence_of_source(error)
    except tomllib.TOMLDecodeError as error:
        sentence = f"attune.toml cannot be read: {error}."
    except UnicodeDecodeError:
        sentence = "attune.toml, or a file in secrets/, cannot be read: it is not text in UTF-8."
    except OSError as error:
        sentence = f"The settings cannot be read: {error.strerror}; make {home} readable for this user."
    # Raised here and not above: the values, some of them secrets, would be its context.
    raise SettingsError(sentence)


def refuse_unknown(names: Iterable[str]) -> None:
    """Raise SettingsError for a name that looks like a setting and is none: a typo would have no effect."""
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(name for name in names if name.upper().startswith(PREFIX)):
        given = name.upper().removeprefix(PREFIX)
        if given not in known and not given.startswith("NOTIFIERS__"):
            near = difflib.get_close_matches(given, known, 1)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else "docs/settings.md lists them all."
            raise SettingsError(f"There is no setting {name}; {hint}")


def _names_of_secrets(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, Settings.model_fields, 1)
        hint = f"did you mean `{near[0]}`?" if near else "docs/settings.md lists them all."
        return f"There is no setting `{place}` (attune.toml or secrets/); {hint}"
    # The pattern itself tells nobody anything; what the field is for says it in words.
    why = "" if first["type"] == "string_pattern_mismatch" else f" {first['msg']}."
    return f"{_cannot_be_used(place)}.{why} {_about(place)}"


def _sentence_of_source(error: SourceError) -> str:
    """Say which setting is not the JSON that it has to be; only the notifiers' tables are."""
    named = re.search('field "([a-z_]+)"', str(error))
    place = named[1] if named else "notifiers"
    return f"{_cannot_be_used(place)}: it is not a table. {_about(place)}"


def _cannot_be_used(place: str) -> str:
    return f"The setting `{place}` ({PREFIX}{place.upper().replace('.', '__')}) cannot be used"


def _about(place: str) -> str:
    return Settings.model_fields[place.partition(".")[0]].description or ""
