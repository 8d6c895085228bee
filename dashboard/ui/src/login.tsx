// Logging in with a token. It is held in memory only: a reload asks for it again.

import { computed, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { first } from "./model";
import { Command } from "./parts";

const token = signal("");
const refusal = signal("");

/** Whether nothing can be asked for yet. */
export const isLocked = computed(() => first.login === "token" && !token.value);

/** Whether somebody is logged in who can log out. */
export const isOpen = computed(() => first.login === "token" && token.value !== "");

/** What says to the server who asks. */
export const headers = (): Record<string, string> =>
  token.peek() ? { Authorization: `Bearer ${token.peek()}` } : {};

/** Forgets the token, and says why. */
export function forget(why: string) {
  token.value = "";
  refusal.value = why;
}

export function Login() {
  const [typed, type] = useState("");
  const enter = (event: Event) => {
    event.preventDefault();
    refusal.value = "";
    // People copy line breaks along.
    token.value = typed.replace(/\s+/g, "");
  };
  return (
    <form class="login" onSubmit={enter}>
      <h1>Log in</h1>
      <p>You see here what your account may read in the cluster, and nothing can be changed.</p>
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          aria-describedby="refusal"
          onInput={(event) => type(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={!typed.trim()}>
        Log in
      </button>
      <p id="refusal" class="bad" role="alert">
        {refusal.value}
      </p>
      <p class="quiet">
        A token of a ServiceAccount, good for an hour:
        <br />
        <Command text="kubectl create token NAME --namespace NAMESPACE --duration 1h" />
      </p>
      <p class="quiet">It is kept in the memory of this tab only: a reload asks for it again.</p>
    </form>
  );
}
