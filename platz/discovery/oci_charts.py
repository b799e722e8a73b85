"""Finds charts in an OCI registry by looking at it again and again.

Invariant: a tag is downloaded when it is new or points to another digest, and only then. What a failed request
would have told is learned in the next round, and keeps no other tag waiting; a repository is only pruned after a
complete look at it.

Source: docs/contract/workers.md, "OCI polling".
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from platz.db.database import Database
from platz.db.enums import RegistryProvider
from platz.discovery.chart_records import record_present
from platz.discovery.findings import FoundChart, RoundReport
from platz.discovery.found_charts import download, is_known, record
from platz.errors import NotFound, Rejected, Retryable
from platz.helm.registry_client import RegistryClient
from platz.web_addresses import DEFAULT_PORTS

ROUNDS_BETWEEN_FULL_LOOKS = 12
MAX_UNANSWERED = 3  # tags of a repository; then the others wait as well, for the registry is not well


@dataclass(kw_only=True)
class OciSearch:
    """Looks at one registry; used by one thread at a time."""

    registry: RegistryClient
    database: Database
    domain: str
    _known: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _rounds: int = 0

    def look(self) -> RoundReport:
        """Do one round; raise `Retryable` or `Rejected` when the catalogue can't be read or the database is away."""
        full = self._rounds % ROUNDS_BETWEEN_FULL_LOOKS == 0
        self._rounds += 1
        recorded, removed, failures = 0, 0, list[str]()
        for repository in self.registry.repositories():
            try:
                tags = set(self.registry.tags(repository))
                looked_at = tags if full else {tag for tag in tags if (repository, tag) not in self._known}
                added, failed = self._look_at_each(repository, looked_at)
                recorded += added
                if not failed:
                    removed += self._prune(repository, tags, full=full)
                failures += failed
            except (NotFound, Rejected, Retryable) as error:
                failures.append(f"{repository}: {error.message}")
        return RoundReport(recorded=recorded, removed=removed, failures=tuple(failures))

    def _look_at_each(self, repository: str, tags: Set[str]) -> tuple[int, list[str]]:
        """Return how many charts were recorded, and sentences on tags that have to wait for the next round."""
        recorded, failures, unanswered = 0, list[str](), 0
        for tag in sorted(tags):
            try:
                recorded += self._look_at(repository, tag)
            except (NotFound, Rejected, Retryable) as error:
                failures.append(f"{repository}:{tag}: {error.message}")
                unanswered += isinstance(error, Retryable)
                if unanswered == MAX_UNANSWERED:
                    break
        return recorded, failures

    def _look_at(self, repository: str, tag: str) -> int:
        manifest = self.registry.manifest(repository, tag)
        known = self._known.get((repository, tag))
        if known == manifest.digest:
            return 0
        recorded = 0
        if manifest.is_chart:
            now = datetime.now(UTC)
            found = FoundChart(
                provider=RegistryProvider.OCI,
                domain_name=self.domain,
                repo_name=repository,
                tag=tag,
                digest=manifest.digest,
                pushed_at=now,
                registry_created_at=now,
            )
            if not is_known(self.database, found):
                recorded = record(self.database, found, download(self.registry, found))
        self._known[(repository, tag)] = manifest.digest
        return recorded

    def _prune(self, repository: str, tags: set[str], *, full: bool) -> int:
        gone = [key for key in self._known if key[0] == repository and key[1] not in tags]
        for key in gone:
            del self._known[key]
        if not gone and not full:
            return 0
        present = [(tag, digest) for (repo, tag), digest in self._known.items() if repo == repository]
        with self.database.transaction() as connection:
            return len(
                record_present(connection, domain_name=self.domain, repo_name=repository, present=present)
            )


def registry_domain(url: str) -> str:
    """`host[:port]` of a registry's address; the scheme's default port is left out.

    Source: docs/contract/workers.md, "OCI polling".
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{parts.port}"
