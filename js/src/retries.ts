/** Pauses before a run that ended by something that may pass goes on, in milliseconds: twelve times, an hour in all. */
export const RETRY_MILLIS: readonly number[] = [1_000, 5_000, 30_000, 60_000, ...Array.from({ length: 8 }, () => 7 * 60_000)];
