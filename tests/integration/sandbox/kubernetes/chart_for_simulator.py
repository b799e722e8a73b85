"""A chart with everything that Helm waits for: hooks, workloads, a Service, a volume."""

from __future__ import annotations

from pathlib import Path

_FILES = {
    "Chart.yaml": "apiVersion: v2\nname: sample\nversion: 1.0.0\n",
    "values.yaml": 'replicas: 2\nimage: registry.example/web:1\nhookExit: "0"\nnote: first\n',
    "templates/NOTES.txt": "{{ .Values.note }}\n",
    "templates/hook.yaml": """
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {sandbox.platz.io/exit-code: {{ .Values.hookExit | quote }}}
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: registry.example/migrate:1}]
""",
    "templates/test.yaml": """
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test}
spec:
  restartPolicy: Never
  containers: [{name: test, image: registry.example/test:1}]
""",
    "templates/web.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
        - {name: main, image: {{ .Values.image }}, ports: [{containerPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  type: LoadBalancer
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ .Release.Name }}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: {{ .Release.Name }}}
spec: {minAvailable: 1, selector: {matchLabels: {app: {{ .Release.Name }}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: {{ .Release.Name }}-db}
spec:
  serviceName: db
  selector: {matchLabels: {app: {{ .Release.Name }}-db}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}-db}}
    spec: {containers: [{name: db, image: "registry.example/db:1"}]}
""",
}


def write_chart(folder: Path) -> Path:
    """Write the chart's folder and return its path."""
    chart = folder / "sample"
    (chart / "templates").mkdir(parents=True)
    for name, text in _FILES.items():
        (chart / name).write_text(text.lstrip())
    return chart
