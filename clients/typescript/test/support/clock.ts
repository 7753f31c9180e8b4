import type { Timer } from '../../src/index.ts';

/** Time that passes only when nothing else is left to do, and then at once. */
export class Clock {
  now = 0;
  private due: { at: number; f: () => void }[] = [];
  private passing = false;
  private stopped = false;

  readonly timer: Timer = (ms, f) => {
    const event = { at: this.now + ms, f };
    this.due.push(event);
    this.pass();
    return () => void (this.due = this.due.filter(other => other !== event));
  };

  /** Resolves `ms` from now. */
  after(ms: number): Promise<void> {
    return new Promise(resolve => void this.timer(ms, resolve));
  }

  /** From now on no time passes. */
  stop(): void {
    this.stopped = true;
  }

  private pass(): void {
    if (this.passing) return;
    this.passing = true;
    // An immediate comes after all promises that can be settled now.
    setImmediate(() => {
      this.passing = false;
      const next = this.due.reduce<(typeof this.due)[number] | undefined>(
        (first, event) => (first && first.at <= event.at ? first : event),
        undefined,
      );
      if (!next || this.stopped) return;
      this.due = this.due.filter(event => event !== next);
      this.now = next.at;
      next.f();
      this.pass();
    });
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
