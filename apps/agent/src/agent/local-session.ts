/**
 * The session that looks and actions share: a new one has PostgreSQL fork a process, which takes longer than all that
 * is asked over it.
 */
import { isStarting } from "@mainstay/postgres/postmaster.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import { connectLocal, isTooManyConnections, type LocalClient, type LocalServer } from "./local-client.ts";

/** A session is renewed this often, so that a postmaster that no longer forks is noticed. */
const freshMs = 1_000;
/** Of each statement. */
const queryTimeoutMs = 1_000;

export interface LocalSession {
  /** Over a session of this second. When the work fails its session ends: it may be busy with it still. */
  fresh<T>(work: (client: LocalClient) => Promise<T>): Promise<T>;
  /** Over whichever session there is. */
  use<T>(work: (client: LocalClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createLocalSession(server: LocalServer, dataDir: string): LocalSession {
  let session: { client: LocalClient; sinceMs: number } | undefined;

  async function close(): Promise<void> {
    const old = session;
    session = undefined;
    await old?.client.end().catch(() => {});
  }

  /** A server without even a place for another WAL sender is well: the session that there is goes on. */
  async function renew(): Promise<void> {
    if (!session && (await isStarting(dataDir))) throw new Error("PostgreSQL takes no sessions yet");
    const sinceMs = monotonicMs();
    try {
      const client = await connectLocal(server, { queryTimeoutMs });
      await close();
      session = { client, sinceMs };
    } catch (error) {
      if (session && isTooManyConnections(error)) {
        session = { ...session, sinceMs };
        return;
      }
      await close();
      throw error;
    }
  }

  async function use<T>(work: (client: LocalClient) => Promise<T>): Promise<T> {
    if (!session) await renew();
    if (!session) throw new Error("BUG: no session");
    try {
      return await work(session.client);
    } catch (error) {
      await close();
      throw error;
    }
  }

  return {
    use,
    close,
    async fresh(work) {
      if (!session || monotonicMs() - session.sinceMs > freshMs) await renew();
      return use(work);
    },
  };
}
