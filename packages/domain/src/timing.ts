/**
 * The timing of one instance's lock, in milliseconds. The holder renews every `renewMs` and may serve for
 * `holdMs` after sending the last renewal that succeeded; a challenger may claim after seeing no renewal for
 * `takeMs`. S4 of docs/spec/ha.md relates them.
 */
export interface Timing {
  readonly renewMs: number;
  readonly holdMs: number;
  readonly takeMs: number;
}

export const timingPresets = {
  fast: { renewMs: 400, holdMs: 1_600, takeMs: 2_000 },
  safe: { renewMs: 1_000, holdMs: 6_000, takeMs: 8_000 },
} satisfies Record<string, Timing>;
export type TimingPreset = keyof typeof timingPresets;

/** The largest difference between two clocks' rates that S4 allows for. */
export const clockRateBound = 0.01;

/** How long a challenger waits beyond the holder's deadline, for the fence to be carried out. */
export const takeMarginMs = 100;

/** Every rule that `timing` breaks; empty when it is consistent. */
export function timingProblems({ renewMs, holdMs, takeMs }: Timing): string[] {
  const problems: string[] = [];
  if (![renewMs, holdMs, takeMs].every((value) => Number.isInteger(value) && value > 0)) {
    problems.push("renewMs, holdMs and takeMs must be positive whole milliseconds");
  }
  if (holdMs < 3 * renewMs) problems.push("holdMs must outlast three renewals (renewMs)");
  if (takeMs < holdMs * (1 + 2 * clockRateBound) + takeMarginMs) {
    problems.push(`takeMs must exceed holdMs by the clock rates' 2 % and ${takeMarginMs} ms`);
  }
  return problems;
}
