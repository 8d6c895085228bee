{{/* Generated from controller/src/rights.rs; do not edit. After a change there: cargo run -p chart */}}
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
