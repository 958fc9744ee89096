/** A run that is cut short, by Ctrl-C or when a file's time is over, ends what it began as any other does. */

const begun = new Set<AsyncDisposable>();
let isOver = false;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void endAll(signal));

/** The same resource: it is disposed of by its test, or when the run is cut short before. */
export function endedWhenCutShort<T extends AsyncDisposable>(resource: T): T {
  const dispose = resource[Symbol.asyncDispose].bind(resource);
  begun.add(resource);
  return Object.assign(resource, {
    async [Symbol.asyncDispose]() {
      begun.delete(resource);
      await dispose();
    },
  });
}

/** To be called before a process is started: the test goes on while what it began is ended. */
export function notWhenCutShort(): void {
  if (isOver) throw new Error("the run was cut short");
}

/** The newest first: it may stand upon the others. A program that listens for the signal ends them itself. */
async function endAll(signal: NodeJS.Signals): Promise<void> {
  if (isOver || process.listenerCount(signal) > 0) return;
  isOver = true;
  for (const resource of [...begun].reverse())
    await resource[Symbol.asyncDispose]().then(undefined, () => {});
  process.exit(1);
}
