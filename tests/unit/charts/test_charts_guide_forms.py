"""Charts written after the guide of older Platz, and other misspellings: each is recognised, and the right form told.

Source: docs/charts.md, "Charts after the older guide"; docs/contract/chart-extensions.md, "Warnings".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest

from platz.charts.archive import ChartFiles, unpack
from platz.charts.chart import read_files
from platz.charts.documents.status_document import parse_status
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.reading.problems import InvalidDocument
from platz.charts.rendering.item_rows import parse_collection_rows
from platz.charts.rendering.outputs import render_values
from platz.charts.rendering.rendering_errors import RenderingFailed
from platz_sandbox.demo_charts.packaging import archive_of

CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n"
ENV = "e0000000-0000-4000-8000-000000000001"
ITEM = "d0000000-0000-4000-8000-000000000001"
SELECT = {"id": "db", "type": "CollectionSelect", "label": "Database"}


def told(files: Mapping[str, Any], *, chart: str = CHART) -> str:
    """Return everything that the author is told about a chart, one sentence a line."""
    texts = {
        name: content if isinstance(content, str) else orjson.dumps(content).decode()
        for name, content in files.items()
    }
    archive = archive_of(
        "shop", {name: text.encode() for name, text in {"Chart.yaml": chart, **texts}.items()}
    )
    read = read_files(unpack(archive))
    return "\n".join([read.error or "", *read.warnings])


def form(*inputs: Mapping[str, Any], **outputs: Any) -> dict[str, Any]:
    """Return the files of a chart with this form."""
    schema = {"apiVersion": "platz.io/v1beta1", "kind": "ValuesUi", "inputs": list(inputs)}
    if outputs:
        schema["outputs"] = {"values": [], **outputs}
    return {"platz/values-ui.yaml": schema}


def one(**changes: Any) -> dict[str, Any]:
    """Return the files of a chart whose form has one input."""
    return form({"id": "a", "type": "text", "label": "A", **changes})


def output(input_id: str, prop: str = "") -> dict[str, Any]:
    reference = {"input": input_id, **({"property": prop} if prop else {})}
    return {"path": ["x"], "value": {"FieldProperty" if prop else "FieldValue": reference}}


def features(version: str = "v1beta2", **spec: Any) -> dict[str, Any]:
    return {"platz/features.yaml": {"apiVersion": f"platz.io/{version}", "kind": "Features", "spec": spec}}


def action(**changes: Any) -> dict[str, Any]:
    spec = {
        "id": "go",
        "title": "Go",
        "description": "Go",
        "allowed_role": "Owner",
        "endpoint": "standard_ingress",
        "path": "/go",
        "method": "POST",
        **changes,
    }
    return {"platz/actions.yaml": [{"apiVersion": "platz.io/v1beta1", "kind": "Action", "spec": spec}]}


def without(files: dict[str, Any], key: str) -> dict[str, Any]:
    files["platz/actions.yaml"][0]["spec"].pop(key)
    return files


STATUS = {"endpoint": "standard_ingress", "path": "/status", "refresh_interval_secs": 30}
RIGHT_DAYS = 'Write {run_days: "1,3", schedule: "21:30"}'


# ---- the nine places of the guide


@pytest.mark.parametrize(
    ("collection", "remedy"),
    [
        (
            {"Deployments": {"filters": {"kind": "postgres"}}},
            "Write collection: deployments and filters: [{field: kind, value: postgres}].",
        ),
        (
            {"deployments": {"filter": {"kind": "a", "cluster_id": 5}}},
            "Write collection: deployments and filters: [{field: kind, value: a}, {field: cluster_id, value: 5}].",
        ),
        (
            {"Secrets": {"filters": {"collection": "keys"}}},
            "Write collection: secrets and filters: [{field: coll",
        ),
        ({"Deployments": {}}, "Write collection: deployments."),
        ({"Deployments": None}, "Write collection: deployments."),
        ({"name": "secret"}, "Write collection: secrets."),
        (
            {"table": "Deployment", "filters": {"kind": "x"}},
            "deployments and filters: [{field: kind, value: x}]",
        ),
        ("Deployments", "Did you mean deployments?"),
        ("deployment", "Did you mean deployments?"),
        ("Secret", "Did you mean secrets?"),
        ({"Deployment": "Shop", "Type": "mirror"}, "Write {deployment: KIND, type: KEY}"),
        ({"deployment": "Shop", "type": 5}, "Write {deployment: KIND, type: KEY}, both as text."),
        ({"what": "ever"}, "Write a table's name, or {deployment: KIND, type: KEY}."),
        (["deployments"], "Write a table's name, or {deployment: KIND, type: KEY}."),
        ("api-keys", "write collection: secrets and filters: [{field: collection, value: api-keys}]"),
        ("api-keys", "For a resource type, write {deployment: KIND, type: api-keys}"),
    ],
    ids=str,
)
def test_a_collection_in_another_form(collection: Any, remedy: str) -> None:
    assert remedy in told(form({**SELECT, "collection": collection}))


@pytest.mark.parametrize(
    "collection", ["deployments", "secrets", "users", {"deployment": "Shop", "type": "m"}]
)
def test_a_collection_in_the_right_form(collection: Any) -> None:
    assert told(form({**SELECT, "collection": collection})) == ""


@pytest.mark.parametrize(
    ("collection", "name", "remedy"),
    [
        ("secrets", "value", "Did you mean contents?"),
        ("secrets", "content", "Did you mean contents?"),
        ("secrets", "Contents", "Did you mean contents?"),
        ("secrets", "createdAt", "Did you mean created_at?"),
        ("secrets", "nothing", "Use one of: collection, contents, created_at"),
        ("api-keys", "value", "use its property contents"),
        ({"Secrets": {}}, "value", "Did you mean contents?"),
        ("deployments", "ingress_hostname", "A deployment's address is none of them"),
        ("deployments", "port", "declare a resource type with this property"),
        ("deployments", "hostname", "declare a resource type with this property"),
        ({"Deployments": {}}, "ingress_hostname", "Items of deployments have no property"),
        ("deployments", "clusterId", "Did you mean cluster_id?"),
        ("deployments", "names", "Did you mean name?"),
        ("users", "email", "Items of users have no properties"),
    ],
    ids=str,
)
def test_a_property_that_items_do_not_have(collection: Any, name: str, remedy: str) -> None:
    files = form({**SELECT, "collection": collection}, values=[output("db", name)])
    assert remedy in told(files)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"day": 1, "hour": 5}, 'A DaysAndHour has no "day". Did you mean run_days?'),
        ({"day": 1, "hour": 5}, 'A DaysAndHour has no "hour". Did you mean schedule?'),
        ({"days": [1], "time": "5"}, "Did you mean schedule?"),
        ({"runDays": "1", "schedule": "21:30"}, "Did you mean run_days?"),
        ({"run_days": [1], "schedule": "21:30"}, RIGHT_DAYS),
        ({"run_days": "1,7", "schedule": "21:30"}, RIGHT_DAYS),
        ({"run_days": "1", "schedule": "9:30"}, RIGHT_DAYS),
        ({"run_days": "1", "schedule": "24:00"}, RIGHT_DAYS),
        ({"run_days": "1"}, RIGHT_DAYS),
        ("21:30", RIGHT_DAYS),
    ],
    ids=str,
)
def test_an_initial_value_that_is_no_days_and_hour(value: Any, sentence: str) -> None:
    assert sentence in told(one(type="DaysAndHour", initialValue=value))


@pytest.mark.parametrize(
    "value", [None, {"run_days": "", "schedule": "00:00"}, {"run_days": "0,6", "schedule": "23:59"}]
)
def test_an_initial_value_that_is_a_days_and_hour(value: Any) -> None:
    assert told(one(type="DaysAndHour", initialValue=value)) == ""


def test_a_template_that_reads_the_guide_s_days_and_hour() -> None:
    days = {"id": "when", "type": "DaysAndHour", "label": "When"}
    values = [{"path": ["backup", "when"], "value": {"FieldValue": {"input": "when"}}}]
    template = "# backup\nat: {{ .Values.backup.when.hour }} {{ .Values.backup.when.schedule }}\n"
    (line,) = told({**form(days, values=values), "templates/sub/cron.yaml": template}).strip().splitlines()
    assert line == (
        'templates/sub/cron.yaml: (line 2): A DaysAndHour has no "hour". Did you mean schedule?'
        ' The value is {run_days: "1,3", schedule: "21:30"}.'
    )


def test_templates_of_other_values_are_left_alone() -> None:
    values = [{"path": ["when"], "value": {"FieldValue": {"input": "a"}}}]
    files = form({"id": "a", "type": "text", "label": "A"}, values=values)
    assert told({**files, "templates/cron.yaml": "{{ .Values.when.hour }}"}) == ""


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("actions.json", "platz/actions.yaml or actions.schema.json"),
        ("actions.yaml", "platz/actions.yaml or actions.schema.json"),
        ("action.schema.json", "platz/actions.yaml or actions.schema.json"),
        ("Features.json", "platz/features.yaml or features.json"),
        ("feature.yaml", "platz/features.yaml or features.json"),
        ("values-ui.yaml", "platz/values-ui.yaml or values.ui.json"),
        ("values.ui.yaml", "platz/values-ui.yaml or values.ui.json"),
        ("values_ui.json", "platz/values-ui.yaml or values.ui.json"),
        ("valuesUi.yml", "platz/values-ui.yaml or values.ui.json"),
        ("resources.yaml", "platz/resources.yaml"),
        ("resource_types.json", "platz/resources.yaml"),
        ("platz/actions.yml", "platz/actions.yaml"),
        ("platz/values_ui.yaml", "platz/values-ui.yaml"),
        ("platz/valuesUi.json", "platz/values-ui.yaml"),
        ("platz/feature.yaml", "platz/features.yaml"),
        ("platz/resource-types.yaml", "platz/resources.yaml"),
        ("platz/actions.schema.json", "platz/actions.yaml"),
        ("platz/other.txt", "platz/values-ui.yaml, platz/actions.yaml"),
        ("Platz/features.yaml", "platz/features.yaml"),
        (".platz/actions.yaml", "platz/actions.yaml"),
    ],
)
def test_a_file_with_another_name(name: str, right: str) -> None:
    sentence = told({name: "{}"})
    assert f"{name}: This file is not read. Platz reads {right}" in sentence


@pytest.mark.parametrize(
    "name",
    [
        "values.yaml",
        "values.schema.json",
        "README.md",
        "values-production.yaml",
        "requirements.yaml",
        "actions",
        "renovate.json",
        "ci.yaml",
        "templates/actions.json",
        "resources/features.yaml",
    ],
)
def test_files_of_other_programs_are_left_alone(name: str) -> None:
    assert told({name: "{}"}) == ""


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("hostnme", "Did you mean hostname?"),
        ("Hostname", "Did you mean hostname?"),
        ("host_name", "Did you mean hostname?"),
        ("hostnames", "Did you mean hostname?"),
        ("quite_different", "Declare it, or correct it."),
    ],
)
def test_a_misspelt_input_in_an_output(reference: str, remedy: str) -> None:
    declared = {"id": "hostname", "type": "text", "label": "H"}
    sentence = told(form(declared, values=[output(reference)]))
    assert f'There is no input "{reference}"; every deployment will fail. {remedy}' in sentence
    secret = {"login": {"host": {"FieldValue": {"input": reference}}}}
    assert remedy in told(form(declared, secrets=secret))


NEVER_SHOWN = [
    {"showIf": {"?:": [{"var": "size"}, True, False]}},
    {"showIf": False},
    {"showIf": "true"},
    {"showIf": {"var": "sise"}},
    {"showIf": {"==": [1, 2]}},
    {"showIfAll": [{"field": "sise", "value": "large"}]},
    {"showIfAll": [{"field": "size", "value": "huge"}]},
    {"showIfAll": [{"field": "on", "value": "true"}]},
]
SOMETIMES_SHOWN = [
    {},
    {"showIf": {"==": [{"var": "size"}, "large"]}},
    {"showIf": True},
    {"showIf": {"var": "on"}},
    {"showIf": {"!": [{"missing": ["size"]}]}},
    {"showIf": {"some": [{"var": "many"}, {"==": [{"var": "inner"}, 1]}]}},
    {"showIf": {"in": ["x", {"var": {"cat": ["si", "ze"]}}]}},
    {"showIf": {"all": [[1] * 400, {"==": [{"var": ""}, 1]}]}},
    {"showIfAll": [{"field": "size", "value": "large"}, {"field": "on", "value": True}]},
    {"showIfAll": [{"field": "size", "value": None}]},
    {"showIfAll": []},
]
CHOICES = [
    {"id": "size", "type": "RadioSelect", "label": "S", "options": [{"value": "small"}, {"value": "large"}]},
    {"id": "on", "type": "Checkbox", "label": "O"},
    {"id": "many", "type": "array", "itemType": "text", "label": "M"},
]


def test_nothing_is_said_about_a_constant_rule_that_takes_long() -> None:
    doubled = {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}
    condition = {"showIf": {"reduce": [[1] * 40, doubled, [1]]}}
    assert "hidden" not in told(form({"id": "a", "type": "text", "label": "A", **condition}))


@pytest.mark.parametrize("condition", NEVER_SHOWN, ids=str)
def test_a_hidden_input_in_an_output(condition: Any) -> None:
    hidden = {"id": "a", "type": "text", "label": "A", **condition}
    sentence = told(form(*CHOICES, hidden, values=[output("a")]))
    assert 'The input "a" is always hidden, so this output is never written.' in sentence
    assert sentence.count("\n") >= 2, "its condition is told, too"


@pytest.mark.parametrize("condition", SOMETIMES_SHOWN, ids=str)
def test_an_input_that_is_hidden_at_times_in_an_output(condition: Any) -> None:
    shown = {"id": "a", "type": "text", "label": "A", **condition}
    assert told(form(*CHOICES, shown, values=[output("a")])) == ""


@pytest.mark.parametrize(
    ("files", "switch"),
    [
        (features(status=STATUS), "Write ingress: {enabled: true}"),
        (features(status=STATUS, ingress={"enabled": False}), "Write ingress: {enabled: true}"),
        (features("v1beta1", status=STATUS), "Write standard_ingress: true"),
        ({"features.json": {"status": STATUS}}, "Write standard_ingress: true"),
        (action(), "Write ingress: {enabled: true}"),
    ],
    ids=str,
)
def test_requests_to_a_deployment_without_ingress(files: Any, switch: str) -> None:
    assert switch in told(files)


def test_requests_to_a_deployment_with_ingress() -> None:
    assert told({**features(status=STATUS, ingress={"enabled": True}), **action()}) == ""
    assert told(features("v1beta1", status=STATUS, standard_ingress=True)) == ""


def test_hooks_of_a_deployment_without_ingress() -> None:
    target = {"endpoint": "standard_ingress", "path": "/x", "method": "POST"}
    spec = {
        "name_singular": "M",
        "name_plural": "M",
        "fontawesome_icon": "x",
        "values_ui": {"inputs": []},
        "lifecycle": {"create": {"target": target}},
    }
    entry = {"apiVersion": "platz.io/v1beta1", "kind": "ResourceType", "key": "m", "spec": spec}
    assert "Lifecycle hooks are requested" in told({"platz/resources.yaml": [entry]})
    spec["lifecycle"] = {"create": {}}
    assert told({"platz/resources.yaml": [entry]}) == ""


# ---- any other key, value and name


@pytest.mark.parametrize(
    ("files", "remedy"),
    [
        (one(help_text="x"), "inputs[0].help_text"),
        (one(help_text="x"), "Did you mean helpText?"),
        (one(HelpText="x"), "Did you mean helpText?"),
        (one(helptext="x"), "Did you mean helpText?"),
        (one(initialvalue="x"), "Did you mean initialValue?"),
        (one(default="x"), "Did you mean initialValue?"),
        (one(show_if=True), "Did you mean showIf?"),
        (one(show_if_all=[]), "Did you mean showIfAll?"),
        (one(filter=[]), "Did you mean filters?"),
        (one(Required=True), "Did you mean required?"),
        (one(option=[]), "Did you mean options?"),
        (one(item_type="text"), "Did you mean itemType?"),
        (one(min=1), "Did you mean minimum?"),
        (one(secret=True), "Did you mean sensitive?"),
        (one(tooltip="x"), "Remove it; known keys are: id, type, itemType"),
        (one(type="RadioSelect", options=[{"value": 1, "Label": "x"}]), "Did you mean label?"),
        (one(type="RadioSelect", options=[{"value": 1, "help_text": "x"}]), "Did you mean helpText?"),
        (one(collection="deployments"), 'The key "collection" has no meaning for this type'),
        (one(itemType="text"), 'The key "itemType" has no meaning for this type'),
        (one(type="Text", Type="x"), "Did you mean type?"),
        (features(standard_ingress=True), "In v1beta2, write ingress: {enabled: true}."),
        (features("v1beta1", ingress={"enabled": True}), "Before v1beta2, write standard_ingress: true."),
        (features(nodeSelectorPaths=[]), "Did you mean node_selector_paths?"),
        (features(node_selector_path=[]), "Did you mean node_selector_paths?"),
        (features(Cardinality="Many"), "Did you mean cardinality?"),
        (features(reinstallDependencies=True), "Did you mean reinstall_dependencies?"),
        (features(ingress={"enabled": True, "hostnameFormat": "Name"}), "Did you mean hostname_format?"),
        (features(cardinality="many"), "Did you mean Many?"),
        (features(cardinality="one-per-cluster"), "Did you mean OnePerCluster?"),
        (
            features(ingress={"enabled": True, "hostname_format": "kind_and_name"}),
            "Did you mean KindAndName?",
        ),
        (features(ingress={"Enabled": True}), 'Write enabled instead of "Enabled".'),
        (features(status={**STATUS, "refreshIntervalSecs": 5}), "Did you mean refresh_interval_secs?"),
        (features(display={"Icon": {"font_awesome": "x"}}), "Did you mean icon?"),
        (features(display={"icon": {"fontAwesome": "x"}}), "Did you mean font_awesome?"),
        (action(icon="x"), "Did you mean fontawesome_icon?"),
        (action(uiSchema={"inputs": []}), "Did you mean ui_schema?"),
        (action(allowedOnStatuses=[]), "Did you mean allowed_on_statuses?"),
        (
            without(action(allowedRole="Owner"), "allowed_role"),
            'Write allowed_role instead of "allowedRole".',
        ),
        (without(action(Title="x"), "title"), 'Write title instead of "Title".'),
        (without(action(target={"path": "/x"}), "path"), 'Move it out of "target".'),
        (action(method="post"), "Did you mean POST?"),
        (action(allowed_role="owner"), "Did you mean Owner?"),
        (action(allowed_role="Maintainers"), "Did you mean Maintainer?"),
        (action(endpoint="standardIngress"), "Did you mean standard_ingress?"),
        (one(type="string"), "Did you mean text?"),
        (one(type="boolean"), "Did you mean Checkbox?"),
        (one(type="radio"), "Did you mean RadioSelect?"),
        (one(type="Collection"), "Did you mean CollectionSelect?"),
        (one(type="days_and_hours"), "Did you mean DaysAndHour?"),
        (one(type="Array"), "Did you mean array?"),
        (one(filters={"kind": "x"}), "Write [{field: kind, value: x}]."),
        (one(showIfAll={"a": True}), "Write [{field: a, value: true}]."),
        (one(showIfAll={f"a{n}": n for n in range(5000)}), "{field: a9, value: 9}, …]."),
        (
            form(
                {"id": "a", "type": "text", "label": "A"},
                values=[{"path": ["x"], "value": {"fieldValue": {"input": "a"}}}],
            ),
            "Did you mean FieldValue?",
        ),
        (
            form(
                {"id": "a", "type": "text", "label": "A"},
                values=[{"path": ["x"], "value": {"field_property": {}}}],
            ),
            "Did you mean FieldProperty?",
        ),
        (
            form(
                {"id": "a", "type": "text", "label": "A"},
                values=[{"path": ["x"], "value": {"FieldValue": {"input": "a", "property": "b"}}}],
            ),
            'The key "property" is not known here',
        ),
        (form({"id": "a", "type": "text", "label": "A"}, value=[]), "Did you mean values?"),
        (form({"id": "a", "type": "text", "label": "A"}, secret={}), "Did you mean secrets?"),
        (
            {
                "platz/values-ui.yaml": {
                    "apiVersion": "platz.io/v1beta1",
                    "kind": "ValuesUi",
                    "spec": {"inputs": []},
                }
            },
            'Move it out of "spec".',
        ),
        ({"platz/values-ui.yaml": {"Inputs": []}}, "Did you mean inputs?"),
        (
            {"platz/actions.yaml": [{"apiVersion": "platz.io/v1beta1", "kind": "Action", "id": "x"}]},
            'Put "id" under it.',
        ),
        (
            one(type="RadioSelect", options=[{"value": "a"}], initialValue="b"),
            "Write the value of one of its options.",
        ),
        (one(type="Checkbox", initialValue="true"), "Write true or false, without quotes."),
        (one(type="number", initialValue="3"), "Write a number, without quotes."),
        (one(initialValue=3), "Write text, in quotes."),
        (
            one(type="array", itemType="number", initialValue=3),
            "is no value of a list of number. Write a list.",
        ),
        (one(type="array", itemType="number", initialValue=[1, "x"]), "inputs[0].initialValue[1]"),
        (one(showIf={"==": [{"var": "A"}, 1]}), "Did you mean a?"),
        (one(showIf={"missing": ["b"]}), 'There is no input "b".'),
        (one(showIf={"&&": [True]}), "Did you mean and?"),
        (one(showIf={"=": [1, 1]}), "Did you mean ==?"),
        (
            form(
                {
                    "id": "when",
                    "type": "DaysAndHour",
                    "label": "W",
                    "showIf": {"==": [{"var": "when.hour"}, "5"]},
                }
            ),
            "Did you mean schedule?",
        ),
        ({**one(), **features(display={"name": {"InputField": {"name": "A"}}})}, "Did you mean a?"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_near_miss(files: Any, remedy: str) -> None:
    assert remedy in told(files)


def test_annotations_of_chart_yaml() -> None:
    chart = f"{CHART}annotations: {{platz.io/git/comit: a, platz.io/git_repo: b, platz.io/x: c, other.io/git: d}}\n"
    sentences = told({}, chart=chart)
    assert "Did you mean platz.io/git/commit?" in sentences
    assert "Did you mean platz.io/git/repo?" in sentences
    assert 'The annotation "platz.io/x" is not read.' in sentences
    assert "other.io" not in sentences


def test_a_chart_with_thousands_of_mistakes_is_read_in_time() -> None:
    inputs = [{"id": f"input_{n}", "type": "text", "label": "L", "helptxt": "x"} for n in range(3000)]
    values = [output(f"inptu_{n}") for n in range(3000)]
    assert len(told(form(*inputs, values=values)).splitlines()) == 51


# ---- the errors of tasks


def rendering_error(declared: Mapping[str, Any], reference: Mapping[str, Any], config: Any = ITEM) -> str:
    schema = parse_ui_schema(
        {"inputs": [declared], "outputs": {"values": [{"path": ["x"], "value": reference}]}}
    )
    rows = parse_collection_rows(
        {
            "deployments": [
                {
                    "id": ITEM,
                    "created_at": "2024-02-03T04:05:06Z",
                    "name": "a",
                    "kind": "Db",
                    "cluster_id": ITEM,
                    "enabled": True,
                }
            ],
            "secrets": [
                {
                    "id": ITEM,
                    "created_at": "2024-02-03T04:05:06Z",
                    "updated_at": "2024-02-03T04:05:06Z",
                    "env_id": ENV,
                    "collection": "keys",
                    "name": "a",
                    "contents": "hidden",
                }
            ],
        }
    )
    with pytest.raises(RenderingFailed) as caught:
        render_values(schema, env_id=UUID(ENV), config={"db": config}, collections=rows)
    return caught.value.message


@pytest.mark.parametrize(
    ("collection", "name", "remedy"),
    [
        (
            {"Deployments": {"filters": {"kind": "a"}}},
            "name",
            "Write collection: deployments and filters: [{field: kind",
        ),
        (
            "api-keys",
            "value",
            "write collection: secrets and filters: [{field: collection, value: api-keys}]",
        ),
        ("secrets", "value", "Did you mean contents?"),
        ("deployments", "ingress_hostname", "A deployment's address is none of them"),
        ("deployments", "Name", "Did you mean name?"),
        ("Deployments", "name", "Did you mean deployments?"),
    ],
    ids=str,
)
def test_a_task_s_error_names_the_right_spelling(collection: Any, name: str, remedy: str) -> None:
    reference = {"FieldProperty": {"input": "db", "property": name}}
    message = rendering_error({**SELECT, "collection": collection}, reference)
    assert remedy in message
    assert "hidden" not in message


def test_a_task_s_error_about_a_misspelt_input() -> None:
    message = rendering_error({"id": "db", "type": "text", "label": "D"}, {"FieldValue": {"input": "DB"}})
    assert message.endswith("Declare it under inputs, or correct the output. Did you mean db?")


# ---- the status document


GUIDE_STATUS = {"color": "success", "text": "Open", "metrics": [{"label": "Guests", "value": 3}]}


def test_the_guide_s_status_document_is_read_with_a_notice() -> None:
    content: Any = parse_status(GUIDE_STATUS)
    assert content["status"] == {"name": "Open", "color": "success"}
    assert content["metrics"] == [{"value": "3", "unit": "", "short_description": "Guests", "color": None}]
    (notice,) = content["notices"]
    assert notice["level"] == "Warning"
    assert "status: {name, color}" in notice["text"]


@pytest.mark.parametrize(
    "document",
    [
        {"color": "success", "text": "Open"},
        {"status": {"color": "success", "text": "Open"}},
        {
            "status": {"color": "success", "name": "Open"},
            "metrics": [{"label": "a", "value": "1", "unit": "s"}],
        },
        {"status": {"color": "success", "name": "Open"}, "primary_metric": {"label": "a", "value": 1}},
    ],
    ids=str,
)
def test_parts_of_the_guide_s_status_document_are_read_with_a_notice(document: Any) -> None:
    content: Any = parse_status({**document, "notices": [{"level": "Info", "text": "x"}]})
    assert content["status"] == {"name": "Open", "color": "success"}
    assert [notice["level"] for notice in content["notices"]] == ["Info", "Warning"]


def test_a_status_document_in_the_right_form_gets_no_notice() -> None:
    document = {"status": {"name": "Open", "color": "success"}, "metrics": [], "text": "more", "label": "x"}
    assert parse_status(document)["notices"] == []


@pytest.mark.parametrize(
    ("document", "remedy"),
    [
        ({"text": "Open"}, "not one of the choices"),
        ({"text": "Open", "color": "green"}, "Did you mean success?"),
        ({"text": "Open", "color": "Success"}, "Did you mean success?"),
        ({"text": 5, "color": "success"}, "where text is expected"),
        ({"state": {"name": "Open", "color": "success"}}, '"status" is missing'),
        ({"Status": {"name": "Open", "color": "success"}}, 'Write status instead of "Status".'),
        ({"status": {"name": "A", "colour": "success"}}, 'Write color instead of "colour".'),
        (
            {"status": {"name": "A", "color": "success"}, "notices": [{"level": "warning", "text": "x"}]},
            "Did you mean Warning?",
        ),
        ({"status": {"name": "A", "color": "success"}, "metrics": [{"label": "a"}]}, '"value" is missing'),
        (
            {
                "status": {"name": "A", "color": "success"},
                "metrics": [{"value": 1, "unit": "s", "shortDescription": "x"}],
            },
            'Write short_description instead of "shortDescription".',
        ),
    ],
    ids=str,
)
def test_a_status_document_that_is_wrong_names_the_right_spelling(document: Any, remedy: str) -> None:
    with pytest.raises(InvalidDocument, match=re.escape(remedy)):
        parse_status(document)


def test_the_names_of_a_chart_without_files_are_none() -> None:
    assert (
        read_files(ChartFiles(files={"Chart.yaml": CHART.encode()}, has_extension_directory=False)).warnings
        == ()
    )
