// What the server tells; the names are those of `kubectl rollouts get rollout -o json`.

export interface Counts {
  desired: number;
  current: number;
  updated: number;
  ready: number;
  available: number;
}

export interface Image {
  image: string;
  tags: string[];
}

export interface Waiting {
  reason: string;
  object?: string;
  seen?: string;
  needed?: string;
  since?: string;
  until?: string;
  release?: string;
  fix?: string;
  command?: string;
}

export interface Row {
  namespace: string;
  name: string;
  created: string | null;
  status: string;
  message: string;
  strategy: string;
  step?: string;
  setWeight?: number;
  actualWeight?: number;
  images: Image[];
  replicas: Counts;
  waitingOn?: Waiting;
}

/** When a step that is still to come begins at the earliest. */
export type Start = { at: string } | { after: number } | "promoted";

export interface Step {
  index: number;
  text: string;
  state: "past" | "now" | "next";
  since?: string;
  until?: string;
  start?: Start;
}

export interface Pod {
  name: string;
  created: string | null;
  status: string;
  ready: string;
  restarts: number;
  node?: string;
}

export interface ReplicaSet {
  name: string;
  created: string | null;
  status: string;
  tags: string[];
  replicas: number;
  available: number;
  images: string[];
  scaleDownDeadline?: string;
  pods: Pod[];
}

export interface Revision {
  revision: number;
  replicaSets: ReplicaSet[];
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  since: string;
}

export interface Service {
  role: string;
  name: string;
  found: boolean;
  replicaSet?: string;
  revision?: number;
}

export interface Happening {
  type: string;
  reason: string;
  message: string;
  count: number;
  last: string | null;
}

export interface Sample {
  at: string;
  weight?: number;
  pods: [revision: number, available: number][];
}

export interface Measurement {
  status: string;
  value?: string;
  message?: string;
  at: string | null;
}

export interface Metric {
  name: string;
  status: string;
  message: string;
  dryRun: boolean;
  successCondition?: string;
  failureCondition?: string;
  successful: number;
  failed: number;
  inconclusive: number;
  error: number;
  measurements: Measurement[];
}

export interface AnalysisRun {
  name: string;
  created: string | null;
  revision: number;
  purpose: string;
  step?: number;
  status: string;
  message: string;
  metrics: Metric[];
}

export interface Experiment {
  name: string;
  created: string | null;
  revision: number;
  status: string;
  message: string;
  templates: { name: string; status: string; message: string; replicas: number; available: number }[];
  analyses: AnalysisRun[];
}

/** A field of the pod template that a revision changed; what may be secret has no values here. */
export interface Change {
  field: string;
  from?: string;
  to?: string;
  what: "added" | "removed" | "changed";
}

export interface Page extends Row {
  now: string;
  steps: Step[];
  revisions: Revision[];
  changes: { revision: number; since: number; changes: Change[] }[];
  conditions: Condition[];
  services: Service[];
  analysisRuns: AnalysisRun[];
  experiments: Experiment[];
  links: { title: string; url: string }[];
  events: Happening[];
  history: Sample[];
  unseen: { kind: string; why: string }[];
}

export interface Missing {
  namespace: string;
  name: string;
  missing: string;
}

/** What came with the document. */
interface First {
  login: "none" | "token" | "proxy";
  list?: { now: string; id: string; rollouts: Row[] };
  page?: Page | Missing;
}

export const first: First = JSON.parse(document.getElementById("first")?.textContent ?? '{"login":"none"}');

export const keyOf = (row: { namespace: string; name: string }) => `${row.namespace}/${row.name}`;
