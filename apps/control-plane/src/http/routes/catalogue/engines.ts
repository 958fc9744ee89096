import { RegionParams } from "@mainstay/api-contract/common.ts";
import { EngineList, EnginesQuery, endOfLife, engineName } from "@mainstay/api-contract/engines.ts";
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
      .map(({ major }) => ({
        version: String(major),
        name: engineName(major),
        end_of_life: endOfLife[major] ?? null,
        available_settings: [],
        available_init_settings: [],
        disabled: false,
        beta: false,
      }));
    const engine = { name: "PostgreSQL", logo_url: "", versions, region: platform.region };
    const engines = !query.name || query.name.toLowerCase() === "postgresql" ? [engine] : [];
    return { engines: slice(engines, query), total_count: engines.length };
  });
};
