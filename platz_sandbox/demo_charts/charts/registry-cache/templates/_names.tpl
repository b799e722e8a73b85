{{- define "registry-cache.labels" -}}
app.kubernetes.io/name: registry-cache
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "registry-cache.selector" -}}
app.kubernetes.io/name: registry-cache
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "registry-cache.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
