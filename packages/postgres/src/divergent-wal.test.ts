import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWalExtent } from "./divergent-wal.ts";

const stats = `WAL statistics between 0/1516730 and 0/1516800:
Type                                           N      (%)          Record size      (%)
----                                           -      ---          -----------      ---
Transaction/COMMIT                             2 ( 40.00)                   68 ( 50.00)
Transaction/COMMIT_PREPARED                    1 ( 20.00)                   68 ( 25.00)
Transaction/ABORT                              2 ( 40.00)                   68 ( 25.00)
Total                                          5                            68 [100.00%]
`;
const error =
  "pg_waldump: error: error in WAL record at 0/15167D8: invalid record length at 0/1516800: wanted 24";

test("the end and the commits are read; what was rolled back is no transaction", () => {
  assert.deepEqual(parseWalExtent(stats, error, 0x1516730n), { end: 0x1516800n, transactions: 3 });
});

test("a version that does not say the range says where it stopped", () => {
  const older = stats.split("\n").slice(1).join("\n");
  assert.deepEqual(parseWalExtent(older, error, 0x1516730n), { end: 0x1516800n, transactions: 3 });
});

test("nothing beyond the position is nothing; files that are gone are not known", () => {
  const nothing = "pg_waldump: error: could not find a valid record after 0/1516800";
  assert.deepEqual(parseWalExtent("", nothing, 0x1516800n), { end: 0x1516800n, transactions: 0 });
  const gone = 'pg_waldump: error: could not find file "000000030000000000000001": No such file or directory';
  assert.equal(parseWalExtent("", gone, 1n), undefined);
});
