/** The settings that engines are listed with, against what a server of that version says itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { offeredSettings, offers, wireFactor } from "@mainstay/postgres/offered-settings.ts";
import { newestEngine } from "../kit/engine.ts";
import { startPostgres } from "../kit/postgres-server.ts";
import { openSession } from "../kit/session.ts";

/** Where every node is rendered with something else than PostgreSQL's default. */
const rendered = ["log_lock_waits", "log_min_duration_statement", "timezone", "log_checkpoints"];

interface Row {
  readonly name: string;
  readonly unit: string | null;
  readonly boot_val: string;
  readonly context: string;
  readonly min_val: string | null;
  readonly max_val: string | null;
}

test("names, units, defaults and bounds are those of the server", async () => {
  await using server = await startPostgres();
  const engine = await newestEngine();
  const { socketDir: host, ...settings } = server.settings;
  await using client = await openSession({ ...settings, host });
  const { rows } = await client.query<Row>("select *, lower(name) as name from pg_settings");
  const offered = offeredSettings(engine.parameters, engine.major);
  assert.equal(offered.length, Object.keys(offers).length);
  for (const setting of offered) {
    const { name, min, max, isHot } = setting;
    const row = rows.find((one) => one.name === name);
    assert.ok(row, name);
    const offer = offers[name];
    assert.ok(offer);
    assert.equal(offer.unit ?? null, row.unit, `unit of ${name}`);
    assert.equal(isHot, row.context !== "postmaster", name);
    const factor = wireFactor(offer);
    const isSize = factor !== 1;
    if (!rendered.includes(name)) {
      const wire = isSize ? String(Number(row.boot_val) * factor) : row.boot_val;
      assert.equal(setting.default, wire, `default of ${name}`);
    }
    if (min === null || max === null) continue;
    assert.ok(min >= Number(row.min_val) * factor && max <= Number(row.max_val) * factor + 1, name);
    assert.ok(Number(setting.default) >= min && Number(setting.default) <= max, `${name} within its bounds`);
  }
});
