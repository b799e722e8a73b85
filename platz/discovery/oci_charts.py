"""The search for charts in an OCI registry, by polling it.

Invariant: a chart is only downloaded when its tag is new or points to another digest, and it is not yet recorded. A
failed request is repeated in a later round and does not keep other tags waiting, up to `MAX_UNANSWERED`. The records
of a repository are only pruned after a round in which none of its requests failed, and those of a missing repository
only after the whole catalogue was read. One deadline bounds a round.

Source: docs/contract/workers.md, "OCI polling".
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from platz.db.database import Database
from platz.db.enums import RegistryProvider
from platz.db.unreachable import DatabaseUnavailable
from platz.discovery.chart_records import record_present, record_repositories
from platz.discovery.findings import FoundChart, RoundReport
from platz.discovery.found_charts import download, is_known, record
from platz.errors import NotFound, Rejected, Retryable
from platz.helm.registry_client import RegistryBusy, RegistryClient, RoundOver
from platz.web_addresses import DEFAULT_PORTS

ROUNDS_BETWEEN_FULL_LOOKS = 12
ROUND_SECONDS = 120.0
MAX_UNANSWERED = 3  # tags of a repository in a round; then the other tags wait for the next round, too


@dataclass(kw_only=True)
class OciSearch:
    """The search in one registry; one thread may use it at a time."""

    registry: RegistryClient
    database: Database
    domain: str
    _known: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    _rounds: int = 0
    _next: str | None = None
    """The repository with which the next round begins, if this one was cut off."""

    def look(self) -> RoundReport:
        """Do one round; raise `NotFound`, `Rejected` or `Retryable` when the catalogue or the database can't be read.

        Other failures are part of the report. A round that takes too long ends where it is, and
        the next one begins with the repository behind.
        """
        full = self._rounds % ROUNDS_BETWEEN_FULL_LOOKS == 0
        self._rounds += 1
        with self.registry.within(ROUND_SECONDS):
            repositories = list(self.registry.repositories())
            report = self._forget_missing(set(repositories))
            for position, repository in enumerate(turn := self._in_turn(repositories)):
                try:
                    report += self._look_into(repository, full=full)
                except DatabaseUnavailable:
                    raise
                except (RoundOver, RegistryBusy) as error:
                    self._next = turn[(position + 1) % len(turn)]
                    return report + RoundReport(failures=(error.message,))
                except (NotFound, Rejected, Retryable) as error:
                    report += RoundReport(failures=(f"{repository}: {error.message}",))
        self._next = None
        return report

    def _in_turn(self, repositories: list[str]) -> list[str]:
        """Return the repositories in the order of this round, which begins where the last one was cut off."""
        first = repositories.index(self._next) if self._next in repositories else 0
        return repositories[first:] + repositories[:first]

    def _look_into(self, repository: str, *, full: bool) -> RoundReport:
        tags = set(self.registry.tags(repository))
        looked_at = tags if full else {tag for tag in tags if (repository, tag) not in self._known}
        recorded, failed = self._look_at_each(repository, looked_at)
        removed = 0 if failed else self._prune(repository, tags, full=full)
        return RoundReport(recorded=recorded, removed=removed, failures=tuple(failed))

    def _forget_missing(self, repositories: set[str]) -> RoundReport:
        """Mark the charts of repositories that the complete catalogue does not name any more as deleted."""
        self._known = {key: digest for key, digest in self._known.items() if key[0] in repositories}
        with self.database.transaction() as connection:
            gone = record_repositories(connection, domain_name=self.domain, present=repositories)
        return RoundReport(removed=len(gone))

    def _look_at_each(self, repository: str, tags: Set[str]) -> tuple[int, list[str]]:
        """Look at the tags; return how many charts were recorded, and a sentence for each failed tag."""
        recorded, failures, unanswered = 0, list[str](), 0
        for tag in sorted(tags):
            try:
                recorded += self._look_at(repository, tag)
            except (RegistryBusy, RoundOver, DatabaseUnavailable):
                raise
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
