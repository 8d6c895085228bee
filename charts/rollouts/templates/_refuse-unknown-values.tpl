{{/*
Values that this chart does not know, one per line, each with what was probably meant.

Takes a dict: values (a map), path (of the map, with a "." at its end) and known (every path that may
have a value, what is below one may be anything; and every map of such, with a "." at its end). The
schema cannot do this: it knows no suggestions.
*/}}
{{- define "rollouts.unknown" -}}
{{- $known := .known -}}
{{- $folder := .path -}}
{{- range $key, $value := .values -}}
{{- $path := print $folder $key -}}
{{- if not (or (has $path $known) (eq $folder "global.")) -}}
{{- if and (kindIs "map" $value) (has (print $path ".") $known) -}}
{{- include "rollouts.unknown" (dict "values" $value "path" (print $path ".") "known" $known) -}}
{{- else -}}
{{- $meant := include "rollouts.nearest" (dict "path" $path "known" $known) -}}
{{- printf "%s is not a value of this chart; %s\n" $path $meant -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "did you mean …", by the last word of a path; of two as near, one in the same place. */}}
{{- define "rollouts.nearest" -}}
{{- $word := splitList "." .path | last -}}
{{- $folder := trimSuffix $word .path -}}
{{- $least := 100 -}}
{{- $best := "" -}}
{{- range .known -}}
{{- $candidate := trimSuffix "." . -}}
{{- $other := splitList "." $candidate | last -}}
{{- $far := include "rollouts.distance" (dict "a" (lower $word) "b" (lower $other)) | int -}}
{{- $far = add (mul 2 $far) (ternary 0 1 (eq $folder (trimSuffix $other $candidate))) | int -}}
{{- if lt $far $least -}}
{{- $least = $far -}}
{{- $best = $candidate -}}
{{- end -}}
{{- end -}}
{{- if le $least (add 3 (div (len $word) 2) | int) -}}
did you mean {{ $best }}?
{{- else -}}
see the table of values in the chart's README.md
{{- end -}}
{{- end -}}

{{/* Letters to add, leave out or change to get from one word to the other (Levenshtein). */}}
{{- define "rollouts.distance" -}}
{{- $b := splitList "" .b -}}
{{- $row := untilStep 0 (add1 (len $b) | int) 1 -}}
{{- range $i, $x := splitList "" .a -}}
{{- $next := list (add1 $i | int) -}}
{{- range $j, $y := $b -}}
{{- $changed := add (index $row $j) (ternary 0 1 (eq $x $y)) -}}
{{- $next = append $next (min $changed (add1 (index $row (add1 $j))) (add1 (last $next)) | int) -}}
{{- end -}}
{{- $row = $next -}}
{{- end -}}
{{- last $row -}}
{{- end -}}
