{{- define "chaos-monkey.labels" -}}
app.kubernetes.io/name: chaos-monkey
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "chaos-monkey.selector" -}}
app.kubernetes.io/name: chaos-monkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "chaos-monkey.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
