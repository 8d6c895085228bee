// What axe finds that keeps people from using a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What it finds serious or critical in the page that a browser shows. */
export async function serious(browser) {
  await browser.value(`${axe}; 0`);
  const { violations, passes } = await browser.value("axe.run(document)");
  assert.ok(passes.length > 5, "axe looked at the page");
  return violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}
