import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preferences } from "../store/schema.ts";
import { nextRun } from "./backup-schedule.ts";

const created = new Date("2026-01-01T12:00:00Z");

function next(now: string, changes: Partial<Preferences> = {}): string | undefined {
  const preferences: Preferences = {
    backupFrequencyHours: 24,
    backupRetentionDays: 7,
    isBackupDisabled: false,
    isBackupSameRegion: false,
    logsMaxAgeDays: 30,
    logsMaxBytes: null,
    ...changes,
  };
  return nextRun(preferences, created, new Date(now))?.toISOString();
}

test("the schedule is counted from the creation and never in the past", () => {
  assert.equal(next("2026-01-01T12:00:01Z"), "2026-01-02T12:00:00.000Z");
  assert.equal(next("2026-01-02T12:00:00Z"), "2026-01-03T12:00:00.000Z");
  assert.equal(next("2026-03-05T11:59:59Z"), "2026-03-05T12:00:00.000Z");
});

test("a changed schedule is counted from its change", () => {
  const changed = { backupFrequencyHours: 6, backupScheduledAt: "2026-01-04T10:30:00.000Z" };
  assert.equal(next("2026-01-04T10:31:00Z", changed), "2026-01-04T16:30:00.000Z");
  assert.equal(next("2026-01-04T23:00:00Z", changed), "2026-01-05T04:30:00.000Z");
});

test("a chosen hour of the day is kept to, today if it is still to come", () => {
  const at = (backupStartHour: number) => ({
    backupStartHour,
    backupScheduledAt: "2026-01-04T10:30:00.000Z",
  });
  assert.equal(next("2026-01-04T10:31:00Z", at(23)), "2026-01-04T23:00:00.000Z");
  assert.equal(next("2026-01-04T10:31:00Z", at(3)), "2026-01-05T03:00:00.000Z");
  assert.equal(next("2026-01-09T03:00:00Z", at(3)), "2026-01-10T03:00:00.000Z");
  const rarely = { ...at(3), backupFrequencyHours: 36 };
  assert.equal(next("2026-01-04T10:31:00Z", rarely), "2026-01-05T03:00:00.000Z");
  const often = { ...at(0), backupFrequencyHours: 12 };
  assert.equal(next("2026-01-05T09:00:00Z", often), "2026-01-05T12:00:00.000Z");
});

test("a schedule that is switched off is never due", () => {
  assert.equal(next("2026-01-01T12:00:01Z", { isBackupDisabled: true }), undefined);
});
