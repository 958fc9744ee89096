import { type Static, Type } from "typebox";
import { Nullable, PageQuery, Timestamp } from "./common.ts";

const number = Nullable(Type.Number());

/** A value is text without its unit: "8" is 8 MB for work_mem, whose `unit` is MB. */
export const EngineSettingView = Type.Object({
  name: Type.String(),
  default_value: Type.String(),
  hot_configurable: Type.Boolean(),
  description: Type.String(),
  property_type: Type.Union([
    Type.Literal("BOOLEAN"),
    Type.Literal("INT"),
    Type.Literal("STRING"),
    Type.Literal("FLOAT"),
  ]),
  unit: Nullable(Type.String()),
  string_constraint: Nullable(Type.String()),
  int_min: Nullable(Type.Integer()),
  int_max: Nullable(Type.Integer()),
  float_min: number,
  float_max: number,
});
export type EngineSettingView = Static<typeof EngineSettingView>;

export const EngineVersionView = Type.Object({
  version: Type.String(),
  name: Type.String(),
  end_of_life: Nullable(Timestamp),
  available_settings: Type.Array(EngineSettingView),
  available_init_settings: Type.Array(Type.Object({}, { additionalProperties: true })),
  disabled: Type.Boolean(),
  beta: Type.Boolean(),
});
export type EngineVersionView = Static<typeof EngineVersionView>;

export const EngineList = Type.Object({
  engines: Type.Array(
    Type.Object({
      name: Type.String(),
      logo_url: Type.String(),
      versions: Type.Array(EngineVersionView),
      region: Type.String(),
    }),
  ),
  total_count: Type.Integer(),
});
export type EngineList = Static<typeof EngineList>;

export const EnginesQuery = Type.Object({
  ...PageQuery.properties,
  name: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
});

/** When the community stops supporting a major version. */
export const endOfLife: Readonly<Record<number, string>> = {
  13: "2025-11-13T00:00:00Z",
  14: "2026-11-12T00:00:00Z",
  15: "2027-11-11T00:00:00Z",
  16: "2028-11-09T00:00:00Z",
  17: "2029-11-08T00:00:00Z",
  18: "2030-11-14T00:00:00Z",
};

export const engineName = (major: number): string => `PostgreSQL-${major}`;

/** The major version an engine name means, in any case; undefined for anything else. */
export function parseEngineName(name: string): number | undefined {
  const match = /^postgresql-(\d{1,3})$/i.exec(name);
  return match ? Number(match[1]) : undefined;
}
