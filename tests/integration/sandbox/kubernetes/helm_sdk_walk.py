"""A child of the tests: takes a release through its life with the Helm SDK and prints what happened as JSON.

The SDK is never loaded into the test process itself, because a process that loaded it must not fork.
"""

from __future__ import annotations

import json
import sys

import helm_python as helm


def main(kubeconfig: str, context: str, namespace: str, chart: str) -> None:
    config = helm.Config(kubeconfig_path=kubeconfig, kube_context=context, namespace=namespace)
    walk: dict[str, object] = {}
    installed = config.install(chart, "rel", {}, wait="watcher", timeout=30)
    walk["installed"] = [installed["status"], installed["revision"]]
    upgraded = config.upgrade(chart, "rel", {"replicas": 3}, wait="watcher", timeout=30)
    walk["upgraded"] = [upgraded["status"], upgraded["revision"]]
    config.rollback("rel", version=1)
    walk["history"] = [entry["status"] for entry in config.history("rel")]
    config.uninstall("rel")
    for name, values in (
        ("hook_failure", {"hookExit": "1"}),
        ("never_ready", {"image": "registry.example/never-ready:1"}),
    ):
        try:
            config.install(chart, name.replace("_", "-"), values, wait="watcher", timeout=2)
        except helm.HelmError as error:
            walk[name] = str(error)
            config.uninstall(name.replace("_", "-"))
    walk["left"] = [release["name"] for release in config.list()]
    print(json.dumps(walk))


if __name__ == "__main__":
    main(*sys.argv[1:])
