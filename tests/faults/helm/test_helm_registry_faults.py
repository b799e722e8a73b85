"""A registry that fails, lies, stalls or floods: a readable error in time, and never a wrong chart."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from platz.charts.archive import MAX_ARCHIVE_BYTES
from platz.errors import NotFound, PlatzError, Rejected, Retryable
from platz.helm.oci_manifest import HELM_CHART, HELM_CONFIG
from platz.helm.registry_client import RegistryBusy, RegistryClient, RegistryLimits, RoundOver

LIMITS = RegistryLimits(
    connect_seconds=1,
    read_seconds=0.3,
    answer_seconds=0.5,
    download_seconds=0.5,
    chart_bytes=1000,
    pages=3,
)

Page = Callable[[BaseHTTPRequestHandler], None]


class BadRegistry(ThreadingHTTPServer):
    """A registry that answers each path as the test specifies."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Page] = {}
        self.authorizations: list[str | None] = []
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: BadRegistry  # type: ignore[assignment]

    def do_GET(self) -> None:
        self.server.authorizations.append(self.headers.get("Authorization"))
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(404)
        else:
            page(self)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def body(content: bytes, *, code: int = 200, **headers: str) -> Page:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return send


def document(content: object, **headers: str) -> Page:
    return body(json.dumps(content).encode(), **headers)


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest_of(chart: bytes, *, size: int | None = None) -> dict[str, object]:
    layer = {"mediaType": HELM_CHART, "digest": sha256(chart), "size": len(chart) if size is None else size}
    return {"config": {"mediaType": HELM_CONFIG}, "layers": [layer]}


@pytest.fixture
def registry() -> Iterator[BadRegistry]:
    server = BadRegistry()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(registry: BadRegistry) -> Iterator[RegistryClient]:
    with RegistryClient(registry.url, authorization=lambda: "Basic secret", limits=LIMITS) as opened:
        yield opened


@pytest.mark.parametrize(
    ("code", "expected"),
    [(401, Rejected), (403, Rejected), (404, NotFound), (429, Retryable), (503, Retryable), (418, Rejected)],
)
def test_a_status_becomes_the_error_that_says_what_to_do(
    registry: BadRegistry, client: RegistryClient, code: int, expected: type[PlatzError]
) -> None:
    registry.pages["/v2/_catalog"] = body(b"<html>", code=code)
    with pytest.raises(expected, match="Registry 127") as caught:
        list(client.repositories())
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'"text"', b"\xff"])
def test_an_answer_that_makes_no_sense_is_rejected(
    registry: BadRegistry, client: RegistryClient, content: bytes
) -> None:
    registry.pages["/v2/_catalog"] = body(content)
    with pytest.raises(Rejected, match="not"):
        list(client.repositories())


@pytest.mark.parametrize("content", [{}, {"repositories": "a"}, {"repositories": {}}, {"errors": []}])
def test_an_answer_without_repositories_is_no_catalogue(
    registry: BadRegistry, client: RegistryClient, content: object
) -> None:
    registry.pages["/v2/_catalog"] = document(content)
    with pytest.raises(Rejected, match="not a catalogue"):
        list(client.repositories())


@pytest.mark.parametrize("content", [{"repositories": []}, {"repositories": None}])
def test_an_empty_catalogue_is_one(registry: BadRegistry, client: RegistryClient, content: object) -> None:
    registry.pages["/v2/_catalog"] = document(content)
    assert list(client.repositories()) == []


@pytest.mark.parametrize("content", [{}, {"tags": None}, {"tags": {}}])
def test_no_tags_is_an_empty_list(registry: BadRegistry, client: RegistryClient, content: object) -> None:
    registry.pages["/v2/shop/tags/list"] = document(content)
    assert list(client.tags("shop")) == []


def test_pages_that_never_end_are_given_up(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/_catalog"] = document(
        {"repositories": ["a"]}, Link='</v2/_catalog?last=a>; rel="next"'
    )
    with pytest.raises(Rejected, match="more pages"):
        list(client.repositories())


def test_a_page_that_names_itself_again_is_asked_once(registry: BadRegistry, client: RegistryClient) -> None:
    link = '</v2/_catalog?n=100>; rel="next"'
    registry.pages["/v2/_catalog"] = document({"repositories": ["a"]}, Link=link)
    with pytest.raises(Rejected, match="more pages"):
        list(client.repositories())
    assert registry.asked == ["/v2/_catalog?n=100"]


