"""`/api/v2/openapi.json`, and `/api/v2/docs`: the same document as a page to read, without scripts.

Invariant: both are open to everyone and tell nothing about the installation but its release; they are made once, at the
first request, because making them takes a moment.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from platz.http.openapi.document import REF, openapi_document
from platz.http.route import AnyRoute

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1c2733;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #d5dce4}
details{border:1px solid #d5dce4;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer}
summary b{display:inline-block;width:5rem;font-family:ui-monospace,monospace}
code{font-family:ui-monospace,monospace;font-size:.93em}
table{border-collapse:collapse;margin:.6rem 0;width:100%}
td,th{border-bottom:1px solid #e6ebf0;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
nav a{margin-right:.8rem;white-space:nowrap}
a{color:#0b5cad}
@media (prefers-color-scheme:dark){body{color:#dbe3ec;background:#10161d}a{color:#7bb6f2}
details,h2{border-color:#33404d}td,th{border-color:#26313c}}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
Schema = Any  # JSON schema has no static type


def document_routes(base: str, routes: tuple[AnyRoute, ...], version: str) -> list[BaseRoute]:
    """Return the two routes under ``base``."""

    @lru_cache(maxsize=1)
    def document() -> bytes:
        return orjson.dumps(openapi_document(routes, version=version))

    @lru_cache(maxsize=1)
    def page() -> bytes:
        return render_page(orjson.loads(document())).encode()

    return [
        Route(f"{base}/openapi.json", _serving(document, "application/json", None), methods=["GET"]),
        Route(f"{base}/docs", _serving(page, "text/html; charset=utf-8", POLICY), methods=["GET"]),
    ]


def _serving(made: Callable[[], bytes], media_type: str, policy: str | None) -> Callable[[Request], Any]:
    async def serve(_request: Request) -> Response:
        headers = {"cache-control": "no-cache", **({"content-security-policy": policy} if policy else {})}
        return Response(await run_in_threadpool(made), media_type=media_type, headers=headers)

    return serve


def render_page(document: Schema) -> str:
    """Return the page as HTML."""
    info, tags = document["info"], [tag["name"] for tag in document["tags"]]
    links = "".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a> ' for tag in [*tags, "Schemas"])
    sections = "".join(_section(document, tag) for tag in tags)
    schemas = "".join(
        _schema_details(name, schema) for name, schema in document["components"]["schemas"].items()
    )
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f'<h1>{title}</h1><p>As a document: <a href="openapi.json">openapi.json</a>.'
        " Send an access token as <code>Authorization: Bearer</code> or an API token as"
        f" <code>x-platz-token</code>.</p><nav>{links}</nav>{sections}"
        f'<h2 id="schemas">Schemas</h2>{schemas}</body></html>'
    )


def _section(document: Schema, tag: str) -> str:
    operations = [
        _operation_details(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    if not operations:
        return ""
    return f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>{"".join(operations)}'


def _operation_details(method: str, path: str, operation: Schema) -> str:
    parameters = _table(
        ("Parameter", "In", "Type", ""),
        (
            (known["name"], known["in"], _type_of(known["schema"]), escape(known.get("description", "")))
            for known in operation.get("parameters", ())
        ),
    )
    body = operation.get("requestBody")
    sent = f"<p>Body: {_type_of(body['content']['application/json']['schema'])}</p>" if body else ""
    answers = _table(
        ("Status", "", "Body"),
        (
            (status, escape(answer["description"]), _content_of(answer))
            for status, answer in operation["responses"].items()
        ),
    )
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><b>{method.upper()}</b> <code>{escape(path)}</code>'
        f" {escape(operation['summary'])}</summary><p>{escape(operation['description'])}"
        f" Operation <code>{escape(operation['operationId'])}</code>.</p>{parameters}{sent}{answers}</details>"
    )


def _content_of(answer: Schema) -> str:
    content = answer.get("content")
    return _type_of(content["application/json"]["schema"]) if content else "none"


def _schema_details(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    rows = (
        (
            f"<code>{escape(key)}</code>",
            _type_of(member),
            "" if key in required else "optional",
            escape(member.get("description", "")),
        )
        for key, member in schema.get("properties", {}).items()
    )
    fields = _table(("Field", "Type", "", ""), rows)
    what = "" if "properties" in schema else f"<p>{_type_of(schema)}</p>"
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{escape(schema.get('description', ''))}</p>{what}{fields}</details>"
    )


def _type_of(schema: Schema) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(REF))
        return f'<a href="#schema-{name}">{name}</a>'
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(_type_of(one) for one in schema[choice])
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    match schema.get("type"):
        case "array":
            return f"list of {_type_of(schema.get('items', {}))}"
        case "object" if "properties" in schema:
            members = (f"<code>{escape(k)}</code>: {_type_of(v)}" for k, v in schema["properties"].items())
            return "{ " + ", ".join(members) + " }"
        case None:
            return "any JSON"
        case word:
            return escape(" ".join(filter(None, (str(word), schema.get("format")))))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<table><tr>{head}</tr>{body}</table>"


def _anchor(tag: str) -> str:
    return escape(tag.lower().replace(" ", "-"))
