"""Who Platz is for a cluster, as far as that is known, and what to do when the cluster does not accept it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ClusterIdentity:
    """``who`` completes "credentials of …"; ``remedy`` is a sentence."""

    who: str
    remedy: str


def eks_identity(role: str | None) -> ClusterIdentity:
    """Return the identity of an IAM role or user (its ARN), or of one that is not known."""
    return ClusterIdentity(
        who=f"{role}" if role else "Platz's AWS role",
        remedy="Give it an access entry in EKS, or map it to a group in the cluster's ConfigMap aws-auth.",
    )


def kubeconfig_identity(user: str, *, plugin: str | None) -> ClusterIdentity:
    """Return the identity of a kubeconfig's user, whose credentials may come from an exec plugin."""
    if plugin is not None:
        return ClusterIdentity(
            who=f"the kubeconfig's user {user}, from the exec plugin {plugin}",
            remedy="Run the plugin as Platz does, and renew its login.",
        )
    return ClusterIdentity(
        who=f"the kubeconfig's user {user}",
        remedy="Renew this user's token or certificate in the kubeconfig.",
    )


def rejection(cluster: str, identity: ClusterIdentity | None) -> str:
    """Return the sentences about a cluster that does not accept the credentials."""
    if identity is None:
        return f"Cluster {cluster} does not accept Platz's credentials."
    return (
        f"Cluster {cluster} does not accept Platz's credentials, those of {identity.who}. {identity.remedy}"
    )
