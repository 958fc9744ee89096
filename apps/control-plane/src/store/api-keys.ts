import { createHash } from "node:crypto";
import type { Database } from "./database.ts";
import type { ApiKeyRow } from "./schema.ts";

const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export function findApiKey(db: Database, secret: string): Promise<ApiKeyRow | undefined> {
  return db
    .selectFrom("api_keys")
    .selectAll()
    .where("secret_hash", "=", hashSecret(secret))
    .executeTakeFirst();
}

export interface InitialApiKey {
  readonly accessKey: string;
  readonly secretHash: string;
  readonly organizationId: string;
  readonly projectId: string;
}

export async function ensureApiKey(db: Database, key: InitialApiKey): Promise<void> {
  const row = {
    secret_hash: key.secretHash,
    organization_id: key.organizationId,
    project_id: key.projectId,
  };
  await db
    .insertInto("api_keys")
    .values({ ...row, access_key: key.accessKey, expires_at: null })
    .onConflict((conflict) => conflict.column("access_key").doUpdateSet(row))
    .execute();
}
