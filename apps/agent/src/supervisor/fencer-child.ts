/** Keeps a fencer running and tells it what to guard; without one PostgreSQL may not run. */
import { type ChildProcess, fork } from "node:child_process";
import { endOf } from "@mainstay/runtime/child-end.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { pause, waitFor } from "@mainstay/runtime/pause.ts";
import type { NodePaths } from "../node-paths.ts";
import { siblingProgram } from "../sibling-program.ts";
import type { Deadline, Fenced, FromFencer, ToFencer } from "./protocol.ts";

/** A node without a guarding fencer for this long, one that does not answer or one after the other, loses its PostgreSQL. */
const unguardedLimitMs = 500;
/**
 * A fencer that stands still cannot kill, and the keeper's lease ends with its echo. After so many questions without
 * an answer another takes its place, in time for the next deadline; a supervisor that stood still itself asked none.
 */
const unansweredLimit = 5;
const askEveryMs = 100;
/** Of one that guards nothing, or cannot be started. */
const restartPauseMs = 200;
/** Of one that has just started and has not answered yet. */
const unansweredStartLimit = 50;

export interface FencerChild {
  readonly pid: number | null;
  /** Resolves when the fencer has taken over the guard; rejects when it does not. */
  guard(mayWrite: boolean): Promise<void>;
  stop(): void;
}

export interface FencerEvents {
  readonly onUnguarded: () => Promise<void>;
  /** Another process is the fencer now. */
  readonly onReplaced: () => void;
  readonly onFenced: (fenced: Fenced) => void;
}

export function keepFencer(
  paths: NodePaths,
  log: Log,
  { onUnguarded, onReplaced, onFenced }: FencerEvents,
): FencerChild {
  const program = siblingProgram("fencer/main");
  let child: ChildProcess | undefined;
  let guarding: boolean | undefined;
  const unguarded = createUnguardedWatch(onUnguarded, log);
  let wanted = false;
  let deadline: Deadline | undefined;
  let isStopping = false;
  let unanswered = 0;

  function start(isReplacement = false): void {
    if (guarding !== undefined) unguarded.begin();
    guarding = undefined;
    const started = fork(program, [paths.dataDir, paths.fencerSocket], { cwd: paths.nodeDir, execArgv: [] });
    child = started;
    started.on("message", (message: FromFencer) => {
      unanswered = 0;
      if (message.kind === "deadline") deadline = message.deadline;
      else if (message.kind === "fenced") onFenced(message);
      else guarding = message.mayWrite;
    });
    void endOf(started).then(({ error: err, ...end }) => {
      child = undefined;
      if (isStopping) return;
      log.error({ ...end, err }, "the fencer ended, starting another");
      setTimeout(start, wanted && !err ? 0 : restartPauseMs, true);
    });
    tell();
    if (isReplacement) onReplaced();
  }

  function tell(): void {
    const message: ToFencer = { kind: "guard", mayWrite: wanted, deadline };
    if (child?.connected) child.send(message, () => {});
  }

  async function keepAsking(): Promise<void> {
    while (!isStopping) {
      await pause(askEveryMs);
      if (wanted && guarding === undefined) unguarded.look();
      if (!child) continue;
      const limit = guarding === undefined ? unansweredStartLimit : unansweredLimit;
      if (++unanswered > limit) replace(child);
      else tell();
    }
  }

  function replace(silent: ChildProcess): void {
    log.error({ pid: silent.pid }, "the fencer does not answer, ending it");
    unanswered = 0;
    silent.kill("SIGKILL");
  }

  start();
  void keepAsking();
  return {
    get pid() {
      return child?.pid ?? null;
    },
    async guard(mayWrite) {
      if (!wanted) unguarded.begin();
      wanted = mayWrite;
      tell();
      const answer = { what: "the fencer's answer", timeoutMs: 5_000, everyMs: 5 };
      await waitFor(() => guarding === mayWrite, answer);
    },
    stop() {
      isStopping = true;
      child?.kill("SIGKILL");
    },
  };
}

/** Calls `onUnguarded` when it is looked at too long after its beginning, and again as long after each time. */
function createUnguardedWatch(onUnguarded: FencerEvents["onUnguarded"], log: Log) {
  let sinceMs = monotonicMs();
  return {
    begin(): void {
      sinceMs = monotonicMs();
    },
    look(): void {
      if (monotonicMs() - sinceMs <= unguardedLimitMs) return;
      sinceMs = monotonicMs();
      onUnguarded().catch((err: unknown) => log.error({ err }, "PostgreSQL does not end, without a fencer"));
    },
  };
}
