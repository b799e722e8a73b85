"""Packs a chart folder into the archive that Helm expects: the same bytes every time, on every machine.

Invariant: the archive depends on the names and contents of the files only. It is gzip with *stored* blocks (RFC 1951,
3.2.4), because a compressor's output depends on the zlib that this Python was built with, and the digest must not.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping

from platz_sandbox.demo_charts.demo_releases import DemoChart

_GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflate, no flags, no time, unknown system
_MAX_BLOCK_BYTES = 0xFFFF
_EPOCH = 1_700_000_000  # Helm warns about files from 1970


def package(chart: DemoChart) -> bytes:
    """Return ``chart`` as the bytes of a `.tgz`."""
    return archive_of(chart.repository, {name: path.read_bytes() for name, path in chart.files().items()})


def archive_of(chart_name: str, files: Mapping[str, bytes]) -> bytes:
    """Return a `.tgz` with ``files`` (path inside the chart → content) below a folder ``chart_name``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (name != "Chart.yaml", name)):
            tar.addfile(_entry(f"{chart_name}/{name}", len(files[name])), io.BytesIO(files[name]))
    return _gzip_stored(buffer.getvalue())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mtime = _EPOCH
    entry.mode = 0o644
    return entry


def _gzip_stored(content: bytes) -> bytes:
    trailer = struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return b"".join((_GZIP_HEADER, *_stored_blocks(content), trailer))


def _stored_blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, max(len(content), 1), _MAX_BLOCK_BYTES):
        block = content[start : start + _MAX_BLOCK_BYTES]
        is_last = start + _MAX_BLOCK_BYTES >= len(content)
        yield struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF) + block
