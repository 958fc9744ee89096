/** Resolves after `ms` milliseconds, or at once when aborted. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}

export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

export interface WaitOptions {
  /** Names the condition in the error. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** Checks until the condition holds (true) or gives a value; throws TimeoutError after `timeoutMs`, or when aborted. */
export async function waitFor<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  { what, timeoutMs, everyMs = 20, signal }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (signal?.aborted) throw new TimeoutError(`stopped waiting for ${what}`);
    if (performance.now() >= deadline) throw new TimeoutError(`no ${what} within ${timeoutMs} ms`);
    await pause(everyMs, signal);
  }
}
