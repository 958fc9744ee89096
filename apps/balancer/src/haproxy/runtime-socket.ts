/** HAProxy's runtime interface: one connection a command; an answer that says nothing is success. */
import { connect } from "node:net";
import { cancelPort } from "@mainstay/domain/cluster.ts";
import type { RunningRoute, Target } from "../route.ts";
import { backend, cancelBackend, cancelServer, server } from "./render-config.ts";

const timeoutMs = 2_000;
const name = `${backend}/${server}`;
const gate = `${cancelBackend}/${cancelServer}`;

export class HaproxyError extends Error {
  override readonly name = "HaproxyError";
  readonly fault: /** Silent: it is reached and gives no answer, which a frozen process does too. */
    | { readonly code: "unreachable" | "silent" | "malformed" }
    | { readonly code: "refused"; readonly answer: string }
    | { readonly code: "not-started"; readonly output: string };
  constructor(fault: HaproxyError["fault"], options?: ErrorOptions) {
    const detail = "answer" in fault ? `: ${fault.answer}` : "output" in fault ? `: ${fault.output}` : "";
    super(`HAProxy: ${fault.code}${detail}`, options);
    this.fault = fault;
  }
}

/** What it does now, by its own word. */
export async function readRoute(socket: string, rangesFile: string): Promise<RunningRoute> {
  const ranges = (await ask(socket, `show acl ${rangesFile}`)).trim();
  return {
    allowedRanges: ranges === "" ? [] : ranges.split("\n").map((line) => line.split(" ")[1] ?? ""),
    target: parseTarget(await ask(socket, `show servers state ${backend}`)),
  };
}

/** First nobody gets in, then the sessions there are end. One line: a balancer that dies leaves no half of it. */
export async function closeRoute(socket: string): Promise<void> {
  await command(socket, `set server ${name} state maint; shutdown sessions server ${name}`);
}

export async function openRoute(socket: string, { address, port }: Target): Promise<void> {
  const addresses = [
    // A HAProxy of an earlier version has no gate, and goes on without one until it is started again.
    `set server ${gate} addr ${address} port ${cancelPort({ port })}`,
    `set server ${gate} state ready`,
    `set server ${name} addr ${address} port ${port}`,
  ];
  await ask(socket, addresses.join("; ")); // answers what it changed
  await command(socket, `set server ${name} state ready`);
}

/** All ranges change at once: a version is prepared, filled and committed. */
export async function setRanges(
  socket: string,
  rangesFile: string,
  ranges: readonly string[],
): Promise<void> {
  const version = /version created: (\d+)/i.exec(await ask(socket, `prepare acl ${rangesFile}`))?.[1];
  if (version === undefined) throw new HaproxyError({ code: "malformed" });
  for (const range of ranges) await command(socket, `add acl @${version} ${rangesFile} ${range}`);
  await command(socket, `commit acl @${version} ${rangesFile}`);
}

export interface Session {
  readonly id: string;
  readonly sourceAddress: string;
}

export async function listSessions(socket: string): Promise<Session[]> {
  const lines = (await ask(socket, "show sess")).split("\n");
  return lines.flatMap((line) => {
    const match = /^(0x[0-9a-f]+): proto=tcpv4 src=([\d.]+):\d+ fe=(\S+)/.exec(line);
    return match?.[1] && match[2] && match[3] === backend ? [{ id: match[1], sourceAddress: match[2] }] : [];
  });
}

export async function endSession(socket: string, { id }: Session): Promise<void> {
  await ask(socket, `shutdown session ${id}`); // "No such session": it ended by itself
}

/** Columns by their names: they differ between versions. */
function parseTarget(text: string): Target | undefined {
  const [, header = "", row = ""] = text.split("\n");
  const names = header.replace(/^# /, "").split(" ");
  const values = row.split(" ");
  const column = (wanted: string) => values[names.indexOf(wanted)] ?? "";
  const [address, port] = [column("srv_addr"), Number(column("srv_port"))];
  if (!Number.isInteger(port) || address === "") throw new HaproxyError({ code: "malformed" });
  // Bit 1: maintenance by command or as of the start. Bit 4 only tells that it was disabled in the file.
  const isReady = (Number(column("srv_admin_state")) & 1) === 0;
  return isReady ? { address, port } : undefined;
}

async function command(socket: string, line: string): Promise<void> {
  const answer = (await ask(socket, line)).trim();
  if (answer !== "") throw new HaproxyError({ code: "refused", answer });
}

function ask(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const chunks: Buffer[] = [];
    const fail = (code: "unreachable" | "silent", cause?: Error) => {
      socket.destroy();
      reject(new HaproxyError({ code }, { cause }));
    };
    socket.setTimeout(timeoutMs, () => fail("silent"));
    socket.once("error", (error) => fail("unreachable", error));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks).toString()));
    socket.write(`${line}\n`);
  });
}
