{{/* Names are those of the argo-rollouts chart, so that a release of it can be upgraded to this one. */}}
{{- define "rollouts.name" -}}
{{- default "argo-rollouts" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "rollouts.fullname" -}}
{{- $name := default "argo-rollouts" .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "rollouts.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "rollouts.serviceAccount" -}}
{{- $made := ternary (include "rollouts.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $made .Values.serviceAccount.name -}}
{{- end -}}

{{- define "rollouts.selector" -}}
{{ include "rollouts.selectorOf" (list . .Values.controller.component) }}
{{- end -}}

{{- define "rollouts.labels" -}}
{{ include "rollouts.labelsOf" (list . .Values.controller.component) }}
{{- end -}}

{{/* Takes a list: the root, and the value of the label for the component. */}}
{{- define "rollouts.selectorOf" -}}
{{- $root := first . -}}
app.kubernetes.io/component: {{ last . }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/name: {{ include "rollouts.name" $root }}
{{- end -}}

{{/* Takes the same. */}}
{{- define "rollouts.labelsOf" -}}
{{- $root := first . -}}
{{ include "rollouts.selectorOf" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: argo-rollouts
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{- end -}}

{{/* Name, namespace and labels. */}}
{{- define "rollouts.metadata" -}}
name: {{ include "rollouts.fullname" . }}
namespace: {{ include "rollouts.namespace" . }}
labels:
  {{- include "rollouts.labels" . | nindent 2 }}
{{- end -}}

{{/* The same for an object that is in no namespace. */}}
{{- define "rollouts.clusterMetadata" -}}
name: {{ include "rollouts.fullname" . }}
labels:
  {{- include "rollouts.labels" . | nindent 2 }}
{{- end -}}

{{- define "rollouts.image" -}}
{{ include "rollouts.imageOf" (list . .Values.controller.image) }}
{{- end -}}

{{/*
A digest goes before the tag; a tag may have one of its own behind "@". Takes a list: the root, and a
map with registry, repository, tag and digest.
*/}}
{{- define "rollouts.imageOf" -}}
{{- $root := first . -}}
{{- with last . -}}
{{- $name := ternary (printf "%s/%s" .registry .repository) .repository (ne .registry "") -}}
{{- if .digest -}}
{{- printf "%s@%s" $name .digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default $root.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How a pod speaks to the API server: a token of its own, which is valid for an hour. */}}
{{- define "rollouts.tokenVolume" -}}
name: token
projected:
  sources:
  - serviceAccountToken:
      path: token
      expirationSeconds: 3600
  - configMap:
      name: kube-root-ca.crt
      items:
      - key: ca.crt
        path: ca.crt
  - downwardAPI:
      items:
      - path: namespace
        fieldRef:
          fieldPath: metadata.namespace
{{- end -}}

{{- define "rollouts.tokenMount" -}}
name: token
mountPath: /var/run/secrets/kubernetes.io/serviceaccount
readOnly: true
{{- end -}}

{{/*
Spread constraints, over the pods of this component when one names no others; over nodes when none is
given. Takes a list: the root, the component, and the constraints.
*/}}
{{- define "rollouts.spread" -}}
{{- $over := dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway" -}}
{{- $ours := dict "labelSelector" (dict "matchLabels" (include "rollouts.selectorOf" (initial .) | fromYaml)) -}}
{{- $all := list -}}
{{- range default (list $over) (last .) -}}
{{- $all = append $all (merge (deepCopy .) $ours) -}}
{{- end -}}
{{ toYaml $all }}
{{- end -}}

{{/* Where the API server and DNS are, as rules of a NetworkPolicy. */}}
{{- define "rollouts.egress" -}}
- ports:
  {{- range .Values.networkPolicy.apiServerPorts }}
  - port: {{ . }}
  {{- end }}
  {{- with .Values.networkPolicy.apiServerCIDRs }}
  to:
  {{- range . }}
  - ipBlock:
      cidr: {{ . }}
  {{- end }}
  {{- end }}
- ports:
  - port: 53
    protocol: UDP
  - port: 53
    protocol: TCP
{{- end -}}

{{/* The limits of a PodDisruptionBudget. */}}
{{- define "rollouts.disruption" -}}
{{- if kindIs "invalid" .minAvailable -}}
maxUnavailable: {{ kindIs "invalid" .maxUnavailable | ternary 1 .maxUnavailable }}
{{- else -}}
minAvailable: {{ .minAvailable }}
{{- end -}}
{{- end -}}

{{/* What the name of the Lease ends with: "-" and the instance id, when there is one. */}}
{{- define "rollouts.leaseSuffix" -}}
{{- $flag := regexFind "--instance-id[= ]\\S+" (join " " .Values.controller.extraArgs) -}}
{{- with $flag -}}
{{- printf "-%s" (regexReplaceAll "--instance-id[= ]" . "") -}}
{{- end -}}
{{- end -}}
