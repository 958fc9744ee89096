import { HealthView } from "@mainstay/api-contract/platform.ts";
import { sql } from "kysely";
import type { Route } from "../../route.ts";

const schema = {
  tags: ["platform"],
  summary: "Whether this control plane can work; needs no key",
  security: [],
  response: { 200: HealthView, 503: HealthView },
};

export const healthRoute: Route = (server, { db, observed }) => {
  server.get("/mainstay/v1/health", { schema }, async (_request, reply) => {
    const isDatabaseUp = await sql`select 1`.execute(db).then(
      () => true,
      () => false,
    );
    const isUp = isDatabaseUp && observed.isLive;
    const status = isUp ? "ok" : "degraded";
    return reply.code(isUp ? 200 : 503).send({ status, database: isDatabaseUp, store: observed.isLive });
  });
};
