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

export interface Page extends Row {
  now: string;
  steps: Step[];
  revisions: Revision[];
  conditions: Condition[];
  services: Service[];
  events: Happening[];
  history: Sample[];
  unseen: { kind: string; why: string }[];
}

export interface Missing {
  namespace: string;
  name: string;
  missing: string;
}

export const keyOf = (row: { namespace: string; name: string }) => `${row.namespace}/${row.name}`;
