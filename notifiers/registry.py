"""Which channels there are: one line for each of ours, the entry points of other packages after them."""

import difflib
import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from notifiers.base import ConfigError, Notifier

GROUP = "attune.notifiers"

BUILT_IN = {
    "apprise": "notifiers.apprise:Apprise",
    "console": "notifiers.console:Console",
    "phone": "notifiers.phone:Phone",
    "smtp": "notifiers.smtp:Smtp",
    "twilio": "notifiers.twilio:Twilio",
}


def names() -> list[str]:
    """Return the names of all channels that can be loaded here, sorted."""
    return sorted(set(BUILT_IN) | entry_points(group=GROUP).names)


def load(name: str) -> type[Notifier]:
    """Return the class of the channel `name`; its module is imported only now.

    A channel of ours wins over another package's of the same name. Raises ConfigError.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: object = getattr(importlib.import_module(module), attribute)
    else:
        found = _from_another_package(name)
    if not isinstance(found, type) or not all(hasattr(found, part) for part in _PARTS):
        raise ConfigError(f"The channel `{name}` is not a notifier of Attune; ask the author of its package.")
    return found


def could_reach(name: str) -> frozenset[str]:
    """Return the kinds of address that a channel can be set up to reach; none if only an instance knows.

    Raises ConfigError.
    """
    kinds: object = load(name).address_kinds
    return kinds if isinstance(kinds, frozenset) else frozenset()


CAPABILITIES = {
    "finds": ("find",),
    "hears": ("verify", "parse_inbound"),
    "polls": ("polls", "poll"),
    "reports": ("parse_status",),
}


def capabilities(channel: type[Notifier]) -> list[str]:
    """Return what a channel can do besides sending, as its class says; its settings may not want it."""
    return [can for can, parts in CAPABILITIES.items() if all(hasattr(channel, part) for part in parts)]


def build(name: str, options: Mapping[str, object]) -> Notifier:
    """Return the channel `name` with its settings checked.

    Raises ConfigError with one sentence that names the setting and what to give, never its value.
    """
    channel = load(name)
    try:
        settings = channel.Settings.model_validate(dict(options), extra="forbid")
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        sentence = _sentence(name, channel.Settings, details[0])
    else:
        return channel(settings)
    # Raised here and not above: an error in whose context the values stand would show them in a log.
    raise ConfigError(sentence)


_PARTS = ("name", "address_kinds", "Settings", "sender", "send", "check")


def _from_another_package(name: str) -> object:
    found = entry_points(group=GROUP, name=name)
    if not found:
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(names())}."
        raise ConfigError(f"There is no channel `{name}`; {hint}")
    try:
        loaded: object = next(iter(found)).load()
    except (ImportError, AttributeError):
        raise ConfigError(f"The channel `{name}` cannot be imported; install its package again.") from None
    return loaded


def _sentence(name: str, model: type[BaseModel], detail: ErrorDetails) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, model.model_fields, 1)
        known = ", ".join(model.model_fields)
        hint = f"did you mean `{near[0]}`?" if near else f"it has {known}." if known else "it has none."
        return f"The channel `{name}` has no setting `{place}`; {hint}"
    if detail["type"] == "value_error":
        # Raised by a settings model of ours, in our own words.
        return str(detail.get("ctx", {}).get("error", ""))
    field = model.model_fields.get(str(detail["loc"][0])) if detail["loc"] else None
    about = field.description if field and field.description else "A value of the right kind."
    wrong = "is missing" if detail["type"] == "missing" else "cannot be used"
    return f"The setting `{place}` of the channel `{name}` {wrong}: give {about[0].lower()}{about[1:]}"
