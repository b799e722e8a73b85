"""The charts that the sandbox's registry offers, and what they agree with the simulated clusters.

Sources are real chart folders in `charts/`; `updates/` holds the files that a later release changed.
Nothing pulls an image: the simulator's ingress stand-in plays the applications, and learns what to play
from the pods.

Invariant: a chart speaks to the stand-in only through what follows, all of it on the pod template (of a
Deployment, a StatefulSet, or the Job of a hook).

Annotations:

| annotation | meaning |
| --- | --- |
| `sandbox.platz.io/app` | which application the pod plays: the chart's name |
| `sandbox.platz.io/status-fails: "true"` | `GET /status` answers 500 |
| `sandbox.platz.io/run-seconds: "N"` | a hook pod runs N seconds before it ends |
| `sandbox.platz.io/exit-code: "N"` | a hook pod ends with that status |

An image whose name contains `never-ready` never becomes ready.

Environment of the pod's first container, by application:

| application | variable | meaning |
| --- | --- | --- |
| web-shop | `SHOP_NAME` | shown as a notice and on the page at `/` |
| | `SHOP_CURRENCY` | unit of the revenue metric, for example `EUR` |
| | `SHOP_STOCK` | units in stock at the start, a whole number |
| | `SHOP_MAINTENANCE` | `true`: the reported status is `Maintenance` (warning), else `Open` (success) |
| storefront | `STORE_TITLE` | shown on the page at `/` |
| | `STORE_SHOP_HOST` | host name of the web shop whose goods are shown |
| registry-cache | `CACHE_SIZE_GB` | capacity, a whole number |
| | `CACHE_UPSTREAM` | URL of the registry that is mirrored |
| chaos-monkey | `CHAOS_MODE` | `works`, or the failure that was asked for; reported as it is |
| guestbook | `GUESTBOOK_TITLE` | shown on the page at `/`; it reports no status |

Calls, all with a JSON object as body (a missing key counts as absent):

| application | call | effect to be seen in the next status |
| --- | --- | --- |
| web-shop | `POST /actions/restock` `{"units": 25, "supplier": "..."}` | stock grows by `units` |
| | `POST /actions/set-discount` `{"percent": 10}` | metric `Discount` (`%`) |
| | `POST /actions/close` `{"reason": "..."}` | status `Closed` (danger), the reason as notice |
| | `POST /actions/open` `{}` | status `Open` again |
| storefront | `POST /resources/campaigns` (the whole resource row) | remembered |
| | `PUT /resources/campaigns`, `DELETE /resources/campaigns` | remembered |
| registry-cache | `POST /actions/purge` `{"older_than_days": 7}` | `Used` falls to 0 |
| chaos-monkey | `POST /actions/explode` `{}` | answers 500 |
| guestbook | `POST /actions/clear` `{}` | 200 |
"""
