import { RegionParams } from "@mainstay/api-contract/common.ts";
import {
  EngineList,
  type EngineSettingView,
  EnginesQuery,
  type EngineVersionView,
  endOfLife,
  engineName,
} from "@mainstay/api-contract/engines.ts";
import type { FoundEngine } from "@mainstay/postgres/engines.ts";
import { type OfferedSetting, offeredSettings } from "@mainstay/postgres/offered-settings.ts";
import { slice } from "../../paging.ts";
import { base, errors, type Route } from "../../route.ts";

const schema = {
  tags: ["catalogue"],
  summary: "List the engine versions that can be had",
  params: RegionParams,
  querystring: EnginesQuery,
  response: { 200: EngineList, ...errors },
};

export const listEnginesRoute: Route = (server, platform) => {
  server.get(`${base}/database-engines`, { schema }, async ({ query }) => {
    const found = await platform.compute.engines(AbortSignal.timeout(10_000));
    const versions = found
      .toSorted((a, b) => b.major - a.major) // newest first: clients take the first as the latest
      .filter(({ major }) => !query.version || query.version === String(major))
      .map(toVersionView);
    const engine = { name: "PostgreSQL", logo_url: "", versions, region: platform.region };
    const isAsked = versions.length > 0 && (!query.name || query.name.toLowerCase() === "postgresql");
    const engines = isAsked ? [engine] : [];
    return { engines: slice(engines, query), total_count: engines.length };
  });
};

function toVersionView({ major, parameters }: FoundEngine): EngineVersionView {
  return {
    version: String(major),
    name: engineName(major),
    end_of_life: endOfLife[major] ?? null,
    available_settings: offeredSettings(parameters, major).map(toSettingView),
    available_init_settings: [],
    disabled: false,
    beta: false,
  };
}

function toSettingView(setting: OfferedSetting): EngineSettingView {
  const { name, type, min, max } = setting;
  return {
    name,
    default_value: setting.default,
    hot_configurable: setting.isHot,
    description: setting.description,
    property_type: type,
    unit: setting.unit,
    string_constraint: setting.pattern,
    int_min: type === "INT" ? min : null,
    int_max: type === "INT" ? max : null,
    float_min: type === "FLOAT" ? min : null,
    float_max: type === "FLOAT" ? max : null,
  };
}
