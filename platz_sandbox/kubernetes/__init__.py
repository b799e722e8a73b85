"""The sandbox's Kubernetes: a small API server with controllers, which serves several clusters from one process.

Invariant: what a client sees of a cluster is what a real API server would show it (objects, versions,
events, conflicts, errors); no image is ever pulled and no container ever runs. A change is on disk before a client
sees it, so a `kill -9` loses nothing, and roll-outs under way go on after the restart.

Start it with `StandInProcess(name=..., module="platz_sandbox.kubernetes", arguments=...)`
and these arguments::

    --data DIR            certificates, tokens, kubeconfig and state; kept between runs
    --port P              the API's TLS port on 127.0.0.1 (0: a free one)
    --ingress-port Q      the ingress stand-in's TLS port on 127.0.0.1 (0: a free one)
    --cluster NAME        once for each cluster
    --ready-seconds S     from a Pod's start until it is ready (default 0.6)
    --run-seconds S       how long a Pod runs whose restartPolicy is not `Always` (default 0.6)
    --terminate-seconds S how long a deleted Pod, or an emptied namespace, remains (default 0.2)
    --control-seconds S   how long after a change the control loops look at it (default 0: at once)

It announces::

    {"kubeconfig": PATH,                              contexts named as the clusters; mode 0600
     "clusters": [{"name": "east", "server": "https://127.0.0.1:P/clusters/east"}, ...],
     "ingress": "127.0.0.1:Q",                        TLS; any host name; HTTP/1.1
     "ca": PATH,                                      PEM of the authority that signed both listeners' certificates
     "control": "https://127.0.0.1:P/control", "control_token": TEXT}

The last three are also in the folder's `control.json`, with mode 0600.

`platz_sandbox.kubernetes.control.Control` is the client of the control endpoint: fault switches (latency, status
codes, dropped, half-open and truncated streams, forced 410, refused tokens, throttling) and extra bearer tokens.

The marks of a Pod (annotations of the Pod template, or its images) and what they make it do:

| mark | effect |
| --- | --- |
| image contains `never-ready`; `sandbox.platz.io/never-ready: "true"` | runs, never becomes ready |
| image contains `crash`; `sandbox.platz.io/crash: "true"` | CrashLoopBackOff; fails unless restartPolicy is `Always` |
| `sandbox.platz.io/ready-seconds: "N"` | becomes ready after N seconds |
| `sandbox.platz.io/run-seconds: "N"` | a Pod whose restartPolicy is not `Always` ends after N seconds |
| `sandbox.platz.io/exit-code: "N"` | ... with exit code N; other than 0 is a failure |
| `sandbox.platz.io/app: NAME` | the ingress stand-in answers for this application (see `ingress`) |
| `sandbox.platz.io/status-fails: "true"` | ... and its `GET /status` answers 500 |

Every Pod is scheduled, whatever its node selector and tolerations say.
"""
