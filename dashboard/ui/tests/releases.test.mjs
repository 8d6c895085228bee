// Releases as people watch them, on the embedded cluster and on a real control plane.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser } from "./browser.mjs";
import { Cluster, Line } from "./programs.mjs";

const LONG = 90_000;
const says = (text) => `document.querySelector('main').innerText.includes(${JSON.stringify(text)})`;
const status = (word) => `document.querySelector('.title .status')?.textContent.trim() === '${word}'`;
const waits = (on) => `document.getElementById('waiting')?.textContent.includes('${on}')`;
const steps = "[...document.querySelectorAll('.steps li')].map((step) => step.className)";
const services = `Object.fromEntries([...document.querySelectorAll('.services li')].map((one) =>
  [one.querySelector('.tag').textContent, one.textContent.match(/revision (\\d+)/)?.[1]]))`;
const pods = (revision) => `[...document.querySelectorAll('.revision')]
  .find((one) => one.querySelector('h3').textContent === 'Revision ${revision}')
  ?.querySelectorAll('.pods tbody tr').length`;
const tags = (revision) => `[...[...document.querySelectorAll('.revision')]
  .find((one) => one.querySelector('h3').textContent === 'Revision ${revision}')
  .querySelectorAll('.tag')].map((tag) => tag.textContent)`;

for (const [kind, start] of [["embedded", Cluster.embedded], ["real", Cluster.real]]) {
  describe(`on ${kind === "real" ? "a real control plane" : "the embedded cluster"}`, () => {
    let cluster, dashboard, line, browser;
    const show = async (name) => {
      await browser.open(`${line.base}/rollouts/default/${name}`);
      await browser.until(`document.querySelector('h1').textContent.includes('${name}')`);
    };

    before(async () => {
      cluster = await start();
      await cluster.apply("releases.yaml");
      dashboard = await cluster.dashboard();
      line = await Line.to(dashboard.base);
      browser = await Browser.start();
      await browser.size(1280, 900);
      for (const name of ["web", "api"]) {
        await show(name);
        await browser.until(status("Healthy"), LONG);
      }
    });

    after(() => {
      browser?.stop();
      line?.stop();
      dashboard?.stop();
      cluster?.stop();
    });

    test("a canary from start to end, promoted from another shell", async () => {
      await show("web");
      await cluster.rollouts("set", "image", "web", "app=shop/web:v2");
      await browser.until(waits("Promotion"), LONG);
      await browser.until(status("Paused"));
      assert.deepEqual(await browser.value(steps), ["past", "now", "next", "next"]);
      assert.equal(await browser.value(pods(2)), 1);
      assert.equal(await browser.value(pods(1)), 3);
      assert.ok(await browser.value(says("shop/web:v1 → shop/web:v2")), "what changed");
      // What the page says to type is typed.
      const command = await browser.value("document.querySelector('.waiting code').textContent");
      assert.equal(command, "kubectl rollouts promote web");
      await cluster.rollouts(...command.split(" ").slice(2));

      const left = "document.querySelector('.steps li.now small')?.textContent";
      await browser.until(`document.querySelectorAll('.steps li')[3].className === 'now'`, LONG);
      await browser.until(`/\\d+s/.test(${left})`);
      const seconds = async () => Number((await browser.value(left)).match(/(\d+)s/)[1]);
      const first = await seconds();
      await browser.until(`!document.querySelector('.steps li.now') || Number(${left}?.match(/(\\d+)s/)?.[1]) < ${first}`);
      await browser.until(status("Healthy"), LONG);
      await browser.until(`${tags(2)}.includes('stable')`);
      await browser.until(`${pods(2)} === 4`);
      await browser.until("document.querySelectorAll('.steps li.past').length === 4 || !document.querySelector('.steps li.now')");
    });

    test("a blue-green rollout from start to end, and which revision each Service selects", async () => {
      await show("api");
      assert.deepEqual(await browser.value(services), { active: "1", preview: "1" });
      await cluster.rollouts("set", "image", "api", "app=shop/api:v2");
      await browser.until(waits("Promotion"), LONG);
      assert.deepEqual(await browser.value(services), { active: "1", preview: "2" });
      await cluster.rollouts("promote", "api");
      await browser.until(`${services}.active === '2'`, LONG);
      await browser.until(status("Healthy"), LONG);
    });

    test("an abort is told with what is left to do", async () => {
      await show("web");
      await cluster.rollouts("set", "image", "web", "app=shop/web:v3");
      await browser.until(waits("Promotion"), LONG);
      await cluster.rollouts("abort", "web");
      await browser.until(status("Degraded"), LONG);
      await browser.until("/abort/i.test(document.querySelector('.title .message')?.textContent)");
      await browser.until(`${tags(2)}.includes('stable') && ${pods(2)} === 4`, LONG);
      await browser.until("document.querySelector('.waiting code')?.textContent === 'kubectl rollouts retry rollout web'");
    });

    test("pods that cannot run are told with their reason", async () => {
      await show("web");
      await cluster.rollouts("set", "image", "web", "app=shop/web:v4-crash");
      await browser.until(says("CrashLoopBackOff"), LONG);
      // The pods of the stable version are as they were.
      await browser.until(status("Degraded"), LONG);
      assert.equal(await browser.value(pods(2)), 3);
    });

    test("a connection that drops is said, and taken up again where it was", async () => {
      await browser.open(line.base);
      await browser.until("document.querySelector('.live').textContent.trim() === 'Live'");
      line.cut();
      await browser.until("document.querySelector('.live.stale')?.textContent.includes('Not live')");
      await cluster.rollouts("set", "image", "web", "app=shop/web:v2");
      await new Promise((done) => setTimeout(done, 1000));
      const row = (name) => `[...document.querySelectorAll('tbody tr')].find((row) => row.querySelector('a.row').textContent === '${name}')`;
      assert.equal(await browser.value(`${row("web")}.querySelector('.status').textContent.trim()`), "Degraded");
      line.mend();
      await browser.until("document.querySelector('.live').textContent.trim() === 'Live'");
      await browser.until(`${row("web")}.querySelector('.status').textContent.trim() === 'Healthy'`, LONG);
      assert.equal(await browser.value("document.querySelectorAll('a.row').length"), 2);
    });
  });
}
