import type { DrawingContent } from 'onestroke-client';
import { timelineOf } from './timeline.js';

/** The time that a replay runs by. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls `run` once when the next picture is due, as `requestAnimationFrame` does. */
  frame(run: () => void): void;
}

export interface ReplayOptions {
  clock: Clock;
  /**
   * Shows the replay after so many milliseconds: `paint` with that as `until`. Called with each change, the last
   * one when it has come to its end.
   */
  paint(position: number): void;
}

/**
 * Draws a drawing again in the time that it took. Long pauses between strokes are shortened; strokes without
 * times are drawn one after the other at an even pace.
 */
export class Replay {
  /** How long it takes at speed 1, in milliseconds. */
  readonly duration: number;
  /** Where it was at `since`, by the clock. */
  private reached = 0;
  private since = 0;
  private pace = 1;
  /** The run that is under way; one that has been overtaken stops by itself. */
  private run: object | undefined;

  constructor(
    content: DrawingContent,
    private readonly options: ReplayOptions,
  ) {
    this.duration = timelineOf(content).duration;
  }

  /** How much of it has been shown, in milliseconds. */
  get position(): number {
    if (!this.run) return this.reached;
    return Math.min(this.reached + (this.options.clock.now() - this.since) * this.pace, this.duration);
  }

  get playing(): boolean {
    return !!this.run;
  }

  /** 1 is as it was drawn, 2 is twice as fast. It may change while it plays. */
  get speed(): number {
    return this.pace;
  }

  set speed(speed: number) {
    this.hold();
    this.pace = speed;
  }

  /** Goes on from where it is; from the beginning when it has come to its end. */
  play(): void {
    if (this.run) return;
    if (this.reached >= this.duration) this.reached = 0;
    this.since = this.options.clock.now();
    const run = (this.run = {});
    const show = () => {
      if (this.run !== run) return;
      const { position } = this;
      if (position >= this.duration) this.pause();
      else this.options.clock.frame(show);
      this.options.paint(position);
    };
    show();
  }

  pause(): void {
    this.hold();
    this.run = undefined;
  }

  /** Goes to a position and, if it plays, on from there. */
  seek(position: number): void {
    this.hold();
    this.reached = Math.min(Math.max(position, 0), this.duration);
    this.options.paint(this.reached);
  }

  private hold(): void {
    this.reached = this.position;
    this.since = this.options.clock.now();
  }
}
