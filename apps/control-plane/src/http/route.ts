import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { ErrorBody } from "@mainstay/api-contract/errors.ts";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { Actor, Platform } from "../platform.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** One endpoint: adds itself to the server. */
export type Route = (server: Server, platform: Platform) => void;

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the authentication of every route that has one. */
    actor: Actor | null;
  }
}

export function actorOf(request: { readonly actor: Actor | null }): Actor {
  if (!request.actor) throw new Error("BUG: a route without authentication asked who calls");
  return request.actor;
}

/** What every route may answer besides its success. */
export const errors = { "4xx": ErrorBody, "5xx": ErrorBody };

export const base = "/rdb/v1/regions/:region";

/** An instance in our own interface. */
export const platformInstance = "/mainstay/v1/instances/:instance_id";
