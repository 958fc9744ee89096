/** The faults, each with what must follow. */
import { sendSignal } from "@mainstay/runtime/process-tree.ts";
import type { Machine, Pair, Subject } from "./subject.ts";

export interface Fault {
  readonly name: string;
  readonly what: string;
  /** Whether another node must lead afterwards. */
  readonly leader: "changes" | "stays";
  /** Resolves when the fault has happened, to its cure; undefined: it cannot be done here. */
  strike(subject: Subject, pair: Pair): Promise<Cure | undefined>;
}

type Cure = () => Promise<void>;

const nothing: Cure = async () => {};

export const faults: readonly Fault[] = [
  {
    name: "host-killed",
    what: "every process of the primary's host killed",
    leader: "changes",
    strike: (_, { primary }) => kill(primary),
  },
  {
    name: "host-frozen",
    what: "the primary's host frozen, thawed later",
    leader: "changes",
    strike: (_, { primary }) => freeze(primary),
  },
  {
    name: "host-cut-off",
    what: "packets of the primary's host dropped",
    leader: "changes",
    async strike(_, { primary: { network } }) {
      await network?.cut();
      return network?.mend;
    },
  },
  {
    name: "postmaster-killed",
    what: "the primary's postmaster killed",
    leader: "changes",
    strike: (_, { primary }) => signalOne(primary, "postmaster", "SIGKILL"),
  },
  {
    name: "postmaster-frozen",
    what: "the primary's postmaster frozen",
    leader: "changes",
    strike: (_, { primary }) => signalOne(primary, "postmaster", "SIGSTOP"),
  },
  {
    name: "agent-killed",
    what: "the primary's agent killed once",
    leader: "stays",
    strike: (_, { primary }) => signalOne(primary, "agent", "SIGKILL"),
  },
  {
    name: "standby-killed",
    what: "the standby's host killed",
    leader: "stays",
    strike: (_, { standby }) => kill(standby),
  },
  {
    name: "standby-frozen",
    what: "the standby's host frozen, thawed later",
    leader: "stays",
    strike: (_, { standby }) => freeze(standby),
  },
  {
    name: "switchover",
    what: "a planned switchover",
    leader: "changes",
    async strike(subject, pair) {
      await subject.switchover(pair);
      return nothing;
    },
  },
  {
    name: "store-restarted",
    what: "the only etcd killed and started again",
    leader: "stays",
    async strike(subject) {
      await subject.restartStore();
      return nothing;
    },
  },
];

async function kill(machine: Machine): Promise<Cure> {
  await machine.kill();
  return async () => machine.start();
}

async function freeze(machine: Machine): Promise<Cure> {
  await machine.signal("SIGSTOP");
  return () => machine.signal("SIGCONT");
}

async function signalOne(machine: Machine, of: "postmaster" | "agent", name: NodeJS.Signals): Promise<Cure> {
  const pid = await machine.pid(of);
  process.kill(pid, name);
  // Whoever noticed has killed it.
  return name === "SIGSTOP" ? async () => sendSignal(pid, "SIGCONT") : nothing;
}
