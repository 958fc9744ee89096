/** Milliseconds of the machine's monotonic clock: comparable between its processes, not between boots. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
