/**
 * Keeps an agent running, and beside it a spare that has loaded everything, is connected to the store and waits for
 * its first message: an agent that dies is replaced before its lease ends, on a slow machine too.
 */
import { type ChildProcess, fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { type ChildEnd, endOf } from "@mainstay/runtime/child-end.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import type { NodePaths } from "../node-paths.ts";
import { siblingProgram } from "../sibling-program.ts";
import type { ToAgent, ToSupervisor } from "./protocol.ts";

const shortLifeMs = 5_000;
const restartPauseMs = 100;
/** The first seconds of a node have better use for the processors. */
const spareAfterMs = 4_000;

export interface AgentChild {
  /** Tells it the news. */
  tell(): void;
  stop(): void;
}

export interface AgentPorts {
  /** What an agent is told when it begins, and again whenever `tell` is called. */
  readonly news: () => ToAgent;
  readonly onMessage: (message: ToSupervisor) => void;
}

export function keepAgent(
  { nodeDir, agentPidFile }: NodePaths,
  log: Log,
  { news, onMessage }: AgentPorts,
): AgentChild {
  let agent: ChildProcess | undefined;
  let spare: ChildProcess | undefined;
  let startedAtMs = 0;
  let isStopping = false;

  function forkAgent(): ChildProcess {
    const child = fork(siblingProgram("agent/main"), [nodeDir], {
      cwd: nodeDir,
      execArgv: ["--max-old-space-size=192"],
    });
    child.on("message", onMessage);
    void endOf(child).then((end) => onEnd(child, end));
    return child;
  }

  function onEnd(child: ChildProcess, { error: err, ...end }: ChildEnd): void {
    if (child === spare) {
      spare = undefined;
      log.warn({ ...end, err }, "the spare agent ended");
    }
    if (child !== agent || isStopping) return;
    log.error({ ...end, err }, "the agent ended, starting another");
    // The lease is running out: only an agent that ends again and again is started with a pause.
    setTimeout(start, monotonicMs() - startedAtMs < shortLifeMs ? restartPauseMs : 0);
  }

  function tell(): void {
    if (agent?.connected) agent.send(news(), () => {});
  }

  function start(): void {
    if (isStopping) return;
    startedAtMs = monotonicMs();
    agent = spare ?? forkAgent();
    spare = undefined;
    writeFile(agentPidFile, `${agent.pid}\n`).catch((err: unknown) => log.warn({ err }, "no agent.pid"));
    tell();
  }

  function keepSpare(): void {
    if (spare || monotonicMs() - startedAtMs < spareAfterMs) return;
    try {
      spare = forkAgent();
    } catch (err) {
      log.warn({ err }, "there is no room for a spare agent");
    }
  }

  start();
  const sparing = setInterval(keepSpare, spareAfterMs / 4);
  return {
    tell,
    stop() {
      isStopping = true;
      clearInterval(sparing);
      for (const child of [agent, spare]) child?.kill("SIGKILL");
    },
  };
}
