"""Reading a chart's archive safely."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz.charts.archive import Unreadable, read_directory, unpack
from platz.charts.chart import read_chart
from platz.charts.reading import tar_stream
from platz.charts.reading.tar_stream import UnsafeArchive

CHART = b"apiVersion: v2\nversion: 1.0.0\n"


def member(
    name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    info.linkname = "Chart.yaml" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return info, content


def packed(*members: tuple[tarfile.TarInfo, bytes], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tar_format) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_only_the_files_that_matter_are_kept(tar_format: int) -> None:
    files = unpack(
        packed(
            member("shop", kind=tarfile.DIRTYPE),
            member("shop/Chart.yaml", CHART),
            member("shop/templates/" + "x" * 90, b"{{ nothing }}"),
            member("shop/charts/db/Chart.yaml", b"not this one"),
            member("shop/values.ui.json", b"{}"),
            tar_format=tar_format,
        )
    )
    assert files.files == {"Chart.yaml": CHART, "values.ui.json": b"{}"}
    assert files.has_extension_directory is False


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_understood(tar_format: int) -> None:
    long = "shop/" + "d" * 200 + "/file"
    assert unpack(packed(member(long), member("shop/Chart.yaml", CHART), tar_format=tar_format)).files


@pytest.mark.parametrize("name", ["shop/platz/features.yaml", "shop/platz/other"])
def test_a_file_in_platz_makes_the_directory(name: str) -> None:
    assert unpack(packed(member(name))).has_extension_directory is True


def test_an_empty_platz_directory_counts_and_a_plain_file_does_not() -> None:
    assert unpack(packed(member("shop/platz", kind=tarfile.DIRTYPE))).has_extension_directory is True
    assert unpack(packed(member("shop/platz", b"hello"))).has_extension_directory is False


def test_names_with_a_leading_dot_are_the_same() -> None:
    assert unpack(packed(member("./", kind=tarfile.DIRTYPE), member("./shop/Chart.yaml", CHART))).files == {
        "Chart.yaml": CHART
    }


def test_gzip_in_several_members_is_one_stream() -> None:
    plain = gzip.decompress(packed(member("shop/Chart.yaml", CHART)))
    assert unpack(gzip.compress(plain[:700]) + gzip.compress(plain[700:])).files == {"Chart.yaml": CHART}


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (packed(member("/etc/passwd")), "absolute path"),
        (packed(member("C:\\shop\\Chart.yaml")), "absolute path"),
        (packed(member("shop/../../Chart.yaml")), "leads out"),
        (packed(member("shop\\..\\..\\x")), "leads out"),
        (packed(member("shop/link", kind=tarfile.SYMTYPE)), "symbolic link"),
        (packed(member("shop/link", kind=tarfile.LNKTYPE)), "hard link"),
        (packed(member("shop/dev", kind=tarfile.CHRTYPE)), "device"),
        (packed(member("shop/dev", kind=tarfile.BLKTYPE)), "device"),
        (packed(member("shop/pipe", kind=tarfile.FIFOTYPE)), "named pipe"),
        (packed(member("Chart.yaml", CHART)), "exactly one directory"),
        (packed(member("a/Chart.yaml"), member("b/Chart.yaml")), "exactly one directory"),
        (packed(member("shop/Chart.yaml"), member("shop/Chart.yaml")), "twice"),
        (packed(), "empty"),
        (b"", "too early"),
        (b"PK\x03\x04 not a tarball", "not gzip"),
        (gzip.compress(b"x" * 2000), "not a tar file"),
        (packed(member("shop/Chart.yaml", os.urandom(5000)))[:3000], "too early"),
    ],
    ids=lambda value: value if isinstance(value, str) else "archive",
)
def test_archive_is_refused(archive: bytes, reason: str) -> None:
    with pytest.raises(UnsafeArchive, match=reason):
        unpack(archive)
    chart = read_chart(archive)
    assert chart.error is not None
    assert reason in chart.error
    assert chart.metadata is None


def test_a_name_that_is_not_utf8_is_refused() -> None:
    plain = bytearray(gzip.decompress(packed(member("shop/xx"), tar_format=tarfile.GNU_FORMAT)))
    plain[5:7] = b"\xff\xfe"
    header = bytes(plain[:148]) + b" " * 8 + bytes(plain[156:512])
    plain[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(UnsafeArchive, match="not UTF-8"):
        unpack(gzip.compress(bytes(plain)))


def test_countless_empty_streams_are_refused() -> None:
    with pytest.raises(UnsafeArchive, match="more than 10000 gzip streams"):
        unpack(gzip.compress(b"") * 10_001)


def test_a_bomb_is_noticed_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_stream, "MAX_UNPACKED", 4 * 1024**2)
    bomb = packed(member("shop/zeros", b"\0" * (16 * 1024**2)))
    tracemalloc.start()
    with pytest.raises(UnsafeArchive, match="unpacks to more than 4 MiB"):
        unpack(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024**2


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    info, content = member("shop/Chart.yaml", CHART)
    plain = bytearray(gzip.decompress(packed((info, content), tar_format=tarfile.GNU_FORMAT)))
    plain[124:136] = b"\x80" + (2**60).to_bytes(11, "big")
    plain[148:156] = b"%06o\0 " % sum(plain[:148] + b" " * 8 + plain[156:512])
    with pytest.raises(UnsafeArchive, match="too early"):
        unpack(gzip.compress(bytes(plain) + b"\0" * 1024))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar_stream, "MAX_MEMBERS", 5)
    with pytest.raises(UnsafeArchive, match="more than 5 members"):
        unpack(packed(*[member(f"shop/{n}") for n in range(20)]))


def test_a_giant_file_of_ours_is_a_problem_of_that_file() -> None:
    files = unpack(packed(member("shop/Chart.yaml", CHART), member("shop/values.ui.json", b" " * 600_000)))
    assert files.files["values.ui.json"] == Unreadable("It is larger than 512 KiB.")


def test_a_directory_in_place_of_a_file_is_a_problem_of_that_file() -> None:
    chart = read_chart(packed(member("shop/Chart.yaml", CHART), member("shop/features.json/x")))
    assert chart.error == "features.json: It is a directory. Make it a readable text file."


def in_directory(root: Path) -> None:
    (root / "platz").mkdir()
    (root / "Chart.yaml").write_bytes(CHART)
    (root / "platz" / "features.yaml").write_text("{}")


def test_a_directory_reads_like_an_archive(tmp_path: Path) -> None:
    in_directory(tmp_path)
    files = read_directory(tmp_path)
    assert files.files == {"Chart.yaml": CHART, "platz/features.yaml": b"{}"}
    assert files.has_extension_directory is True
    assert "platz/features.yaml" in files.names


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (lambda root: (root / "platz" / "actions.yaml").symlink_to("/etc/passwd"), "leads out"),
        (lambda root: (root / "platz" / "actions.yaml").mkdir(), "directory"),
        (lambda root: os.mkfifo(root / "platz" / "actions.yaml"), "not a file"),
        (lambda root: (root / "platz" / "actions.yaml").write_bytes(b" " * 600_000), "larger"),
    ],
    ids=["link", "directory", "pipe", "giant"],
)
def test_what_can_not_be_read_in_a_directory(
    tmp_path: Path, place: Callable[[Path], None], reason: str
) -> None:
    in_directory(tmp_path)
    place(tmp_path)
    unreadable = read_directory(tmp_path).files["platz/actions.yaml"]
    assert isinstance(unreadable, Unreadable)
    assert reason in unreadable.reason


@settings(max_examples=150, deadline=10_000)
@given(st.binary(max_size=600), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, zipped: bool) -> None:
    read_chart(gzip.compress(content) if zipped else content)
