"""The charts that the sandbox's registry offers, and their contract with the simulated clusters.

The sources are real chart folders in `charts/`; `updates/` holds the files that a later release changed. No image is
ever pulled: the simulator's ingress stand-in plays the applications that the pods name.

Invariant: a chart controls the stand-in only through the following annotations and variables of the pod template (of
a Deployment, a StatefulSet, or the Job of a hook).

Annotations:

| annotation | meaning |
| --- | --- |
| `sandbox.platz.io/app` | the application that the pod plays: the chart's name |
| `sandbox.platz.io/status-fails: "true"` | `GET /status` answers 500 |
| `sandbox.platz.io/run-seconds: "N"` | a hook pod runs N seconds before it ends |
| `sandbox.platz.io/exit-code: "N"` | a hook pod ends with exit code N |

A pod whose image name contains `never-ready` never becomes ready.

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
| chaos-monkey | `CHAOS_MODE` | `works`, or the chosen failure; reported unchanged |
| guestbook | `GUESTBOOK_TITLE` | shown on the page at `/`; it reports no status |

Requests, all with a JSON object as body (every key may be missing):

| application | request | effect on the next status |
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
