{{- define "web-shop.labels" -}}
app.kubernetes.io/name: web-shop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "web-shop.selector" -}}
app.kubernetes.io/name: web-shop
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "web-shop.database-host" -}}
{{ .Release.Name }}-database
{{- end }}
