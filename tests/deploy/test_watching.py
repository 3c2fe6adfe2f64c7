"""The dashboard, the alerts and docs/monitoring.md name the figures that there are, and all of them."""

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from service import hearing, jobs, meter, metrics
from tests.docs.pages import ROOT
from tests.web.conftest import SQLITE
from tests.world import World

DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
ALERTS = yaml.safe_load((ROOT / "deploy" / "prometheus-alerts.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
NAMED = re.compile(r"\battune_\w+")
OF_A_HISTOGRAM = re.compile(r"_(bucket|count|sum)$")
LABELLED = re.compile(r"`(attune_\w+)\{(\w+(?:,\w+)*)\}`")
BY = re.compile(r"\bby \(([\w, ]+)\)")


def named(text: str) -> set[str]:
    return {OF_A_HISTOGRAM.sub("", name) for name in NAMED.findall(text)}


def queries(value: Any) -> list[str]:
    """Return every expression that a dashboard or a file of rules asks Prometheus."""
    if isinstance(value, list):
        return [one for part in value for one in queries(part)]
    if not isinstance(value, dict):
        return []
    mine = [one for key, one in value.items() if key == "expr" and isinstance(one, str)]
    return mine + [one for part in value.values() for one in queries(part)]


@pytest.fixture
def shown(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The labels of each figure that a process shows, with all that it can show."""
    world.join("Alex")
    jobs.beat(world.site)
    monkeypatch.setattr(metrics, "MANY", 1)
    monkeypatch.setattr(hearing, "asked", lambda site: iter(site.notifiers))
    meter.FAILED.labels("phone", "retry")
    meter.HOOKS.labels("phone", "sms", "200")
    text = metrics.exposition(world.site)[0].decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        if name.startswith("attune_") and not name.endswith("_created"):
            found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    return found


@SQLITE
def test_all_three_name_each_figure_and_no_other(shown: dict[str, set[str]]) -> None:
    assert named("\n".join(queries(DASHBOARD))) == set(shown)
    assert named(PAGE) - {"attune_metrics_token"} == set(shown)
    assert named("\n".join(queries(ALERTS))) <= set(shown)


@SQLITE
def test_their_labels_are_those_that_there_are(shown: dict[str, set[str]]) -> None:
    for name, labels in LABELLED.findall(PAGE):
        assert set(labels.split(",")) == shown[name], name
    unlabelled = set(re.findall(r"`(attune_\w+)`", PAGE)) - {"attune_metrics_token"}
    assert all(not shown[name] for name in unlabelled)
    for query in queries(DASHBOARD) + queries(ALERTS):
        known = set().union(*(shown[name] for name in named(query)))
        for labels in BY.findall(query):
            assert set(labels.split(", ")) <= known | {"le"}, query


def test_the_dashboard_asks_for_its_data_source_and_has_no_panel_over_another() -> None:
    variables = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert variables == {"source": "datasource", "instance": "query"}
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    for one in panels:
        assert one["datasource"]["uid"] == "${source}"
        assert one["title"]
        assert one["description"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_each_alert_says_what_to_look_at() -> None:
    (group,) = ALERTS["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) >= 10
    assert all(rule["annotations"]["summary"].endswith(".") for rule in group["rules"])
    assert len(PAGE.splitlines()) <= 100
