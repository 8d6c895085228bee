// A Chromium without a window, driven by the DevTools protocol over a pipe: no further package.
import { spawn } from "node:child_process";

export class Browser {
  #child;
  #waiting = new Map();
  #next = 1;
  #text = "";
  #session;
  /** What pages said on their consoles, and requests that were refused. */
  complaints = [];
  /** Addresses that pages asked for. */
  asked = [];

  static async start(program = process.env.CHROMIUM ?? "chromium") {
    const browser = new Browser();
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
      "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe", "about:blank"];
    browser.#child = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    browser.#child.on("error", (error) => browser.#fail(error));
    browser.#child.stdio[4].on("data", (data) => browser.#hear(data));
    const { targetInfos } = await browser.#send("Target.getTargets");
    const page = targetInfos.find((target) => target.type === "page");
    const { sessionId } = await browser.#send("Target.attachToTarget", { targetId: page.targetId, flatten: true });
    browser.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await browser.call(`${domain}.enable`);
    return browser;
  }

  stop() {
    this.#child.kill();
  }

  call(method, params = {}) {
    return this.#send(method, params, this.#session);
  }

  async open(url) {
    await this.call("Page.navigate", { url });
  }

  /** The value of an expression in the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression, returnByValue: true, awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression, ms = 30_000) {
    const end = Date.now() + ms;
    while (!(await this.value(`Boolean(${expression})`).catch(() => false))) {
      if (Date.now() > end) {
        throw new Error(`never true: ${expression}; the page says: ${await this.value("document.body.innerText")}`);
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async size(width, height, { dark = false } = {}) {
    await this.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
  }

  async press(key) {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    const codes = { Enter: 13, Escape: 27, ArrowDown: 40, ArrowUp: 38 };
    const event = { key, text, windowsVirtualKeyCode: codes[key] };
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async picture() {
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data, "base64");
  }

  #send(method, params = {}, sessionId) {
    const id = this.#next++;
    this.#child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  #hear(data) {
    this.#text += data;
    const messages = this.#text.split("\0");
    this.#text = messages.pop();
    for (const message of messages.map((text) => JSON.parse(text))) {
      const { id, method, params, result, error } = message;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result);
      if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description);
      if (method === "Log.entryAdded") this.complaints.push(params.entry.text);
      if (method === "Network.requestWillBeSent") this.asked.push(params.request.url);
    }
  }
}
