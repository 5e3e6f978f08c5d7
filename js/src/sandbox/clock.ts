/** A source of time for the sandbox, in milliseconds since 1970. */
export interface Clock {
  now(): number;
  /** Moves the clock forward. Only the virtual clock can. */
  advance(millis: number): void;
  readonly kind: "real" | "virtual" | "given";
}

/** Where a virtual clock starts when nothing else is said: a fixed moment, so that two runs are equal. */
export const VIRTUAL_START: number = Date.UTC(2026, 10, 23, 12, 0, 0);

/** Wall time, running `speed` times as fast since the sandbox was made. */
export function realClock(speed: number): Clock {
  const start = Date.now();
  return {
    kind: "real",
    now: () => start + Math.round((Date.now() - start) * speed),
    advance: () => {
      throw new Error('only a sandbox with clock: "virtual" can be advanced');
    },
  };
}

export function virtualClock(start: number = VIRTUAL_START): Clock {
  let time = start;
  return {
    kind: "virtual",
    now: () => time,
    advance: (millis) => {
      if (!Number.isFinite(millis) || millis < 0) {
        throw new RangeError(`advance(millis) takes a number of at least 0, not ${String(millis)}`);
      }
      time += millis;
    },
  };
}

export function givenClock(now: () => number): Clock {
  return {
    kind: "given",
    now,
    advance: () => {
      throw new Error("this sandbox was given its own clock: move that one instead");
    },
  };
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/** Dates as the account shows them: ISO with the account's offset, and the plain `*_timestamp` form. [recording] */
export class Dates {
  private readonly offsetMinutes: number;
  private readonly suffix: string;

  constructor(offsetMinutes: number) {
    this.offsetMinutes = offsetMinutes;
    const size = Math.abs(offsetMinutes);
    this.suffix = `${offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
  }

  private shifted(millis: number): string {
    return new Date(millis + this.offsetMinutes * 60_000).toISOString();
  }

  /** `2021-03-23T06:05:00-05:00` */
  iso(millis: number): string {
    return this.shifted(millis).slice(0, 19) + this.suffix;
  }

  /** `2021-03-23 06:05:00`. The recorded `*_utc_timestamp` values are in the account's time too. [recording] */
  stamp(millis: number): string {
    return this.shifted(millis).slice(0, 19).replace("T", " ");
  }

  /** `2021-03-23` */
  day(millis: number): string {
    return this.shifted(millis).slice(0, 10);
  }
}
