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
app.kubernetes.io/component: {{ .Values.controller.component }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: {{ include "rollouts.name" . }}
{{- end -}}

{{- define "rollouts.labels" -}}
{{ include "rollouts.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: argo-rollouts
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | quote }}
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

{{/* A digest goes before the tag; a tag may have one of its own behind "@". */}}
{{- define "rollouts.image" -}}
{{- with .Values.controller.image -}}
{{- $name := ternary (printf "%s/%s" .registry .repository) .repository (ne .registry "") -}}
{{- if .digest -}}
{{- printf "%s@%s" $name .digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the name of the Lease ends with: "-" and the instance id, when there is one. */}}
{{- define "rollouts.leaseSuffix" -}}
{{- $flag := regexFind "--instance-id[= ]\\S+" (join " " .Values.controller.extraArgs) -}}
{{- with $flag -}}
{{- printf "-%s" (regexReplaceAll "--instance-id[= ]" . "") -}}
{{- end -}}
{{- end -}}
