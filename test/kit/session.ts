import pg from "pg";

export type Session = pg.Client & AsyncDisposable;

/** A client's session, ended with its scope. That it broke is told by the next query. */
export async function openSession(config: pg.ClientConfig): Promise<Session> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  const end = () => client.end().catch(() => {});
  try {
    await client.connect();
  } catch (error) {
    await end();
    throw error;
  }
  return Object.assign(client, { [Symbol.asyncDispose]: end });
}
