/** Looks at the HAProxies of instances, and counts how often in a row one gave no answer. */
import type { Place } from "../places.ts";
import type { RunningRoute, SilentHaproxy } from "../route.ts";
import { runningPid } from "./process.ts";
import { HaproxyError, readRoute } from "./runtime-socket.ts";

export type HaproxyLooks = ReturnType<typeof createHaproxyLooks>;

export function createHaproxyLooks() {
  const silentLooks = new Map<string, number>();

  return {
    /** Undefined: it does not run. */
    async look(place: Place): Promise<RunningRoute | SilentHaproxy | undefined> {
      const isRunning = (await runningPid(place)) !== undefined;
      const seen = isRunning ? await readRouteOrSilence(place) : undefined;
      if (seen !== "silence") {
        silentLooks.delete(place.dir);
        return seen;
      }
      const inARow = (silentLooks.get(place.dir) ?? 0) + 1;
      silentLooks.set(place.dir, inARow);
      return { silentLooks: inARow };
    },
    forget: (place: Place) => silentLooks.delete(place.dir),
  };
}

async function readRouteOrSilence({ socket, rangesFile }: Place): Promise<RunningRoute | "silence"> {
  try {
    return await readRoute(socket, rangesFile);
  } catch (error) {
    if (error instanceof HaproxyError && error.fault.code === "silent") return "silence";
    throw error;
  }
}
