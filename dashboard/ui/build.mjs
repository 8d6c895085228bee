// Builds dist/ from src/; with --check, fails when dist/ is not what a build gives.
import { build } from "esbuild";
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";

// Compressed bytes that a viewer may have to load.
const LIMITS = { "app.js": 40_000, "app.css": 10_000 };

const here = new URL(".", import.meta.url);
const result = await build({
  absWorkingDir: new URL(".", here).pathname,
  entryPoints: [
    { in: "src/main.tsx", out: "app" },
    { in: "src/app.css", out: "app" },
  ],
  outdir: "dist",
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
});
const files = new Map(
  result.outputFiles.map((file) => [file.path.split("/").pop(), Buffer.from(file.contents)]),
);
for (const name of ["index.html", "icon.svg"]) {
  files.set(name, await readFile(new URL(`src/${name}`, here)));
}

let wrong = false;
await mkdir(new URL("dist/", here), { recursive: true });
for (const [name, bytes] of files) {
  const file = new URL(`dist/${name}`, here);
  const size = gzipSync(bytes, { level: 9 }).length;
  console.log(`${name}: ${bytes.length} bytes, ${size} compressed`);
  if (size > (LIMITS[name] ?? Infinity)) {
    console.error(`${name} is larger than ${LIMITS[name]} bytes compressed`);
    wrong = true;
  }
  if (!process.argv.includes("--check")) {
    await writeFile(file, bytes);
  } else if (!bytes.equals(await readFile(file))) {
    console.error(`dist/${name} is not what a build gives; run: npm ci && npm run build`);
    wrong = true;
  }
}
process.exitCode = wrong ? 1 : 0;
