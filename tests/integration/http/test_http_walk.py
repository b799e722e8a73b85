"""The walk of a first deploy, over HTTP alone."""

from __future__ import annotations

from http_client import Installation


def test_the_walk_from_charts_to_deletion(api: Installation) -> None:
    owner = api["owner"]
    charts = owner.items("/helm-charts", params={"kind_id": str(api.kind)})
    assert [chart["image_tag"] for chart in charts] == ["1.1.0", "1.0.0"]
    new = {
        "name": "green",
        "kind_id": str(api.kind),
        "cluster_id": str(api.cluster),
        "helm_chart_id": charts[1]["id"],
        "config": {"size": "small"},
    }

    made = owner.post("/deployments", new)

    assert made.status_code == 201, made.text
    deployment = made.json()
    assert deployment["status"] == "Unknown"
    assert deployment["values_override"] == {}
    path = f"/deployments/{deployment['id']}"
    assert operations(api, deployment["id"]) == ["Install"]
    upgraded = owner.put(path, {**deployment, "helm_chart_id": charts[0]["id"]})
    assert upgraded.status_code == 200, upgraded.text
    assert upgraded.json()["helm_chart_id"] == charts[0]["id"]
    assert owner.put(path, {"enabled": False}).json()["enabled"] is False
    assert owner.put(path, {"enabled": True}).json()["enabled"] is True
    assert owner.delete(path).status_code == 204
    assert owner.get(path).json()["status"] == "Deleting"
    assert sorted(operations(api, deployment["id"])) == [
        "Install",
        "Install",
        "Uninstall",
        "Uninstall",
        "Upgrade",
    ]


def operations(api: Installation, deployment: str) -> list[str]:
    tasks = api["owner"].items("/deployment-tasks", params={"deployment_id": deployment})
    return [next(iter(task["operation"])) for task in tasks]
