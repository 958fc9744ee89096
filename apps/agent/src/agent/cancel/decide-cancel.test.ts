import assert from "node:assert/strict";
import { test } from "node:test";
import { decideCancel } from "./decide-cancel.ts";

const running = { isActive: true, waitEvent: null, since: "noon", isCommit: false };

test("a statement that runs, computes, sleeps or waits for a lock can be cancelled", () => {
  for (const waitEvent of [null, "PgSleep", "DataFileRead", "transactionid", "ClientRead"]) {
    assert.equal(decideCancel({ ...running, waitEvent }, "noon").action, "forward", String(waitEvent));
  }
});

test("a statement that may be committing is left alone until it is not", () => {
  for (const waitEvent of ["SyncRep", "WALWrite", "WALSync", "XactGroupUpdate", "ProcArrayGroupUpdate"]) {
    assert.equal(decideCancel({ ...running, waitEvent }, "noon").action, "wait", waitEvent);
  }
  assert.equal(decideCancel({ ...running, isCommit: true }, "noon").action, "wait");
});

test("a request never reaches a later statement, an idle session or nobody", () => {
  assert.equal(decideCancel({ ...running, since: "later" }, "noon").action, "drop");
  assert.equal(decideCancel({ ...running, isActive: false }, "noon").action, "drop");
  assert.equal(decideCancel(undefined, undefined).action, "drop");
});
