// The page with 2,000 rollouts, told by a server of our own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";

const PHASES = ["Healthy", "Progressing", "Paused", "Degraded"];

/** The document, as the dashboard makes it (dashboard/src/document.rs), without a first list. */
const page = () => {
  const part = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url), "utf8");
  const first = `<script type="application/json" id="first">{"login":"none"}</script>`;
  const script = `${first}<script type="module">${part("app.js")}</script>`;
  return part("index.html")
    .replace("<!--style-->", () => `<style>${part("app.css")}</style>`)
    .replace("<!--script-->", () => script);
};

const row = (index) => ({
  namespace: `team-${index % 40}`,
  name: `app-${String(index).padStart(4, "0")}`,
  created: "2026-01-01T00:00:00Z",
  status: PHASES[index % 4],
  message: "",
  strategy: index % 3 ? "Canary" : "BlueGreen",
  step: "1/4",
  actualWeight: index % 101,
  images: [{ image: `shop/app-${index}:v1`, tags: ["stable"] }],
  replicas: { desired: 5, current: 5, updated: 1, ready: 5, available: 5 },
});

let listener;
let server;
let browser;

before(async () => {
  server = createServer((request, response) => {
    if (request.url.startsWith("/api/v1/stream")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const rollouts = Array.from({ length: 2000 }, (_, index) => row(index));
      tell(response, "beat", { now: "2026-01-02T00:00:00Z", trouble: [] });
      tell(response, "rollouts", { now: "2026-01-02T00:00:00Z", all: true, rollouts, gone: [] });
      listener = response;
      return;
    }
    response.writeHead(200, { "content-type": "text/html" });
    response.end(page());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  browser = await Browser.start();
  await browser.size(1280, 900);
});

after(() => {
  browser?.stop();
  server.closeAllConnections();
  server.close();
});

function tell(response, event, data) {
  response.write(`event: ${event}\nid: 1-1\ndata: ${JSON.stringify(data)}\n\n`);
}

test("2,000 rollouts are drawn, found and changed without a wait", async () => {
  await browser.open(`http://127.0.0.1:${server.address().port}/`);
  await browser.until("document.querySelector('.count')?.textContent === '2000 of 2000'");
  // Those that need somebody come first.
  assert.equal(await browser.value("document.querySelector('tbody .status').textContent"), "Degraded");

  await browser.press("/");
  await browser.until("document.activeElement.id === 'search'");
  const start = Date.now();
  for (const letter of "app-1234") await browser.press(letter);
  await browser.until("document.querySelector('.count').textContent === '1 of 2000'");
  console.log(`eight letters took ${Date.now() - start} ms`);

  tell(listener, "rollouts", {
    now: "2026-01-02T00:00:01Z", all: false, gone: ["team-0/app-0000"],
    rollouts: [{ ...row(1234), status: "Healthy" }],
  });
  await browser.until("document.querySelector('tbody .status').textContent === 'Healthy'");
  await browser.until("document.querySelector('.count').textContent === '1 of 1999'");

  await browser.press("Escape");
  await browser.until("document.querySelector('.count').textContent === '1999 of 1999'");
  const drawn = "document.querySelectorAll('a.row').length";
  assert.ok((await browser.value(drawn)) < 1999);
  await browser.value("scrollTo(0, document.documentElement.scrollHeight)");
  await browser.until(`${drawn} > 100`);
});
