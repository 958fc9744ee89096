/**
 * The session that looks and actions share: a new one has PostgreSQL fork a process, which takes longer than all that
 * is asked over it.
 */
import { isStarting } from "@mainstay/postgres/postmaster.ts";
import { monotonicMs } from "@mainstay/runtime/monotonic.ts";
import {
  askPostmaster,
  connectLocal,
  isTooManyConnections,
  type LocalClient,
  type LocalServer,
} from "./local-client.ts";

/** The postmaster is asked this often, so that one that no longer forks is noticed. */
const askedEveryMs = 1_000;
/** And a new session is begun this often: processes that fork may still have nothing to offer. */
const renewedEveryMs = 10_000;
/** Of each statement. */
const queryTimeoutMs = 1_000;

export interface LocalSession {
  /** Of a PostgreSQL that took connections this second. When the work fails its session ends: it may be busy still. */
  fresh<T>(work: (client: LocalClient) => Promise<T>): Promise<T>;
  /** Over whichever session there is. */
  use<T>(work: (client: LocalClient) => Promise<T>): Promise<T>;
  close(): void;
}

export function createLocalSession(server: LocalServer, dataDir: string): LocalSession {
  let session: { client: LocalClient; sinceMs: number } | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  /** Nobody waits for its end: a process that stands still would never close. */
  function close(): void {
    session?.client.end().catch(() => {});
    session = undefined;
  }

  /** A server without even a place for another WAL sender is well: the session that there is goes on. */
  async function renew(): Promise<void> {
    if (!session && (await isStarting(dataDir))) throw new Error("PostgreSQL takes no sessions yet");
    const sinceMs = monotonicMs();
    try {
      const client = await connectLocal(server, { queryTimeoutMs });
      close();
      session = { client, sinceMs };
    } catch (error) {
      if (!session || !isTooManyConnections(error)) throw error;
      session = { ...session, sinceMs };
    }
  }

  async function ask(): Promise<void> {
    const nowMs = monotonicMs();
    if (!session || nowMs - session.sinceMs > renewedEveryMs) await renew();
    else if (nowMs - askedAtMs > askedEveryMs) await askPostmaster(server, queryTimeoutMs);
    else return;
    askedAtMs = nowMs;
  }

  async function use<T>(work: (client: LocalClient) => Promise<T>): Promise<T> {
    if (!session) await renew();
    if (!session) throw new Error("BUG: no session");
    try {
      return await work(session.client);
    } catch (error) {
      close();
      throw error;
    }
  }

  return {
    use,
    close,
    async fresh(work) {
      await ask().catch((error: unknown) => {
        close();
        throw error;
      });
      return use(work);
    },
  };
}
