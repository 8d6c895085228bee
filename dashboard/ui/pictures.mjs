// The pictures of the docs, from releases in the embedded cluster: node pictures.mjs
import { writeFile } from "node:fs/promises";
import { Browser } from "./tests/browser.mjs";
import { Cluster } from "./tests/programs.mjs";

const images = new URL("../../docs/images/", import.meta.url);
const cluster = await Cluster.embedded();
const dashboard = await cluster.dashboard();
const browser = await Browser.start();
const status = (name, word) => `[...document.querySelectorAll('tbody tr')].some((row) =>
  row.querySelector('a.row').textContent === '${name}' && row.querySelector('.status').textContent.trim() === '${word}')`;

async function rolled(name, image, word) {
  await cluster.rollouts("set", "image", name, image);
  await browser.until(status(name, word), 60_000);
}

try {
  await browser.size(1280, 900);
  await browser.open(dashboard.base);
  await cluster.apply("pictures.yaml");
  await browser.until("document.querySelectorAll('tbody .status').length === 5", 60_000);
  for (const name of ["checkout", "catalog", "search", "payments", "mail"]) {
    await browser.until(status(name, "Healthy"), 60_000);
  }
  await rolled("catalog", "app=registry.example/catalog:2.4.1", "Paused");
  await rolled("search", "app=registry.example/search:7.1-crash", "Degraded");
  await rolled("payments", "app=registry.example/payments:1.9.0", "Paused");
  await rolled("checkout", "app=registry.example/checkout:3.3.0", "Paused");
  await cluster.rollouts("promote", "checkout");
  await browser.until(status("checkout", "Progressing"), 60_000).catch(() => {});
  await new Promise((done) => setTimeout(done, 8_000));
  for (const [path, name, ready] of [
    ["/", "list", "document.querySelectorAll('a.row').length === 5"],
    ["/rollouts/default/checkout", "rollout", "document.querySelector('.pods') && document.querySelector('#events')"],
  ]) {
    for (const [kind, width, height, dark] of [
      ["", 1280, name === "list" ? 480 : 1100, false],
      ["-dark", 1280, name === "list" ? 480 : 1100, true],
      ["-narrow", 380, 900, false],
    ]) {
      await browser.size(width, height, { dark });
      await browser.open(dashboard.base + path);
      await browser.until(ready);
      await browser.until("document.querySelector('.live').textContent.trim() === 'Live'");
      await writeFile(new URL(`dashboard-${name}${kind}.png`, images), await browser.picture());
    }
  }
} finally {
  browser.stop();
  dashboard.stop();
  cluster.stop();
}
