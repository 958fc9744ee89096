import assert from "node:assert/strict";
import { test } from "node:test";
import { cancelledWait } from "./cancelled-wait.ts";

const prefix = "2026-01-02 03:04:05.678 UTC [4711] pg-0a1b2c3d-1 some@one@shop ";
const warning = "WARNING:  canceling wait for synchronous replication due to user request";

test("a cancelled wait is told with its time, process, user and database, always under one id", () => {
  const event = cancelledWait(`${prefix}${warning}`, 3);
  assert.deepEqual([event?.at, event?.term], ["2026-01-02T03:04:05.678Z", 3]);
  assert.deepEqual(event?.inputs, { pid: 4711, user: "some@one", database: "shop" });
  assert.equal(event?.id, "wait-cancelled-4711-20260102030405678");
});

test("a terminated wait was an error to its client, and what a statement says is another line", () => {
  const terminated = `${prefix}WARNING:  canceling wait for synchronous replication due to administrator command`;
  for (const line of [terminated, `${prefix}LOG:  ${warning}`, `\t${prefix}${warning}`, warning, ""]) {
    assert.equal(cancelledWait(line, 3), undefined, line);
  }
});
