import type { DrawingContent, Result, SharedDrawing } from 'onestroke-client';
import { Replay } from 'onestroke-drawing';
import { backLink, bar, brand, languageButton, stamp } from './bars';
import { el, icon, iconButton } from './dom';
import { createPaper } from './paper';
import { offerDownload } from './pictures';
import { report } from './report';
import { go, type Screen, setTitle } from './routes';
import { client, sayProblem } from './service';
import { words } from './words';

const speeds = [1, 2, 4, 0.5];
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
const clock = { now: () => performance.now(), frame: (run: () => void) => void requestAnimationFrame(run) };

/** The replay of one of the user's drawings. */
export function openReplay(id: string): Screen {
  return createViewer(
    () => client.drawings.open(id),
    content => [
      backLink(),
      el('h1', { class: 'viewer-title', tabindex: -1, dir: 'auto' }, content?.title || words.untitled),
      el('span', { class: 'space' }),
      iconButton('rename', words.open, () => go({ at: 'draw', id })),
      iconButton('download', words.download, () => offerDownload(content?.title || '', { id })),
    ],
    () => go({ at: 'draw', id }),
  );
}

/** A shared drawing, for anyone with the link. */
export function openShared(token: string, changed: () => void): Screen {
  return createViewer(
    () => client.getSharedDrawing({ token }),
    (drawing: SharedDrawing | undefined) => [
      brand(),
      el(
        'div',
        { class: 'viewer-title' },
        el('h1', { tabindex: -1, dir: 'auto' }, drawing?.title || words.untitled),
        drawing?.author && el('p', { class: 'author' }, words.by + drawing.author),
      ),
      el('span', { class: 'space' }),
      drawing && iconButton('download', words.download, () => offerDownload(drawing.title, { token })),
      drawing && iconButton('report', words.report, () => report(token)),
      languageButton(changed),
      el('a', { class: 'primary small', href: '#/draw' }, words.drawYourOwn),
    ],
    () => go({ at: 'gallery' }),
  );
}

function createViewer<Content extends DrawingContent>(
  open: () => Promise<Result<Content>>,
  head: (content?: Content) => (Node | string | undefined | false)[],
  leave: () => void,
): Screen {
  const seal = stamp();
  seal.hidden = true;
  const paper = createPaper(seal);
  paper.canvas.setAttribute('role', 'img');
  const header = bar();
  const controls = el('div', { class: 'player', role: 'group', 'aria-label': words.replay });
  const element = el('main', { class: 'viewer' }, header, paper.element, controls);
  let replay: Replay | undefined;
  let left = false;
  const sheet = paper.element.firstElementChild!;
  const heal = () => sheet.parentNode || void load();
  addEventListener('online', heal);

  /** Opens the drawing. If that fails, a notice takes the place of the sheet. */
  async function load(): Promise<void> {
    const result = await open();
    if (left || replay) return;
    if (!result.ok) {
      header.replaceChildren(backLink());
      return paper.element.replaceChildren(el('p', { class: 'notice', role: 'alert' }, sayProblem(result.problem)));
    }
    if (!sheet.parentNode) paper.element.replaceChildren(sheet); // there was no network
    header.replaceChildren(...bar(...head(result.data)).childNodes);
    paper.canvas.setAttribute(
      'aria-label',
      `${result.data.title || words.untitled}, ${result.data.strokes.length} ${words.strokes}`,
    );
    setTitle(result.data.title || words.untitled);
    begin(result.data);
  }

  const toggle = () => {
    if (!replay) return;
    if (replay.playing) replay.pause();
    else replay.play();
    controls.dispatchEvent(new Event('change'));
  };
  return {
    title: words.replay,
    element,
    entered: load,
    leave() {
      left = true;
      replay?.pause();
      removeEventListener('online', heal);
      paper.end();
    },
    key(event) {
      // The slider's own arrow keys are too slow.
      const onButton = event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement;
      if (event.key === ' ' && !onButton) event.preventDefault(), toggle();
      else if (event.key === 'Escape') leave();
      else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && !onButton && replay) {
        event.preventDefault();
        replay.seek(replay.position + (event.key === 'ArrowLeft' ? -1_000 : 1_000));
      }
    },
  };

  function begin(content: Content): void {
    const slider = el('input', {
      type: 'range',
      min: 0,
      step: 'any',
      'aria-label': words.position,
      oninput: () => running.seek(Number(slider.value)),
    });
    const button = el('button', {
      type: 'button',
      class: 'play primary',
      onclick: toggle,
      'aria-keyshortcuts': 'Space',
    });
    const time = el('span', { class: 'time' });
    const pace = el('button', { type: 'button', class: 'quiet pace', onclick: () => faster() });
    const running = (replay = new Replay(content, { clock, render: show }));
    slider.max = String(Math.ceil(running.duration));
    controls.append(button, slider, time, pace);
    controls.addEventListener('change', () => update());
    faster(1);
    if (reducedMotion.matches) running.seek(running.duration);
    else running.play();
    update();

    function show(position: number): void {
      paper.show(content, position < running.duration ? position : undefined);
      seal.hidden = !content.oneStroke || position < running.duration;
      slider.value = String(position);
      slider.style.setProperty('--part', String(running.duration ? position / running.duration : 1));
      const shown = `${clockTime(position)} / ${clockTime(running.duration)}`;
      if (time.textContent !== shown) slider.setAttribute('aria-valuetext', (time.textContent = shown));
      if (!running.playing) update();
    }

    function update(): void {
      const label = running.playing ? words.pause : words.play;
      if (button.getAttribute('aria-label') === label) return;
      button.setAttribute('aria-label', label);
      button.title = label;
      button.replaceChildren(icon(running.playing ? 'pause' : 'play'));
    }

    function faster(speed = speeds[(speeds.indexOf(running.speed) + 1) % speeds.length]!): void {
      running.speed = speed;
      pace.textContent = `${speed}×`;
      pace.setAttribute('aria-label', `${words.speed}: ${speed}×`);
    }
  }
}

function clockTime(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
