{{/* The dashboard. Names are those of the argo-rollouts chart here too. */}}
{{- define "rollouts.dashboard.fullname" -}}
{{ include "rollouts.fullname" . | trunc 53 | trimSuffix "-" }}-dashboard
{{- end -}}

{{- define "rollouts.dashboard.serviceAccount" -}}
{{- $made := ternary (include "rollouts.dashboard.fullname" .) "default" .Values.dashboard.serviceAccount.create -}}
{{- default $made .Values.dashboard.serviceAccount.name -}}
{{- end -}}

{{- define "rollouts.dashboard.selector" -}}
{{ include "rollouts.selectorOf" (list . .Values.dashboard.component) }}
{{- end -}}

{{- define "rollouts.dashboard.labels" -}}
{{ include "rollouts.labelsOf" (list . .Values.dashboard.component) }}
{{- end -}}

{{/* Name, namespace and labels. */}}
{{- define "rollouts.dashboard.metadata" -}}
name: {{ include "rollouts.dashboard.fullname" . }}
namespace: {{ include "rollouts.namespace" . }}
labels:
  {{- include "rollouts.dashboard.labels" . | nindent 2 }}
{{- end -}}

{{/* The same for an object that is in no namespace: two releases may have one name. */}}
{{- define "rollouts.dashboard.clusterMetadata" -}}
{{- $name := include "rollouts.dashboard.fullname" . -}}
name: {{ ternary $name (printf "%s-%s" (include "rollouts.namespace" .) $name) .Values.clusterInstall }}
labels:
  {{- include "rollouts.dashboard.labels" . | nindent 2 }}
{{- end -}}

{{- define "rollouts.dashboard.subject" -}}
kind: ServiceAccount
name: {{ include "rollouts.dashboard.serviceAccount" . }}
namespace: {{ include "rollouts.namespace" . }}
{{- end -}}

{{/* The controller's, as far as nothing else is said; its tag and digest are of its repository only. */}}
{{- define "rollouts.dashboard.image" -}}
{{- $image := mustDeepCopy .Values.dashboard.image -}}
{{- $ours := .Values.controller.image -}}
{{- $same := and (has $image.repository (list "" $ours.repository)) (has $image.registry (list "" $ours.registry)) -}}
{{- if and $same (not $image.tag) (not $image.digest) -}}
{{- $_ := set $image "tag" $ours.tag -}}
{{- $_ := set $image "digest" $ours.digest -}}
{{- end -}}
{{- $_ := set $image "registry" (default $ours.registry $image.registry) -}}
{{- $_ := set $image "repository" (default $ours.repository $image.repository) -}}
{{- include "rollouts.imageOf" (list . $image) -}}
{{- end -}}

{{/* What people may call it, one per line: requests for any other Host are refused. A host of an
Ingress with a "*" is no name. */}}
{{- define "rollouts.dashboard.hosts" -}}
{{- with .Values.dashboard -}}
{{- $hosts := .hosts -}}
{{- if .ingress.enabled -}}
{{- $hosts = concat $hosts .ingress.hosts -}}
{{- end -}}
{{- if .httproute.enabled -}}
{{- $hosts = concat $hosts .httproute.hostnames -}}
{{- end -}}
{{- range uniq $hosts -}}
{{- if not (hasPrefix "*" .) }}
{{ . }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The names that the Service has in the cluster, one per line. */}}
{{- define "rollouts.dashboard.serviceNames" -}}
{{- $name := include "rollouts.dashboard.fullname" . -}}
{{- $namespace := include "rollouts.namespace" . -}}
{{ $name }}
{{ $name }}.{{ $namespace }}
{{ $name }}.{{ $namespace }}.svc
{{ $name }}.{{ $namespace }}.svc.cluster.local
{{- end -}}

{{/* Values that cannot be honoured, one per line, each with what to do. */}}
{{- define "rollouts.dashboard.refused" -}}
{{- with .Values.dashboard -}}
{{- if .enabled -}}
{{- if not (has .rootPath (list "" "/")) }}
dashboard.rootPath is {{ .rootPath }}, but the dashboard is served at /; give it a host of its own in dashboard.ingress.hosts, and leave dashboard.rootPath out
{{- end -}}
{{- $port := .service.targetPort | toString -}}
{{- if eq .login "proxy" -}}
{{- if not .extraContainers }}
dashboard.login is proxy, but there is none: put the container that people log in at into dashboard.extraContainers; see docs/install.md
{{- end -}}
{{- if has $port (list "dashboard" (toString .containerPort)) }}
dashboard.login is proxy, so the dashboard can be reached by the proxy alone; set dashboard.service.targetPort to the port of the proxy, not to {{ $port }}
{{- end -}}
{{- end -}}
{{- if and (or .ingress.enabled .httproute.enabled) (not (include "rollouts.dashboard.hosts" $ | trim)) }}
dashboard.ingress and dashboard.httproute name no host, and the dashboard answers only to names that it knows; name the host in dashboard.ingress.hosts or dashboard.httproute.hostnames, or what people type in dashboard.hosts
{{- end -}}
{{- if and .httproute.enabled (not .httproute.parentRefs) }}
dashboard.httproute belongs to no Gateway; name one in dashboard.httproute.parentRefs
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
