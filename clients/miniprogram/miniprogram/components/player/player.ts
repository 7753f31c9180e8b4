import type { DrawingContent } from 'onestroke-client';
import { fit, Replay, render } from 'onestroke-drawing';
import { accent } from '../../config';
import type { Screen } from '../../screen';
import { screenOf } from '../../screen';
import { words } from '../../words';

/** The methods of a player for pages, which get it with `selectComponent`. */
export interface Player {
  /** Replays a drawing from its beginning. */
  show(content: DrawingContent): Promise<void>;
  /** Shows a text instead of a drawing. */
  say(notice: string): void;
}

interface Methods extends Player {
  /** Plays or pauses. */
  toggle(): void;
  seek(event: WechatMiniprogram.CustomEvent<{ value: number }>): void;
  /** The next speed. */
  hurry(): void;
  showPosition(): void;
}

interface Fields {
  screen: Promise<Screen>;
  /** Resolves `screen`. */
  found(screen: Promise<Screen>): void;
  replay?: Replay;
  oneStroke?: boolean;
}

/** 1 is the time in which it was drawn. */
const speeds = [1, 2, 4, 0.5];
/** How often the slider moves, in milliseconds. Each move costs a `setData`. */
const tick = 100;

const data = {
  words,
  accent,
  notice: '',
  playing: false,
  sealed: false,
  position: 0,
  duration: tick,
  speed: speeds[0]!,
  time: '',
};

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
      let rendered: number | undefined;
      const replay = new Replay(content, {
        clock: { now: Date.now, frame: run => void canvas.requestAnimationFrame(run) },
        render: position => {
          // Forwards, only what is new is rendered.
          render(
            surface,
            content,
            view,
            position,
            rendered !== undefined && rendered < position ? rendered : undefined,
          );
          rendered = position;
          this.showPosition();
        },
      });
      replay.speed = this.data.speed;
      this.replay = replay;
      this.oneStroke = content.oneStroke;
      replay.play();
    },

    say(notice) {
      if (this.replay) this.replay.pause();
      this.replay = undefined;
      this.setData({ notice, time: '', sealed: false });
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
      const sealed = !!this.oneStroke && position >= duration;
      this.setData({ playing, sealed, position, duration, time: `${seconds(position)} / ${seconds(duration)}` });
    },
  },
});

/** Minutes and seconds, such as 0:07. */
function seconds(ms: number): string {
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
