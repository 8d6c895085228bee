// The cluster's time, and lengths of time as kubectl prints them.

import { signal } from "@preact/signals";

/** Below this distance, in ms, the rounding to seconds hides how fast the cluster's clock runs. */
const LONG_ENOUGH = 4_000;

interface Seen {
  here: number;
  there: number;
}

let first: Seen | undefined;
let last: Seen | undefined;

/** The cluster's time now, in ms since 1970; changes by itself, at least each second. */
export const now = signal(Date.now());

/** Takes in what the cluster's time is at this moment. */
export function setTime(text: string) {
  const there = Date.parse(text);
  if (Number.isNaN(there)) return;
  const seen = { here: performance.now(), there };
  // After a break, or in another cluster, the clock is measured anew.
  if (last && there < last.there) first = undefined;
  first ??= seen;
  last = seen;
  tick();
}

/** Milliseconds of the cluster in one of ours: 1 unless its clock runs clearly faster. */
function rate(): number {
  if (!first || !last || last.here - first.here < LONG_ENOUGH) return 1;
  const measured = (last.there - first.there) / (last.here - first.here);
  return measured < 1.9 ? 1 : measured;
}

function tick() {
  if (last) now.value = last.there + (performance.now() - last.here) * rate();
}

setInterval(tick, 500);

/** `2m5s`, `59m`, `3h59m`, `47h`, `3d4h`: at most two units. */
export function length(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
  const two = (large: number, unit: string, small: number, smaller: string) =>
    small ? `${large}${unit}${small}${smaller}` : `${large}${unit}`;
  if (s < 120) return `${s}s`;
  if (m < 60) return two(m, "m", s % 60, "s");
  if (h < 8) return two(h, "h", m % 60, "m");
  if (h < 48) return `${h}h`;
  if (d < 8) return two(d, "d", h % 24, "h");
  return `${d}d`;
}

export function clock(text: string): string {
  const date = new Date(text);
  const pad = (n: number) => String(n).padStart(2, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