def test_pages_that_name_each_other_are_asked_once(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/_catalog"] = document({"repositories": ["a"]}, Link='</v2/b>; rel="next"')
    registry.pages["/v2/b"] = document({"repositories": ["b"]}, Link='</v2/_catalog?n=100>; rel="next"')
    with pytest.raises(Rejected, match="more pages"):
        list(client.repositories())
    assert len(registry.asked) == 2


def test_ever_new_pages_without_new_names_are_given_up(registry: BadRegistry) -> None:
    def page(handler: BaseHTTPRequestHandler) -> None:
        link = f'</v2/_catalog?last={len(registry.asked)}>; rel="next"'
        document({"repositories": ["a"]}, Link=link)(handler)

    registry.pages["/v2/_catalog"] = page
    with RegistryClient(registry.url) as client, pytest.raises(Rejected, match="more pages"):
        list(client.repositories())
    assert len(registry.asked) == 4


def test_an_empty_page_in_between_is_no_end(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/_catalog"] = document({"repositories": ["a"]}, Link='</v2/empty>; rel="next"')
    registry.pages["/v2/empty"] = document({"repositories": []}, Link='</v2/last>; rel="next"')
    registry.pages["/v2/last"] = document({"repositories": ["b", "a"]})
    assert list(client.repositories()) == ["a", "b"]


@pytest.mark.parametrize(
    "link",
    [
        '<v2/_catalog?last=a>; rel="next"',
        '</v2/_catalog?last=a>; rel="next"',
        '<_catalog?last=a>; rel="next"',
        '<?last=a>; rel="next"',
        "<./_catalog?last=a>; rel=next",
        '<../v2/_catalog?last=a>;rel="next"',
        '<//elsewhere/v2/_catalog?last=a>; rel="next"',
        '<https://elsewhere:5000/v2/_catalog?last=a>; Rel="Next"',
        '</v2/_catalog?last=z>; rel="prev", </v2/_catalog?last=a>; rel="next"',
    ],
)
def test_a_link_in_any_form_leads_to_the_next_page(
    registry: BadRegistry, client: RegistryClient, link: str
) -> None:
    def page(handler: BaseHTTPRequestHandler) -> None:
        if "last=a" in handler.path:
            document({"repositories": ["b"]})(handler)
        else:
            document({"repositories": ["a"]}, Link=link)(handler)

    registry.pages["/v2/_catalog"] = page
    assert list(client.repositories()) == ["a", "b"]
    assert registry.asked == ["/v2/_catalog?n=100", "/v2/_catalog?last=a"]


def test_a_next_page_on_another_host_is_read_from_the_registry(
    registry: BadRegistry, client: RegistryClient
) -> None:
    registry.pages["/v2/_catalog"] = document(
        {"repositories": ["a"]}, Link='<http://elsewhere/v2/more?n=1>; rel="next"'
    )
    registry.pages["/v2/more"] = document({"repositories": ["b"]})
    assert list(client.repositories()) == ["a", "b"]


def test_content_that_is_not_what_its_digest_says_is_rejected(
    registry: BadRegistry, client: RegistryClient
) -> None:
    registry.pages["/v2/shop/manifests/1"] = document(manifest_of(b"the chart"))
    registry.pages[f"/v2/shop/blobs/{sha256(b'the chart')}"] = body(b"another chart")
    with pytest.raises(Rejected, match="is not what sha256"):
        client.pull_chart("shop", "1")


def test_a_manifest_that_is_not_what_the_registry_says_is_rejected(
    registry: BadRegistry, client: RegistryClient
) -> None:
    registry.pages["/v2/shop/manifests/1"] = document({}, Docker_Content_Digest=sha256(b"other"))
    with pytest.raises(Rejected, match="is not what sha256"):
        client.manifest("shop", "1")


def test_a_manifest_without_digest_header_gets_its_own(registry: BadRegistry, client: RegistryClient) -> None:
    content = json.dumps(manifest_of(b"the chart")).encode()
    registry.pages["/v2/shop/manifests/1"] = body(content)
    assert client.manifest("shop", "1").digest == sha256(content)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"config": {}},
        {"config": "x", "layers": 3},
        {"config": {"mediaType": "application/vnd.oci.image.config.v1+json"}},
    ],
)
def test_what_is_not_a_chart_is_known_as_such(
    registry: BadRegistry, client: RegistryClient, content: object
) -> None:
    registry.pages["/v2/shop/manifests/1"] = document(content)
    assert not client.manifest("shop", "1").is_chart
    with pytest.raises(Rejected, match="not a Helm chart"):
        client.pull_chart("shop", "1")


