/**
 * The matrix of docs/spec/failure-matrix.md on simulated clusters: processes, hosts, network and store. Each F is a
 * scripted fault under several seeds; scenario.ts says what holds in all of them.
 */
import { timingPresets } from "@mainstay/domain/timing.ts";
import { testOutcome } from "./scenario.ts";

const noFailover = { leader: "a", failovers: 0 } as const;
const failover = { leader: "b", failovers: 1 } as const;

testOutcome("F1: a killed postmaster hands over", (it) => it.hurt("kill postmaster", "a").advance(5_000), {
  ...failover,
  gapMs: 1_000,
});

testOutcome(
  "F2, F8: a PostgreSQL that crashed hands over",
  (it) => it.hurt("kill postgres", "a").advance(5_000),
  {
    ...failover,
    gapMs: 1_000,
  },
);

testOutcome(
  "F3: a frozen postmaster is ended although its sessions go on",
  (it) => it.hurt("freeze postmaster", "a", 20_000).advance(20_000),
  { ...failover, gapMs: 1_500 },
);

testOutcome(
  "F3: a PostgreSQL of which every process is frozen is ended",
  (it) => it.hurt("freeze postgres", "a", 20_000).advance(20_000),
  { ...failover, gapMs: 4_000 },
);

testOutcome(
  "F5: a PostgreSQL that answers no new session for a second goes on",
  (it) => it.hurt("freeze postmaster", "a", 1_000).advance(5_000),
  { ...noFailover, gapMs: 200 },
);

testOutcome("F9: an agent that dies is replaced", (it) => it.hurt("kill agent", "a").advance(5_000), {
  ...noFailover,
  gapMs: 200,
});

testOutcome("F9: a fencer that dies is replaced", (it) => it.hurt("kill fencer", "b").advance(5_000), {
  ...noFailover,
  gapMs: 200,
});

testOutcome(
  "F10: an agent whose event loop stalls for 1.2 s goes on leading",
  (it) => it.hurt("stall agent", "a", 1_200).advance(5_000),
  { ...noFailover, gapMs: 200 },
);

testOutcome(
  "F10: an agent frozen beyond its deadline is fenced",
  (it) => it.hurt("freeze agent", "a", 10_000).advance(10_000),
  { ...failover, gapMs: 3_000 },
);

testOutcome(
  "F10: with agent and fencer frozen, the starved primary acknowledges nothing beside the new one",
  (it) => it.hurt("freeze agent", "a", 10_000).hurt("freeze fencer", "a", 10_000).advance(10_000),
  { ...failover, gapMs: 3_000 },
);

testOutcome(
  "F14: when a host is lost silently, the standby takes writes within 3 s",
  (it) => it.hurt("lose node silently", "a", 10_000).advance(10_000),
  {
    ...failover,
    gapMs: 3_000,
  },
);

testOutcome(
  "F14: a host of which every process is killed is replaced at once: it refuses connections",
  (it) => it.hurt("crash node", "a", 10_000).advance(10_000),
  {
    ...failover,
    gapMs: 800,
  },
);

testOutcome(
  "F15: when nobody reaches the primary, the standby takes writes within 3 s",
  (it) => it.hurt("isolate node", "a", 10_000).advance(10_000),
  {
    ...failover,
    gapMs: 3_000,
  },
);

testOutcome(
  "F16: a primary cut off from the store alone is fenced at its deadline",
  (it) => it.hurt("cut off from store", "a", 10_000).advance(10_000),
  { ...failover, gapMs: 3_000 },
);

testOutcome(
  "F17, F36: a primary cut off from its standby goes on alone, and says so first",
  (it) => it.hurt("cut replication", "a", 10_000).advance(10_000),
  { ...noFailover, gapMs: 3_000 },
);

testOutcome(
  "F18: a link that carries nothing one way costs no failover",
  (it) =>
    it
      .hurt("cut one direction", "a", 10_000)
      .advance(12_000)
      .hurt("cut one direction", "b", 10_000)
      .advance(10_000),
  { ...noFailover, gapMs: 8_000 },
);

testOutcome(
  "F20: a store that is away for a second costs nothing",
  (it) => it.hurt("store away", "a", 1_000).advance(5_000),
  {
    ...noFailover,
    gapMs: 200,
  },
);

testOutcome(
  "F20: a store that restarts costs nothing",
  (it) => it.hurt("store restarts", "a", 900).advance(5_000),
  {
    ...noFailover,
    gapMs: 200,
  },
);

testOutcome(
  "F20: a store that is lost for long ends the leader's time, and the instance comes back with it",
  (it) => it.hurt("store away", "a", 15_000).advance(15_000),
  {},
);

testOutcome(
  "F21: a store that elects a leader for a second costs nothing",
  (it) => it.hurt("store without leader", "a", 1_000).advance(5_000),
  { ...noFailover, gapMs: 200 },
);

testOutcome(
  "F21: a standby that reads a stale member takes nothing over",
  (it) => it.hurt("read a stale member", "b", 10_000).advance(12_000),
  { ...noFailover, gapMs: 200 },
);

testOutcome("F22: clocks of different rates cost nothing in a minute", (it) => it.advance(60_000), {
  ...noFailover,
  gapMs: 200,
});

testOutcome(
  "F23: a frozen host is replaced within 3 s, and follows the new leader when it thaws",
  (it) => it.hurt("freeze node", "a", 8_000).advance(12_000),
  {
    ...failover,
    gapMs: 3_000,
  },
);

testOutcome(
  "F23: a fencer that is replaced after a suspension believes no deadline from before it",
  (it) =>
    it
      .hurt("freeze fencer", "a", 4_000)
      .advance(1_500)
      .hurt("suspend node", "a", 9_000)
      .advance(3_000)
      .hurt("store without leader", "a", 12_000)
      .advance(5_500)
      .hurt("kill fencer", "a")
      .advance(12_000),
  {},
  { timing: timingPresets.safe },
);

testOutcome(
  "F23: a suspended machine is replaced within 3 s, and follows the new leader when it goes on",
  (it) => it.hurt("suspend node", "a", 8_000).advance(12_000),
  {
    ...failover,
    gapMs: 3_000,
  },
);

testOutcome(
  "a lost supervisor takes its node with it",
  (it) => it.hurt("kill supervisor", "a", 5_000).advance(9_000),
  {
    ...failover,
    gapMs: 3_000,
  },
);

testOutcome(
  "a frozen supervisor costs nothing",
  (it) => it.hurt("freeze supervisor", "a", 9_000).advance(9_000),
  {
    ...noFailover,
    gapMs: 200,
  },
);

testOutcome(
  "F18: a firewall that refuses connections to a living leader costs a change of leader at most",
  (it) => it.hurt("refuse connections", "a", 8_000).advance(12_000),
  { gapMs: 3_000 },
);

testOutcome(
  "F22: wall clocks that jump by an hour cost nothing",
  (it) => it.hurt("wall clock jumps", "a").advance(3_000).hurt("wall clock jumps", "b", 0, 1).advance(3_000),
  { ...noFailover, gapMs: 200 },
);

testOutcome(
  "F17: a strict primary without its standby waits, and goes on with it",
  (it) => it.hurt("cut replication", "a", 10_000).advance(16_000),
  noFailover,
  { durability: "strict" },
);

testOutcome(
  "F14: a strict instance recovers after a failover",
  (it) => it.hurt("lose node silently", "a", 8_000).advance(12_000),
  failover,
  { durability: "strict" },
);
