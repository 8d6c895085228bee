// What is shown is in the address: a link shows the same to somebody else.

import { signal } from "@preact/signals";

export type SortBy = "urgency" | "name" | "status" | "strategy" | "step" | "weight" | "pods" | "age";

export interface Query {
  q: string;
  phase: string;
  ns: string;
  strategy: string;
  sort: SortBy;
  down: boolean;
}

export interface Place {
  query: Query;
  /** `namespace/name` of the page; the list when absent. */
  page?: string;
}

function read(): Place {
  const params = new URLSearchParams(location.search);
  const text = (name: string) => params.get(name) ?? "";
  const sort = text("sort");
  const query: Query = {
    q: text("q"),
    phase: text("phase"),
    ns: text("ns"),
    strategy: text("strategy"),
    sort: (sort.replace(/^-/, "") || "urgency") as SortBy,
    down: sort.startsWith("-"),
  };
  const [, kind, namespace, name] = location.pathname.split("/").map(decodeURIComponent);
  return kind === "rollouts" && namespace && name ? { query, page: `${namespace}/${name}` } : { query };
}

export const place = signal<Place>(read());
addEventListener("popstate", () => (place.value = read()));

function search(query: Query): string {
  const params = new URLSearchParams();
  for (const name of ["q", "phase", "ns", "strategy"] as const) {
    if (query[name]) params.set(name, query[name]);
  }
  if (query.sort !== "urgency" || query.down) params.set("sort", (query.down ? "-" : "") + query.sort);
  const text = params.toString();
  return text ? `?${text}` : "";
}

export function address(page: string | undefined, query: Query): string {
  const path = page ? `/rollouts/${page.split("/").map(encodeURIComponent).join("/")}` : "/";
  return path + search(query);
}

export function go(page: string | undefined) {
  const { query } = place.value;
  history.pushState(null, "", address(page, query));
  place.value = page ? { query, page } : { query };
  scrollTo(0, 0);
}

/** Another filter or order of the list; typing a word is one entry of the history, not many. */
export function filter(change: Partial<Query>) {
  const query = { ...place.value.query, ...change };
  history.replaceState(null, "", address(place.value.page, query));
  place.value = { ...place.value, query };
}

/** Follows a link within the page; what opens a new tab is left to the browser. */
export function follow(event: MouseEvent, page: string | undefined) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(page);
}
