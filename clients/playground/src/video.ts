import type { DrawingContent } from 'onestroke-client';
import { fit, Replay, render } from 'onestroke-drawing';
import { el } from './dom';
import { dialog } from './overlays';
import { words } from './words';

/** In pixels. */
const most = { width: 720, height: 1280 };
const framesPerSecond = 30;
const bitsPerSecond = 4_000_000;
/** A longer replay is recorded at a higher speed. In milliseconds, as the next. */
const longest = 20_000;
/** How long the finished drawing is shown. */
const stillTime = 1_000;

/** The first that the browser can record is used. */
const types = ['video/mp4;codecs=avc1.42E01E', 'video/mp4', 'video/webm;codecs=vp9', 'video/webm'];

/**
 * Records the replay of a drawing in real time, and shows the progress meanwhile. Resolves with the video, or undefined
 * if the user cancels.
 */
export async function record(content: DrawingContent): Promise<Blob | undefined> {
  const canvas = el('canvas');
  const whole = fit(content.canvas, most);
  // Video encoders need even numbers.
  [canvas.width, canvas.height] = [2 * Math.round(whole.width / 2), 2 * Math.round(whole.height / 2)];
  const surface = canvas.getContext('2d')!;
  const view = fit(content.canvas, canvas);

  const mimeType = types.find(type => MediaRecorder.isTypeSupported(type));
  const stream = canvas.captureStream(framesPerSecond);
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: bitsPerSecond });
  const progress = el('progress', { max: 1, value: 0, 'aria-label': words.recording });
  const box: HTMLDialogElement = dialog(
    words.recording,
    progress,
    el(
      'div',
      { class: 'buttons' },
      el('button', { type: 'button', class: 'quiet', onclick: () => box.close() }, words.cancel),
    ),
  );

  return new Promise(resolve => {
    const parts: Blob[] = [];
    let [finished, cancelled] = [false, false];
    const replay = new Replay(content, {
      // A page in the background gets no animation frames.
      clock: { now: () => performance.now(), frame: run => void setTimeout(run, 1_000 / framesPerSecond) },
      render(position) {
        render(surface, content, view, position < replay.duration ? position : undefined);
        progress.value = replay.duration ? position / replay.duration : 1;
        if (position < replay.duration) return;
        if (content.oneStroke) seal(surface, canvas);
        setTimeout(() => {
          finished = true;
          box.close();
        }, stillTime);
      },
    });
    replay.speed = Math.max(1, replay.duration / longest);
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      stream.getTracks().forEach(track => track.stop());
      resolve(cancelled ? undefined : new Blob(parts, { type: recorder.mimeType }));
    };
    box.addEventListener('close', () => {
      cancelled = !finished;
      replay.pause();
      recorder.stop();
    });
    recorder.start();
    replay.play();
  });
}

/** The seal of a drawing in one stroke, where the service's pictures have it. */
function seal(surface: CanvasRenderingContext2D, { width, height }: { width: number; height: number }): void {
  const side = Math.min(width, height);
  const size = side / 20; // of a character
  surface.save();
  surface.translate(width - side / 20 - 1.4 * size, side / 20 + 0.2 * size);
  surface.rotate((-8 * Math.PI) / 180);
  surface.fillStyle = '#c8321f';
  surface.beginPath();
  surface.roundRect(0, 0, 1.4 * size, 2.5 * size, size / 4);
  surface.fill();
  surface.fillStyle = '#fff';
  surface.font = `700 ${size}px serif`;
  surface.textAlign = 'center';
  surface.textBaseline = 'middle';
  Array.from(words.seal).forEach((character, i) => surface.fillText(character, 0.7 * size, (0.7 + 1.1 * i) * size));
  surface.restore();
}
