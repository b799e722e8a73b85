"""Members of a gzip-compressed tar, one after the other, within limits.

Invariant: for any input, memory use is a few blocks plus one kept member, and the limits bound the time: a bomb is
noticed while it unpacks. Nothing touches the file system. The format is POSIX ustar with pax and GNU long names, as
`helm package` and tar write it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from platz.errors import Rejected

BLOCK = 512
MAX_MEMBERS = 10_000
MAX_UNPACKED = 100 * 1024 * 1024
"""Unpacked bytes of an archive; Helm's own limit for a chart."""

_CHUNK = 64 * 1024
_MAX_GZIP_STREAMS = 10_000
_MAX_EXTENSION_BYTES = 64 * 1024
_TOO_SHORT = "The archive ends too early."
_GZIP = 16 + zlib.MAX_WBITS


class UnsafeArchive(Rejected):
    """The chart's archive is refused."""


class MemberKind(Enum):
    """The kinds of member that a chart may have; all others are refused."""

    FILE = "file"
    DIRECTORY = "directory"


_KINDS = {b"0": MemberKind.FILE, b"\0": MemberKind.FILE, b"7": MemberKind.FILE, b"5": MemberKind.DIRECTORY}
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member's header; ``size`` is in bytes."""

    name: str
    kind: MemberKind
    size: int


class TarStream:
    """An iterator over members; a member's content must be read before the next member, or is skipped."""

    def __init__(self, archive: bytes) -> None:
        self._bytes = _Unpacked(archive)
        self._unread = 0

    def members(self) -> Iterator[Member]:
        """Yield the members; raise `UnsafeArchive`."""
        name, size = None, None
        for _ in range(MAX_MEMBERS * 2):  # long names are members of their own
            header = self._next_header()
            if header is None:
                return
            kind = header[156:157]
            match kind:
                case b"x":
                    extension = _pax(self._extension(header))
                    name, size = extension.get("path", name), _pax_size(extension.get("size"), size)
                case b"L":
                    name = _utf8(self._extension(header).rstrip(b"\0"))
                case b"g" | b"K":
                    self._extension(header)
                case _:
                    member = _member(header, name, size)
                    self._unread = member.size
                    yield member
                    name, size = None, None
        raise UnsafeArchive(f"The archive has more than {MAX_MEMBERS} members.")

    def content(self) -> bytes:
        """Return the content of the member that was yielded last."""
        size, self._unread = self._unread, 0
        content = self._bytes.read(size)
        self._bytes.skip(-size % BLOCK)
        return content

    def _next_header(self) -> bytes | None:
        if self._unread:
            self._bytes.skip(self._unread + -self._unread % BLOCK)
            self._unread = 0
        header = self._bytes.read(BLOCK, may_end=True)
        if not header.strip(b"\0"):
            return None
        checksum = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
        if len(header) < BLOCK or _number(header[148:156]) != checksum:
            raise UnsafeArchive("The archive is not a tar file, or it is damaged.")
        return header

    def _extension(self, header: bytes) -> bytes:
        self._unread = _number(header[124:136])
        if self._unread > _MAX_EXTENSION_BYTES:
            raise UnsafeArchive("The archive has a member with an oversized header.")
        return self.content()


class _Unpacked:
    """The unpacked bytes of a gzip file, read forward only."""

    def __init__(self, archive: bytes) -> None:
        self._archive = memoryview(archive)
        self._position = 0
        self._inflate = zlib.decompressobj(_GZIP)
        self._buffer = b""
        self._offset = 0
        self._total = 0
        self._streams = 1

    def read(self, size: int, *, may_end: bool = False) -> bytes:
        """Return exactly ``size`` bytes, or fewer at the end of the stream if it ``may_end``."""
        parts: list[bytes] = []
        missing = size
        while missing:
            if self._offset == len(self._buffer) and not self._fill():
                if may_end:
                    break
                raise UnsafeArchive(_TOO_SHORT)
            part = self._buffer[self._offset : self._offset + missing]
            self._offset += len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Read this many bytes and discard them."""
        while size > 0:
            size -= len(self.read(min(size, _CHUNK)))

    def _fill(self) -> bool:
        """Unpack the next chunk; return False at the end."""
        chunk = b""
        while not chunk:
            if self._inflate.eof and not self._next_gzip_member():
                return False
            packed = self._inflate.unconsumed_tail or self._more()
            try:
                chunk = self._inflate.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise UnsafeArchive("The archive is not gzip, or it is damaged.") from error
            if not chunk and not packed and not self._inflate.eof:
                raise UnsafeArchive(_TOO_SHORT)
        self._buffer, self._offset = chunk, 0
        self._total += len(chunk)
        if self._total > MAX_UNPACKED:
            raise UnsafeArchive(f"The archive unpacks to more than {MAX_UNPACKED // 1024**2} MiB.")
        return True

    def _more(self) -> bytes:
        chunk = bytes(self._archive[self._position : self._position + _CHUNK])
        self._position += len(chunk)
        return chunk

    def _next_gzip_member(self) -> bool:
        self._position -= len(self._inflate.unused_data)
        if self._position >= len(self._archive):
            return False
        self._streams += 1
        if self._streams > _MAX_GZIP_STREAMS:  # empty streams cost time without unpacking to anything
            raise UnsafeArchive(f"The archive is made of more than {_MAX_GZIP_STREAMS} gzip streams.")
        self._inflate = zlib.decompressobj(_GZIP)
        return True


def _member(header: bytes, long_name: str | None, long_size: int | None) -> Member:
    kind = _KINDS.get(header[156:157])
    name = long_name if long_name is not None else _ustar_name(header)
    if kind is None:
        what = _REFUSED.get(header[156:157], "a member of an unknown kind")
        raise UnsafeArchive(f"The archive has {what} in it. A chart is made of files and directories only.")
    size = _number(header[124:136]) if long_size is None else long_size
    if name.endswith("/"):
        kind = MemberKind.DIRECTORY
    return Member(name=name, kind=kind, size=0 if kind is MemberKind.DIRECTORY else size)


def _ustar_name(header: bytes) -> str:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return _utf8(prefix + b"/" + name if prefix else name)


def _utf8(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnsafeArchive("The archive has a member whose name is not UTF-8.") from error


def _number(field: bytes) -> int:
    """Read an octal number, or a large number in GNU's base-256 form."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        return min(number, MAX_UNPACKED + 1)
    text = field.strip(b" \0")
    if text.strip(b"01234567"):
        raise UnsafeArchive("The archive is not a tar file, or it is damaged.")
    return int(text or b"0", 8)


def _pax(content: bytes) -> dict[str, str]:
    """Read pax records: ``LENGTH KEY=VALUE\\n``, where the length includes its own digits."""
    records: dict[str, str] = {}
    while content:
        digits, _, _ = content.partition(b" ")
        length = int(digits) if digits.isdigit() and len(digits) < 7 else 0
        record = content[len(digits) + 1 : length]
        if not record.endswith(b"\n") or b"=" not in record:
            raise UnsafeArchive("The archive has a damaged pax header.")
        key, _, value = record[:-1].partition(b"=")
        records[_utf8(key)] = _utf8(value)
        content = content[length:]
    return records


def _pax_size(text: str | None, otherwise: int | None) -> int | None:
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise UnsafeArchive("The archive has a damaged pax header.")
    return int(text)
