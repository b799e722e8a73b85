"""A module's name has one meaning, wherever in the house it stands."""

from __future__ import annotations

from collections import Counter

from repository import PACKAGE, SANDBOX, python_files

MAY_REPEAT = {
    "accounts": "the people who sign in",
    "actions": "the actions that a chart offers its users",
    "bots": "the bots of the API",
    "charts": "the rows of found charts",
    "clusters": "the rows of Kubernetes clusters",
    "dependants": "the deployments that use an item",
    "deployment_permissions": "roles of users for one kind in one environment",
    "deployment_resource_types": "the rows of resource types",
    "deployment_resources": "the rows of what deployments manage for others",
    "deployments": "the deployments of Platz",
    "env_user_permissions": "roles of users in an environment",
    "envs": "environments",
    "errors": "the errors of the package that it stands in",
    "k8s_resources": "the rows of tracked objects of clusters",
    "kinds": "deployment kinds",
    "kubeconfig": "a kubeconfig file, read or written",
    "namespaces": "the namespaces of a cluster",
    "reading": "the list and the detail read that every collection has",
    "releases": "Helm releases",
    "resource_types": "the resource types that charts declare",
    "secrets": "the secrets of Platz",
    "sign_in": "one sign-in through the identity provider",
    "tag_formats": "the formats of chart tags",
    "tasks": "the tasks of deployments",
    "users": "the users of the API",
}
"""What a module of this name is about, in every room that has one."""

OF_EVERY_PACKAGE = {"__init__", "__main__"}


def repeated_names() -> set[str]:
    names = Counter(module.stem for module in python_files(PACKAGE, SANDBOX))
    return {name for name, times in names.items() if times > 1} - OF_EVERY_PACKAGE


def test_only_names_of_one_meaning_repeat() -> None:
    assert repeated_names() <= set(MAY_REPEAT)


def test_every_listed_name_repeats() -> None:
    assert set(MAY_REPEAT) <= repeated_names()
