"""The search for charts in an OCI registry, by polling it.

Invariant: a chart is only downloaded when its tag is new or points to another digest, and it is not yet recorded. A
failed request is repeated in a later round and does not keep other tags waiting, up to `MAX_UNANSWERED`. The records
of a repository are only pruned after a round in which none of its requests failed.

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
MAX_UNANSWERED = 3  # tags of a repository in a round; then the other tags wait for the next round, too


@dataclass(kw_only=True)
class OciSearch:
    """The search in one registry; one thread may use it at a time."""

    registry: RegistryClient
    database: Database
    domain: str
    _known: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _rounds: int = 0

    def look(self) -> RoundReport:
        """Do one round; raise `NotFound`, `Rejected` or `Retryable` when the catalogue can't be read.

        Other failures, also of the database, are part of the report.
        """
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
        """Look at the tags; return how many charts were recorded, and a sentence for each failed tag."""
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
    """Return `host[:port]` of a registry's address, without the scheme's default port.

    Source: docs/contract/workers.md, "OCI polling".
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f"{host}:{parts.port}"
