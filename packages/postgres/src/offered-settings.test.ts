import assert from "node:assert/strict";
import { test } from "node:test";
import { offeredSettings } from "./offered-settings.ts";
import { parseParameter } from "./parameters.ts";

function offeredFrom(line: string, major = 15) {
  const parameter = parseParameter(line);
  return offeredSettings(parameter ? [parameter] : [], major)[0];
}

test("a size travels in the wire's unit, its bounds inside the engine's", () => {
  const memory = offeredFrom("work_mem\tuser\tResource Usage\tINTEGER\t0\t64\t2147483647\tMemory.\tMore.");
  assert.deepEqual(memory, {
    name: "work_mem",
    type: "INT",
    default: "4",
    unit: "MB",
    min: 1,
    max: 2_097_151,
    pattern: null,
    description: "Memory.",
    isHot: true,
  });
  const buffers = offeredFrom("temp_buffers\tuser\tResource Usage\tINTEGER\t0\t100\t1073741823\tBuffers.\t");
  assert.deepEqual([buffers?.unit, buffers?.min, buffers?.max], ["kB", 800, 2_147_483_647]);
});

test("what needs a restart says so, and -1 stays -1", () => {
  assert.equal(offeredFrom("max_connections\tpostmaster\tC\tINTEGER\t0\t1\t262143\tC.\t")?.isHot, false);
  assert.equal(offeredFrom("log_temp_files\tsuperuser\tL\tINTEGER\t0\t-1\t2147483647\tL.\t")?.min, -1);
});

test("a default may depend on the version, and a name is found in any case", () => {
  const line = "effective_io_concurrency\tuser\tR\tINTEGER\t0\t0\t1000\tR.\t";
  assert.deepEqual([offeredFrom(line)?.default, offeredFrom(line, 18)?.default], ["1", "16"]);
  const zone = offeredFrom("TimeZone\tuser\tC\tSTRING\tGMT\t\t\tZone.\t");
  assert.deepEqual([zone?.name, zone?.type, zone?.min], ["timezone", "STRING", null]);
});

test("what failing over depends on is nobody's to choose", () => {
  assert.equal(offeredFrom("synchronous_commit\tuser\tW\tENUM\ton\t\t\tW.\t"), undefined);
  assert.equal(offeredFrom("tcp_keepalives_idle\tuser\tC\tINTEGER\t0\t0\t2147483647\tC.\t"), undefined);
});
