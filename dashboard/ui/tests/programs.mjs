// The programs that the page is tried with: a cluster, the dashboard, kubectl and its plugin.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const plugin = process.env.KUBECTL_ROLLOUTS;
/** Where a dashboard says that it is. */
const URL_OF = /(?:The dashboard is at |"url":")(http:\/\/[^\s"/]+)/;
const file = (name) => new URL(name, import.meta.url).pathname;

/** Starts a program, and waits until it says `word`. */
export function run(program, args, word) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        child.said += data;
        if (word.test(child.said)) resolve(child);
      });
    }
    child.on("exit", () => reject(new Error(`${program} ended: ${child.said}`)));
    child.on("error", reject);
  });
}

/** A cluster with the controller. */
export class Cluster {
  #child;
  kubeconfig;

  /** The embedded one. */
  static async embedded() {
    const cluster = new Cluster();
    cluster.kubeconfig = join(mkdtempSync(join(tmpdir(), "dashboard-")), "kubeconfig");
    const args = ["local", "--kubeconfig-out", cluster.kubeconfig];
    cluster.#child = await run(plugin, args, /The dashboard is at/);
    return cluster;
  }

  /** A real control plane; its pods are simulated. */
  static async real() {
    const cluster = new Cluster();
    cluster.#child = await run(process.env.CLUSTER, [], /Ctrl-C/);
    cluster.kubeconfig = cluster.#child.said.match(/KUBECONFIG=(\S+)/)[1];
    return cluster;
  }

  stop() {
    this.#child?.kill("SIGINT");
  }

  async kubectl(...args) {
    const { stdout } = await promisify(execFile)(process.env.KUBECTL, ["--kubeconfig", this.kubeconfig, ...args]);
    return stdout.trim();
  }

  /** Applies a file of this folder. */
  apply(name, ...args) {
    return this.kubectl("apply", "-f", file(name), ...args);
  }

  /** What somebody types in another shell. */
  rollouts(...args) {
    return promisify(execFile)(plugin, [...args, "--kubeconfig", this.kubeconfig]);
  }

  /** The dashboard of `kubectl rollouts dashboard`. */
  dashboard(port = 0) {
    const args = ["dashboard", "--kubeconfig", this.kubeconfig, "--port", String(port)];
    return started(run(plugin, args, URL_OF));
  }

  /** The dashboard of the chart, where viewers log in with a token. */
  withTokens() {
    const args = ["--login", "token", "--listen", "127.0.0.1:0", "--logformat", "json",
      "--kubeconfig", this.kubeconfig];
    return started(run(process.env.ROLLOUTS_DASHBOARD, args, URL_OF));
  }
}

async function started(running) {
  const child = await running;
  const base = child.said.match(URL_OF)[1];
  return { base, stop: () => child.kill() };
}

/** A connection to a dashboard that can be cut. */
export class Line {
  #sockets = new Set();
  #isCut = false;
  #server;
  base;

  static async to(base) {
    const line = new Line();
    const { hostname, port } = new URL(base);
    line.#server = createServer((near) => {
      if (line.#isCut) return near.destroy();
      const far = connect(Number(port), hostname);
      for (const [one, other] of [[near, far], [far, near]]) {
        line.#sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
        one.pipe(other);
      }
    });
    await new Promise((done) => line.#server.listen(0, "127.0.0.1", done));
    line.base = `http://127.0.0.1:${line.#server.address().port}`;
    return line;
  }

  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  mend() {
    this.#isCut = false;
  }

  stop() {
    this.cut();
    this.#server.close();
  }
}
