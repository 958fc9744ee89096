import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { RegionParams } from "@mainstay/api-contract/common.ts";
import { ApiError, invalidArgument } from "@mainstay/api-contract/errors.ts";
import type { Log } from "@mainstay/runtime/log.ts";
import fastify, { type FastifyError, type FastifyRequest } from "fastify";
import { Value } from "typebox/value";
import type { Platform } from "../platform.ts";
import { authenticate } from "./authentication.ts";
import { handleError } from "./error-handler.ts";
import type { Server } from "./route.ts";
import { routes } from "./routes.ts";

const bodyLimit = 256 * 1024;

/** The HTTP interface; `listen` or `inject` is the caller's. */
export async function createServer(platform: Platform, log: Log): Promise<Server> {
  const server = fastify({
    bodyLimit,
    requestTimeout: 30_000,
    // What is being answered is answered, also at the end.
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    // Any id that is too long for one is not found; Node limits the whole line.
    routerOptions: { maxParamLength: 20_000 },
    frameworkErrors: (error, request, reply) => {
      // No hook runs here, and only bytes are left alone.
      reply.header("x-request-id", request.id).header("content-type", "application/json");
      handleError(error, request, reply, log, (body) => Buffer.from(JSON.stringify(body)));
    },
    // As the wire: nothing is coerced, unknown fields are accepted and left alone.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
  }).withTypeProvider<TypeBoxTypeProvider>();
  server.decorateRequest("actor", null);
  server.setErrorHandler((error: FastifyError, request, reply) => handleError(error, request, reply, log));
  server.setNotFoundHandler(refuseUnknown);
  acceptEmptyBodies(server);
  server.addHook("onRequest", async (request) => {
    await guard(request, platform);
    // Before its body is read, which nobody would understand.
    if (request.is404) refuseUnknown(request);
  });
  server.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
    // Clients compare this header exactly; a charset breaks them.
    if (String(reply.getHeader("content-type")).startsWith("application/json")) {
      reply.header("content-type", "application/json");
    }
  });
  await describe(server);
  for (const route of routes) route(server, platform);
  server.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
  return server;
}

/** Everything below the two interfaces needs a key, except to ask for health; and only our region is here. */
async function guard(request: FastifyRequest, { db, region }: Platform): Promise<void> {
  // As the router has understood it, which decodes what is escaped: another spelling is no way around the key.
  const path = request.routeOptions.url ?? request.url;
  if (!/^\/(rdb|mainstay)\//.test(path) || path === "/mainstay/v1/health") return;
  await authenticate(request, db);
  const asked = regionOf(request);
  if (asked !== undefined && asked.toLowerCase() !== region) {
    throw invalidArgument("region", `this installation serves ${region} only`);
  }
}

/** Of a path that no route takes, as it is written. */
function regionOf({ is404, params, url }: FastifyRequest): string | undefined {
  if (is404) return /^\/rdb\/v1\/regions\/([^/?]*)/.exec(url)?.[1];
  return Value.Check(RegionParams, params) ? params.region : undefined;
}

function refuseUnknown(request: FastifyRequest): never {
  if (request.url.startsWith("/rdb/v1")) {
    const message = `${request.method} ${request.url.split("?")[0]} is not implemented by Mainstay yet`;
    throw new ApiError({ type: "not_implemented" }, message);
  }
  throw new ApiError(
    { type: "not_found", resource: "route", resource_id: request.url },
    STATUS_CODES[404] ?? "",
  );
}

/** Some clients announce JSON and send nothing. */
function acceptEmptyBodies(server: Server): void {
  const parse = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, null);
    else void parse(request, body.toString(), done);
  });
}

async function describe(server: Server): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Mainstay", description: "Managed PostgreSQL on your own machines", version: "1" },
      components: {
        securitySchemes: { key: { type: "apiKey", in: "header", name: "X-Auth-Token" } },
      },
      security: [{ key: [] }],
    },
  });
  await server.register(swaggerUi, { routePrefix: "/docs" });
}
