import { dirname, extname, join } from "node:path";

/** Another program of the node, from where this one was started: the sources, or an image (`.mjs`). */
export function siblingProgram(name: "agent/main" | "fencer/main" | "keeper/worker"): string {
  const own = process.argv[1] ?? "";
  return join(dirname(own), "..", `${name}${extname(own)}`);
}
