{{/* What the operator may do; a test compares this with kompass_operator.permissions. */}}
{{- define "kompass.rules" -}}
- apiGroups: [kompass.dev]
  resources: [evalruns]
  verbs: [create, delete, list, watch]
- apiGroups: [kompass.dev]
  resources: [evalsuites, modelendpoints, benchmarks]
  verbs: [list, watch]
- apiGroups: [kompass.dev]
  resources: [evalruns/status, evalsuites/status]
  verbs: [patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, delete, deletecollection, get, list, watch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, get]
{{- if .Values.networkPolicies.enabled }}
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [create, get]
{{- end }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [create, list]
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [list, watch]
{{- end }}

{{/* What it may see in the whole cluster: policies, and the labels of namespaces they select by. */}}
{{- define "kompass.clusterRules" -}}
- apiGroups: [kompass.dev]
  resources: [evalpolicies]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
