{{/* Name of the chart in labels. */}}
{{- define "kompass.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What the objects' names start with; 40 characters, so that suffixes fit into 63. */}}
{{- define "kompass.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kompass.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kompass.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kompass.labels" -}}
{{ include "kompass.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kompass.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (printf "%s-operator" (include "kompass.fullname" .)) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Reference of an image; takes {image, appVersion}. */}}
{{- define "kompass.image" -}}
{{- if .image.digest }}
{{- printf "%s@%s" .image.repository .image.digest }}
{{- else }}
{{- printf "%s:%s" .image.repository (default .appVersion .image.tag) }}
{{- end }}
{{- end }}

{{- define "kompass.operatorImage" -}}
{{- include "kompass.image" (dict "image" .Values.image "appVersion" .Chart.AppVersion) }}
{{- end }}

{{- define "kompass.workerImage" -}}
{{- include "kompass.image" (dict "image" .Values.worker.image "appVersion" .Chart.AppVersion) }}
{{- end }}

{{/* Default storage of runs as JSON: the values, completed from the embedded server. */}}
{{- define "kompass.storage" -}}
{{- $given := omit .Values.objectStorage "embedded" }}
{{- $embedded := .Values.objectStorage.embedded }}
{{- if $embedded.enabled }}
{{- if or $given.endpoint $given.credentialsSecret }}
{{- fail "objectStorage.embedded.enabled goes with an empty objectStorage.endpoint and objectStorage.credentialsSecret: choose the embedded server or one of yours" }}
{{- end }}
{{- $s3 := printf "%s-s3" (include "kompass.fullname" .) }}
{{- $_ := set $given "endpoint" (printf "http://%s.%s.svc:8333" $s3 .Release.Namespace) }}
{{- $_ := set $given "credentialsSecret" $s3 }}
{{- $_ := set $given "uri" (default (printf "s3://%s/runs" $embedded.bucket) $given.uri) }}
{{- else if and (not $given.uri) (or $given.endpoint $given.credentialsSecret) }}
{{- fail "objectStorage.endpoint and objectStorage.credentialsSecret need objectStorage.uri, such as s3://bucket/prefix" }}
{{- end }}
{{- toJson $given }}
{{- end }}

{{/* Egress rules of Offline runs as JSON: those of the values, and the embedded server. */}}
{{- define "kompass.network.offline" -}}
{{- $rules := .Values.networkPolicies.offline }}
{{- if .Values.objectStorage.embedded.enabled }}
{{- $namespace := dict "matchLabels" (dict "kubernetes.io/metadata.name" .Release.Namespace) }}
{{- $pods := dict "matchLabels" (include "kompass.selectorLabels" . | fromYaml | merge (dict "app.kubernetes.io/component" "s3")) }}
{{- $peer := dict "namespaceSelector" $namespace "podSelector" $pods }}
{{- $rules = append $rules (dict "to" (list $peer) "ports" (list (dict "protocol" "TCP" "port" 8333))) }}
{{- end }}
{{- toJson $rules }}
{{- end }}

{{/* Who may reach the pods of runs, as JSON: the operator, and those of the values. */}}
{{- define "kompass.network.ingress" -}}
{{- $namespace := dict "matchLabels" (dict "kubernetes.io/metadata.name" .Release.Namespace) }}
{{- $pods := dict "matchLabels" (include "kompass.selectorLabels" . | fromYaml | merge (dict "app.kubernetes.io/component" "operator")) }}
{{- $operator := dict "namespaceSelector" $namespace "podSelector" $pods }}
{{- toJson (prepend .Values.networkPolicies.ingress $operator) }}
{{- end }}

{{/* Keys of the embedded S3 server as JSON: given, else those of the release that is there, else random. */}}
{{- define "kompass.s3.keys" -}}
{{- $embedded := .Values.objectStorage.embedded }}
{{- if not (hasKey $embedded "_keys") }}
{{- $held := lookup "v1" "Secret" .Release.Namespace (printf "%s-s3" (include "kompass.fullname" .)) }}
{{- $data := dict }}
{{- if $held }}{{ $data = $held.data }}{{ end }}
{{- $access := get $data "AWS_ACCESS_KEY_ID" | b64dec | default (randAlphaNum 20) }}
{{- $secret := get $data "AWS_SECRET_ACCESS_KEY" | b64dec | default (randAlphaNum 40) }}
{{- $_ := set $embedded "_keys" (dict "access" (default $access $embedded.accessKey) "secret" (default $secret $embedded.secretKey)) }}
{{- end }}
{{- toJson $embedded._keys }}
{{- end }}
