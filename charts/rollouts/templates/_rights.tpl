{{/* Generated from controller/src/rights.rs and dashboard/src/rights.rs; do not edit. After a change there: cargo run -p chart */}}
{{- define "rollouts.rights.watched" -}}
# get: whether a Rollout is still there before a ReplicaSet is adopted or a Service is given back.
# patch: the annotation with the number of the revision.
- apiGroups: ["argoproj.io"]
  resources: [rollouts]
  verbs: [get, list, watch, patch]
# Where a Rollout stands.
- apiGroups: ["argoproj.io"]
  resources: [rollouts/status]
  verbs: [patch]
# Never asked for: an admission plugin of some clusters wants it of whoever writes an owner that
# blocks its deletion, as a ReplicaSet's does.
- apiGroups: ["argoproj.io"]
  resources: [rollouts/finalizers]
  verbs: [update]
# get: how the API server stored a template, and a last look before something is changed. delete:
# those beyond spec.revisionHistoryLimit.
- apiGroups: ["apps"]
  resources: [replicasets]
  verbs: [get, list, watch, create, patch, delete]
# get: a last look before one is switched or given back. patch: the selector.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, patch]
# patch: the count of an Event that comes again.
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
{{- define "rollouts.rights.own" -}}
# A right to create cannot be bound to a name.
- apiGroups: ["coordination.k8s.io"]
  resources: [leases]
  verbs: [create]
# Who acts: one of several controllers.
- apiGroups: ["coordination.k8s.io"]
  resources: [leases]
  resourceNames: ['argo-rollouts-controller-lock{{ include "rollouts.leaseSuffix" . }}']
  verbs: [get, update]
{{- end -}}
{{- define "rollouts.rights.dashboard.watched" -}}
# What is shown; one watch for all viewers.
- apiGroups: ["argoproj.io"]
  resources: [rollouts]
  verbs: [list, watch]
# The revisions of a Rollout; one watch for all viewers.
- apiGroups: ["apps"]
  resources: [replicasets]
  verbs: [list, watch]
# Those of a Rollout whose page is open, and why they are not ready.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# Which revision the Services of a Rollout select, while its page is open.
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
# What happened to a Rollout whose page is open.
- apiGroups: [""]
  resources: [events]
  verbs: [list, watch]
# What was measured for a Rollout whose page is open.
- apiGroups: ["argoproj.io"]
  resources: [analysisruns]
  verbs: [list, watch]
# What was tried for a Rollout whose page is open.
- apiGroups: ["argoproj.io"]
  resources: [experiments]
  verbs: [list, watch]
{{- end -}}
{{- define "rollouts.rights.dashboard.cluster" -}}
# Who somebody is that sent a token. Nothing is stored by it.
- apiGroups: ["authentication.k8s.io"]
  resources: [tokenreviews]
  verbs: [create]
# Whether a viewer may see what is asked for. Nothing is stored by it.
- apiGroups: ["authorization.k8s.io"]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end -}}
