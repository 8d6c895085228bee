// The dashboard in a browser: draws what the server tells.

import { render } from "preact";
import { List } from "./list";
import { Login, forget, isLocked, isOpen } from "./login";
import { Page } from "./page";
import { Sign } from "./parts";
import { freshness } from "./store";
import { filter, go, place } from "./url";

function App() {
  const { page } = place.value;
  document.title = page ? `${page} · Rollouts` : "Rollouts";
  const { live, text } = freshness.value;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <div class="top">
        <strong>Rollouts</strong>
        {!isLocked.value && (
          <span class={live ? "live" : "live stale"} role="status">
            <Sign of={live ? "good" : "warns"} /> {text}
          </span>
        )}
        {isOpen.value && (
          <button type="button" onClick={() => forget("")}>
            Log out
          </button>
        )}
      </div>
      <main id="main" tabIndex={-1}>
        {isLocked.value ? (
          <Login />
        ) : page ? (
          <Page of={page} />
        ) : (
          <>
            <h1 class="unseen">All rollouts</h1>
            <List />
          </>
        )}
      </main>
    </>
  );
}

/** `/` searches, arrows go through the rows, Esc goes back. Enter is the browser's own. */
function keys(event: KeyboardEvent) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = document.activeElement;
  const search = document.getElementById("search") as HTMLInputElement | null;
  const typing = at instanceof HTMLInputElement || at instanceof HTMLSelectElement;
  if (event.key === "Escape") {
    if (place.value.page) go(undefined);
    else if (at === search) {
      filter({ q: "" });
      search?.blur();
    }
  } else if (event.key === "/" && !typing) {
    event.preventDefault();
    if (place.value.page) go(undefined);
    requestAnimationFrame(() => document.getElementById("search")?.focus());
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (at instanceof HTMLSelectElement || place.value.page) return;
    const links = [...document.querySelectorAll<HTMLElement>("a.row")];
    const index = links.findIndex((link) => link === at);
    const next = index + (event.key === "ArrowDown" ? 1 : -1);
    if (index < 0 && event.key === "ArrowUp") return;
    event.preventDefault();
    (next < 0 ? search : links[next])?.focus();
  }
}

addEventListener("keydown", keys);
const root = document.getElementById("app");
if (root) {
  root.textContent = "";
  render(<App />, root);
}
