{{/* The settings of a process. Called with a list of the root context and the workload's roles. */}}
{{- define "platz.environment" -}}
{{- $root := index . 0 -}}
{{- $roles := index . 1 -}}
{{- $values := $root.Values -}}
- {name: PLATZ_PRODUCTION, value: "true"}
- {name: PLATZ_ROLES, value: {{ join " " $roles | quote }}}
- {name: PLATZ_DATA_DIR, value: /var/lib/platz}
- {name: PLATZ_HEALTH_PORT, value: "8081"}
- {name: API_PORT, value: "3000"}
- {name: PLATZ_SELF_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: PLATZ_OWN_URL, value: {{ required "ownUrl is required: the public address of this installation." $values.ownUrl | quote }}}
- {name: PGSSLMODE, value: {{ $values.database.sslMode | quote }}}
{{- range $key := list "PGHOST" "PGPORT" "PGUSER" "PGPASSWORD" "PGDATABASE" }}
- {name: {{ $key }}, valueFrom: {secretKeyRef: {name: {{ $values.database.existingSecret | quote }}, key: {{ $key }}}}}
{{- end }}
{{- with $values.aws.region }}
- {name: AWS_REGION, value: {{ . | quote }}}
{{- end }}
{{- with $values.encryption.existingSecret }}
- {name: PLATZ_ENCRYPTION_KEYS, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: keys}}}
{{- end }}
{{- if has "api" $roles }}
{{- include "platz.identityProvider" $root }}
{{- with $values.adminEmails }}
- {name: ADMIN_EMAILS, value: {{ join " " . | quote }}}
{{- end }}
{{- end }}
- {name: PLATZ_CLUSTER_PROVIDER, value: {{ $values.clusters.provider | quote }}}
{{- if eq $values.clusters.provider "local" }}
- {name: PLATZ_KUBECONFIG_FOLDER, value: /etc/platz/kubeconfigs}
{{- end }}
{{- with $values.clusters.eksRoleArns }}
- {name: PLATZ_EKS_ROLE_ARNS, value: {{ join " " . | quote }}}
{{- end }}
- {name: PLATZ_REGISTRY_PROVIDER, value: {{ $values.registry.provider | quote }}}
{{- if eq $values.registry.provider "oci" }}
- {name: PLATZ_OCI_REGISTRY_URL, value: {{ required "registry.oci.url is required with registry.provider oci." $values.registry.oci.url | quote }}}
{{- else if has "charts" $roles }}
- {name: PLATZ_ECR_EVENTS_QUEUE, value: {{ required "registry.ecr.queue is required with registry.provider ecr." $values.registry.ecr.queue | quote }}}
- {name: PLATZ_ECR_EVENTS_REGION, value: {{ required "registry.ecr.region is required with registry.provider ecr." $values.registry.ecr.region | quote }}}
{{- with $values.registry.ecr.accounts }}
- {name: PLATZ_ECR_ACCOUNTS, value: {{ join " " . | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := $values.settings }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The settings of the identity provider, from a secret or from SSM. */}}
{{- define "platz.identityProvider" -}}
{{- if .Values.oidc.existingSecret }}
{{- range $key, $name := dict "serverUrl" "OIDC_SERVER_URL" "clientId" "OIDC_CLIENT_ID" "clientSecret" "OIDC_CLIENT_SECRET" }}
- {name: {{ $name }}, valueFrom: {secretKeyRef: {name: {{ $.Values.oidc.existingSecret | quote }}, key: {{ $key }}}}}
{{- end }}
{{- else }}
{{- range $key, $name := dict "serverUrl" "PLATZ_OIDC_SSM_SERVER_URL" "clientId" "PLATZ_OIDC_SSM_CLIENT_ID" "clientSecret" "PLATZ_OIDC_SSM_CLIENT_SECRET" }}
- {name: {{ $name }}, value: {{ required (printf "oidc.ssm.%s is required without oidc.existingSecret." $key) (index $.Values.oidc.ssm $key) | quote }}}
{{- end }}
{{- end }}
{{- end -}}