def test_a_chart_of_an_early_helm_is_read(registry: BadRegistry, client: RegistryClient) -> None:
    early = json.dumps(manifest_of(b"the chart")).replace(HELM_CHART, "application/tar+gzip")
    registry.pages["/v2/shop/manifests/1"] = body(early.encode())
    registry.pages[f"/v2/shop/blobs/{sha256(b'the chart')}"] = body(b"the chart")
    assert client.pull_chart("shop", "1") == b"the chart"


def test_a_chart_without_its_layer_is_rejected(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/shop/manifests/1"] = document({"config": {"mediaType": HELM_CONFIG}, "layers": [{}]})
    with pytest.raises(Rejected, match="no layer"):
        client.pull_chart("shop", "1")


def test_a_chart_that_says_it_is_too_large_is_not_downloaded(
    registry: BadRegistry, client: RegistryClient
) -> None:
    registry.pages["/v2/shop/manifests/1"] = document(manifest_of(b"x", size=1001))
    with pytest.raises(Rejected, match="1001 bytes"):
        client.pull_chart("shop", "1")


def test_a_download_that_floods_is_cut_off(registry: BadRegistry, client: RegistryClient) -> None:
    flood = b"x" * 5000
    registry.pages["/v2/shop/manifests/1"] = document(manifest_of(flood, size=10))
    registry.pages[f"/v2/shop/blobs/{sha256(flood)}"] = body(flood)
    with pytest.raises(Rejected, match="more than the 1000 bytes"):
        client.pull_chart("shop", "1")


def test_a_registry_that_does_not_answer_is_given_up(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/_catalog"] = lambda _: (registry.over.wait(5), None)[1]
    with pytest.raises(Retryable, match="does not answer in time"):
        list(client.repositories())


def test_a_download_that_drips_is_given_up(registry: BadRegistry, client: RegistryClient) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "900")
        handler.end_headers()
        while not registry.over.wait(0.1):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    registry.pages["/v2/_catalog"] = drip
    with pytest.raises(Retryable, match="too slowly"):
        list(client.repositories())


def test_headers_that_drip_are_given_up(registry: BadRegistry, client: RegistryClient) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not registry.over.wait(0.1):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    registry.pages["/v2/_catalog"] = drip
    with pytest.raises(Retryable, match="too slowly"):
        list(client.repositories())


def test_a_client_goes_on_after_an_answer_that_dripped(registry: BadRegistry, client: RegistryClient) -> None:
    test_headers_that_drip_are_given_up(registry, client)
    registry.pages["/v2/_catalog"] = document({"repositories": ["a"]})
    assert list(client.repositories()) == ["a"]


def test_all_requests_of_a_round_have_one_deadline(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/_catalog"] = document({"repositories": ["a"]})
    with client.within(60):
        assert list(client.repositories()) == ["a"]
    with client.within(0), pytest.raises(RoundOver, match="next round"):
        list(client.repositories())
    assert list(client.repositories()) == ["a"]
    assert len(registry.asked) == 2


@pytest.mark.parametrize("code", [429, 503])
def test_a_registry_that_asks_for_time_is_left_alone(
    registry: BadRegistry, client: RegistryClient, code: int
) -> None:
    registry.pages["/v2/_catalog"] = body(b"", code=code, Retry_After="120")
    for _ in range(3):
        with pytest.raises(RegistryBusy, match=r"left alone for 1\d\d "):
            list(client.repositories())
    assert len(registry.asked) == 1


@pytest.mark.parametrize("header", ["", "soon", "-5", "0", "Mon, 01 Jan 2001 00:00:00 GMT"])
def test_a_registry_that_names_no_time_is_asked_again(
    registry: BadRegistry, client: RegistryClient, header: str
) -> None:
    registry.pages["/v2/_catalog"] = body(b"", code=429, Retry_After=header)
    for _ in range(2):
        with pytest.raises(Retryable, match="status 429"):
            list(client.repositories())
    assert len(registry.asked) == 2


def test_gzip_that_was_not_asked_for_is_unpacked(registry: BadRegistry, client: RegistryClient) -> None:
    packed = gzip.compress(json.dumps({"repositories": ["a"]}).encode())
    registry.pages["/v2/_catalog"] = body(packed, Content_Encoding="gzip")
    assert list(client.repositories()) == ["a"]


def test_a_bomb_of_gzip_is_cut_off(registry: BadRegistry, client: RegistryClient) -> None:
    chart = b"x" * 50_000_000
    bomb = gzip.compress(chart)
    registry.pages["/v2/shop/manifests/1"] = document(manifest_of(chart, size=10))
    registry.pages[f"/v2/shop/blobs/{sha256(chart)}"] = body(bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(Rejected, match="more than the 1000 bytes"):
            client.pull_chart("shop", "1")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("encoding", "content"), [("br", b"{}"), ("gzip", b"{}"), ("deflate", b"{}")])
def test_an_encoding_that_can_t_be_undone_is_refused(
    registry: BadRegistry, client: RegistryClient, encoding: str, content: bytes
) -> None:
    registry.pages["/v2/_catalog"] = body(content, Content_Encoding=encoding)
    with pytest.raises(Rejected, match=r"not asked for|damaged gzip"):
        list(client.repositories())


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_chart_is_fetched_by_its_digest_and_compared(
    registry: BadRegistry, client: RegistryClient, algorithm: str
) -> None:
    content = json.dumps(manifest_of(b"the chart")).encode()
    digest = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    registry.pages[f"/v2/shop/manifests/{digest}"] = body(content)
    registry.pages[f"/v2/shop/blobs/{sha256(b'the chart')}"] = body(b"the chart")
    assert client.pull_chart("shop", digest) == b"the chart"
    registry.pages[f"/v2/shop/manifests/{digest}"] = body(content + b" ")
    with pytest.raises(Rejected, match="is not what"):
        client.pull_chart("shop", digest)


def test_a_digest_of_an_unknown_kind_is_refused(registry: BadRegistry, client: RegistryClient) -> None:
    registry.pages["/v2/shop/manifests/md5:00"] = document(manifest_of(b"the chart"))
    with pytest.raises(Rejected, match="'md5' are not supported"):
        client.pull_chart("shop", "md5:00")


def test_the_largest_archive_that_is_read_may_be_downloaded() -> None:
    assert RegistryLimits().chart_bytes == MAX_ARCHIVE_BYTES


def test_a_registry_that_is_not_there_is_told(registry: BadRegistry) -> None:
    with (
        RegistryClient("http://127.0.0.1:1", limits=LIMITS) as client,
        pytest.raises(Retryable, match="cannot be reached"),
    ):
        list(client.repositories())


def test_the_store_that_a_download_is_redirected_to_does_not_get_the_authorization(
    registry: BadRegistry, client: RegistryClient
) -> None:
    store = BadRegistry()
    thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    chart = b"the chart"
    registry.pages["/v2/shop/manifests/1"] = document(manifest_of(chart))
    registry.pages[f"/v2/shop/blobs/{sha256(chart)}"] = body(b"", code=307, Location=f"{store.url}/signed")
    store.pages["/signed"] = body(chart)
    try:
        assert client.pull_chart("shop", "1") == chart
    finally:
        store.shutdown()
        store.server_close()
        thread.join()
    assert registry.authorizations == ["Basic secret"] * 2
    assert store.authorizations == [None]


@pytest.mark.parametrize(
    "address", ["", "registry.example", "ftp://registry.example", "file:///etc", "https://"]
)
def test_an_address_that_is_none_is_rejected(address: str) -> None:
    with pytest.raises(Rejected, match="not an http or https address"):
        RegistryClient(address)


@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_base_with_a_path_is_kept(registry: BadRegistry, suffix: str) -> None:
    link = '</proxy/v2/_catalog2?last=a>; rel="next"'
    registry.pages["/proxy/v2/_catalog"] = document({"repositories": ["a"]}, Link=link)
    registry.pages["/proxy/v2/_catalog2"] = document({"repositories": ["b"]})
    with RegistryClient(f"{registry.url}/proxy{suffix}", limits=LIMITS) as client:
        assert list(client.repositories()) == ["a", "b"]
