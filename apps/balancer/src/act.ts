/** Carries out one decision about one instance's HAProxy. Chooses nothing. */
import { writeFileDurably } from "@mainstay/runtime/files.ts";
import { allows, checkRange } from "@mainstay/runtime/ranges.ts";
import type { Config } from "./config.ts";
import type { RouteAction } from "./decide.ts";
import { startHaproxy, stopHaproxy } from "./haproxy/process.ts";
import { renderConfig } from "./haproxy/render-config.ts";
import * as runtime from "./haproxy/runtime-socket.ts";
import { makePlace, type Place, writeKnown } from "./places.ts";
import type { KnownRoute, WantedRoute } from "./route.ts";

export interface Acted {
  readonly sessionsCut: number;
}

const nothingCut: Acted = { sessionsCut: 0 };

export async function act(
  decision: RouteAction,
  wanted: WantedRoute,
  known: KnownRoute | undefined,
  place: Place,
  config: Config,
  signal: AbortSignal,
): Promise<Acted> {
  const { generation, address, port } = wanted;
  switch (decision.action) {
    case "wait":
      return nothingCut;
    case "start":
      await makePlace(config, place);
      await writeRanges(place, wanted.allowedRanges, config);
      await writeConfig(place, wanted, config);
      await writeKnown(place, { generation, address, port, term: known?.term ?? 0 });
      await startHaproxy(place, config.user, signal);
      return nothingCut;
    case "stop":
      await stopHaproxy(place);
      await writeKnown(place, { generation, address, port, term: known?.term ?? 0 });
      return nothingCut;
    case "allow": {
      // The file first: a HAProxy that is started again must not allow more than the newest ranges.
      await writeRanges(place, decision.allowedRanges, config);
      await runtime.setRanges(place.socket, place.rangesFile, decision.allowedRanges);
      const sessionsCut = await cutRefused(place, decision.allowedRanges);
      await writeKnown(place, { generation, address, port, term: known?.term ?? 0 });
      return { sessionsCut };
    }
    case "close":
      return close(place);
    case "route": {
      const closed = await close(place);
      // Remembered before it is routed: after a crash here an older term is refused already.
      // An endpoint of an older generation stays refused.
      await writeKnown(place, { generation, address, port, ...known, term: decision.term });
      await runtime.openRoute(place.socket, decision.target);
      return closed;
    }
  }
}

async function writeRanges(
  { rangesFile }: Place,
  ranges: readonly string[],
  { user }: Config,
): Promise<void> {
  for (const range of ranges) checkRange(range);
  await writeFileDurably(rangesFile, ranges.map((range) => `${range}\n`).join(""), { mode: 0o600, ...user });
}

async function writeConfig(place: Place, { address, port }: WantedRoute, { user }: Config): Promise<void> {
  const { socket, rangesFile } = place;
  const content = renderConfig({ address, port, socket, rangesFile });
  await writeFileDurably(place.configFile, content, { mode: 0o600, ...user });
}

/** Counted before: the command that cuts them does not say how many they were. */
async function close({ socket }: Place): Promise<Acted> {
  const sessions = await runtime.listSessions(socket);
  await runtime.closeRoute(socket);
  return { sessionsCut: sessions.length };
}

async function cutRefused({ socket }: Place, ranges: readonly string[]): Promise<number> {
  const refused = (await runtime.listSessions(socket)).filter(
    ({ sourceAddress }) => !allows(ranges, sourceAddress),
  );
  for (const session of refused) await runtime.endSession(socket, session);
  return refused.length;
}
