import type { DrawingContent } from 'onestroke-client';
import { fit, paint, Replay } from 'onestroke-drawing';
import type { Screen } from '../../screen';
import { screenOf } from '../../screen';
import { words } from '../../words';

/** What pages do with a player, by `selectComponent`. */
export interface Player {
  /** Shows a drawing being drawn, from its beginning. */
  show(content: DrawingContent): Promise<void>;
  /** Shows a text in place of a drawing. */
  say(notice: string): void;
}

interface Methods extends Player {
  /** Plays, or pauses. */
  toggle(): void;
  seek(event: WechatMiniprogram.CustomEvent<{ value: number }>): void;
  /** The next speed. */
  hurry(): void;
  showPosition(): void;
}

interface Fields {
  screen: Promise<Screen>;
  /** Settles it. */
  found(screen: Promise<Screen>): void;
  replay?: Replay;
}

/** 1 is the time in which it was drawn. */
const speeds = [1, 2, 4, 0.5];
/** How often the slider moves: more would keep a phone busy. In milliseconds. */
const tick = 100;

const data = { words, notice: '', playing: false, position: 0, duration: tick, speed: speeds[0]!, time: '' };

Component<typeof data, {}, { [Name in keyof Methods]: Methods[Name] }, [], Fields>({
  data,

  lifetimes: {
    created() {
      this.screen = new Promise(resolve => (this.found = resolve));
    },

    ready() {
      this.found(screenOf(this, '#canvas'));
    },

    detached() {
      if (this.replay) this.replay.pause();
    },
  },

  pageLifetimes: {
    hide() {
      if (this.replay) this.replay.pause();
      this.showPosition();
    },
  },

  methods: {
    async show(content) {
      if (this.replay) this.replay.pause();
      this.setData({ notice: '' });
      const { canvas, surface, box, pixelRatio } = await this.screen;
      const view = fit(content.canvas, box, pixelRatio);
      let painted: number | undefined;
      const replay = new Replay(content, {
        clock: { now: Date.now, frame: run => void canvas.requestAnimationFrame(run) },
        paint: position => {
          // Forwards, no more than what is new.
          paint(surface, content, view, position, painted !== undefined && painted < position ? painted : undefined);
          painted = position;
          this.showPosition();
        },
      });
      replay.speed = this.data.speed;
      this.replay = replay;
      replay.play();
    },

    say(notice) {
      if (this.replay) this.replay.pause();
      this.replay = undefined;
      this.setData({ notice, time: '' });
    },

    toggle() {
      if (!this.replay) return;
      if (this.replay.playing) this.replay.pause();
      else this.replay.play();
      this.showPosition();
    },

    seek({ detail }) {
      if (this.replay) this.replay.seek(detail.value);
    },

    hurry() {
      const speed = speeds[(speeds.indexOf(this.data.speed) + 1) % speeds.length]!;
      this.setData({ speed });
      if (this.replay) this.replay.speed = speed;
    },

    showPosition() {
      if (!this.replay) return;
      const { playing, duration } = this.replay;
      const position = playing ? Math.floor(this.replay.position / tick) * tick : this.replay.position;
      if (position === this.data.position && playing === this.data.playing && duration === this.data.duration) return;
      this.setData({ playing, position, duration, time: `${seconds(position)} / ${seconds(duration)}` });
    },
  },
});

/** As in 0:07. */
function seconds(ms: number): string {
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
