import assert from "node:assert/strict";
import { test } from "node:test";
import { shownSettings } from "./plan-settings.ts";

test("the settings shown for a plan are those it is rendered with, without units", () => {
  const size = { memoryBytes: 2 * 1024 ** 3, volumeBytes: 5_000_000_000, vcpus: 2 };
  assert.deepEqual(shownSettings(size), [
    { name: "effective_cache_size", value: "1331" },
    { name: "maintenance_work_mem", value: "128" },
    { name: "max_connections", value: "200" },
    { name: "max_parallel_workers", value: "2" },
    { name: "max_parallel_workers_per_gather", value: "1" },
    { name: "work_mem", value: "2" },
  ]);
});
