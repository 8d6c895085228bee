// Two people with different rights log in, on a real control plane.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serious } from "./axe.mjs";
import { Browser } from "./browser.mjs";
import { Cluster } from "./programs.mjs";

let cluster, dashboard, ada, bob;
const listed = "[...document.querySelectorAll('a.row')].map((row) => row.textContent).join()";
const isLocked = "document.querySelector('.login input')";

/** Types a token, as somebody who pastes it. */
async function logIn(browser, token) {
  await browser.until(isLocked);
  await browser.value("document.querySelector('.login input').focus()");
  await browser.call("Input.insertText", { text: token });
  await browser.press("Enter");
}

before(async () => {
  cluster = await Cluster.real();
  await cluster.apply("people.yaml");
  await cluster.apply("hostile.yaml", "-n", "team-a");
  await cluster.apply("releases.yaml", "-n", "team-b");
  dashboard = await cluster.withTokens();
  [ada, bob] = await Promise.all([Browser.start(), Browser.start()]);
  for (const browser of [ada, bob]) {
    await browser.size(1280, 900);
    await browser.open(dashboard.base);
  }
});

after(() => {
  ada?.stop();
  bob?.stop();
  dashboard?.stop();
  cluster?.stop();
});

test("nothing is shown before somebody has logged in, and a wrong token is refused in words", async () => {
  await ada.until(isLocked);
  assert.deepEqual(await serious(ada), []);
  await logIn(ada, "of-nobody");
  await ada.until("document.getElementById('refusal').textContent.includes('not good')");
  assert.equal(await ada.value("document.body.innerText.includes('hostile')"), false);
});

test("two people see what each may read", async () => {
  await ada.open(dashboard.base);
  await logIn(ada, await cluster.kubectl("create", "token", "ada"));
  await ada.until(`${listed} === 'hostile'`);
  await logIn(bob, await cluster.kubectl("create", "token", "bob"));
  await bob.until(`${listed} === 'api,web' || ${listed} === 'web,api'`);

  // By a click, not by an address: that would be another document, and ask for the token again.
  await ada.value("document.querySelector('a.row').click()");
  await ada.until("document.querySelectorAll('.pods tbody tr').length === 2", 60_000);
  await bob.value("document.querySelector('a.row').click()");
  await bob.until("document.querySelector('main').innerText.includes('you may not list pods in team-b')");
  assert.equal(await bob.value("document.querySelectorAll('.pods tbody tr').length"), 0);
});

test("a token is in the memory of the tab only", async () => {
  assert.equal(await bob.value("JSON.stringify([localStorage, sessionStorage, document.cookie])"), '[{},{},""]');
  await bob.open(`${dashboard.base}/rollouts/team-a/hostile`);
  await bob.until(isLocked);
  await logIn(bob, await cluster.kubectl("create", "token", "bob"));
  // Whether it is there is nothing that he may know.
  await bob.until("document.querySelector('main').innerText.includes('there is no such rollout, or you may not see it')");
});

test("a right that is taken away takes away what is on the screen", async () => {
  await ada.press("Escape");
  await ada.until(`${listed} === 'hostile'`);
  await cluster.kubectl("delete", "rolebinding", "ada", "-n", "team-a");
  const begun = Date.now();
  await ada.until(`${listed} === ''`, 15_000);
  console.log(`it was gone after ${Date.now() - begun} ms`);
});
