import type { DrawingContent } from 'onestroke-client';
import { timelineOf } from './timeline.js';

/** The clock of a replay. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls `run` once before the next frame, as `requestAnimationFrame` does. */
  frame(run: () => void): void;
}

export interface ReplayOptions {
  clock: Clock;
  /**
   * Shows the replay at a position, in milliseconds: `render` with that as `until`. Called for each change, and at
   * the end.
   */
  render(position: number): void;
}

/**
 * Replays a drawing in the time that it took. Long pauses between strokes are shortened. Strokes without times are
 * drawn one after the other at an even pace.
 */
export class Replay {
  /** How long it takes at speed 1, in milliseconds. */
  readonly duration: number;
  /** The position at the clock's time `since`. */
  private reached = 0;
  private since = 0;
  private pace = 1;
  /** The current run. An earlier run stops by itself. */
  private run: object | undefined;

  constructor(
    content: DrawingContent,
    private readonly options: ReplayOptions,
  ) {
    this.duration = timelineOf(content).duration;
  }

  /** The position, in milliseconds. */
  get position(): number {
    if (!this.run) return this.reached;
    const passed = Math.max(this.options.clock.now() - this.since, 0); // a clock may be set back
    return Math.min(this.reached + passed * this.pace, this.duration);
  }

  get playing(): boolean {
    return !!this.run;
  }

  /** 1 is as fast as it was drawn, 2 is twice as fast. It may change during a replay. */
  get speed(): number {
    return this.pace;
  }

  set speed(speed: number) {
    this.hold();
    this.pace = speed;
  }

  /** Continues from the position, or from the beginning if it is at the end. */
  play(): void {
    if (this.run) return;
    if (this.reached >= this.duration) this.reached = 0;
    this.since = this.options.clock.now();
    const run = (this.run = {});
    const show = () => {
      if (this.run !== run) return;
      this.hold();
      const position = this.reached;
      if (position >= this.duration) this.pause();
      else this.options.clock.frame(show);
      this.options.render(position);
    };
    show();
  }

  pause(): void {
    this.hold();
    this.run = undefined;
  }

  /** Goes to a position. A replay that plays continues from there. */
  seek(position: number): void {
    this.hold();
    this.reached = Math.min(Math.max(position, 0), this.duration);
    this.options.render(this.reached);
  }

  private hold(): void {
    this.reached = this.position;
    this.since = this.options.clock.now();
  }
}
