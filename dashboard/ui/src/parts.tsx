// Small parts that stand on several pages.

import { useState } from "preact/hooks";
import type { Page } from "./model";
import { clock, length, now } from "./time";

/** One shape per meaning, so that no one has to tell colours apart. */
const SHAPES: Record<string, string> = {
  good: "M3.5 8.5l3 3 6-7",
  bad: "M4 4l8 8M12 4l-8 8",
  waits: "M5.5 3.5v9M10.5 3.5v9",
  moves: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5M8 5v3.5l2.5 1.5",
  warns: "M8 2.5l6 11H2zM8 6.5v3.5M8 11.6v.4",
  off: "M4 8h8",
  unknown: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.6M8 12.2v.4",
};

const MEANINGS: Record<string, string> = {
  Healthy: "good",
  Successful: "good",
  Running: "good",
  Completed: "good",
  Degraded: "bad",
  Failed: "bad",
  Error: "bad",
  ReplicaFailure: "bad",
  Inconclusive: "unknown",
  CrashLoopBackOff: "bad",
  InvalidImageName: "bad",
  Paused: "waits",
  Progressing: "moves",
  Pending: "moves",
  Terminating: "moves",
  ContainerCreating: "moves",
  ScaledDown: "off",
  ImagePullBackOff: "warns",
  Warning: "warns",
};

export function meaning(word: string): string {
  if (/^(Signal|ExitCode):/.test(word)) return "bad";
  if (word.startsWith("Init:")) return "moves";
  return MEANINGS[word] ?? (/^Err|Error$/.test(word) ? "warns" : "unknown");
}

export function Sign({ of }: { of: string }) {
  return (
    <svg class={`sign ${of}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[of] ?? SHAPES.unknown} />
    </svg>
  );
}

export function Status({ word }: { word: string }) {
  const of = meaning(word);
  return (
    <span class={`status ${of}`}>
      <Sign of={of} />
      {word}
    </span>
  );
}

export function Age({ of }: { of: string | null | undefined }) {
  if (!of) return <span>–</span>;
  return (
    <time dateTime={of} title={of}>
      {length(now.value - Date.parse(of))}
    </time>
  );
}

/** `12:03:20 (in 2m5s)`. */
export function Until({ time }: { time: string }) {
  const left = Date.parse(time) - now.value;
  return (
    <time dateTime={time} title={time}>
      {left > 0 ? `${length(left)} left, until ${clock(time)}` : `due since ${clock(time)}`}
    </time>
  );
}

/** Says of a kind that it is not shown, and why; nothing when it is. */
export function Hidden({ kind, words, told }: { kind: string; words: string; told: Page }) {
  const hidden = told.unseen.find((one) => one.kind === kind);
  return hidden ? (
    <p class="note">
      {words} not shown: {hidden.why}
    </p>
  ) : null;
}

/** A command with a button that copies it. */
export function Command({ text }: { text: string }) {
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Select and copy it");
    }
    setTimeout(() => say(""), 2_000);
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" onClick={copy} aria-label={`Copy: ${text}`}>
        {said || "Copy"}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </span>
  );
}

export function Bar({ share, label }: { share: number; label: string }) {
  return (
    <span class="bar">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="rail" width="100" height="8" />
        <rect class="fill" width={Math.max(0, Math.min(100, share))} height="8" />
      </svg>
      {label}
    </span>
  );
}
