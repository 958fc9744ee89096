/** Connections to the other members' supervisors: who is there, who is gone, and who is merely silent. */
import { connect } from "node:net";
import { livenessPort, type Member } from "@mainstay/domain/cluster.ts";
import type { PeerLink } from "@mainstay/ha/observation.ts";
import { pause } from "@mainstay/runtime/pause.ts";

const retryMs = 100;
const answerMs = 300;
const betweenLooksMs = 50;

export interface PeerLinks {
  readonly states: readonly PeerLink[];
  /** Keeps a connection to each of `members`, and to nobody else. */
  follow(members: readonly Member[]): void;
}

/** `onChange` is called whenever a member comes, goes or falls silent. */
export function openPeerLinks(onChange: () => void, signal: AbortSignal): PeerLinks {
  const links = new Map<string, { state: PeerLink["state"]; nodeId: string; end: AbortController }>();

  async function keep(member: Member, key: string, linkSignal: AbortSignal): Promise<void> {
    const set = (state: PeerLink["state"]) => {
      const link = links.get(key);
      if (!link || link.state === state) return;
      link.state = state;
      onChange();
    };
    while (!linkSignal.aborted) {
      if (await holdConnection(member, () => set("open"), linkSignal)) set("unknown");
      set((await isRefusing(member, linkSignal)) ? "refused" : "unknown");
      await pause(retryMs, linkSignal);
    }
  }

  return {
    get states() {
      return [...links.values()].map(({ nodeId, state }) => ({ nodeId, state }));
    },
    follow(members) {
      const wanted = new Map(
        members.map((member) => [`${member.id} ${member.address}:${member.port}`, member]),
      );
      for (const [key, { end }] of links) {
        if (wanted.has(key)) continue;
        end.abort();
        links.delete(key);
      }
      for (const [key, member] of wanted) {
        if (links.has(key)) continue;
        const end = new AbortController();
        links.set(key, { state: "unknown", nodeId: member.id, end });
        void keep(member, key, AbortSignal.any([signal, end.signal]));
      }
    },
  };
}

/** Resolves when the connection ended: true when there was one. */
function holdConnection(member: Member, onOpen: () => void, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let wasOpen = false;
    const socket = connect({ host: member.address, port: livenessPort(member), signal });
    socket.setKeepAlive(true, 1_000);
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.once("connect", () => {
      wasOpen = true;
      socket.setTimeout(0);
      onOpen();
    });
    socket.on("error", () => {});
    socket.resume();
    socket.once("close", () => resolve(wasOpen));
  });
}

/** Both ports refuse, twice: the kernel answers and nobody is there. */
async function isRefusing(member: Member, signal: AbortSignal): Promise<boolean> {
  const look = () =>
    Promise.all([livenessPort(member), member.port].map((port) => refuses(member.address, port)));
  const first = await look();
  if (!first.every(Boolean)) return false;
  await pause(betweenLooksMs, signal);
  return (await look()).every(Boolean);
}

function refuses(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isRefused: boolean) => {
      socket.destroy();
      resolve(isRefused);
    };
    socket.setTimeout(answerMs, () => end(false));
    socket.once("connect", () => end(false));
    socket.once("error", (error) => end("code" in error && error.code === "ECONNREFUSED"));
  });
}
