/**
 * What the nodes of this machine run: the agent's programs and everything they import, in a few files. Loading
 * hundreds of small ones takes most of a small process's start (docs/decisions/0007).
 */
import { chmod, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";

const programs = ["supervisor/main", "fencer/main", "agent/main", "keeper/worker"];
/** What bundled CommonJS asks for Node's own modules with. */
const banner = 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);';

/** Of an image: what a node is started with. */
export const supervisorOf = (image: string) => join(image, "supervisor", "main.mjs");

/**
 * Makes `image`, or replaces it by one of the sources as they are now; processes that run from it go on. Everybody
 * may read it, only its owner change it. `sources`: the directory of the agent's programs.
 */
export async function buildImage(sources: string, image: string): Promise<void> {
  const [fresh, old] = [`${image}.new`, `${image}.old`];
  for (const leftover of [fresh, old]) await rm(leftover, { recursive: true, force: true });
  // Loaded when it is used: every command knows where images are.
  const { build } = await import("esbuild");
  await build({
    entryPoints: programs.map((program) => ({ in: join(sources, `${program}.ts`), out: program })),
    outdir: fresh,
    ...{ bundle: true, splitting: true, format: "esm", platform: "node", target: "node24" },
    ...{ banner: { js: banner }, outExtension: { ".js": ".mjs" }, sourcemap: true, logLevel: "silent" },
    // pg's optional other half, which is not installed.
    external: ["pg-native"],
    plugins: [requiredBuiltins],
  });
  await openToAll(fresh);
  await rename(image, old).catch(() => {});
  await rename(fresh, image);
  await rm(old, { recursive: true, force: true });
}

/** Imported as modules, these two load Node's whole `fetch` with them, which takes as long as Node's own start. */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?https?$/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "required" } : null,
    );
    onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

async function openToAll(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    await (entry.isDirectory() ? openToAll(path) : chmod(path, 0o644));
  }
}
