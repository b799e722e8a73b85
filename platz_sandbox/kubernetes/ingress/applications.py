"""The demo applications: the status that each reports, and the effects of its actions.

Invariant: an application's status is a pure function of its Pods' image and environment, the time since it started,
and its memory. The contract between the charts and this module is in the docstring of `platz_sandbox.demo_charts`.
Source of the status document's form: chart extensions, "Status document".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_object

Memory: TypeAlias = dict[str, Any]  # an application's memory: any JSON that its actions stored


class ActionFailed(Exception):
    """The application's own error about an action."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A running application: its ready Pods, their settings, and the ``seconds`` since the oldest Pod started."""

    application: str
    image: str
    pods: int
    environment: Mapping[str, str]
    seconds: float
    memory: Memory

    def number(self, name: str, default: int) -> int:
        """Return a whole number from the environment; the default when the variable is missing or no number."""
        text = self.environment.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else default


def _metric(value: float | str, unit: str, description: str, color: str | None = None) -> KubeObject:
    return {"value": value, "unit": unit, "short_description": description, "color": color}


def _document(
    name: str, color: str, primary: KubeObject | None, metrics: list[KubeObject], notices: list[KubeObject]
) -> KubeObject:
    return {
        "status": {"name": name, "color": color}, "primary_metric": primary, "metrics": metrics, "notices": notices,
    }  # fmt: skip


def _notice(level: str, text: str) -> KubeObject:
    return {"level": level, "text": text}


_SECONDS_PER_ORDER = 4.0
_PRICE = 19.5


def _web_shop(running: Running) -> KubeObject:
    memory = running.memory
    orders = int(running.seconds / _SECONDS_PER_ORDER)
    stock = max(running.number("SHOP_STOCK", 100) + int(memory.get("restocked", 0)) - orders // 5, 0)
    discount = float(memory.get("discount", 0))
    revenue = f"{orders * _PRICE * (1 - discount / 100):.2f}"
    metrics = [
        _metric(revenue, running.environment.get("SHOP_CURRENCY", "EUR"), "Revenue", "success"),
        _metric(stock, "", "Stock", "warning" if stock < 10 else None),
        _metric(running.pods, "", "Pods"),
        *([_metric(discount, "%", "Discount", "primary")] if discount else []),
    ]
    shop = running.environment.get("SHOP_NAME")
    notices = [_notice("Info", shop)] if shop else []
    if reason := memory.get("closed"):
        return _document(
            "Closed", "danger", _metric(orders, "", "Orders"), metrics, [*notices, _notice("Danger", reason)]
        )
    if running.environment.get("SHOP_MAINTENANCE") == "true":
        return _document("Maintenance", "warning", _metric(orders, "", "Orders"), metrics, notices)
    if not stock:
        notices.append(_notice("Warning", "Everything is sold out"))
    return _document("Open", "success", _metric(orders, "", "Orders", "primary"), metrics, notices)


def _registry_cache(running: Running) -> KubeObject:
    capacity = running.number("CACHE_SIZE_GB", 50)
    filling = running.seconds - float(running.memory.get("purged_at", 0))
    used = min(round(filling / 60, 1), float(capacity))
    full = capacity and used / capacity > 0.9
    metrics = [_metric(capacity, "GB", "Capacity"), _metric(running.pods, "", "Pods")]
    upstream = running.environment.get("CACHE_UPSTREAM")
    notices = [_notice("Info", f"Mirrors {upstream}")] if upstream else []
    name, color = ("Nearly full", "warning") if full else ("Caching", "success")
    return _document(name, color, _metric(used, "GB", "Used", "primary"), metrics, notices)


def _storefront(running: Running) -> KubeObject:
    campaigns = len(running.memory.get("campaigns", {}))
    shop = running.environment.get("STORE_SHOP_HOST")
    notices = (
        [_notice("Info", f"Shows the goods of {shop}")]
        if shop
        else [_notice("Warning", "No web shop is chosen")]
    )
    visitors = int(running.seconds * 3)
    return _document("Serving", "success", _metric(visitors, "", "Visitors", "primary"),
                     [_metric(campaigns, "", "Campaigns"), _metric(running.pods, "", "Pods")], notices)  # fmt: skip


def _chaos_monkey(running: Running) -> KubeObject:
    mode = running.environment.get("CHAOS_MODE", "works")
    color = "success" if mode == "works" else "warning"
    return _document(mode, color, _metric(running.pods, "", "Pods"), [], [])


def _any(running: Running) -> KubeObject:
    return _document(
        "Running", "success", _metric(running.pods, "", "Pods"), [], [_notice("Info", running.image)]
    )


_STATUS: Mapping[str, Callable[[Running], KubeObject]] = {
    "web-shop": _web_shop,
    "registry-cache": _registry_cache,
    "storefront": _storefront,
    "chaos-monkey": _chaos_monkey,
}


_WITHOUT_STATUS = frozenset({"guestbook"})


def status_of(running: Running) -> KubeObject | None:
    """Return an application's status document, or None when it reports none."""
    if running.application in _WITHOUT_STATUS:
        return None
    return _STATUS.get(running.application, _any)(running)


def remember(running: Running, method: str, path: str, body: Any) -> None:
    """Remember a request to `/resources/...`: the last one of each path, and the present campaigns."""
    running.memory.setdefault("resources", {})[path] = {"method": method, "body": body}
    campaigns = running.memory.setdefault("campaigns", {})
    if is_object(body) and "id" in body:
        if method == "DELETE":
            campaigns.pop(str(body["id"]), None)
        else:
            campaigns[str(body["id"])] = body.get("name")


def _restock(running: Running, body: KubeObject) -> str:
    units = body.get("units", 0)
    if not isinstance(units, int | float) or units < 0:
        raise ActionFailed(f"{units!r} units can't be delivered")
    running.memory["restocked"] = int(running.memory.get("restocked", 0)) + int(units)
    return f"{int(units)} units were delivered by {body.get('supplier') or 'the usual supplier'}"


def _set_discount(running: Running, body: KubeObject) -> str:
    percent = body.get("percent", 0)
    if not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise ActionFailed(f"{percent!r} is no discount")
    running.memory["discount"] = percent
    return f"The discount is {percent} %"


def _close(running: Running, body: KubeObject) -> str:
    running.memory["closed"] = str(body.get("reason") or "Closed by hand")
    return "The shop is closed"


def _open(running: Running, _body: KubeObject) -> str:
    running.memory.pop("closed", None)
    return "The shop is open"


def _purge(running: Running, _body: KubeObject) -> str:
    running.memory["purged_at"] = running.seconds
    return "The cache is empty"


def _explode(_running: Running, _body: KubeObject) -> str:
    raise ActionFailed("Boom")


_ACTIONS: Mapping[tuple[str, str], Callable[[Running, KubeObject], str]] = {
    ("web-shop", "restock"): _restock,
    ("web-shop", "set-discount"): _set_discount,
    ("web-shop", "close"): _close,
    ("web-shop", "open"): _open,
    ("registry-cache", "purge"): _purge,
    ("chaos-monkey", "explode"): _explode,
}


def act(running: Running, name: str, body: Any) -> str:
    """Run an action, which may change ``running.memory``; return the application's message.

    Raises `ActionFailed` when the application can't do it. An action that the application does not know is remembered.
    """
    action = _ACTIONS.get((running.application, name))
    document = body if is_object(body) else {}
    if action is None:
        running.memory.setdefault("actions", {})[name] = body
        return f"{name} is done"
    return action(running, document)
